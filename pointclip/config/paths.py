"""Where every cached file lies below the results: the one home of path patterns.

Only ids stand in for wildcards, so that variants never share a path, and no path is read back.
"""

from collections.abc import Mapping
from typing import Any


PATTERNS = {
    "clouds": "clouds/{dataset}/{split}.h5",
    "labels": "labels/{dataset}/{split}.parquet",
    "ids": "ids/{dataset}/{split}.parquet",
    "shots": "shots/{dataset}/{sampling}.parquet",
    "depth": "depth/{dataset}/{projection}/{split}-{shard}.h5",
    "features": "features/{dataset}/{projection}/{backbone}/{split}-{shard}.h5",
    "augmented": "augmented/{dataset}/{sampling}/{projection}/{backbone}.h5",
    "text": "text/{dataset}/{prompts}/{backbone}.parquet",
    # Part segmentation; the class of a shape stands with its points, its parts do not.
    "part_clouds": "part_clouds/{part_dataset}/{split}.h5",
    "part_labels": "part_labels/{part_dataset}/{split}.h5",
    "part_shots": "part_shots/{part_dataset}/{sampling}.parquet",
    "patches": ("patches/{part_dataset}/{projection}/{backbone}/{patches}/{split}-{shard}.h5"),
    "segmented": (
        "segmented/{part_dataset}/{sampling}/{projection}/{backbone}/{patches}/{segmenter}"
        "/{shots}shot/{protocol}"
    ),
    # Folders of logits and of what was learned. Only `validation` depends on the held-out shapes.
    "zero_shot": "zero_shot/{dataset}/{projection}/{prompts}/{backbone}/{protocol}",
    "zero_shot_validation": (
        "zero_shot/{dataset}/{projection}/{prompts}/{backbone}/validation/{sampling}"
    ),
    "zero_shot_statistics": (
        "zero_shot/{dataset}/{projection}/{prompts}/{backbone}/statistics/{sampling}.h5"
    ),
    # Registration: only the score reads `truth`.
    "pairs": "registration/{pairs}/pairs.parquet",
    "frames": "registration/{pairs}/frames.h5",
    "truth": "registration/{pairs}/truth.h5",
    "estimated_depth": "registration/{pairs}/estimated_depth/{network}.h5",
    "layers": "registration/{pairs}/{features}/layers.h5",
    "dense": "registration/{pairs}/{features}/features.h5",
    "matches": "registration/{pairs}/{features}/matches.h5",
    "poses": "registration/{pairs}/{features}/{solver}/poses.h5",
    "few_shot": (
        "few_shot/{dataset}/{sampling}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot"
        "/{protocol}"
    ),
    # Measured, so no two runs write the same: it stands with the benchmarks of Snakemake.
    "training_time": (
        "benchmarks/training_time/{dataset}/{sampling}/{projection}/{prompts}/{backbone}"
        "/{adapter}/{shots}shot.h5"
    ),
    # The sampling says in which orders the streams show the test shapes.
    "transductive": (
        "transductive/{dataset}/{sampling}/{projection}/{prompts}/{backbone}/{transductive}"
    ),
    "transductive_few_shot": (
        "transductive_few_shot/{dataset}/{sampling}/{projection}/{prompts}/{backbone}"
        "/{transductive}/{shots}shot"
    ),
}
# Logits of all shapes of a split by an ensemble's other model, where that is one of our backbones.
OTHER_MODEL = "ensemble/{ensemble}/{dataset}/{split}.parquet"
# Before the folder of an experiment that is blended with another model's logits.
ENSEMBLE = "ensemble/{ensemble}/"


def path(kind: str, /, **ids: Any) -> str:
    """The path of a kind of file; wildcards whose id is not given stay as they are."""
    return PATTERNS[kind].format_map(_Ids(ids))


class _Ids(dict[str, Any]):
    """Ids of wildcards; one that is not given stands for itself."""

    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


def logits(run: Mapping[str, Any]) -> str:
    """The logits of an experiment."""
    kind = run["kind"]
    if kind == "zero_shot" and run["protocol"] == "validation":
        kind = "zero_shot_validation"
    folder = ENSEMBLE.format(ensemble=run["ensemble"]) if "ensemble" in run else ""
    return f"{folder}{path(kind, **run)}/logits.h5"
