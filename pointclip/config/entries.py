"""The entries of a config by id, merged with their bases; which ids the library has itself.

Read by the Snakefile in every job, so nothing here imports torch.
"""

import os
from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pointclip.catalog import backbones, networks
from pointclip.catalog.adapters import METHODS
from pointclip.catalog.projections import NO_PROJECTION, PROJECTIONS
from pointclip.catalog.registration import EMBEDDED, FEATURES, RANDOM, SOLVERS
from pointclip.config.prompt_sets import prompt_sets
from pointclip.core.errors import UserError, choose


# Section of the config -> the catalogs whose names need no entry there.
CATALOGS: dict[str, tuple[Iterable[str], ...]] = {
    "projections": (PROJECTIONS, (NO_PROJECTION,)),
    "backbones": (backbones.BACKBONES, backbones.POINT_BACKBONES),
    "adapters": (METHODS,),
    "pairs": (EMBEDDED,),
    "features": (FEATURES, (RANDOM,)),
    "solvers": (SOLVERS,),
    "networks": (networks.NETWORKS,),
}
# Section of the config -> what people call an entry of it.
SECTIONS = {
    "datasets": "data set",
    "projections": "projection",
    "prompts": "prompt set",
    "backbones": "backbone",
    "adapters": "adapter",
    "pairs": "set of pairs",
    "features": "feature entry",
    "solvers": "solver",
    "networks": "network",
}

Config = Mapping[str, Any]


def merged(
    config: Config, section: str, name: str, own: tuple[str, ...] = ()
) -> tuple[dict[str, Any], list[str]]:
    """An entry with all that its `base` says, and the chain of bases down to the library's own.

    The entry has no `description`, and as its `base` at most one of the library's own.

    Args:
        own: keys any of which makes an entry complete without a base.
    """
    entries, known, what = config.get(section, {}), built_in(section), SECTIONS[section]
    allowed = dict.fromkeys([*entries, *known])
    chain = [choose(name, allowed, what)]
    while (base := entries.get(chain[-1], {}).get("base", chain[-1])) != chain[-1]:
        if base in chain:
            raise UserError(f"The {what} '{name}' is its own base ({' > '.join([*chain, base])}).")
        chain.append(choose(base, allowed, f"base of {what} '{name}'"))
    entry: dict[str, Any] = {}
    for link in reversed(chain):
        entry |= deepcopy(dict(entries.get(link, {})))
    for key in ("base", "description"):
        entry.pop(key, None)
    if known and chain[-1] not in known and not any(key in entry for key in own):
        raise UserError(f"The {what} '{name}' needs a base: choose one of {', '.join(known)}.")
    if chain[-1] in known:
        entry["base"] = chain[-1]
    return entry, chain


def here(path: Path) -> Path:
    """`path` as seen from the working directory: a project that moves stays up to date."""
    return Path(os.path.relpath(path))


def built_in(section: str) -> tuple[str, ...]:
    """The ids that need no entry of a config: all that the catalogs of a section hold now."""
    if section == "prompts":
        return tuple(sorted(prompt_sets()))
    return tuple(name for names in CATALOGS.get(section, ()) for name in names)
