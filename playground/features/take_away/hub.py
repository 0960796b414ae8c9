"""A run as a model on the Hugging Face Hub: weights, script, report, and a card that is written from what was measured.

Only from the command line, with the token of whoever runs it, from `HF_TOKEN`: no page sends anything anywhere. Data stay here.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from playground.config import MODELS, ConfigError, parse_config
from playground.data import DATASETS
from playground.data.writing import ROOM
from playground.features.take_away.forms import FORMS
from playground.features.take_away.numbers import measured
from playground.features.take_away.service import TakeAway
from playground.runtimes.records import RunRecord

TOKEN = "HF_TOKEN"
NO_TOKEN = f"To push needs a token of yours that may write, in the environment: {TOKEN}=hf_…"
LEFT_HERE = ("data.safetensors",)


def push(repo: str, private: bool, files: dict[str, bytes], card: str) -> str:
    """Puts the files into the model repository `repo`, which is made if need be; returns its address. Raises `ConfigError` with a sentence."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    token = os.environ.get(TOKEN)
    if not token:
        raise ConfigError(NO_TOKEN)
    try:
        api = HfApi(token=token)
        with tempfile.TemporaryDirectory(prefix=ROOM) as folder:
            for name, data in (files | {"README.md": card.encode()}).items():
                (Path(folder) / name).write_bytes(data)
            address = api.create_repo(repo, private=private, exist_ok=True)
            api.upload_folder(repo_id=repo, folder_path=folder, commit_message="A run of Generative models, live")
    except HFValidationError:
        raise ConfigError(f"{repo[:80]!r} is no name of a repository: it is USER/NAME.") from None
    except HfHubHTTPError as error:
        status = getattr(error.response, "status_code", None)
        raise ConfigError(f"The Hub refused ({status}): may this token write to {repo}?") from None
    except OSError as error:
        raise ConfigError(f"The Hub could not be reached ({type(error).__name__}).") from None
    return str(address)


def pushed(take_away: TakeAway, run: str, repo: str, private: bool) -> str:
    """Pushes a run; returns its address. Raises `ConfigError` or `RegistryError` with a sentence."""
    record, labels = take_away.known(run)
    if not os.environ.get(TOKEN):
        raise ConfigError(NO_TOKEN)
    files = {name: take_away.file(run, name) for name in ("weights.safetensors", "report.html")}
    if not FORMS["script.zip"].refusal(parse_config(record.config)):
        files |= unpacked(take_away.file(run, "script.zip"))
    return push(repo, private, files, card(record, labels, files))


def unpacked(script_zip: bytes) -> dict[str, bytes]:
    """The files of a script's folder, without the data."""
    with zipfile.ZipFile(io.BytesIO(script_zip)) as archive:
        names = {name: name.rpartition("/")[2] for name in archive.namelist()}
        return {short: archive.read(name) for name, short in names.items() if short not in LEFT_HERE}


def card(record: RunRecord, labels: dict[str, Any], files: dict[str, bytes]) -> str:
    """The model card."""
    model, data = MODELS[record.config["model"]], DATASETS[record.config["dataset"]]
    config, title = parse_config(record.config), f"{model.title[:1].upper()}{model.title[1:]} of {data.title}"
    rows = [f"| {row.name} | {row.value} {row.unit} | {row.beside} |" for row in measured(record)]
    settings = ", ".join(f"`{name}={value}`" for name, value in config.model_dump().items() if not isinstance(value, dict))
    script = "run.py" in files
    return f"""---
library_name: pytorch
tags: [{record.config["model"].replace("_", "-")}]
---
# {fenced(labels.get("name") or title)}

{fenced(title)}, after {record.step:,} steps. {fenced(labels.get("notes", ""))}

| measured | value | beside it |
|---|---|---|
{chr(10).join(rows)}

{"`run.py` needs torch and safetensors alone: `python run.py sample`." if script else ""}
`report.html` has its curves and pictures.

Settings: {settings}.

Data: {fenced(data.title)}, {fenced(data.source.rstrip("."))}. Licence of the data: {fenced(data.licence.rstrip("."))}. The data are not in this repository.
"""


def fenced(text: str) -> str:
    """Somebody's own words on one line of Markdown, none of them markup."""
    return "".join(f"\\{letter}" if letter in "\\`*_{}[]<>#|!" else letter for letter in " ".join(text.split()))
