"""What follows from a config's experiments: files to make, shots to encode, what figures show."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pointclip.config.corruption import clean
from pointclip.config.experiments import KINDS, Run, all_runs, runs
from pointclip.config.feature_sources import feature_sources, is_encoded, is_rendered
from pointclip.config.paths import logits, path
from pointclip.config.resolve import Config


def intermediates(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """The files between clouds and scores that the experiments need, below the results."""
    return sorted(set().union(*(_files(config, entries, run) for run in all_runs(config))))


def missing_intermediates(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """Those of them that are missing though something else of their experiment is there.

    Snakemake does not miss such a file while what was made from it exists, even if the file was
    lost because the job that was to renew it was killed. So they are asked for by name.
    """
    needed = [_files(config, entries, run) for run in all_runs(config)]
    there = {file for file in set().union(*needed) if Path(config["results"], file).is_file()}
    return sorted(set().union(*(files - there for files in needed if files & there)))


def _files(config: Config, entries: Mapping[str, Any], run: Run) -> set[str]:
    few = run["kind"] == "few_shot"
    # A subset of another projection's views has copies of its features, and needs them itself.
    known = entries["projections"]
    names = feature_sources(known, run["projection"])
    projections = [run | {"projection": name} for name in names]
    rendered = [ids for ids in projections if is_rendered(known, ids["projection"])]
    needs_train = few or run["protocol"] == "validation" or run["kind"] == "transductive_few_shot"
    splits = ["train", "test"] if needs_train else ["test"]
    files = {path("text", **run), logits(run)}
    corrupted = clean(config, run["dataset"]) != run["dataset"]  # its clouds are temporary
    kinds = ("labels", "ids") if corrupted else ("clouds", "labels", "ids")
    files |= {path(kind, **run | {"split": split}) for kind in kinds for split in splits}
    for split, shard in product(splits, entries["datasets"][run["dataset"]]["shards"]):
        part = {"split": split, "shard": shard}
        files |= {path("features", **ids, **part) for ids in projections}
        if config["keep_depth"]:
            files |= {path("depth", **ids, **part) for ids in rendered}
    if few:
        files |= {path("shots", **run), str(Path(logits(run)).with_name("adapter.safetensors"))}
        if entries["adapters"][run["adapter"]]["n_augmentations"]:
            files |= {path("augmented", **ids) for ids in projections}
    return files


def augmented_contents(
    config: Config, entries: Mapping[str, Any]
) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
    """Data set -> projection -> backbone -> the augmented features that the adapters need.

    `n_augmentations` copies of the first `shots` of every class and seed, and of the shapes that
    the release samples for each of `released_shots`.
    """
    contents: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for run in all_runs(config):
        if run["kind"] != "few_shot":
            continue
        wanted = entries["adapters"][run["adapter"]]["n_augmentations"]
        if not wanted:
            continue
        for source in feature_sources(entries["projections"], run["projection"]):
            if not is_encoded(entries["projections"], source):
                continue
            of = contents.setdefault(clean(config, run["dataset"]), {}).setdefault(source, {})
            nothing: dict[str, Any] = {"n_augmentations": 0, "shots": 0, "released_shots": []}
            held = of.setdefault(run["backbone"], nothing)
            held["n_augmentations"] = max(held["n_augmentations"], wanted)
            if run["protocol"] == "released":
                held["released_shots"] = sorted({*held["released_shots"], run["shots"]})
            else:
                held["shots"] = max(held["shots"], run["shots"])
    return contents


def headlines(config: Config) -> dict[str, dict[str, Run]]:
    """Data set -> kind -> the experiment that figures show: plain, of most shots, listed last."""
    found: dict[str, dict[str, Run]] = {}
    for kind in KINDS:
        for run in runs(config, kind):
            of = found.setdefault(run["dataset"], {})
            shots = of.get(kind, run).get("shots", 0)
            if run["protocol"] == "plain" and run.get("shots", 0) >= shots:
                of[kind] = run
    return found


def montages(config: Config, entries: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Run]]]:
    """Data set -> projection -> the experiments whose predictions stand beside its depth maps.

    Under `zero_shot` the first one, and under `few_shot`, where there is one of the same backbone,
    that of most shots; both plain.
    """
    found: dict[str, dict[str, dict[str, Run]]] = {}
    for run in runs(config, "zero_shot") if config["keep_depth"] else []:
        if run["protocol"] == "plain" and is_rendered(entries["projections"], run["projection"]):
            of = found.setdefault(run["dataset"], {})
            of.setdefault(run["projection"], {"zero_shot": run})
    for run in runs(config, "few_shot"):
        shown = found.get(run["dataset"], {}).get(run["projection"], {})
        same = shown and shown["zero_shot"]["backbone"] == run["backbone"]
        most = shown.get("few_shot", {"shots": 0})["shots"]
        if same and run["protocol"] == "plain" and run["shots"] > most:
            shown["few_shot"] = run
    return found
