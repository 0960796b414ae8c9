"""Starts the playground: `python app.py [--host HOST] [--port PORT] [--share] [--device auto|cpu|cuda|mps]`."""

from __future__ import annotations

import argparse
import os
import sys


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train an autoencoder, a VAE and a diffusion model live in the browser.")
    on_space = "SPACE_ID" in os.environ  # a Hugging Face Space has to listen on all addresses
    parser.add_argument("--host", default="0.0.0.0" if on_space else "127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (%(default)s)")
    parser.add_argument("--share", action="store_true", help="also make a public link through Gradio's relay")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda", "mps"), help="where to train (%(default)s)")
    return parser.parse_args()


def main() -> None:
    """Warms the workers up while the page is being built, then serves it."""
    options = arguments()
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    from playground.runtimes import WorkerRuntime

    runtime = WorkerRuntime()
    runtime.warm_up()
    from playground.ui.page import build_page, launch_settings
    from playground.ui.service import Service

    page = build_page(Service(runtime, device=options.device))
    try:
        page.launch(server_name=options.host, server_port=options.port, share=options.share, **launch_settings())
    except OSError as error:
        sys.exit(f"Cannot listen on {options.host}:{options.port} ({error}). Try another port: python app.py --port {options.port + 1}")


if __name__ == "__main__":
    main()
