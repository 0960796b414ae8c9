"""Some fields of a form, as one component: a number with its slider, a choice, a text; each with its help, and with what is
wrong where something is. What they hold stands in `lib/forms.js`, from where a button sends it with its press.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from playground.ui.component import component


def settings(form: str, fields: Sequence[dict[str, Any]], *, every_field: Sequence[str], change: Callable | None = None) -> gr.HTML:
    """The fields of the form called `form`, whose names are `every_field`. Live ones are sent, by the server function `change`, to the
    run that the channel of that name follows. Events: `changed_<field>` for each. Its value is `{"values": {field: value}}`, of the whole form; Python
    may write `{"values": {field: value}, "locked": [fields], "options": {field: [[title, value]]}, "at": time}`."""
    return component(
        "ui/components/settings.js",
        f'<div class="settings" style="--fields:{sum(not field["when"] for field in fields)}"></div>',
        events=[f"changed_{field['name']}" for field in fields],
        server_functions=[change] if change else None,
        form=form,
        fields=list(fields),
        every_field=list(every_field),
    )
