"""Two measurements of a note: six ways to draw latents, and how straight reflow makes a flow.

    python tests/benchmarks/latents.py compare --dataset fashion_mnist --latent-dim 2 --steps 3000
    python tests/benchmarks/latents.py reflow --dataset mixture --steps 2000

`--steps` are those of every training in it: of the autoencoder, the VAE and the two latent diffusions, or of the flow and its
second training. Prints a table. Takes a few minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from playground.config import AutoencoderConfig, DiffusionConfig, RunConfig, VAEConfig
from playground.features.comparison.run import comparison_run
from playground.features.comparison.sentences import summary
from playground.features.comparison.settings import ComparisonConfig
from playground.features.comparison.view import ROWS
from playground.features.reflow.run import reflow_run
from playground.features.reflow.settings import ReflowConfig
from playground.runs.control import Control
from playground.runs.events import Snapshot
from playground.runs.training import train


def trained(config: RunConfig) -> bytes:
    """The last checkpoint of a training that nobody watches."""
    control = Control()
    control.send({"kind": "watch", "rate": 0.0})
    *_, end = train(config, control)
    return end.checkpoint


def last(events, name: str) -> dict:
    """What the last snapshot of a study says in the JSON called `name`."""
    *_, snapshot = (event for event in events if isinstance(event, Snapshot))
    return json.loads(snapshot.arrays[name].tobytes())


def compare(dataset: str, latent_dim: int, steps: int) -> None:
    shared = {"dataset": dataset, "latent_dim": latent_dim, "steps": steps}
    ae, vae = trained(AutoencoderConfig(**shared)), trained(VAEConfig(**shared))
    table = last(comparison_run(ComparisonConfig(steps=steps), ae, vae), "table")
    print(f"{dataset}, {latent_dim} latent dimensions, {table['repeats']} measurements of {table['n']} samples")
    for name, (title, how, _) in ROWS.items():
        row = table["rows"][name]
        print(f"{title:18} {row['distance']:8.4f} ± {row['std']:.4f}   {row['seconds']:6.1f} s   {how}")
    print(summary(table["rows"]))


def straighten(dataset: str, steps: int) -> None:
    flow = trained(DiffusionConfig(dataset=dataset, steps=steps, schedule="rectified_flow", parametrization="velocity"))
    found = last(reflow_run(ReflowConfig(steps=steps), flow), "numbers")
    print(f"{dataset}, {found['pairs']} pairs, floor {found['floor'][0]:.4f} ± {found['floor'][1]:.4f}")
    for when in ("before", "after"):
        (s, error), distances = found[when]["straightness"], found[when]["distance"]
        print(f"{when:7} S = {s:.5f} ± {error:.5f}, in shares of E|x_1 - x_0|² {found[when]['relative']:.5f}")
        print("        " + "   ".join(f"{k} steps {mean:.4f} ± {std:.4f}" for k, (mean, std) in distances.items()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("compare", "reflow"))
    parser.add_argument("--dataset", default=None)
    parser.add_argument("--latent-dim", type=int, default=2)
    parser.add_argument("--steps", type=int, default=3000)
    given = parser.parse_args()
    if given.what == "compare":
        compare(given.dataset or "fashion_mnist", given.latent_dim, given.steps)
    else:
        straighten(given.dataset or "mixture", given.steps)
