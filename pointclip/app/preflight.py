"""What a config needs and this machine lacks: weights and data. `make paper-check` runs it.

    python -m pointclip.app.preflight config/paper.yaml

prints the size of a full run and a sentence for all that is missing (then it exits with 1). It
reads names and sizes only: no torch, a few seconds without a network.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from pointclip.config import experiments, registrations
from pointclip.config.entries import Config
from pointclip.config.schema import validate
from pointclip.core.errors import UserError
from pointclip.core.extras import require
from pointclip.core.files import read_yaml
from pointclip.encoders.hub import Probe, hub_endpoint, missing_weights
from pointclip.encoders.weights import find_weights
from pointclip.registration.archive import answers, ask
from pointclip.registration.dense.network_files import find_network, missing_network
from pointclip.registration.pairs import missing_scenes


SIZES = Path("docs/run_sizes.csv")  # in the repository


def missing(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """A sentence for every data set, backbone and network neither here nor to be fetched."""
    used = experiments.all_runs(config)
    resources, sentences = Path(config["resources"]), []
    asked: dict[str, list[Probe | Path]] = {}
    for name in sorted({entries["datasets"][run["dataset"]]["fetched"] for run in used} - {""}):
        entry = entries["datasets"][name]["entry"]
        if not (resources / "datasets" / name / "manifest.json").is_file():
            asked[name] = [ask(url) for url in entry["urls"]]
    hub, folder = Probe(hub_endpoint()), resources / "weights"
    for name, archives in asked.items():
        if not any(map(answers, archives)):
            entry = entries["datasets"][name]["entry"]
            first = entry["urls"][0]
            cure = f"put its archive at {first}"
            if "://" in first:
                cure = f"name the archive behind {first} as the first of its urls in the config"
            sentences.append(
                f"The data set '{name}' is missing and nothing answers at its URLs: {cure}."
            )
    for name in sorted({entries["backbones"][run["backbone"]]["fetched"] for run in used} - {""}):
        entry = entries["backbones"][name]["entry"]
        if not find_weights(entry, folder, config["weights_dir"]) and not hub.reached():
            sentences.append(missing_weights(entry, folder))
    folder, registered = resources / "networks", registrations.resolve(config, {})
    scenes = [of for of in registered["pairs"].values() if not Path(of["path"]).is_dir()]
    of_scenes = {url: ask(url) for of in scenes for url in of["urls"]}
    networks = [
        of
        for of in registered["networks"].values()
        if not find_network(of, folder, config["weights_dir"])
    ]
    origins = {of["url"]: Probe(of["url"]) for of in networks if of["url"]}
    for entry in scenes:
        if not any(answers(of_scenes[url]) for url in entry["urls"]):
            sentences.append(missing_scenes(entry))
    for entry in networks:
        probe = origins.get(entry["url"], hub if entry["hub"] else None)
        if not probe or not probe.reached():
            sentences.append(missing_network(entry, folder))
    return list(dict.fromkeys(sentences))


def report(path: str | Path, config: Config, entries: Mapping[str, Any], free: float) -> str:
    """What a full run of the config takes, as far as that is known, and what is missing."""
    sizes = pd.read_csv(SIZES).set_index("config") if SIZES.is_file() else pd.DataFrame()
    lines = []
    if str(path) in sizes.index:
        size = sizes.loc[str(path)]
        lines.append(
            f"A full run takes {size['gigabytes']} GB in {size['jobs']} jobs ({size['how']}); "
            f"{free / 1e9:.1f} GB are free."
        )
    return "\n".join([*lines, *(missing(config, entries) or ["Nothing is missing."])]) + "\n"


def read_config(path: str | Path, repository: str | Path = ".") -> dict[str, Any]:
    """A config as Snakemake sees it: over the default one, with the schema's defaults.

    Raises:
        UserError: if it does not exist or is not as the schema says.
    """
    require("snakemake", "workflow", "A config")
    from snakemake.utils import update_config

    config = read_yaml(Path(repository, "config/config.yaml"))
    update_config(config, read_yaml(path))
    validate(config)
    return config


def main(path: str) -> int:
    """Print the report for the config at `path`; 0 if nothing is missing, else 1."""
    try:
        config = read_config(path)
        place = Path(config["results"]).resolve()
        while not place.exists():
            place = place.parent
        text = report(path, config, experiments.resolve(config), shutil.disk_usage(place).free)
    except UserError as error:
        text = f"{error}\n"
    sys.stdout.write(text)
    return 0 if text.endswith("Nothing is missing.\n") else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or ["config/config.yaml"]))
