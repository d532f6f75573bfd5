"""Entries of registration: sets of pairs, features and solvers with all their settings."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pointclip.catalog import networks
from pointclip.catalog.registration import (
    AXES,
    EMBEDDED,
    FAMILIES,
    FEATURES,
    LAYER_KEYS,
    NETWORK_KEYS,
    PAIRS,
    QUERY_DEPTHS,
    RANDOM,
    SETTINGS,
    SOLVERS,
)
from pointclip.config.entries import Config, here, merged
from pointclip.config.resolve import resolve_network
from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE


# On which keys of a set of pairs the estimated depth of its photos depends.
PHOTO_KEYS = ("path", "list", "overlap", "gaps", "intrinsics")
ARCHIVE_KEYS = ("urls", "sha256")


def resolve_pairs(config: Config, name: str) -> dict[str, Any]:
    """A set of pairs with all its settings; whose photos' depth by a network it shares.

    `fetched`: the set whose archive is fetched for this one, as its own folder is missing.

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
    depth_of, fetched = (
        _first_like(chain, lambda link: _merged_pairs(config, link)[0], keys)
        for keys in (PHOTO_KEYS, ARCHIVE_KEYS)
    )
    if Path(entry["path"]).is_dir() or not entry["urls"]:
        fetched = ""
    else:
        folder = f"{config.get('resources', 'resources')}/frames/{fetched}/unpacked"
        entry |= {"path": folder, "place": entry["path"]}
    depth_of = depth_of if network else ""
    return {**entry, "depth_network": network, "depth_of": depth_of, "fetched": fetched}


def _merged_pairs(config: Config, name: str) -> tuple[dict[str, Any], list[str]]:
    entry, chain = merged(config, "pairs", name, own=("path",))
    for built_in in [link for link in chain if link in EMBEDDED]:
        embedded = EMBEDDED[built_in]
        entry = {**embedded, "path": str(here(PACKAGE / embedded["path"])), **entry}
    entry.pop("base", None)
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
        axes = choose(family["axes"], AXES, f"axes of features '{name}'")
        full["dimensions"] = [family["dimensions"] if axes == "pair" else 0]
        full["layers_of"] = _first_like(
            chain, lambda link: {**own, **merged(config, "features", link)[0]}, LAYER_KEYS
        )
    return full


def resolve_solver(config: Config, name: str) -> dict[str, Any]:
    """A solver with its parameters."""
    entry, chain = merged(config, "solvers", name)
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


def networks_of(config: Config, name: str, entry: dict[str, Any]) -> list[str]:
    """The networks that a family needs.

    Raises:
        UserError: if one is of another kind.
    """
    found = {key: entry[key] for key in NETWORK_KEYS if key in entry}
    for key, network in found.items():
        kind = resolve_network(config, network)["kind"]
        choose(kind, [NETWORK_KEYS[key]], f"kind of '{network}', the {key} of features '{name}':")
    return list(found.values())
