"""Starts the playground: `python app.py [--host HOST] [--port PORT] [--share] [--device auto|cpu|cuda|mps] [--threads N] [--memory GB] [--data FOLDER]
[--runs FOLDER] [--empty] [--public] [--teacher] [--each N] [--ray ADDRESS] [--trackio PROJECT] [--name HOST] [--root-path PATH] [--doctor]`."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from playground.runtimes.machine import GIB, LEAST, cores, few_arenas, worker_memory
from playground.runtimes.places import is_own, keep_data, place, user_folder

if TYPE_CHECKING:
    from playground.page.service import Service


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
        type=some,
        metavar="N",
        default=max(1, cores() - 1),
        help="most processor threads for one training, which takes as many as make it clearly quicker; with 1 the same "
        "settings are the same run to the last bit (%(default)s: all of this machine's but one)",
    )
    parser.add_argument(
        "--data",
        type=folder,
        metavar="FOLDER",
        help="pictures, arrays or a table on this machine, offered to everybody beside the data that come along",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        metavar="FOLDER",
        help=f"where trainings are kept ({user_folder()}; where others reach the server, a smaller temporary folder)",
    )
    parser.add_argument(
        "--public",
        action="store_true",
        default=on_space,
        help="serve strangers, also from behind a proxy on this machine; so it is anyway with --share, on a Space, and with a --host that others reach",
    )
    parser.add_argument(
        "--teacher",
        action="store_true",
        help="a page with all runs of a class, which pauses and stops them, sets limits and says a line to all; its address, with a token, "
        "is printed; PLAYGROUND_TEACHER=TOKEN does the same with a token of yours",
    )
    parser.add_argument(
        "--each",
        type=some,
        metavar="N",
        help="trainings at once for each visitor, and as many studies and drawings; further ones wait in line (1 where others reach the server, else no limit)",
    )
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="train on the Ray cluster at this address, on its GPUs where it has some; local: one of its own on this machine",
    )
    parser.add_argument(
        "--trackio",
        default="",
        metavar="PROJECT",
        help="log the readings and settings of every training to this project of Trackio, too, where that is installed; refused where others reach "
        "the server, whose trainings are not yours to pass on",
    )
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a name under which the server is reached; requests for others are refused",
    )
    parser.add_argument(
        "--root-path",
        default="",
        metavar="PATH",
        help="where a proxy serves the page, such as /playground, if not at the root of its host",
    )
    parser.add_argument(
        "--doctor", action="store_true", help="say what this machine has for the playground and what it lacks, and start nothing"
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


def folder(text: str) -> Path:
    """A folder that is there, from the command line."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text[:200]!r} is no folder of this machine")
    return Path(text)


def some(text: str) -> int:
    """A number of threads or runs from the command line."""
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


def offer(service: Service, folder: Path) -> None:
    """Lists the data of a folder; ends the program with a sentence where there are none."""
    from playground.features.own_data.service import OwnDataService
    from playground.runtimes.refusals import REFUSALS

    try:
        found = OwnDataService(service).offer(folder)
    except REFUSALS as error:
        sys.exit(f"--data {folder}: {error}")
    print("\n".join([f"{found['title']}: {found['description']}", *found["left_out"]]))


def teacher(options: argparse.Namespace) -> str:
    """The token of the teacher's page, whose address is told where we made it; "" where there is no such page. Ends the program for a bad one."""
    from playground.config import ConfigError
    from playground.teacher.key import VARIABLE, token_of

    try:
        found = token_of(options.teacher)
    except ConfigError as error:
        sys.exit(str(error))
    if found is None:
        return ""
    token, new = found
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host
    print(f"The teacher's page: http://{host}:{options.port}{options.root_path}/teacher?token={token if new else f'${VARIABLE}'}")
    return token


def check_trackio(own: bool) -> None:
    """Ends the program with a sentence where trainings cannot, or must not, be logged to Trackio."""
    from playground.cli.tracking import check
    from playground.config import ConfigError

    try:
        if not own:
            raise ConfigError(
                "--trackio is refused where others reach the server: their trainings are not yours to pass on. Start it for this machine alone."
            )
        check()
    except ConfigError as error:
        sys.exit(str(error))


def examine(options: argparse.Namespace, own: bool) -> NoReturn:
    """Says what this machine has and lacks, and ends the program: with 1 where something is bad."""
    from playground.cli.doctor import findings, report

    found = list(findings(own, options.runs or place(None, own)[0], options.each))
    print(report(found))
    sys.exit(int(any(each.well is False for each in found)))


def main() -> None:
    """Warms the workers up while the page is being built, then serves it."""
    options = arguments()
    few_arenas()  # before there are threads
    own = is_own(options.host, options.share) and not options.public
    if options.doctor:
        examine(options, own)
    check_host(options.host)
    if options.trackio:
        check_trackio(own)
    token = teacher(options)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if own:
        keep_data()
    from playground.runtimes import RegistryError, WorkerRuntime
    from playground.runtimes.capacity import gpu_share

    runtime = WorkerRuntime(threads=options.threads, memory_limit=options.memory, gpu_share=gpu_share(own))
    runtime.warm_up()
    from playground.page.page import build_page, guards, launch_settings
    from playground.page.service import Service
    from playground.page.visitors import current
    from playground.runtimes.choice import choose
    from playground.runtimes.kept import kept_runs
    from playground.runtimes.log import speak
    from playground.runtimes.store import RunStore
    from playground.views.thumbnail import thumbnail

    kept = () if options.empty else kept_runs()
    try:
        store = RunStore(*place(options.runs, own), picture=thumbnail)
    except OSError as error:
        sys.exit(f"Runs cannot be kept in {error.filename} ({error.strerror}). Name another folder: python app.py --runs FOLDER")
    try:
        runtime, limits = choose(runtime, own, options.each, options.ray, options.threads)
    except RegistryError as error:
        sys.exit(str(error))
    if not own or token:
        speak()
    admitted = {"limits": limits, "visitor": str if own else current}
    service = Service(runtime, device=options.device, own=own, kept=kept, store=store, **admitted)
    if options.data is not None:
        offer(service, options.data)
    if options.trackio:
        from playground.cli.tracking import Trackings

        Trackings(service.registry, options.trackio)
    page = build_page(service)
    try:
        where = {"server_name": options.host, "server_port": options.port, "share": options.share, "root_path": options.root_path}
        page.launch(**where, **launch_settings(service, guards(own, options.name), token))
    except OSError as error:
        other = options.port + 1 if options.port < 65535 else 7860
        sys.exit(f"Cannot listen on {options.host}:{options.port} ({error}). Try another port: python app.py --port {other}")


if __name__ == "__main__":
    main()
