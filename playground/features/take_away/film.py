"""The film of a run as a file: GIF and WebP by Pillow; MP4 by imageio-ffmpeg, where that is installed.

Bounded by what a run keeps of its past (60 moments), by the size of a scene, and by `MOST`: a film that is larger loses every second moment.
"""

from __future__ import annotations

import importlib.util
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from playground.config import ConfigError
from playground.data.writing import ROOM
from playground.features.take_away.scenes import Scene, moments_of, scenes
from playground.runs.control import Control
from playground.runs.driver import file_run
from playground.runs.events import Event
from playground.runtimes.records import RunRecord

MOST = 12 * 2**20
"""Bytes."""
EACH, LAST = 125, 1500
"""Milliseconds of a moment, and of the last one."""
LINE = 22
"""Pixels above a picture, for the step."""
NO_MP4 = "MP4 needs imageio-ffmpeg on the server: pip install imageio-ffmpeg. GIF and WebP need nothing."
NO_FILM = "This run has kept no moments yet: its film begins with its first picture."


def film_run(record: RunRecord, labels: dict[str, Any], scene: str, ending: str, control: Control | None = None) -> Iterator[Event]:
    """`film` as a job: one `Snapshot` with `file`, u8 (bytes,)."""
    return file_run(lambda: film(record, scene, ending), control)


def film(record: RunRecord, scene: str, ending: str) -> bytes:
    """All kept moments of a run: `scene` is what it `makes`, or its `map`; `ending` is gif, webp or mp4. Raises `ConfigError`."""
    if ending == "mp4" and not importlib.util.find_spec("imageio_ffmpeg"):
        raise ConfigError(NO_MP4)
    found = scenes(record)
    if not found:
        raise ConfigError(NO_FILM)
    frames = frames_of(record, found[-1] if scene == "map" else found[0])
    while True:
        data = WRITERS[ending](frames)
        if len(data) <= MOST or len(frames) <= 2:
            return data
        frames = [*frames[:-1:2], frames[-1]]


def frames_of(record: RunRecord, scene: Scene) -> list[np.ndarray]:
    """Each moment with its step above it, (height, width, 3) with even sides."""
    font, frames = ImageFont.load_default(14), []
    for moment in moments_of(record):
        picture = scene.draw(moment)
        height, width = picture.shape[:2]
        frame = Image.new("RGB", (max(width, 160) + width % 2, height + LINE + height % 2), "white")
        frame.paste(Image.fromarray(picture), (0, LINE))
        ImageDraw.Draw(frame).text((4, 2), f"step {moment.step:,}", fill="#1f2937", font=font)
        frames.append(np.asarray(frame))
    return frames


def animated(kind: str, frames: list[np.ndarray], **options: Any) -> bytes:
    """A film by Pillow that begins again."""
    buffer, (first, *rest) = io.BytesIO(), [Image.fromarray(frame) for frame in frames]
    durations = [EACH] * len(rest) + [LAST]
    first.save(buffer, kind, save_all=True, append_images=rest, duration=durations, loop=0, **options)
    return buffer.getvalue()


def gif(frames: list[np.ndarray]) -> bytes:
    return animated("gif", frames, optimize=False)


def webp(frames: list[np.ndarray]) -> bytes:
    return animated("webp", frames, quality=80, method=2)


def mp4(frames: list[np.ndarray]) -> bytes:
    """H.264, which every browser plays; the last moment stands as long as in the others."""
    import imageio_ffmpeg

    height, width = frames[0].shape[:2]
    with tempfile.TemporaryDirectory(prefix=ROOM) as folder:
        path = Path(folder) / "film.mp4"
        writer = imageio_ffmpeg.write_frames(str(path), (width, height), fps=1000 // EACH, macro_block_size=2, quality=7)
        writer.send(None)
        for frame in (*frames, *[frames[-1]] * (LAST // EACH)):
            writer.send(np.ascontiguousarray(frame))
        writer.close()
        return path.read_bytes()


WRITERS = {"gif": gif, "webp": webp, "mp4": mp4}
