"""What is known of part segmentation without reading data: ShapeNetPart's classes and parts, the
readers of part sets, ways to make patch features, and segmenters."""

from collections.abc import Mapping
from typing import Any

from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE


# Reader of a part set as the config names it -> its module in `data/readers/`.
PART_READERS = {
    "furniture_parts": "furniture_parts",
    "shapenetpart": "shapenetpart",
    "labelled_folder": "labelled_folder",
}
# The embedded part set.
FURNITURE_PARTS = PACKAGE / "assets" / "furniture" / "furniture_parts.h5"

# Class -> its synset and its parts, in the order of ShapeNetPart's 50 global ids. Lamp has four
# ids, of which PointCLIP V2 names two; table's three are top, leg, drawer.
SHAPENETPART: dict[str, tuple[str, tuple[str, ...]]] = {
    "airplane": ("02691156", ("body", "wing", "tail", "engine")),
    "bag": ("02773838", ("handle", "body")),
    "cap": ("02954340", ("crown", "visor")),
    "car": ("02958343", ("roof", "hood", "wheel", "body")),
    "chair": ("03001627", ("back", "seat", "leg", "armrest")),
    "earphone": ("03261776", ("earcup", "headband", "data wire")),
    "guitar": ("03467517", ("head", "neck", "body")),
    "knife": ("03624134", ("blade", "handle")),
    "lamp": ("03636649", ("leg", "lampshade", "canopy", "support")),
    "laptop": ("03642806", ("keyboard", "screen")),
    "motorbike": ("03790512", ("gas tank", "seat", "wheel", "handlebar", "light", "engine")),
    "mug": ("03797390", ("handle", "cup")),
    "pistol": ("03948459", ("barrel", "handle", "trigger")),
    "rocket": ("04099429", ("body", "fin", "nose cone")),
    "skateboard": ("04225987", ("wheel", "deck", "belt")),
    "table": ("04379243", ("desktop", "leg", "drawer")),
}

# How patch features are made: side of the encoder's input, and the attention of its last layer.
PATCHES: dict[str, dict[str, Any]] = {
    "ordinary_96": {"size": 96, "attention": "ordinary"},
    "ordinary_224": {"size": 224, "attention": "ordinary"},
    "ordinary_448": {"size": 448, "attention": "ordinary"},
    "maskclip_224": {"size": 224, "attention": "maskclip"},
    "maskclip_448": {"size": 448, "attention": "maskclip"},
}

FEATURES = ("patch", "geometry", "both")
REGIONS = ("none", "kmeans", "geometric")
METHODS = ("zero_shot", "linear_probe", "nearest_mean")
# What a segmenter's entry may say, and what it is where it says nothing. Lists are for
# `validation`, which takes what suits train shapes best; `plain` takes the first.
SEGMENTER: dict[str, Any] = {
    "method": "zero_shot",
    "features": "patch",
    # Kinds of patches beside the experiment's own; `plain` never takes them.
    "patches": [],
    "window": [0],
    "regions": ["none"],
    "region_count": 32,
    "templates": ["{part} of a {class}"],
    # Of `released` and for the user to supply: class -> sentences of each part, class -> weights.
    "sentences": "",
    "view_weights": "",
    # Of the linear probe. 0.1 was chosen on train shapes of furniture_parts (leave one out).
    "c": 0.1,
    "points": 512,
}
SEGMENTERS: dict[str, dict[str, Any]] = {
    "zero_shot": {},
    "zero_shot_regions": {"regions": ["geometric"]},
    # PointCLIP V2: a mean over 6 x 6 cells. The two faults belong to the protocol `released`.
    "pointclip_v2": {"window": [6]},
    "linear_probe": {"method": "linear_probe"},
    "nearest_mean": {"method": "nearest_mean"},
    "geometry_linear_probe": {"method": "linear_probe", "features": "geometry"},
    "geometry_nearest_mean": {"method": "nearest_mean", "features": "geometry"},
    "both_linear_probe": {"method": "linear_probe", "features": "both"},
}


def check_segmenter(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a segmenter.

    Raises:
        UserError: naming the setting and what is allowed.
    """
    for key in entry:
        choose(key, SEGMENTER, f"setting of segmenter '{name}'")
    full = SEGMENTER | dict(entry)
    choose(full["method"], METHODS, f"method of segmenter '{name}'")
    choose(full["features"], FEATURES, f"features of segmenter '{name}'")
    for regions in full["regions"]:
        choose(regions, REGIONS, f"regions of segmenter '{name}'")
    if full["method"] == "zero_shot" and full["features"] != "patch":
        raise UserError(
            f"Segmenter '{name}' compares sentences with {full['features']} features: zero_shot "
            "has 'patch' only."
        )
    return full
