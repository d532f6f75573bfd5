"""What a config asks of registration: sets of pairs, features and solvers, and their products."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pointclip.catalog import networks
from pointclip.catalog.registration import AXES as PRINCIPAL_AXES
from pointclip.catalog.registration import (
    EMBEDDED,
    FAMILIES,
    FEATURES,
    LAYER_KEYS,
    NETWORK_KEYS,
    PAIRS,
    QUERY_DEPTHS,
    RANDOM,
    RANDOM_SOLVER,
    SETTINGS,
    SOLVERS,
    WITH_QUERY_DEPTH,
)
from pointclip.config.entries import Config, here, merged
from pointclip.config.resolve import resolve_backbone, resolve_network
from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE


# Axis of a registration, which is the wildcard too -> the key of the config that lists its values.
AXES = {"pairs": "pairs", "features": "features", "solver": "solvers"}
Registration = dict[str, str]
# On which keys of a set of pairs the estimated depth of its photos depends.
PHOTO_KEYS = ("path", "list", "overlap", "gaps", "intrinsics")


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
        entries["solvers"][run["solver"]] = resolve_solver(config, run["solver"])
        entries["features"][run["features"]] = features = resolve_features(config, run["features"])
        for part in features["parts"]:
            entries["features"][part] = own = resolve_features(config, part)
            if backbone := own["entry"].get("backbone"):
                backbones[backbone] = resolve_backbone(config, backbone)
            used |= set(_networks_of(config, part, own["entry"]))
            if layers_of := own.get("layers_of"):
                entries["features"][layers_of] = resolve_features(config, layers_of)
    return {**entries, "networks": {name: resolve_network(config, name) for name in sorted(used)}}


def _networks_of(config: Config, name: str, entry: dict[str, Any]) -> list[str]:
    """The networks that a family needs.

    Raises:
        UserError: if one is of another kind.
    """
    found = {key: entry[key] for key in NETWORK_KEYS if key in entry}
    for key, network in found.items():
        kind = resolve_network(config, network)["kind"]
        choose(kind, [NETWORK_KEYS[key]], f"kind of '{network}', the {key} of features '{name}':")
    return list(found.values())


def resolve_pairs(config: Config, name: str) -> dict[str, Any]:
    """A set of pairs with all its settings; whose photos' depth by a network it shares.

    Raises:
        UserError: if its folder is missing, and no terms say where it is had.
    """
    entry, chain = _merged_pairs(config, name)
    source, network = entry["query_depth"], ""
    if source not in QUERY_DEPTHS and "{id}" not in source:
        known = {k: v["kind"] for k, v in networks.NETWORKS.items()}
        known |= {k: resolve_network(config, k)["kind"] for k in config["networks"]}
        allowed = [key for key, kind in known.items() if kind == "metric_depth"]
        what = f"query_depth of the pairs '{name}'"
        network = choose(source, [*QUERY_DEPTHS, "a file with {id}", *allowed], what)
    if not Path(entry["path"]).is_dir() and not entry["terms"]:
        raise UserError(f"The folder '{entry['path']}' of the pairs '{name}' does not exist.")
    depth_of = _first_like(chain, lambda link: _merged_pairs(config, link)[0], PHOTO_KEYS)
    return {**entry, "depth_network": network, "depth_of": depth_of if network else ""}


def _merged_pairs(config: Config, name: str) -> tuple[dict[str, Any], list[str]]:
    entry, chain = merged(config, "pairs", name, own=("path",))
    for built_in in [link for link in chain if link in EMBEDDED]:
        embedded = EMBEDDED[built_in]
        entry = {**embedded, "path": str(here(PACKAGE / embedded["path"])), **entry}
    entry.pop("base", None)
    entry.pop("description", None)
    settings = SETTINGS[choose(entry.get("scene", PAIRS["scene"]), SETTINGS, "kind of scene")]
    entry = {**settings, **PAIRS, **entry}
    if "path" not in entry:
        raise UserError(f"The set of pairs '{name}' has neither a path nor a base that has one.")
    return entry, chain


def _first_like(
    chain: Sequence[str], entry_of: Callable[[str], dict[str, Any]], keys: Sequence[str]
) -> str:
    """The farthest base of an entry that says the same for these keys: files are shared with it."""
    own = entry_of(chain[0])
    return next(
        link for link in reversed(chain) if all(entry_of(link)[key] == own[key] for key in keys)
    )


def resolve_features(config: Config, name: str) -> dict[str, Any]:
    """A family with its parameters, or several fused: `parts` with their `weights`.

    `layers_of`: the diffusion features whose layers these share; `dimensions`: for each part, to
    how many a pair's own axes reduce it, 0 if it has none.
    """
    if name == RANDOM:
        return {"entry": {}, "parts": [], "weights": [], "dimensions": []}
    entry, chain = merged(config, "features", name, own=("fuse",))
    entry.pop("description", None)
    entry.pop("base", None)
    if fuse := entry.pop("fuse", None):
        if entry:
            raise UserError(f"The features '{name}' fuse others: '{next(iter(entry))}' is theirs.")
        if any("fuse" in config["features"].get(part, {}) for part in fuse):
            raise UserError(f"The features '{name}' fuse fused ones: name their parts instead.")
        reduced = [resolve_features(config, part)["dimensions"][0] for part in fuse]
        parts = {"parts": list(fuse), "weights": list(fuse.values()), "dimensions": reduced}
        return {"entry": {}, **parts}
    own = FEATURES[chain[-1]]
    for key in entry:
        choose(key, own, f"parameter of features '{name}'")
    choose(own["family"], FAMILIES, "feature family")
    family = {**own, **entry}
    full = {"entry": family, "parts": [name], "weights": [1.0], "dimensions": [0]}
    if family["family"] == "diffusion":
        axes = choose(family["axes"], PRINCIPAL_AXES, f"axes of features '{name}'")
        full["dimensions"] = [family["dimensions"] if axes == "pair" else 0]
        full["layers_of"] = _first_like(
            chain, lambda link: {**own, **merged(config, "features", link)[0]}, LAYER_KEYS
        )
    return full


def resolve_solver(config: Config, name: str) -> dict[str, Any]:
    """A solver with its parameters."""
    entry, chain = merged(config, "solvers", name)
    entry.pop("description", None)
    entry.pop("base", None)
    own = SOLVERS[chain[-1]]
    for key in entry:
        choose(key, own, f"parameter of the solver '{name}'")
    return {**own, **entry}


def depth_name(entry: Mapping[str, Any]) -> str:
    """What tables call a set's query depth: `sensor`, `none`, or `file`; and its added error."""
    source = entry["query_depth"]
    name = "file" if "{id}" in source else source
    scale, smooth = entry["query_depth_error"]
    return name if scale == smooth == 0 else f"{name} +{100 * scale:g} % +{100 * smooth:g} %"


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
