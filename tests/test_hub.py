"""Pushing a run to the Hub: against a stub of what is public of it, for a test reaches no network."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub
import pytest

from playground.config import ConfigError
from playground.features.take_away import hub
from playground.runtimes.kept import path_of, read

SECRET = "hf_this_is_secret"


class Api:
    """What is used of `HfApi`, with its names of arguments."""

    said: dict = {}

    def __init__(self, *, token: str) -> None:
        Api.said = {"token": token}

    def create_repo(self, repo_id: str, *, private: bool, exist_ok: bool) -> str:
        Api.said |= {"repo": repo_id, "private": private}
        return f"https://huggingface.co/{repo_id}"

    def upload_folder(self, *, repo_id: str, folder_path: str, commit_message: str) -> None:
        Api.said["files"] = {path.name: path.read_bytes() for path in Path(folder_path).iterdir()}


def test_a_run_is_pushed_with_a_card_and_without_data_or_token(monkeypatch) -> None:
    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    monkeypatch.setenv(hub.TOKEN, SECRET)
    record = read(path_of("vae"), "vae")
    files = {"weights.safetensors": b"w", "run.py": b"r", "report.html": b"h"}
    card = hub.card(record, {"name": "<b>mine</b> [x](javascript:1)", "notes": ""}, files)
    assert hub.push("me/mine", True, files, card) == "https://huggingface.co/me/mine"
    sent = Api.said["files"]
    assert sent.keys() == {*files, "README.md"} and SECRET.encode() not in b"".join(sent.values())
    assert Api.said["token"] == SECRET and Api.said["private"] is True
    value = float(record.history["held_out/neg_elbo"][1][-1])
    assert f"| −ELBO, held-out | {value:.4g} nats per example |" in card and "\\<b\\>mine" in card and "\\[x\\](" in card


def test_what_cannot_be_pushed_is_refused_with_a_sentence(monkeypatch) -> None:
    monkeypatch.delenv(hub.TOKEN, raising=False)
    with pytest.raises(ConfigError, match="HF_TOKEN"):
        hub.push("me/mine", True, {}, "")

    def away(self, *arguments: object, **named: object) -> None:
        raise ConnectionError(SECRET)

    monkeypatch.setenv(hub.TOKEN, SECRET)
    monkeypatch.setattr(huggingface_hub, "HfApi", type("Away", (Api,), {"create_repo": away}))
    with pytest.raises(ConfigError, match="could not be reached") as caught:
        hub.push("me/mine", True, {}, "")
    assert SECRET not in str(caught.value)
