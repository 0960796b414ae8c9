"""Some fields of a form, as one component: a number with its slider, a choice, a text; each with its help, and with what is
wrong where something is. What they hold stands in `forms.js`, from where a button sends it with its press.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from json import dumps
from typing import Any

import gradio as gr

from playground.ui.component import head

SCRIPT = "window.playgroundSettings({element, props, server, trigger, watch}); /* its events: %s */"


def settings(form: str, fields: Sequence[dict[str, Any]], *, every_field: Sequence[str], change: Callable | None = None) -> gr.HTML:
    """The fields of the form called `form`, whose names are `every_field`. Live ones are sent, by the server function `change`, to the
    run that the channel of that name follows. Events: `changed_<field>` for each. Its value is `{"held": {field: value}}`, of the whole form; Python
    may write `{"told": {field: value}, "locked": [fields], "options": {field: [[title, value]]}, "at": time}`."""
    events = " ".join(dumps(f"changed_{field['name']}") for field in fields)
    return gr.HTML(
        None,
        html_template='<div class="settings"></div>',
        js_on_load=SCRIPT % events,
        head=head(),
        apply_default_css=False,
        elem_classes=["playground-view"],
        server_functions=[change] if change else None,
        form=form,
        fields=list(fields),
        every_field=list(every_field),
    )
