"""The race: how soon our models are as good as those of other libraries, in processor seconds of one thread.

    pip install -r requirements.txt && pip install --no-deps -r tests/benchmarks/race/requirements.txt    # in an environment of its own
    OMP_NUM_THREADS=1 python -m tests.benchmarks.race                       # everything: some hours
    OMP_NUM_THREADS=1 python -m tests.benchmarks.race --races VAE AE --seeds 0
    OMP_NUM_THREADS=1 python -m tests.benchmarks.race --races --picture assets/race.png       # nobody races: the table, and the picture

Fashion-MNIST, 10,000 images. Entrants take turns, seed by seed; what each has done is written to `--json` at once, in the place of what
it did before with this seed. Prints Markdown tables of all that stands there: every reading, and how much sooner ours was as good as each peer at its end and,
at worst, at any of its readings.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path

os.environ["TQDM_DISABLE"] = "1"

import torch

from .report import Results, draw, everything, summary

RESULTS = Path(__file__).with_name("results.json")


def run(results: Results, races: list[str], only: list[str], seeds: list[int], file: Path) -> None:
    """Lets the entrants of `races` race with all `seeds` that they have."""
    from .entrants import RACES
    from .timing import race

    for seed in seeds:
        for name in races:
            for entrant, it in RACES[name].items():
                if seed < it.seeds and (not only or entrant in only):
                    make = it.make(seed)
                    make()  # what is loaded when it is first needed is loaded by then
                    racer, curve = race(make, list(it.marks))
                    kept = results.setdefault(name, {}).setdefault(entrant, {"ours": it.ours, "curves": {}})
                    kept["weights"] = racer.size
                    kept["curves"][str(seed)] = [[round(value, 3) for value in reading] for reading in curve]
                    print(name, entrant, seed, kept["curves"][str(seed)], flush=True)
                    file.write_text(json.dumps(results))


def main() -> None:
    parser = argparse.ArgumentParser(prog="race", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--races", nargs="*", default=["diffusion", "VAE", "AE", "VAE, convolutions", "AE, convolutions"])
    parser.add_argument("--only", nargs="+", default=[], help="entrants that race, if not all")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the curves are kept")
    parser.add_argument("--picture", type=Path, help="where the curves are drawn")
    given = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable(logging.INFO)
    results = json.loads(given.json.read_text()) if given.json.exists() else {}
    run(results, given.races, given.only, given.seeds, given.json)
    print(f"{everything(results)}\n\nProcessor seconds\n\n{summary(results)}\n\nWall seconds\n\n{summary(results, 'wall')}")
    if given.picture:
        draw(results, given.picture)


if __name__ == "__main__":
    main()
