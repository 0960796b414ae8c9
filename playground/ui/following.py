"""Which runs the tabs of a page follow, as an input of an event. They stand in the page's address, where a tab that was never
opened can be read, too."""

from __future__ import annotations

from typing import Any

import gradio as gr

SCRIPT = "(...args) => [...args.slice(0, -1), Object.fromEntries(new URL(location.href).searchParams)]"
"""For `js=` of an event whose last input is a `followed()`."""


def followed() -> gr.JSON:
    """A part of the layout that nobody sees; an event with `SCRIPT` gets `{channel: run id}` in its place."""
    return gr.JSON(visible=False)


def following(event: gr.EventData) -> Any:
    """What the press of a run bar says of this: `{channel: run id}`, or something else, which `run_of` refuses."""
    return event._data.get("following") if isinstance(event._data, dict) else None


def joined(event: gr.EventData) -> dict[str, Any]:
    """What the press of Train says of a task that is open on the page, as a value of `Service.train`; nothing without one."""
    said = event._data.get("joined") if isinstance(event._data, dict) else None
    return {"joined": said} if said else {}


def run_of(channels: Any, channel: str) -> str | None:
    """The run that `channel` follows, from what such an event got (which anyone may have made up)."""
    run = channels.get(channel) if isinstance(channels, dict) else None
    return run if isinstance(run, str) and run else None
