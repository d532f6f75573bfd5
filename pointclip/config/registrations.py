"""What a config asks of registration: sets of pairs, features and solvers, and their products."""

from collections.abc import Iterable
from itertools import product
from typing import Any

from pointclip.catalog.registration import RANDOM, RANDOM_SOLVER, WITH_QUERY_DEPTH
from pointclip.config.entries import Config
from pointclip.config.registration_entries import (
    networks_of,
    resolve_features,
    resolve_pairs,
    resolve_solver,
)
from pointclip.config.resolve import resolve_backbone, resolve_network
from pointclip.core.errors import UserError, choose


# Axis of a registration, which is the wildcard too -> the key of the config that lists its values.
AXES = {"pairs": "pairs", "features": "features", "solver": "solvers"}
Registration = dict[str, str]


def runs(config: Config) -> list[Registration]:
    """Every registration, each once; for each set of pairs that of random matches comes first.

    Raises:
        UserError: if it needs a depth map of the query and the pairs have none.
    """
    found: list[Registration] = []
    for block in config["registration"]:
        found += [_random(pairs) for pairs in block["pairs"]]
        for values in product(*(block[key] for key in AXES.values())):
            found.append(dict(zip(AXES, values, strict=True)))
    return _checked(config, found)


def ablation_runs(config: Config, name: str) -> list[Registration]:
    """The registrations that an ablation compares, in its order.

    Raises:
        UserError: if an axis is missing or unknown.
    """
    ablation = config["registration_ablations"][name]
    base, vary = ablation["base"], ablation["vary"]
    what = f"axis of the registration ablation '{name}'"
    for axis in [*base, *vary]:
        choose(axis, AXES, what)
    if missing := [axis for axis in AXES if axis not in base and axis not in vary]:
        raise UserError(f"The registration ablation '{name}' says nothing about its {missing[0]}.")
    found = [{**base, **dict(zip(vary, values, strict=True))} for values in product(*vary.values())]
    return _checked(config, [{axis: run[axis] for axis in AXES} for run in found])


def all_runs(config: Config) -> list[Registration]:
    """Those of the blocks and of all ablations, each once."""
    found = runs(config)
    for name in config["registration_ablations"]:
        found += ablation_runs(config, name)
    return _unique(found)


def resolve(config: Config, backbones: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Section -> id -> what the rules need of an entry, for all that is used; of `networks` also
    for those that the config describes.

    Backbones of features are added to `backbones`.
    """
    entries: dict[str, dict[str, Any]] = {"pairs": {}, "features": {}, "solvers": {}}
    used = set(config["networks"])
    for run in all_runs(config):
        entries["pairs"][run["pairs"]] = pairs = resolve_pairs(config, run["pairs"])
        if network := pairs["depth_network"]:
            used.add(network)
            entries["pairs"][pairs["depth_of"]] = resolve_pairs(config, pairs["depth_of"])
        if fetched := pairs["fetched"]:
            entries["pairs"][fetched] = resolve_pairs(config, fetched)
        entries["solvers"][run["solver"]] = resolve_solver(config, run["solver"])
        entries["features"][run["features"]] = features = resolve_features(config, run["features"])
        for part in features["parts"]:
            entries["features"][part] = own = resolve_features(config, part)
            if backbone := own["entry"].get("backbone"):
                backbones[backbone] = resolve_backbone(config, backbone)
            used |= set(networks_of(config, part, own["entry"]))
            if layers_of := own.get("layers_of"):
                entries["features"][layers_of] = resolve_features(config, layers_of)
    return {**entries, "networks": {name: resolve_network(config, name) for name in sorted(used)}}


def headlines(config: Config) -> dict[str, Registration]:
    """Set of pairs -> the registration that figures show: the first that is listed."""
    found: dict[str, Registration] = {}
    for run in runs(config):
        if run["features"] != RANDOM:
            found.setdefault(run["pairs"], run)
    return found


def _random(pairs: str) -> Registration:
    return {"pairs": pairs, "features": RANDOM, "solver": RANDOM_SOLVER}


def _unique(found: Iterable[Registration]) -> list[Registration]:
    return list({tuple(run.values()): run for run in found}.values())


def _checked(config: Config, found: list[Registration]) -> list[Registration]:
    kept = []
    for run in _unique(found):
        entry = resolve_pairs(config, run["pairs"])
        if entry["query_depth"] != "none":
            kept.append(run)
        elif run["features"] != RANDOM:
            method = resolve_solver(config, run["solver"])["method"]
            parts = resolve_features(config, run["features"])["parts"]
            families = [resolve_features(config, part)["entry"]["family"] for part in parts]
            if needs := [name for name in (*families, method) if name in WITH_QUERY_DEPTH]:
                raise UserError(
                    f"'{needs[0]}' needs a depth map of the query, but the pairs '{run['pairs']}' "
                    "have query_depth: none."
                )
            kept.append(run)
    return kept
