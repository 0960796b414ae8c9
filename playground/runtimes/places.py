"""Where runs are kept: in the user's data folder, or, where others reach the server, in a smaller temporary one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs

from playground.data.own.shelf import FOLDER
from playground.runtimes.shelf import Bounds

NAME = "generative-models-live"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SHARED = Bounds(bytes=2**30, runs=64)
"""What runs may take where anybody may start some."""


def is_own(host: str, share: bool) -> bool:
    """Whether nobody but the users of this machine reaches a server."""
    return host in LOOPBACK and not share and "SPACE_ID" not in os.environ


def user_folder() -> Path:
    """That of this user's runs."""
    return platformdirs.user_data_path(NAME, appauthor=False) / "runs"


def keep_data() -> None:
    """From now on data that this user brings are kept as lastingly as the runs on them; workers inherit it."""
    os.environ.setdefault(FOLDER, str(user_folder().parent / "data"))


def place(asked: Path | None, own: bool) -> tuple[Path, Bounds]:
    """The folder that was asked for, or the usual one, and how much it may hold."""
    if own:
        return asked or user_folder(), Bounds()
    return asked or temporary_folder(), SHARED


def temporary_folder() -> Path:
    """One that is found again after a restart, and belongs to this user alone."""
    folder = Path(tempfile.gettempdir()) / f"{NAME}-{os.getuid() if hasattr(os, 'getuid') else 'runs'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    about = folder.lstat()
    ours = not folder.is_symlink() and (not hasattr(os, "getuid") or (about.st_uid == os.getuid() and not about.st_mode & 0o077))
    return folder if ours else Path(tempfile.mkdtemp(prefix=NAME))
