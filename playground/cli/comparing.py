"""The commands that measure and compare: evaluate, compare and sweep. They begin the same plans as the Compare tab, and keep what they find in
the same folders."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from tqdm import tqdm

from playground.cli.bringing import brought
from playground.cli.options import add_settings, settings_of
from playground.compare.panel import lines, table
from playground.compare.plan import Plan, ended
from playground.compare.service import CompareService
from playground.config import CONFIGS, MODELS, ConfigError
from playground.features.evaluation.settings import EvaluationConfig
from playground.page.service import Service

SECONDS = 0.5


def add_commands(commands: Any, shared: list[argparse.ArgumentParser]) -> None:
    """The three commands, with what all commands `share`."""
    evaluate = commands.add_parser("evaluate", parents=shared, help="measure models by all measures on held-out data")
    evaluate.add_argument("runs_of", nargs="+", metavar="RUN", help="a run: its id, the beginning of it, or its name")
    compare = commands.add_parser(
        "compare", parents=shared, help="numbers of several runs beside each other; what is not measured yet is"
    )
    compare.add_argument("runs_of", nargs="*", metavar="RUN", help="a run: its id, the beginning of it, or its name")
    compare.add_argument("--all-four", action="store_true", help="train every kind of model that --data allows, then compare them")
    sweep = commands.add_parser(
        "sweep", parents=shared, help="train one kind of model over several values of a setting, then compare"
    )
    sweep.add_argument("model", choices=[kind for kind in CONFIGS if MODELS[kind].diffuses != "latents"])
    sweep.add_argument("--setting", required=True, help="its name, such as latent_dim")
    sweep.add_argument("--values", required=True, help="separated by commas: 1,4,16")
    for command in (compare, sweep):
        command.add_argument(
            "--data", metavar="NAME", help="the data that are trained on: a name, or the path of a folder or file of your own"
        )
        command.add_argument(
            "--seeds", type=int, default=1, metavar="N", help="trainings of each, with seeds 0 to N - 1 (%(default)s)"
        )
        command.add_argument(
            "--steps",
            type=int,
            default=argparse.SUPPRESS,
            metavar="N",
            help="of each training (what is usual for its kind and data)",
        )
    compare.add_argument(
        "--latent-dim", type=int, default=argparse.SUPPRESS, metavar="N", help="of autoencoder and VAE (what is usual)"
    )
    for command in (evaluate, compare, sweep):
        add_settings(command, EvaluationConfig, only=("n_samples", "draws", "n_examples", "importance_samples"))


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """The settings of trainings that were given."""
    return {name: getattr(options, name) for name in ("steps", "latent_dim") if name in options}


def evaluate(service: Service, runs: list[str], options: argparse.Namespace) -> int:
    """Measures the runs anew."""
    compare = comparing(service, options)
    good = done(compare, compare.plans.evaluate(runs), options)
    return told(compare, runs, options) if good else 1


def compare(service: Service, runs: list[str], options: argparse.Namespace) -> int:
    """Tells the numbers of the runs; measures first those that were not, or have gone on since."""
    compare = comparing(service, options)
    good = True
    if options.all_four:
        if options.data is None or runs:
            raise ConfigError("--all-four trains anew: give it --data NAME, and no runs.")
        good, runs = trained(
            compare, compare.plans.all_four(brought(service, options.data), options.seeds, chosen(options)), options
        )
    elif not runs:
        raise ConfigError(
            "Name the runs to compare, or --all-four and --data NAME: python -m playground runs lists those that there are."
        )
    else:
        columns = compare.columns([runs, {}])["runs"]
        if missing := [run for run in runs if not columns[run]["evaluated"]]:
            good = done(compare, compare.plans.evaluate(missing), options)
    told(compare, runs, options)
    return 0 if good else 1


def sweep(service: Service, runs: list[str], options: argparse.Namespace) -> int:
    """Trains over the values, measures, and tells the numbers."""
    compare = comparing(service, options)
    others = chosen(options) | ({"dataset": brought(service, options.data)} if options.data else {})
    plan = compare.plans.sweep(options.model, options.setting, options.values.split(","), options.seeds, others)
    good, runs = trained(compare, plan, options)
    told(compare, runs, options)
    return 0 if good else 1


def comparing(service: Service, options: argparse.Namespace) -> CompareService:
    """With the settings of the measurement that were given."""
    found = CompareService(service)
    found.plans.measuring = EvaluationConfig(**settings_of(options)).model_dump(exclude={"study", "device"})
    return found


def trained(compare: CompareService, plan: Plan, options: argparse.Namespace) -> tuple[bool, list[str]]:
    """Does it, and says which runs came of it."""
    good = done(compare, plan, options)
    return good, [job.run for job in plan.jobs if job.trains and job.run]


def done(compare: CompareService, plan: Plan, options: argparse.Namespace) -> bool:
    """Does a plan and shows how far it is; Ctrl-C stops it, and what was trained is kept. Whether all of it went well."""
    conductor, bar, before = compare.conductor, None, ""
    conductor.begin(plan)
    if not options.json:
        bar = tqdm(
            total=len(plan.jobs), file=sys.stderr, dynamic_ncols=True, bar_format="{percentage:3.0f}%|{bar}| {elapsed} {postfix}"
        )
    while not plan.over:
        try:
            status = conductor.status(plan.id)
            now = next((job for job in status["jobs"] if not ended(job["state"])), status["jobs"][-1])
            if bar is not None:
                bar.n = sum(1.0 if ended(job["state"]) else min(1.0, job["step"] / max(1, job["steps"])) for job in status["jobs"])
                bar.set_postfix_str(f"{now['title']}, {'>' if status['unknown'] else '~'}{status['left']:.0f} s left")
            elif (line := json.dumps(now | {"left": status["left"]})) != before:
                print(line, flush=True)
                before = line
            time.sleep(SECONDS)
        except KeyboardInterrupt:
            conductor.command(plan.id, "stop")
    if bar is not None:
        bar.close()
    failed = [job for job in plan.jobs if job.state != "finished"]
    for job in failed if not options.json else ():
        print(f"{job.title}: {job.state}. {job.message}", file=sys.stderr)
    return not failed


def told(compare: CompareService, runs: list[str], options: argparse.Namespace) -> int:
    """The numbers of the runs, those that differ by the seed alone together: a table, or with --json one line for each column."""
    answer = compare.columns([runs, {}])
    groups = []
    for group in answer["groups"]:
        columns = [answer["runs"][answer["order"][index]] for index in group]
        seeds = f", {len(columns)} seeds" if len(columns) > 1 else ""
        differ = [f"{row['label']} {row['values'][group[0]]}" for row in answer["settings"]["differ"] if len(answer["groups"]) > 1]
        title = columns[0]["name"] or f"{columns[0]['kind']}{seeds}"
        groups.append((title, table(columns)))
        if options.json:
            about = {
                "runs": [column["run"] for column in columns],
                "title": title,
                "model": columns[0]["model"],
                "data": columns[0]["dataset"],
            }
            print(json.dumps(about | {"differs": differ, "rows": groups[-1][1]}))
    if not options.json:
        print("\n".join(lines(named(groups, answer))))
    return 0


def named(groups: list[tuple[str, Any]], answer: dict[str, Any]) -> list[tuple[str, Any]]:
    """Columns of one name are told apart by their data, or else by the settings in which they differ from each other."""
    differ = [row for row in answer["settings"]["differ"] if row["name"] != "seed"]
    firsts = [group[0] for group in answer["groups"]]
    found = []
    for (title, rows), first in zip(groups, firsts):
        alike = [other for (name, _), other in zip(groups, firsts) if name == title]
        apart = [row for row in differ if len({str(row["values"][other]) for other in alike}) > 1]
        apart = [row for row in apart if row["name"] == "dataset"] or apart
        found.append((", ".join([title, *(f"{row['label']} {row['values'][first]}" for row in apart)]), rows))
    return found
