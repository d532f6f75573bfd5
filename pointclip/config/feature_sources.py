"""Which features a projection's own are made of: an encoder's, or copies of others."""

from pointclip.catalog.projections import NO_PROJECTION
from pointclip.config.resolve import Config, resolve_projection


def feature_sources(config: Config, name: str) -> list[str]:
    """The projection, and those whose features its own are copied from."""
    of = resolve_projection(config, name)
    below = of["parts"] or [of["source"]]
    return list(
        dict.fromkeys(
            [name, *below, *(resolve_projection(config, part)["source"] for part in below)]
        )
    )


def is_encoded(config: Config, name: str) -> bool:
    """Whether an encoder makes its features: it takes no views of another one, and joins none."""
    of = resolve_projection(config, name)
    return not of["views"] and not of["parts"]


def is_rendered(config: Config, name: str) -> bool:
    """Whether it has depth maps of its own."""
    return name != NO_PROJECTION and is_encoded(config, name)
