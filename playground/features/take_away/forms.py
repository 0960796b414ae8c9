"""The forms in which a run leaves: one table, from which the page's Save menu, the addresses of files and the command line are made.

A form is a file, which a job makes in a worker, of the run's newest weights or of all that is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from playground.config import MODELS, DiffusionConfig, RunConfig, encodes, of_table
from playground.data.own.shelf import NAME
from playground.views.plotly_js import PLOTLY_JS

NO_TORCH_ALONE = (
    "UNet2DModel is a network of diffusers, so a script with torch alone cannot have it: save this run for diffusers instead."
)
NO_FOLDER_OF_A_TABLE = (
    "Folders for diffusers are of images, of points in the plane and of latents: take the weights of a table as safetensors."
)


def scripted(config: RunConfig) -> str:
    """Why there is no script of a run; "" where there is one."""
    return NO_TORCH_ALONE if isinstance(config, DiffusionConfig) and config.network == "unet2d" else ""


def for_diffusers(config: RunConfig) -> str:
    """Why diffusers alone could not draw from it; "" where it could."""
    if not MODELS[config.model].diffuses:
        return "Only a diffusion model can be saved for diffusers, which has no pipeline of any other."
    return NO_FOLDER_OF_A_TABLE if of_table(config.dataset) else ""


def by_diffusers_alone(config: RunConfig) -> bool:
    """Whether diffusers has the network and a pipeline for it; else the folder brings modules of its own."""
    return isinstance(config, DiffusionConfig) and config.network == "unet2d" and config.conditional == "off"


def whose_code(config: RunConfig) -> str:
    """Said of a folder for diffusers."""
    return "" if for_diffusers(config) or by_diffusers_alone(config) else "It brings its own module: trust_remote_code=True."


def mapped(config: RunConfig) -> str:
    """Why there is no map; "" where there is one."""
    return "" if encodes(config) else "Only an autoencoder and a VAE have a latent map."


def on_own_data(config: RunConfig) -> str:
    """Said of a run that leaves without its data, where nobody else has them."""
    return "Its data stay here: elsewhere, bring the same files first." if NAME.fullmatch(config.dataset) else ""


def always(config: RunConfig) -> str:
    return ""


@dataclass(frozen=True)
class Form:
    """One of them."""

    file: str
    """In the address, `runs/RUN/<file>`; unlike all others."""
    title: str
    """Forms with the same title are one line of the menu."""
    about: str
    """A line."""
    make: str = ""
    """The job, `module:function`: it ends with one `Snapshot`, whose array `file` are the bytes. The newest weights are there already."""
    of: Literal["weights", "record", "folder"] = "weights"
    """What the job is given: a checkpoint, or the record of the run and its labels. A folder is as the server writes it."""
    settings: dict[str, str] = field(default_factory=dict)
    """What else it is told."""
    note: Callable[[RunConfig], str] = always
    """What is said beside `about` of a run with these settings."""
    refusal: Callable[[RunConfig], str] = always
    """A sentence where a run with these settings cannot leave so."""
    least: Callable[[], int] = lambda: 0
    """Bytes that are in it in any case."""
    with_data: bool = False
    """Whether the data leave, too."""


HERE = "playground.features.take_away"
FILMS = {
    "film": ("makes", "Film", "What the model makes, at all moments that are kept.", always),
    "map": ("map", "Film of the map", "The latent map, at all moments that are kept.", mapped),
}


def films() -> Iterator[Form]:
    """Each in three formats."""
    for name, (scene, title, about, refusal) in FILMS.items():
        for ending in ("gif", "webp", "mp4"):
            told = {"scene": scene, "ending": ending}
            yield Form(f"{name}.{ending}", title, about, f"{HERE}.film:film_run", "record", told, refusal=refusal)


FORMS = {
    form.file: form
    for form in (
        Form("weights.safetensors", "Weights", "Weights and settings: for load_model in Python, or dropped on Runs to come back."),
        Form(
            "script.zip",
            "Python script",
            "Model, loss, training and sampling in one readable file that needs torch alone, with weights and data.",
            f"{HERE}.script_zip:script_run",
            refusal=scripted,
            with_data=True,
        ),
        Form(
            "diffusers.zip",
            "diffusers folder",
            "For DiffusionPipeline.from_pretrained, where this project is not installed.",
            "playground.features.diffusers_folder.exporting:export_run",
            note=whose_code,
            refusal=for_diffusers,
        ),
        Form(
            "report.html",
            "Report",
            "Numbers, curves, pictures, map, film and settings on one page that works without a network.",
            f"{HERE}.report:report_run",
            "record",
            least=lambda: PLOTLY_JS.stat().st_size,
        ),
        *films(),
        Form(
            "run.zip",
            "The whole run",
            "Settings, weights, curves and film. Dropped on Runs, here or elsewhere, it is there again and can go on.",
            of="folder",
            note=on_own_data,
        ),
    )
}
"""By file, in the order of the menu."""
