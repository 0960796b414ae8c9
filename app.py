"""Starts the playground: `python app.py [--host HOST] [--port PORT] [--share] [--device auto|cpu|cuda|mps] [--threads N] [--memory GB] [--empty]`."""

from __future__ import annotations

import argparse
import os
import socket
import sys

from playground.runtimes.machine import GIB, LEAST, cores, worker_memory


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train an autoencoder, a VAE and a diffusion model live in the browser.")
    on_space = "SPACE_ID" in os.environ  # a Hugging Face Space has to listen on all addresses
    parser.add_argument("--host", default="0.0.0.0" if on_space else "127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=port, default=7860, help="port to listen on (%(default)s)")
    parser.add_argument("--share", action="store_true", help="also make a public link through Gradio's relay")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="where to train (%(default)s)")
    parser.add_argument(
        "--empty", action="store_true", help="open with empty tabs, without the runs that are kept with the project"
    )
    parser.add_argument(
        "--threads",
        type=threads,
        metavar="N",
        default=max(1, cores() - 1),
        help="most processor threads for one training, which takes as many as make it clearly quicker; with 1 the same "
        "settings are the same run to the last bit (%(default)s: all of this machine's but one)",
    )
    usual = worker_memory()
    parser.add_argument(
        "--memory",
        type=memory,
        metavar="GB",
        default=usual,
        help="most memory for one training or measurement on the CPU, 0 for no limit "
        + (f"({usual / GIB:.1f}, a quarter of this machine's)" if usual else "(no limit)"),
    )
    return parser.parse_args()


def port(text: str) -> int:
    """A port from the command line."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 65535):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no port: it must be a whole number from 1 to 65535")
    return int(text)


def threads(text: str) -> int:
    """A number of threads from the command line."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 1024):
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is refused: it must be a whole number from 1 to 1024")
    return int(text)


def memory(text: str) -> int | None:
    """Gigabytes from the command line, as bytes; None for 0."""
    try:
        wanted = float(text)
    except ValueError:
        wanted = -1.0
    if wanted == 0:
        return None
    if not LEAST / GIB <= wanted <= 1e6:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is refused: it must be 0, for no limit, or at least {LEAST / GIB:g} GB")
    return int(wanted * GIB)


def check_host(host: str) -> None:
    """Ends the program with a sentence where this machine has no address `host`: Gradio would blame the port."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.bind(address)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        sys.exit(
            f"Cannot listen on {host[:80]!r}: it is no address of this machine ({why}). Take 127.0.0.1, this machine alone, or 0.0.0.0, all its networks."
        )


def main() -> None:
    """Warms the workers up while the page is being built, then serves it."""
    options = arguments()
    check_host(options.host)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from playground.runtimes import WorkerRuntime

    runtime = WorkerRuntime(threads=options.threads, memory_limit=options.memory)
    runtime.warm_up()
    from playground.page.page import build_page, launch_settings
    from playground.page.service import Service
    from playground.runtimes.kept import kept_runs

    page = build_page(Service(runtime, device=options.device, kept=() if options.empty else kept_runs()))
    try:
        page.launch(server_name=options.host, server_port=options.port, share=options.share, **launch_settings())
    except OSError as error:
        other = options.port + 1 if options.port < 65535 else 7860
        sys.exit(f"Cannot listen on {options.host}:{options.port} ({error}). Try another port: python app.py --port {other}")


if __name__ == "__main__":
    main()
