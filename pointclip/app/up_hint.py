"""A hint where files look as if another axis than y pointed up."""

from collections.abc import Sequence
from pathlib import Path

from pointclip.clouds.load import load_cloud
from pointclip.clouds.up_axis import MAX_POINTS, estimate_common_up
from pointclip.core.errors import UserError


# Files that are looked at, the largest of them in bytes: a second reading should cost little.
MOST, LARGEST = 16, 50_000_000
# glTF says that y points up.
KNOWN = (".glb", ".gltf")
# From this probability on, the axis was right for 99 % of sets of embedded shapes, however turned,
# and for 93 to 97 % of sets of ModelNet40's (see `estimate_common_up`).
SURE = 0.9


def up_hint(files: Sequence[Path]) -> str:
    """A sentence if another axis than y is likely up; empty if not, or if nothing is likely."""
    clouds = []
    unknown = [file for file in files if file.suffix.lower() not in KNOWN]
    for file in unknown[:: max(len(unknown) // MOST, 1)][:MOST]:
        try:
            if file.stat().st_size <= LARGEST:
                clouds.append(load_cloud(file, MAX_POINTS))
        except (UserError, OSError):  # whoever reads it next says why it cannot be read
            continue
    axis, probability = estimate_common_up(clouds) if clouds else ("y", 0.0)
    if axis == "y" or probability < SURE:
        return ""
    what = "This looks" if len(files) == 1 else "These files look"
    return f"{what} as if {axis} pointed up: give --up {axis}, or --up y if y does."
