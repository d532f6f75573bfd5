"""What a config asks for: its experiments, ensembles and ablations, spelt out as paths."""

from itertools import product
from pathlib import Path
from typing import Any

from pointclip.config.resolve import (
    RESOLVERS,
    Config,
    resolve_adapter,
    resolve_backbone,
    resolve_projection,
)
from pointclip.core.errors import UserError, choose


# Axis of an experiment, which is the wildcard too -> the key of the config that lists its values.
AXES = {
    "dataset": "datasets",
    "projection": "projections",
    "prompts": "prompts",
    "backbone": "backbones",
    "adapter": "adapters",
    "shots": "shots",
    "protocol": "protocols",
}
PATHS = {
    "zero_shot": "zero_shot/{dataset}/{projection}/{prompts}/{backbone}/{protocol}",
    "few_shot": (
        "few_shot/{dataset}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot/{protocol}"
    ),
}
KINDS = {
    "zero_shot": [axis for axis in AXES if axis not in ("adapter", "shots")],
    "few_shot": list(AXES),
}
# The release chose epochs for its own adapter only; there is nothing to reproduce for the others.
RELEASED_METHODS = {"inter_view"}

Run = dict[str, Any]


def resolve(config: Config) -> dict[str, dict[str, Any]]:
    """Section -> id -> what the rules need of an entry, for all that is used or described.

    Raises:
        UserError: if an entry, an experiment or an ablation names something that is not there.
    """
    used = {(section, name) for section in RESOLVERS for name in config.get(section, [])}
    for run in all_runs(config):
        used |= {(AXES[axis], run[axis]) for axis in run if axis in AXES}
    entries: dict[str, dict[str, Any]] = {section: {} for section in RESOLVERS}
    for section, name in sorted(used, key=str):
        if section in RESOLVERS:
            entries[section][name] = RESOLVERS[section](config, name)
    # Variants of a backbone share the weights of the one that they vary.
    for name in {entry["fetched"] for entry in entries["backbones"].values()} - {""}:
        entries["backbones"].setdefault(name, resolve_backbone(config, name))
    # Subsets of views share the features of the projection that they take them from.
    for name in {entry["source"] for entry in entries["projections"].values()}:
        entries["projections"].setdefault(name, resolve_projection(config, name))
    return _sorted(entries)


def _sorted(value: Any) -> Any:
    """Mappings by key at every level: the order in which a config is written changes nothing."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value


def runs(config: Config, kind: str) -> list[Run]:
    """Every experiment of one kind, each once: a mapping of axis to id."""
    found: dict[str, Run] = {}
    for block in config[kind]:
        for values in product(*(block[AXES[axis]] for axis in KINDS[kind])):
            run = {"kind": kind, **dict(zip(KINDS[kind], values, strict=True))}
            if _exists(config, run):
                found.setdefault(logits_path(run), run)
    return list(found.values())


def ensemble_runs(config: Config) -> list[Run]:
    """The experiments blended with another model's logits: those of blocks that name ensembles.

    Raises:
        UserError: if there is no such ensemble, or not its file.
    """
    found: dict[str, Run] = {}
    blocks = [(kind, block) for kind in KINDS for block in config[kind]]
    for kind, block in blocks:
        for name in block.get("ensembles", []):
            file = config["ensembles"][choose(name, config["ensembles"], "ensemble")]["file"]
            if not Path(file).is_file():
                raise UserError(f"The file '{file}' of the ensemble '{name}' does not exist.")
            for run in runs({**config, kind: [block]}, kind):
                if run["protocol"] != "released":  # nobody released one
                    blended = {**run, "ensemble": name}
                    found.setdefault(logits_path(blended), blended)
    return list(found.values())


def ablation_runs(config: Config, name: str) -> list[Run]:
    """The experiments that the ablation `name` compares, in its order.

    `seed` may vary too: all seeds of an experiment come from one run.
    """
    ablation = config["ablations"][choose(name, config["ablations"], "ablation")]
    base, vary = ablation["base"], dict(ablation["vary"])
    for seed in vary.pop("seed", []):
        seeds = map(str, config["sampling"]["seeds"])
        choose(str(seed), seeds, f"seed in the ablation '{name}'")
    kind = "few_shot" if {"shots", "adapter"} & {*base, *vary} else "zero_shot"
    for axis in [*base, *vary]:
        choose(axis, KINDS[kind], f"axis of the {kind} ablation '{name}'")
    if missing := [axis for axis in KINDS[kind] if axis not in base and axis not in vary]:
        raise UserError(f"The ablation '{name}' says nothing about its {missing[0]}.")
    found = [
        {"kind": kind, **base, **dict(zip(vary, values, strict=True))}
        for values in product(*vary.values())
    ]
    return list({logits_path(run): run for run in found if _exists(config, run)}.values())


def all_runs(config: Config) -> list[Run]:
    """The experiments of the whole config, those of its ablations too, each once."""
    everything = [*runs(config, "zero_shot"), *runs(config, "few_shot")]
    for name in config["ablations"]:
        everything += ablation_runs(config, name)
    return list({logits_path(run): run for run in everything}.values())


def logits_path(run: Run) -> str:
    """Where the logits of an experiment lie, below the results."""
    folder = f"ensemble/{run['ensemble']}/" if "ensemble" in run else ""
    return f"{folder}{PATHS[run['kind']].format(**run)}/logits.h5"


def identity(experiment: str) -> dict[str, Any]:
    """What a score says of an experiment, from the path of its logits below the results."""
    parts = experiment.split("/")[:-1]
    other = parts[1] if parts[0] == "ensemble" else ""
    _, dataset, projection, prompts, backbone, *learned, protocol = parts[2 if other else 0 :]
    method, shots = learned or ("zero_shot", "0shot")
    return {
        "dataset": dataset,
        "projection": projection,
        "prompts": prompts,
        "backbone": backbone,
        "method": f"{method}+{other}" if other else method,
        "protocol": protocol,
        "shots": int(shots.removesuffix("shot")),
    }


def _exists(config: Config, run: Run) -> bool:
    """Whether that protocol means anything for that method."""
    if run["kind"] == "zero_shot" or run["protocol"] != "released":
        return True
    return resolve_adapter(config, run["adapter"])["method"] in RELEASED_METHODS
