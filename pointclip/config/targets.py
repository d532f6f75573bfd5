"""What follows from a config's experiments: files to make, draws to hold, what figures show."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pointclip.config.experiments import KINDS, Run, all_runs, logits_path, runs
from pointclip.config.resolve import Config, resolve_adapter, resolve_projection


def intermediates(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """The files between clouds and scores that the experiments need, below the results."""
    return sorted(set().union(*(_files(config, entries, run) for run in all_runs(config))))


def lost(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """Those of them that are missing though something else of their experiment is there.

    Snakemake does not miss such a file while what was made from it exists, even if the file was
    lost because the job that was to renew it was killed. So they are asked for by name.
    """
    results, missing = Path(config["results"]), set()
    for run in all_runs(config):
        files = _files(config, entries, run)
        gone = {file for file in files if not (results / file).is_file()}
        missing |= gone if len(gone) < len(files) else set()
    return sorted(missing)


def _files(config: Config, entries: Mapping[str, Any], run: Run) -> set[str]:
    few, dataset, backbone = run["kind"] == "few_shot", run["dataset"], run["backbone"]
    source = entries["projections"][run["projection"]]["source"]
    # A subset of another projection's views has copies of its features, and needs them itself.
    folders = {f"{dataset}/{name}" for name in (source, run["projection"])}
    splits = ["train", "test"] if few or run["protocol"] == "validation" else ["test"]
    files = {f"text/{dataset}/{run['prompts']}/{backbone}.parquet", logits_path(run)}
    for split, shard in product(splits, entries["datasets"][dataset]["shards"]):
        files |= {f"features/{folder}/{backbone}/{split}-{shard}.h5" for folder in folders}
        if config["keep_depth"]:
            files.add(f"depth/{dataset}/{source}/{split}-{shard}.h5")
    if few:
        files |= {f"bank/{folder}/{backbone}.h5" for folder in folders}
        files.add(f"shots/{dataset}.parquet")
    return files


def drawn_shots(config: Config) -> dict[str, list[int]]:
    """Data set -> the numbers of shots to draw: all that any experiment needs."""
    drawn: dict[str, set[int]] = {name: set() for name in config["datasets"]}
    for run in all_runs(config):
        drawn[run["dataset"]].add(run.get("shots", 1))
    return {name: sorted(shots) for name, shots in drawn.items()}


def bank_copies(config: Config) -> dict[str, dict[str, dict[str, int]]]:
    """Data set -> projection -> backbone -> augmented copies: the most that any adapter needs."""
    copies: dict[str, dict[str, dict[str, int]]] = {}
    for run in all_runs(config):
        if run["kind"] != "few_shot":
            continue
        source = resolve_projection(config, run["projection"])["source"]
        wanted = resolve_adapter(config, run["adapter"])["copies"]
        of = copies.setdefault(run["dataset"], {}).setdefault(source, {})
        of[run["backbone"]] = max(of.get(run["backbone"], 0), wanted)
    return copies


def banked_draws(config: Config) -> dict[str, list[tuple[str, int]]]:
    """Data set -> protocol and number of shots of the draws that its banks must hold."""
    drawn: dict[str, set[tuple[str, int]]] = {}
    for run in all_runs(config):
        if run["kind"] == "few_shot":
            drawn.setdefault(run["dataset"], set()).add((run["protocol"], run["shots"]))
    return {name: sorted(pairs) for name, pairs in drawn.items()}


def headlines(config: Config) -> dict[str, dict[str, str]]:
    """Data set -> kind -> the logits that figures show: plain, of most shots, listed last."""
    found: dict[str, dict[str, Run]] = {}
    for kind in KINDS:
        for run in runs(config, kind):
            of = found.setdefault(run["dataset"], {})
            shots = of.get(kind, run).get("shots", 0)
            if run["protocol"] == "plain" and run.get("shots", 0) >= shots:
                of[kind] = run
    return {
        name: {kind: logits_path(run) for kind, run in of.items()} for name, of in found.items()
    }


def montages(config: Config) -> dict[str, dict[str, str]]:
    """Data set -> projection -> the zero-shot logits shown with depth maps, if these are kept."""
    found: dict[str, dict[str, str]] = {}
    for run in runs(config, "zero_shot") if config["keep_depth"] else []:
        whole = not resolve_projection(config, run["projection"])["views"]
        if run["protocol"] == "plain" and whole:
            of = found.setdefault(run["dataset"], {})
            of.setdefault(run["projection"], logits_path(run))
    return found
