"""What the commands do. They use the same folder of runs as the page, so what one of them made the other opens."""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from playground.cli import comparing
from playground.cli.bringing import brought
from playground.cli.options import add_settings, settings_of
from playground.cli.progress import follow
from playground.cli.tracking import Tracking
from playground.config import CONFIGS, MODELS, ConfigError, SampleConfig
from playground.data import DATASETS
from playground.features.take_away.forms import FORMS
from playground.features.take_away.hub import TOKEN, pushed
from playground.library.bringing import Bringing
from playground.library.service import described
from playground.page.service import Service
from playground.runs.events import drawn
from playground.runtimes import RunRecord, WorkerRuntime
from playground.runtimes.places import keep_data, place, user_folder
from playground.runtimes.refusals import REFUSALS
from playground.runtimes.shelf import Shelf, Shelved
from playground.runtimes.store import RunStore
from playground.views.thumbnail import thumbnail

KINDS = {file.partition(".")[0]: file for file in reversed(FORMS)}
ENDINGS = {Path(file).suffix: file for file in reversed(FORMS) if not file.endswith(".zip")}
"""What a file is made as whose name ends so."""
OWN = "--dataset takes the path of a folder or file of your own, too."


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m playground", description="Train, sample and export without a page.")
    commands = top.add_subparsers(
        dest="command", required=True, metavar="train|continue|sample|evaluate|compare|sweep|runs|export|import|push"
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--runs", type=Path, metavar="FOLDER", help=f"the folder of runs ({user_folder()})")
    shared.add_argument("--json", action="store_true", help="say everything as lines of JSON")
    working = argparse.ArgumentParser(add_help=False)
    working.add_argument("--threads", type=int, default=1, metavar="N", help="most processor threads (%(default)s)")
    training = argparse.ArgumentParser(add_help=False)
    training.add_argument("--trackio", default="", metavar="PROJECT", help="log all readings to this project of Trackio, too")
    models = commands.add_parser("train", help="train a model").add_subparsers(
        dest="model", required=True, metavar="|".join(CONFIGS)
    )
    for name, config in CONFIGS.items():
        train = models.add_parser(name, parents=[shared, working, training], epilog=OWN)
        train.add_argument("--name", default="", help="what the run is called")
        if MODELS[name].diffuses == "latents":
            train.add_argument(
                "--source", required=True, metavar="RUN", help="the autoencoder or VAE in whose latent space it works"
            )
        add_settings(train, config)
    again = commands.add_parser(
        "continue", parents=[shared, working, training], help="go on with a training that was stopped or cut off"
    )
    sample = commands.add_parser("sample", parents=[shared, working], help="draw samples from a model")
    sample.add_argument(
        "--out",
        type=Path,
        default=Path("samples.npz"),
        help="an .npz, of images also a .png, of points and tables a .csv (%(default)s)",
    )
    add_settings(sample, SampleConfig)
    export = commands.add_parser("export", parents=[shared, working], help="take a model away")
    export.add_argument("--out", type=Path, required=True, help="a file, or of what is a .zip a new folder")
    export.add_argument(
        "--form", choices=KINDS, help="in which form; without it, what --out ends in says so, and a folder is for diffusers"
    )
    push = commands.add_parser("push", parents=[shared, working], help="put a model and a card of it on the Hugging Face Hub")
    push.add_argument("--repo", required=True, metavar="USER/NAME", help=f"the repository; the token is that in {TOKEN}")
    push.add_argument("--public", action="store_true", help="for everybody to see")
    for command in (again, sample, export, push):
        command.add_argument("run", help="a run: its id, the beginning of it, or its name")
    bring = commands.add_parser("import", parents=[shared, working], help="take back weights or a whole run that were exported")
    bring.add_argument("file", type=Path, help="a .safetensors or a .zip file")
    comparing.add_commands(commands, [shared, working])
    listing = commands.add_parser("runs", parents=[shared], help="list the runs that are kept")
    listing.add_argument("search", nargs="*", help="words that must be in what is listed")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; the status for the shell: 0 where all went well."""
    options = parser().parse_args(arguments)
    keep_data()
    try:
        return COMMANDS[options.command](options)
    except (*REFUSALS, OSError) as error:
        print(json.dumps({"error": str(error)}) if options.json else str(error), file=sys.stdout if options.json else sys.stderr)
        return 1


@contextmanager
def serving(options: argparse.Namespace) -> Iterator[Service]:
    """A registry of runs as the page has one, with workers of its own."""
    folder, bounds = place(options.runs, own=True)
    store = RunStore(folder, bounds, thumbnail)
    service = Service(WorkerRuntime(threads=options.threads), own=True, store=store, sweep_seconds=None)
    try:
        yield service
    finally:
        service.registry.close()


def train(options: argparse.Namespace) -> int:
    values = {"model": options.model, **settings_of(options)}
    with serving(options) as service:
        shelf = shelf_of(service)
        if "dataset" in values:
            values["dataset"] = brought(service, values["dataset"])
        if "source" in options:
            values["source"] = find(shelf, options.source).run
        others = tracking(options, values)
        run = service.train(values)
        return ended(service, follow(service.registry, run, options.json, *others), options)


def continue_(options: argparse.Namespace) -> int:
    with serving(options) as service:
        entry = find(shelf_of(service), options.run)
        others = tracking(options, entry.config)
        service.registry.continue_(entry.run)
        return ended(service, follow(service.registry, entry.run, options.json, *others), options)


def tracking(options: argparse.Namespace, values: dict[str, Any]) -> list[Tracking]:
    """Who logs the readings elsewhere, if that is asked for. Raises `ConfigError` before anything is trained."""
    return [Tracking(options.trackio, getattr(options, "name", ""), values)] if options.trackio else []


def ended(service: Service, record: RunRecord, options: argparse.Namespace) -> int:
    """What is said of a training that is over."""
    service.registry.close()
    shelf = shelf_of(service)
    if getattr(options, "name", "") and record.run_id in shelf:
        shelf.label(record.run_id, name=options.name)
    if not options.json:
        print(f"{record.status.capitalize()} at step {record.step:,}: {shelf.folder(record.run_id)}")
        if record.message or record.suggestion:
            print(f"{record.message} {record.suggestion}".strip())
    return 0 if record.status == "finished" else 1


def sample(options: argparse.Namespace) -> int:
    with serving(options) as service:
        run = find(shelf_of(service), options.run).run
        record = follow(service.registry, service.sample(run, settings_of(options)), options.json)
    if record.status != "finished" or record.snapshot is None:
        raise ConfigError(record.message or "No samples were drawn.")
    columns = DATASETS[record.config["dataset"]].columns
    save(options.out, drawn(record.snapshot.arrays), columns().names if columns else ())
    return say(options, {"out": str(options.out)}, f"Samples: {options.out}")


def within(act: Callable[[Service, list[str], argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """A command of `comparing`, of the runs that were named."""

    def command(options: argparse.Namespace) -> int:
        with serving(options) as service:
            return act(service, [find(shelf_of(service), each).run for each in getattr(options, "runs_of", ())], options)

    return command


def save(path: Path, samples: np.ndarray, names: Sequence[str] = ()) -> None:
    """Samples as an array, images (n, C, H, W) side by side as a picture, or rows as a table whose columns have these `names`."""
    if path.suffix == ".csv":
        if samples.ndim != 2:
            raise ConfigError("Only points and rows can be saved as a table: name a file that ends in .npz, or .png.")
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerows([names or [f"x{i + 1}" for i in range(samples.shape[1])], *samples.tolist()])
        return
    if path.suffix != ".png":
        np.savez_compressed(path, samples=samples)
        return
    if samples.ndim != 4:
        raise ConfigError("Only images can be saved as a picture: name a file that ends in .npz.")
    from PIL import Image

    across = int(np.ceil(np.sqrt(len(samples))))
    padded = np.concatenate([samples, np.zeros((-len(samples) % across, *samples.shape[1:]), samples.dtype)])
    rows = padded.reshape(-1, across, *samples.shape[1:]).transpose(0, 3, 1, 4, 2)
    picture = rows.reshape(rows.shape[0] * rows.shape[1], -1, samples.shape[1])
    Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture).save(path)


def export(options: argparse.Namespace) -> int:
    with serving(options) as service:
        run = find(shelf_of(service), options.run).run
        file = file_of(options.form, options.out.suffix)
        data = service.take_away.file(run, file)
    if file.endswith(".zip") and options.out.suffix != ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            options.out.mkdir(parents=True)
            archive.extractall(options.out)
    else:
        options.out.write_bytes(data)
    return say(options, {"out": str(options.out)}, f"Exported: {options.out}")


def push(options: argparse.Namespace) -> int:
    with serving(options) as service:
        run = find(shelf_of(service), options.run).run
        address = pushed(service.take_away, run, options.repo, private=not options.public)
    return say(options, {"address": address}, f"Pushed: {address}")


def import_(options: argparse.Namespace) -> int:
    with serving(options) as service:
        found = Bringing(service).bring(options.file)
    return say(options, found, f"{found['about']}: {found['run']}")


def file_of(form: str | None, ending: str) -> str:
    """The file of `FORMS` that is asked for by a form and by what --out ends in."""
    if form is None:
        return ENDINGS.get(ending, "diffusers.zip")
    return f"{form}{ending}" if f"{form}{ending}" in FORMS else KINDS[form]


def runs(options: argparse.Namespace) -> int:
    shelf = Shelf(*place(options.runs, own=True))
    words = [word.lower() for word in options.search]
    for entry in shelf.entries():
        line = row(entry)
        if all(word in line.lower() for word in words):
            print(json.dumps(facts(entry)) if options.json else line)
    return 0


def row(entry: Shelved) -> str:
    """A line of the list."""
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    what = entry.trouble or f"{described(entry.config)}, {entry.status}, step {entry.step:,}, {entry.bytes / 1e6:.1f} MB"
    return "  ".join(filter(None, (entry.run, when, what, entry.name, "pinned" if entry.pinned else "")))


def facts(entry: Shelved) -> dict[str, Any]:
    """The same for programs."""
    names = "run config status step seconds created changed bytes data trouble name notes pinned".split()
    return {name: getattr(entry, name) for name in names}


def find(shelf: Shelf, wanted: str) -> Shelved:
    """The run of that id, or the only one whose id begins so, or the only one of that name. Raises `ConfigError`."""
    entries = shelf.entries()
    for found in (
        [entry for entry in entries if entry.run == wanted],
        [entry for entry in entries if wanted in (entry.name, entry.run[: len(wanted)])],
    ):
        if len(found) == 1:
            return found[0]
    raise ConfigError(f"No single run is called {wanted!r}: python -m playground runs lists them.")


def shelf_of(service: Service) -> Shelf:
    store = service.registry.store
    assert store is not None  # `serving` gave it one
    return store.shelf


def say(options: argparse.Namespace, values: dict[str, Any], sentence: str) -> int:
    print(json.dumps(values) if options.json else sentence)
    return 0


COMMANDS = {
    "train": train,
    "continue": continue_,
    "sample": sample,
    "evaluate": within(comparing.evaluate),
    "compare": within(comparing.compare),
    "sweep": within(comparing.sweep),
    "runs": runs,
    "export": export,
    "import": import_,
    "push": push,
}
