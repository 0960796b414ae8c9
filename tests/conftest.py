"""What all tests share: one thread each for the arithmetic, one real server, and a client of it."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # read when torch is imported

os.environ["PLAYGROUND_DATA"] = tempfile.mkdtemp(prefix="playground-data-")  # what tests bring or draw, their workers, too

import pytest
from serving import Server

atexit.register(shutil.rmtree, os.environ["PLAYGROUND_DATA"], ignore_errors=True)


@pytest.fixture(scope="session")
def running(tmp_path_factory) -> Iterator[Server]:
    """The real thing, `python app.py`, for all tests that talk to a server; its tabs are empty until something is trained. Ends with it, and leaves nothing behind."""
    server = Server(tmp_path_factory.mktemp("server") / "log.txt", "--empty")
    try:
        server.wait()
        yield server
    finally:
        left = server.end()
    assert not left, f"The server left processes behind: {left}"
    assert "Traceback" not in server.output(), server.output()


@pytest.fixture(scope="session")
def server(running: Server) -> str:
    """The address of the running server."""
    return running.url


@pytest.fixture(scope="session")
def client(server: str):
    """A `gradio_client.Client` of the running server."""
    from gradio_client import Client

    return Client(server, verbose=False)
