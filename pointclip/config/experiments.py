"""What a config asks for: experiments, ensembles and ablations, each a mapping of axes to ids."""

from itertools import product
from typing import Any

from pointclip.catalog.protocols import RELEASED_METHODS
from pointclip.catalog.transductive import TRANSDUCTIVE
from pointclip.config import part_experiments, paths
from pointclip.config.point_backbones import check_backbones, check_ensemble, is_readable
from pointclip.config.resolve import (
    DEFAULT_SAMPLING,
    RESOLVERS,
    Config,
    Entries,
    add_related,
    resolve_adapter,
    resolve_sampling,
)
from pointclip.core.errors import UserError, choose


# Axis of an experiment, which is the wildcard too -> the key of the config that lists its values.
AXES = {
    "dataset": "datasets",
    "projection": "projections",
    "prompts": "prompts",
    "backbone": "backbones",
    "adapter": "adapters",
    "transductive": "transductive",
    "shots": "shots",
    "protocol": "protocols",
}
_SHARED = ["dataset", "projection", "prompts", "backbone"]
KINDS = {
    "zero_shot": [*_SHARED, "protocol"],
    "few_shot": [*_SHARED, "adapter", "shots", "protocol"],
    "transductive": [*_SHARED, "transductive", "protocol"],
    "transductive_few_shot": [*_SHARED, "transductive", "shots", "protocol"],
}
# Kind -> the blocks of the config that list its experiments.
BLOCKS = {
    "zero_shot": "zero_shot",
    "few_shot": "few_shot",
    "transductive": "zero_shot",
    "transductive_few_shot": "few_shot",
}

# "kind", every axis of that kind, "sampling", and "ensemble" where there is one.
Run = dict[str, Any]


def resolve(config: Config) -> Entries:
    """Section -> id -> what the rules need of an entry, for all that is used or described.

    Raises:
        UserError: if an entry, an experiment or an ablation names something that is not there.
    """
    used = part_experiments.described_or_used(config, RESOLVERS)
    for run in all_runs(config):
        used |= {(AXES[axis], run[axis]) for axis in run if axis in AXES}
        used.add(("samplings", run["sampling"]))
    for of in config.get("ensembles", {}).values():
        used |= {(AXES[axis], of[axis]) for axis in of if axis in AXES}
    entries: Entries = {section: {} for section in RESOLVERS}
    for section, name in sorted(used, key=str):
        if section in RESOLVERS:
            entries[section][name] = RESOLVERS[section](config, name)
    # Variants of a backbone share the weights of the one that they vary; 3D encoders are compared
    # with the sentences of a 2D backbone's text tower.
    add_related(config, "backbones", entries, lambda of: (of["fetched"], of["text"]))
    # Subsets and joins have copies of the features of other projections.
    add_related(config, "projections", entries, lambda of: (of["source"], *of["parts"]))
    return _sorted(entries)


def _sorted(value: Any) -> Any:
    """Mappings by key at every level: the order in which a config is written changes nothing."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value


def runs(config: Config, kind: str) -> list[Run]:
    """Every experiment of one kind, each once."""
    found: list[Run] = []
    for block in config[BLOCKS[kind]]:
        sampling = block.get("sampling", DEFAULT_SAMPLING)
        lists = [_values(block, axis) for axis in KINDS[kind]]
        for values in product(*lists):
            axes = dict(zip(KINDS[kind], values, strict=True))
            found.append({"kind": kind, **axes, "sampling": sampling})
        check_backbones(config, block)
    return _unique(run for run in found if _exists(config, run))


def ensemble_runs(config: Config) -> list[Run]:
    """The experiments blended with another model's logits: those of blocks that name ensembles.

    Raises:
        UserError: if there is no such ensemble, or not its file.
    """
    found: list[Run] = []
    blocks = [(kind, block) for kind in ("zero_shot", "few_shot") for block in config[kind]]
    for kind, block in blocks:
        for name in block.get("ensembles", []):
            check_ensemble(config, choose(name, config["ensembles"], "ensemble"))
            own = runs({**config, kind: [block]}, kind)
            # Nobody released an ensemble.
            found += [{**run, "ensemble": name} for run in own if run["protocol"] != "released"]
    return _unique(found)


def ablation_runs(config: Config, name: str) -> list[Run]:
    """The experiments that the ablation `name` compares, in its order.

    `seed` may vary too: all seeds of an experiment come from one run.
    """
    ablation = config["ablations"][choose(name, config["ablations"], "ablation")]
    base, vary = dict(ablation["base"]), dict(ablation["vary"])
    sampling = base.pop("sampling", DEFAULT_SAMPLING)
    for seed in vary.pop("seed", []):
        seeds = map(str, resolve_sampling(config, sampling)["seeds"])
        choose(str(seed), seeds, f"seed in the ablation '{name}'")
    kind = "few_shot" if {"shots", "adapter"} & {*base, *vary} else "zero_shot"
    if "transductive" in {*base, *vary}:
        kind = "transductive" if kind == "zero_shot" else "transductive_few_shot"
    for axis in [*base, *vary]:
        choose(axis, KINDS[kind], f"axis of the {kind} ablation '{name}'")
    if missing := [axis for axis in KINDS[kind] if axis not in base and axis not in vary]:
        raise UserError(f"The ablation '{name}' says nothing about its {missing[0]}.")
    found = []
    for values in product(*vary.values()):
        chosen = base | dict(zip(vary, values, strict=True))
        # In the order of KINDS, whatever the order in the config.
        found.append({"kind": kind} | {a: chosen[a] for a in KINDS[kind]} | {"sampling": sampling})
    return _unique(run for run in found if _exists(config, run))


def all_runs(config: Config) -> list[Run]:
    """The experiments of the whole config, those of its ablations too, each once.

    Raises:
        UserError: if two experiments differ in nothing but their sampling.
    """
    everything = [run for kind in KINDS for run in runs(config, kind)]
    for name in config["ablations"]:
        everything += ablation_runs(config, name)
    everything = _unique(everything)
    seen: dict[str, Run] = {}
    for run in everything:
        other = seen.setdefault(str(score_columns(run)), run)
        if other["sampling"] != run["sampling"]:
            raise UserError(
                f"An experiment is listed with the samplings '{other['sampling']}' and "
                f"'{run['sampling']}', which no table tells apart: {paths.logits(run)}."
            )
    return everything


def score_columns(run: Run) -> dict[str, Any]:
    """What a score row says of its experiment (see `catalog/columns.py`)."""
    method = run.get("adapter", run.get("transductive", "zero_shot"))
    return {
        **{axis: run[axis] for axis in _SHARED},
        "method": f"{method}+{run['ensemble']}" if "ensemble" in run else method,
        "protocol": run["protocol"],
        "shots": run.get("shots", 0),
    }


def _values(block: Config, axis: str) -> list[Any]:
    """What a block lists for an axis; only transductive methods may be left out."""
    return block.get(axis, []) if axis == "transductive" else block[AXES[axis]]


def _unique(found: Any) -> list[Run]:
    return list({paths.logits(run): run for run in found}.values())


def _exists(config: Config, run: Run) -> bool:
    """Whether the backbone reads what the projection gives, and the protocol means anything."""
    if not is_readable(config, run):
        return False
    if "transductive" in run:
        method = choose(run["transductive"], TRANSDUCTIVE, "transductive method")
        shots = run["kind"] == "transductive_few_shot"
        return run["protocol"] == "transductive" and (not shots or TRANSDUCTIVE[method].shots)
    if run["protocol"] == "transductive":
        return False
    if run["kind"] == "zero_shot" or run["protocol"] != "released":
        return True
    return resolve_adapter(config, run["adapter"])["method"] in RELEASED_METHODS
