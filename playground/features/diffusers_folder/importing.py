"""A diffusers folder with a `UNet2DModel`, ours or another's, as a denoiser that the arena can run.

Only JSON and safetensors are read, nothing is unpacked to disk, and no code of the folder is run: the archive may come from
anybody. A kilobyte of JSON can describe a network of a terabyte, so every number is held against its bounds first, and the
network is sketched on torch's `meta` device, which takes no memory, until its weights are known to be there.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from playground.config.settings import brief
from playground.diffusion.denoiser import Prediction
from playground.diffusion.diffusers.catalogue import scheduler_classes, version
from playground.diffusion.noise import SCHEDULES, Schedule
from playground.features.diffusers_folder.exporting import ABOUT

MAX_BYTES = 256 * 2**20
"""Of all files of a folder together, unpacked."""
MAX_JSON = 2**20
MAX_PARAMETERS = MAX_BYTES // 4
MOST_LEVELS = 8
"""Resolutions of a U-Net, and so the longest list among its settings."""
LARGEST = 100_000
"""No setting of a network or of a scheduler is beyond this, and no list longer, ..."""
LIMITS = {
    "sample_size": (4, 256),
    "in_channels": (1, 64),
    "out_channels": (1, 64),
    "layers_per_block": (1, 16),
    "block_out_channels": (1, 4096),
    "num_train_timesteps": (2, 20_000),
}
"""... and these, which make networks large and tables long, lie within bounds of their own."""
WEIGHTS = "diffusion_pytorch_model.safetensors"


class FolderError(ValueError):
    """A folder was refused. `str(error)` is one sentence a person can act on."""


@dataclass(frozen=True)
class Folder:
    """A model out of a folder."""

    denoiser: FolderDenoiser
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


class FolderDenoiser(nn.Module):
    """`(x_t, t) -> Prediction(x_0, eps)` by a network that is told an index, or `1000 t` of a straight line."""

    def __init__(self, network: nn.Module, schedule: Schedule, prediction: str, steps: int) -> None:
        super().__init__()
        self.network, self.schedule, self.prediction, self.steps = network, schedule, prediction, steps

    def forward(self, x_t: Tensor, t: Tensor) -> Prediction:
        """`x_t`: (n, C, H, W), `t`: (n,) or (1,) in [0, 1]."""
        c = self.schedule.at(t).like(x_t)
        flow = self.prediction == "flow"
        predicted = self.network(x_t, t * (self.steps if flow else self.steps - 1)).sample
        if self.prediction == "epsilon":
            return Prediction((x_t - c.sigma * predicted) / c.alpha, predicted)
        x_0 = {"sample": predicted, "v_prediction": c.alpha * x_t - c.sigma * predicted, "flow": x_t - c.sigma * predicted}[
            self.prediction
        ]
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
    except MemoryError as error:
        raise FolderError("This folder needs more memory than there is for it here.") from error
    except Exception as error:  # whatever zipfile, json, safetensors or diffusers make of what anybody may have written
        raise FolderError(f"This folder could not be opened ({short(error)}).") from error


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
        if data is not None and len(data) > MAX_JSON:
            raise FolderError(f"Its {path} is larger than {MAX_JSON >> 20} MB, which no settings are.")
        found = json.loads(data) if data is not None else None
        if not isinstance(found, dict):
            raise FolderError(f"This folder has no {path}, so it cannot be opened.")
        return found


def _open(files: _Reader) -> Folder:
    parts = files.json("model_index.json").items()
    kinds = {name: value[1] for name, value in parts if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)}
    if kinds.get("unet") != "UNet2DModel":
        raise FolderError(
            f"Its network is {(kinds.get('unet') or 'missing')[:60]}: only folders with a UNet2DModel can be opened here."
        )
    schedule, prediction, steps = _levels(kinds.get("scheduler"), files.json("scheduler/scheduler_config.json"))
    settings = {name: value for name, value in files.json("unet/config.json").items() if not name.startswith("_")}
    if settings.get("num_class_embeds") or settings.get("class_embed_type"):
        raise FolderError("Its network wants to be told a class, which the arena does not do for folders.")
    network = _network(settings, files.read(f"unet/{WEIGHTS}"))
    size = settings.get("sample_size")
    side = (size, size) if isinstance(size, int) else tuple(size or ())
    if len(side) != 2:
        raise FolderError("Its network does not say how large its images are: unet/config.json needs a sample_size.")
    about = json.loads(files.read(ABOUT) or b"{}")
    named = about.get("dataset") if isinstance(about, dict) else None
    return Folder(
        FolderDenoiser(network.eval().requires_grad_(False), schedule, prediction, steps),
        (network.config.in_channels, *side),
        named if isinstance(named, str) else None,
        sum(p.numel() for p in network.parameters()),
    )


def _network(settings: dict[str, Any], data: bytes | None) -> Any:
    """The `UNet2DModel` of these settings with the weights in `data`, safetensors."""
    import safetensors.torch
    from diffusers import UNet2DModel

    check_limits(settings, MOST_LEVELS)
    if data is None:
        raise FolderError(f"This folder has no unet/{WEIGHTS}: save it with safetensors, which is diffusers' default.")
    try:
        weights = safetensors.torch.load(data)
    except Exception as error:  # SafetensorError, and what torch says of types that it does not know
        raise FolderError(f"Its unet/{WEIGHTS} is damaged ({short(error)}).") from error
    with torch.device("meta"):
        wanted = {name: tensor.shape for name, tensor in UNet2DModel(**settings).state_dict().items()}
    if wanted != {name: tensor.shape for name, tensor in weights.items()}:
        raise FolderError("Its weights do not fit the network that its unet/config.json describes.")
    if sum(shape.numel() for shape in wanted.values()) > MAX_PARAMETERS:
        raise FolderError(
            f"Its network has more than {MAX_PARAMETERS / 1e6:.0f} million parameters, which is all that is opened here."
        )
    network = UNet2DModel(**settings)
    network.load_state_dict(weights)
    return network


def check_limits(settings: dict[str, Any], longest: int = LARGEST) -> None:
    """Raises `FolderError` for a setting with a number out of `LIMITS`, or a list with more than `longest` entries."""
    for name, value in settings.items():
        entries = value if isinstance(value, list) else [value]
        if len(entries) > longest:
            raise FolderError(f"{name[:60]} has {len(entries):,} entries in this folder: at most {longest:,} are taken here.")
        low, high = LIMITS.get(name, (-LARGEST, LARGEST))
        for entry in entries:
            if isinstance(entry, (int, float)) and not isinstance(entry, bool) and not low <= entry <= high:  # NaN is not
                raise FolderError(f"{name[:60]} = {brief(entry)} is refused in a folder: it must be from {low:,} to {high:,}.")


def short(error: Exception) -> str:
    """What an error says, on one line that is not too long; its name, where it says nothing."""
    return " ".join(str(error).split())[:160] or type(error).__name__


def _levels(kind: str | None, settings: dict[str, Any]) -> tuple[Schedule, str, int]:
    """The noise levels that a folder's scheduler says its network was trained on, what it predicts, and how many there are."""
    classes, missing = scheduler_classes()
    if kind is None:
        raise FolderError("Its model_index.json names no scheduler, so the noise levels of its network are unknown.")
    if kind not in classes:
        raise FolderError(
            missing.get(kind, f"Its scheduler {brief(kind)} is not one of diffusers {version()}, which is installed here.")
        )
    check_limits(settings)
    scheduler = classes[kind].from_config(settings)
    steps = int(scheduler.config.get("num_train_timesteps", 1000))
    table = getattr(scheduler, "alphas_cumprod", None)
    if table is not None and len(table) > 1:
        prediction = scheduler.config.get("prediction_type", "epsilon")
        if prediction not in ("epsilon", "sample", "v_prediction"):
            raise FolderError(f"Its network predicts {brief(prediction)}: known here are epsilon, sample and v_prediction.")
        return TableSchedule(table), prediction, len(table)
    if kind.startswith("FlowMatch"):
        return SCHEDULES["rectified_flow"], "flow", steps
    raise FolderError(f"{kind} does not say which noise levels its network was trained on: no ᾱ, and no straight line.")
