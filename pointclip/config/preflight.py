"""What a config needs of a machine, told before it is run: disk, weights and data.

    python -m pointclip.config.preflight config/paper.yaml

prints an estimate for every kind of file and a sentence for all that is missing (then it exits
with 1). It reads names and sizes only: no torch, a few seconds without a network.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pointclip.config import experiments
from pointclip.config.disk_use import estimate, known
from pointclip.config.resolve import Config
from pointclip.config.schema import validate
from pointclip.core.errors import UserError
from pointclip.core.files import read_yaml
from pointclip.encoders.weights import Probe, find_weights, hub_endpoint, missing_weights


def missing(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """A sentence for every data set and backbone that is neither here nor to be fetched."""
    used = experiments.all_runs(config)
    resources, said = Path(config["resources"]), []
    asked: dict[str, list[Probe]] = {}
    for name in sorted({entries["datasets"][run["dataset"]]["fetched"] for run in used} - {""}):
        entry = entries["datasets"][name]["entry"]
        here = (resources / "datasets" / name / "manifest.json").is_file()
        if not here and not any(_is_file(url) for url in entry["urls"]):
            asked[name] = [Probe(url) for url in entry["urls"] if "://" in url]
    hub, folder = Probe(hub_endpoint()), resources / "weights"
    for name, probes in asked.items():
        if not any(probe.reached() for probe in probes):
            entry = entries["datasets"][name]["entry"]
            first = entry["urls"][0]
            cure = f"put its archive at {first}"
            if "://" in first:
                cure = f"name the archive behind {first} as the first of its urls in the config"
            said.append(
                f"The data set '{name}' is missing and nothing answers at its URLs: {cure}."
            )
    for name in sorted({entries["backbones"][run["backbone"]]["fetched"] for run in used} - {""}):
        entry = entries["backbones"][name]["entry"]
        folders = [folder, entry["weights_dir"], config["weights_dir"]]
        here = any(find_weights(name, Path(place)) for place in folders if place)
        if not here and not hub.reached():
            said.append(missing_weights(entry, folder))
    return said


def report(config: Config, entries: Mapping[str, Any], free: float) -> tuple[str, bool]:
    """The estimate and what is missing as lines, and whether the run may begin."""
    needed, lines = estimate(config, entries), ["Disk use of a whole run, estimated:"]
    lines += [f"  {name:<10}{size / 1e9:8.1f} GB" for name, size in needed.items()]
    total = sum(needed.values())
    there = sum(
        file.stat().st_size
        for root in {config["results"], config["resources"]}
        for file in Path(root).rglob("*")
        if file.is_file() and not file.is_symlink()
    )
    lines.append(f"  {'in all':<10}{total / 1e9:8.1f} GB, of which {there / 1e9:.1f} GB are there.")
    unknown = {run["dataset"] for run in experiments.all_runs(config)}
    unknown = {name for name in unknown if not known(entries, name).test}
    if unknown:
        lines.append(f"Not counted, since their size is not known: {', '.join(sorted(unknown))}.")
    said = missing(config, entries)
    if total - there > free:
        largest = max(needed, key=lambda name: needed[name])
        cure = " (`keep_depth: false` spares it)" if largest == "depth" else ""
        said.append(
            f"{free / 1e9:.1f} GB are free, too few for what is still to come; the largest part "
            f"is {largest}{cure}."
        )
    return "\n".join([*lines, *said, "" if said else "Nothing is missing.\n"]), not said


def read_config(path: str | Path, repository: str | Path = ".") -> dict[str, Any]:
    """A config as Snakemake sees it: over the default one, with the schema's defaults.

    Raises:
        UserError: if it does not exist or is not as the schema says.
    """
    from snakemake.utils import update_config

    config = read_yaml(Path(repository, "config/config.yaml"))
    update_config(config, read_yaml(path))
    validate(config, repository)
    return config


def main(path: str) -> int:
    """Print the report for the config at `path`; 0 if the run may begin, else 1."""
    try:
        config = read_config(path)
        place = Path(config["results"]).resolve()
        while not place.exists():
            place = place.parent
        text, ready = report(config, experiments.resolve(config), shutil.disk_usage(place).free)
    except UserError as error:
        text, ready = f"{error}\n", False
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
    return 0 if ready else 1


def _is_file(url: str) -> bool:
    path = url.removeprefix("file://")
    return "://" not in path and Path(path).is_file()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["config/config.yaml"]))
