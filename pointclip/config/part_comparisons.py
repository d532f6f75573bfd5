"""Which experiments in part segmentation differ in one thing: what an ablation sets beside each
other."""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from pointclip.catalog.parts import SEGMENTER
from pointclip.config.part_experiments import (
    PART_AXES,
    Config,
    Run,
    resolve_patches,
    resolve_segmenter,
)


# Settings of a segmenter that list what `validation` may choose; `plain` takes the first.
_LISTS = ("window", "regions", "templates")


def comparisons(config: Config, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Pairs of experiments that differ in one setting, and one of which has the usual value.

    Usual are the ids of the first experiment, a segmenter's defaults, the protocol `plain`, and the
    features `geometry`: what patches add to them is the question.

    Returns:
        `setting`, its `value` and the `usual` one, and both runs: `run`, `against`.
    """
    if not runs:
        return []
    settings = [_settings(config, run) for run in runs]
    usual = {**settings[0], **SEGMENTER, **{key: SEGMENTER[key][0] for key in _LISTS}}
    usual |= {"features": "geometry", "protocol": "plain", "attention": "ordinary"}
    found = []
    for (run, own), (against, other) in permutations(zip(runs, settings, strict=True), 2):
        differing = [key for key in own if own[key] != other[key]]
        if len(differing) == 1 and other[differing[0]] == usual.get(differing[0]):
            key = differing[0]
            pair = {"value": str(own[key]), "usual": str(other[key]), "run": run}
            found.append({"setting": key, **pair, "against": against})
    return found


def _settings(config: Config, run: Run) -> Mapping[str, Any]:
    """All that an experiment's result depends on, but what `validation` chose by itself."""
    segmenter = resolve_segmenter(config, run["segmenter"])
    segmenter |= {key: segmenter[key][0] for key in _LISTS}
    ids = {key: run[key] for key in PART_AXES if key not in ("segmenter", "patches")}
    del segmenter["patches"]
    return segmenter | ids | resolve_patches(config, run["patches"])
