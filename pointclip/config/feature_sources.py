"""Which features a projection's own are made of: an encoder's, or copies of others.

`projections` are the resolved ones by id (see `resolve.resolve_projection`).
"""

from collections.abc import Mapping
from typing import Any

from pointclip.catalog.projections import NO_PROJECTION


Projections = Mapping[str, Mapping[str, Any]]


def feature_sources(projections: Projections, name: str) -> list[str]:
    """The projection, and those whose features its own are copied from."""
    of = projections[name]
    below = of["parts"] or [of["source"]]
    return list(dict.fromkeys([name, *below, *(projections[part]["source"] for part in below)]))


def is_encoded(projections: Projections, name: str) -> bool:
    """Whether an encoder makes its features: it takes no views of another one, and joins none."""
    return not projections[name]["views"] and not projections[name]["parts"]


def is_rendered(projections: Projections, name: str) -> bool:
    """Whether it has depth maps of its own."""
    return name != NO_PROJECTION and is_encoded(projections, name)
