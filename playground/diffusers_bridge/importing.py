"""A diffusers folder with a `UNet2DModel`, ours or another's, as a denoiser that the arena can run.

Only JSON and safetensors are read, nothing is unpacked to disk, no code of the folder is run, and its sizes are bounded: the
archive may come from anybody.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from playground.denoiser import Prediction
from playground.diffusers_bridge.catalogue import scheduler_classes
from playground.diffusers_bridge.exporting import ABOUT
from playground.noise import SCHEDULES, Schedule

MAX_BYTES = 256 * 2**20
WEIGHTS = "diffusion_pytorch_model.safetensors"


class FolderError(ValueError):
    """A folder was refused. `str(error)` is one sentence a person can act on."""


@dataclass(frozen=True)
class Folder:
    """A model out of a folder."""

    denoiser: Foreign
    shape: tuple[int, int, int]
    dataset: str | None
    """What it was trained on, where the folder says so."""
    n_parameters: int


class TableSchedule(Schedule):
    """The discrete noise levels of a trained model, with `log(σ / α)` straight between them; `t = i / (N - 1)`."""

    title = "table"
    t_min, t_max = 0.0, 1.0

    def __init__(self, alphas_cumprod: Tensor) -> None:
        a = alphas_cumprod.double().cpu().clamp(1e-12, 1.0 - 1e-9)
        self.log_ratio = 0.5 * (torch.log1p(-a) - a.log())

    def _interval(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """`log(σ / α)` at `t`, and its slope, float64."""
        n = len(self.log_ratio) - 1
        table = self.log_ratio.to(t.device)
        place = t.double().clamp(0.0, 1.0) * n
        k = place.long().clamp(max=n - 1)
        slope = table[k + 1] - table[k]
        return table[k] + (place - k) * slope, slope * n

    def alpha(self, t: Tensor) -> Tensor:
        return torch.sigmoid(-2.0 * self._interval(t)[0]).sqrt().to(t)

    def sigma(self, t: Tensor) -> Tensor:
        return torch.sigmoid(2.0 * self._interval(t)[0]).sqrt().to(t)

    def derivatives(self, t: Tensor) -> tuple[Tensor, Tensor]:
        slope = self._interval(t)[1].to(t)
        alpha, sigma = self.alpha(t), self.sigma(t)
        return -alpha * sigma**2 * slope, sigma * alpha**2 * slope


class Foreign(nn.Module):
    """`(x_t, t) -> Prediction(x_0, eps)` by a network that is told an index, or `1000 t` of a straight line."""

    def __init__(self, network: nn.Module, schedule: Schedule, prediction: str, steps: int) -> None:
        super().__init__()
        self.network, self.schedule, self.prediction, self.steps = network, schedule, prediction, steps

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        """`x_t`: (n, C, H, W), `t`: (n,) or (1,) in [0, 1]."""
        c = self.schedule.at(t).like(x_t)
        flow = self.prediction == "flow"
        said = self.network(x_t, t * (self.steps if flow else self.steps - 1)).sample
        if self.prediction == "epsilon":
            return Prediction((x_t - c.sigma * said) / c.alpha, said)
        x_0 = {"sample": said, "v_prediction": c.alpha * x_t - c.sigma * said, "flow": x_t - c.sigma * said}[self.prediction]
        return Prediction(x_0, (x_t - c.alpha * x_0) / c.sigma)


def is_zip(data: bytes) -> bool:
    """Whether these bytes are a zip archive rather than a checkpoint of this app."""
    return data[:4] == b"PK\x03\x04"


def open_folder(data: bytes) -> Folder:
    """The model in a zipped diffusers folder. Raises `FolderError` with a sentence for anything else."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _open(_Reader(archive))
    except FolderError:
        raise
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError, RuntimeError, OSError) as error:
        raise FolderError(f"This folder could not be opened ({' '.join(str(error).split())[:160]}).") from error


class _Reader:
    """The files of an archive by their path inside the folder, wherever in the archive that folder lies."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        index = [name for name in archive.namelist() if name.rpartition("/")[2] == "model_index.json"]
        if not index:
            raise FolderError("This archive has no model_index.json: please zip a folder that DiffusionPipeline saved.")
        self.root = min(index, key=len).removesuffix("model_index.json")
        if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
            raise FolderError(f"This folder is larger than {MAX_BYTES >> 20} MB, which is all that is opened here.")

    def read(self, path: str) -> bytes | None:
        name = self.root + path
        return self.archive.read(name) if name in self.archive.namelist() else None

    def json(self, path: str) -> dict[str, Any]:
        data = self.read(path)
        found = json.loads(data) if data is not None else None
        if not isinstance(found, dict):
            raise FolderError(f"This folder has no {path}, so it cannot be opened.")
        return found


def _open(files: _Reader) -> Folder:
    import safetensors.torch
    from diffusers import UNet2DModel

    kinds = {name: value[1] for name, value in files.json("model_index.json").items() if isinstance(value, list) and len(value) == 2}
    if kinds.get("unet") != "UNet2DModel":
        raise FolderError(f"Its network is {kinds.get('unet') or 'missing'}: only folders with a UNet2DModel can be opened here.")
    schedule, prediction, steps = _levels(kinds.get("scheduler"), files.json("scheduler/scheduler_config.json"))
    settings = {name: value for name, value in files.json("unet/config.json").items() if not name.startswith("_")}
    if settings.get("num_class_embeds") or settings.get("class_embed_type"):
        raise FolderError("Its network wants to be told a class, which the arena does not do for folders.")
    network = UNet2DModel(**settings)
    weights = files.read(f"unet/{WEIGHTS}")
    if weights is None:
        raise FolderError(f"This folder has no unet/{WEIGHTS}: save it with safetensors, which is diffusers' default.")
    network.load_state_dict(safetensors.torch.load(weights))
    size = settings["sample_size"]
    side = (size, size) if isinstance(size, int) else tuple(size)
    about = json.loads(files.read(ABOUT) or b"{}")
    named = about.get("dataset") if isinstance(about, dict) else None
    return Folder(
        Foreign(network.eval().requires_grad_(False), schedule, prediction, steps), (settings["in_channels"], *side),
        named if isinstance(named, str) else None, sum(p.numel() for p in network.parameters()),
    )  # fmt: skip


def _levels(kind: str | None, settings: dict[str, Any]) -> tuple[Schedule, str, int]:
    """The noise levels that a folder's scheduler says its network was trained on, what it predicts, and how many there are."""
    classes, missing = scheduler_classes()
    if kind not in classes:
        raise FolderError(missing.get(kind or "", f"Its scheduler {kind!r} is not one of this version of diffusers."))
    scheduler = classes[kind].from_config(settings)
    steps = int(scheduler.config.get("num_train_timesteps", 1000))
    table = getattr(scheduler, "alphas_cumprod", None)
    if table is not None and len(table) > 1:
        prediction = scheduler.config.get("prediction_type", "epsilon")
        if prediction not in ("epsilon", "sample", "v_prediction"):
            raise FolderError(f"Its network predicts {prediction!r}: known here are epsilon, sample and v_prediction.")
        return TableSchedule(table), prediction, len(table)
    if kind.startswith("FlowMatch"):
        return SCHEDULES["rectified_flow"], "flow", steps
    raise FolderError(f"{kind} does not say which noise levels its network was trained on: no ᾱ, and no straight line.")
