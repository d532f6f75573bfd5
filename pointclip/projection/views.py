"""Where the cameras stand: named sets of view rotations.

A rotation R takes a point to the view's frame, p' = R p: image rows grow with x', columns with y',
and z' is the viewing axis. Clouds are y-up.
"""

import re
from collections.abc import Mapping, Sequence
from math import asin, atan2, cos, degrees, pi, radians, sin, sqrt

import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError


Angles = tuple[float, float, float]

_QUARTERS: list[Angles] = [(k * pi / 2, 0.0, pi / 2) for k in range(4)]
_DIAGONALS: list[Angles] = [(k * pi / 4, 0.0, pi / 2) for k in (1, 3, 5, 7)]
_POLES: list[Angles] = [(0.0, -pi / 2, pi / 2), (0.0, pi / 2, pi / 2)]
_CORNERS: list[Angles] = [(k * pi / 4, s * pi / 4, pi / 2) for k in (5, 7) for s in (-1, 1)]

# Euler angles, and the tilt about the column axis that V2 adds afterwards. All but `contour_10` are
# as released.
VIEW_SETS: dict[str, list[tuple[Angles, float]]] = {
    "pointclip_6": [(a, 0.0) for a in _QUARTERS + _POLES],
    "pointclip_10": [(a, 0.0) for a in _QUARTERS + _CORNERS + _POLES],
    "pointclip_v2_10": [(a, pi / 9) for a in _DIAGONALS + _QUARTERS]
    + [(a, pi / 15) for a in _POLES],
    # V2's part segmentation turns the poles once more, about the clouds' z axis.
    "pointclip_v2_parts_10": [(a, pi / 9) for a in _DIAGONALS + _QUARTERS]
    + [((0.0, s * pi / 2, pi / 2 + s * pi / 15), pi / 15) for s in (-1, 1)],
    # The paper's "30° to 330° in steps of 30°" are eleven angles; ten over that range are ours.
    "contour_10": [((radians(30 + k * 300 / 9), 0.0, pi / 2), 0.0) for k in range(10)],
}
# V2's views and twenty that cover the sphere evenly, as `_views` lists them.
SURROUND = "surround_30", ("pointclip_v2_10", "fibonacci-20")
# From this elevation on, in degrees, a view is one of the top or of the bottom.
_STEEP = 66


def view_rotations(
    view_set: str | Mapping[str, object], camera: int = 1
) -> Float[np.ndarray, "view 3 3"]:
    """The rotations of a view set.

    Args:
        view_set: a name (`pointclip_6`, `pointclip_10`, `pointclip_v2_10`,
            `pointclip_v2_parts_10`, `contour_10`, `surround_30`, `ring-N`, `fibonacci-N`) or a
            mapping with `set`, and optionally `elevation` (degrees, rings only) and `indices` (a
            subset, in that order).
        camera: the end of the viewing axis the camera stands at; rings and spheres need it to put
            a positive elevation above the shape. Released sets are kept as they are.
    """
    spec = {"set": view_set} if isinstance(view_set, str) else dict(view_set)
    unknown = set(spec) - {"set", "elevation", "indices"}
    if unknown or not isinstance(spec.get("set"), str):
        raise UserError(
            f"Cannot read view set {dict(spec)}: give 'set', and if needed 'elevation', 'indices'."
        )
    name = str(spec["set"])
    elevation = spec.get("elevation", 0)
    if not isinstance(elevation, int | float) or not -90 <= elevation <= 90:
        raise UserError(f"Elevation {elevation!r} of view set '{name}' is not in -90 ... 90.")
    if elevation and not name.startswith("ring-"):
        raise UserError(f"View set '{name}' has no elevation to set: only ring-N has.")
    rotations = np.stack([_tilted(*view) for view in _views(name, radians(elevation), camera)])
    if "indices" in spec:
        rotations = rotations[_checked_indices(spec["indices"], name, len(rotations))]
    return rotations.astype(np.float32)


def view_names(rotations: Float[np.ndarray, "view 3 3"], camera: int = 1) -> list[str]:
    """What to call each view in a figure: its azimuth and elevation, or top or bottom.

    Azimuth 0° looks from +z, 90° from +x. Data sets disagree on where the front of a shape is
    (glTF and the embedded shapes: +z; ModelNet40: mostly -z), so that no view is called front.
    """
    names, steep = [], []
    for x, y, z in (camera * rotations[:, 2]).tolist():
        elevation = round(degrees(asin(max(-1.0, min(1.0, y)))))
        names.append(f"azimuth {round(degrees(atan2(x, z))) % 360}°")
        if elevation:
            names[-1] += f", {abs(elevation)}° {'above' if elevation > 0 else 'below'}"
        steep.append(("top" if y > 0 else "bottom") if abs(elevation) > _STEEP else "")
    return [a if a and steep.count(a) == 1 else b for a, b in zip(steep, names, strict=True)]


def _views(name: str, elevation: float, camera: int) -> list[tuple[Angles, float]]:
    if name == SURROUND[0]:
        return [view for part in SURROUND[1] for view in _views(part, elevation, camera)]
    if name in VIEW_SETS:
        return VIEW_SETS[name]
    match = re.fullmatch(r"(ring|fibonacci)-([1-9]\d{0,2})", name)
    if not match:
        raise UserError(
            f"Unknown view set '{name}': choose one of {', '.join(VIEW_SETS)}, {SURROUND[0]}, "
            "ring-N, fibonacci-N with N from 1 to 999."
        )
    n = int(match[2])
    if match[1] == "ring":
        directions = [(2 * pi * k / n, elevation) for k in range(n)]
    else:
        # Equal steps in height and the golden angle in azimuth cover the sphere evenly.
        golden = pi * (3 - sqrt(5))
        directions = [(golden * k % (2 * pi), asin(1 - (2 * k + 1) / n)) for k in range(n)]
    return [((azimuth, 0.0, pi / 2), camera * tilt) for azimuth, tilt in directions]


def _tilted(angles: Angles, tilt: float) -> Float[np.ndarray, "3 3"]:
    x, y, z = angles
    # In double precision: released views are then right to the last bit of float32.
    return _about_y(tilt) @ _about_x(x) @ _about_y(y) @ _about_z(z)


def _about_x(angle: float) -> Float[np.ndarray, "3 3"]:
    c, s = cos(angle), sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _about_y(angle: float) -> Float[np.ndarray, "3 3"]:
    c, s = cos(angle), sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def _about_z(angle: float) -> Float[np.ndarray, "3 3"]:
    c, s = cos(angle), sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _checked_indices(indices: object, name: str, views: int) -> list[int]:
    listed = list(indices) if isinstance(indices, Sequence) else []
    good = [i for i in listed if type(i) is int and 0 <= i < views]
    if not listed or len(good) < len(listed):
        raise UserError(
            f"View indices {indices!r} do not fit view set '{name}': give a list of numbers from "
            f"0 to {views - 1}."
        )
    return good
