"""Projections: a view set, a rendering method and its parameters, under one name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from pointclip.catalog.projections import COMBINED_BY, PROJECTIONS, check_params
from pointclip.core.errors import UserError, choose
from pointclip.projection.views import view_names, view_rotations


if TYPE_CHECKING:
    import torch

    from pointclip.projection import render_cpu

# Where the camera stands on the viewing axis: before the points' z' in v1, behind it in V2.
_CAMERA = {"perspective": -1, "surface": 1}
# Most bytes of scratch grids in torch at once; a larger batch is rendered in chunks.
_SCRATCH = 512 * 2**20
# Beyond this, sums and squares of float32 overflow.
MAX_ABS_COORD = 1e18


@dataclass(frozen=True)
class Projection:
    """Renders shapes: float32 (shape, point, 3) to float32 (shape, view, height, width).

    Points are not changed, and a shape's depth maps do not depend on the batch it came in.

    Attributes:
        params: `method` and its parameters; `catalog.projections` lists them with their ranges.
        rotations: see `projection.views`.
    """

    name: str
    params: dict[str, Any]
    rotations: Float[np.ndarray, "view 3 3"]

    @property
    def views(self) -> int:
        return len(self.rotations)

    @property
    def camera(self) -> int:
        """The end of the viewing axis, z', at which the camera stands: -1 or 1."""
        return _CAMERA[self.params["method"]]

    @property
    def view_names(self) -> list[str]:
        return view_names(self.rotations, self.camera)

    @property
    def size(self) -> tuple[int, int]:
        p = self.params
        side = p["size"] if p["method"] == "perspective" else p["grid_size"] - 2 * p["trim"]
        return side, side

    def __call__(self, points: "torch.Tensor | np.ndarray") -> "torch.Tensor":
        """Render all views of every shape, on the device the points are on.

        Raises:
            UserError: if the points are not finite float32 of shape (shape, point, 3).
        """
        import torch

        check_points(points)
        points = torch.as_tensor(points).detach()
        if points.device.type == "cpu":
            return torch.from_numpy(self.render_numpy(points.numpy(), torch.get_num_threads()))
        return self.render_torch(points)

    def render_numpy(
        self, points: Float[np.ndarray, "shape point 3"], threads: int = 1
    ) -> Float[np.ndarray, "shape view height width"]:
        """The same depth maps without torch, which takes seconds to import.

        Raises:
            UserError: as above.
        """
        from pointclip.projection import render_cpu

        check_points(points)
        return render_cpu.render(
            self.params["method"], points, self.rotations, self.params, threads
        )

    @property
    def combined_by(self) -> str:
        """How a classifier without shots combines its views where nobody says."""
        return COMBINED_BY.get(self.name, "zero_shot")

    @property
    def has_dots(self) -> bool:
        """Whether its depth maps are mostly empty: a pixel a point, and no surface."""
        return self.params["method"] == "perspective"

    def render_dots(
        self, points: Float[np.ndarray, "shape point 3"], threads: int = 1
    ) -> "render_cpu.Dots":
        """The same depth maps, where `has_dots`, as lists of what is not empty.

        Raises:
            UserError: as above.
        """
        from pointclip.projection import render_cpu

        check_points(points)
        return render_cpu.render_dots(points, self.rotations, self.params, threads)

    def render_torch(self, points: "torch.Tensor") -> "torch.Tensor":
        """The same depth maps by torch's own operations, on any device."""
        import torch

        from pointclip.projection import render_torch

        render = getattr(render_torch, self.params["method"])
        rotations = torch.from_numpy(self.rotations).to(points.device)
        chunks = points.split(self._chunk(points))
        images = [render(chunk, rotations, self.params) for chunk in chunks]
        return torch.cat(images) if images else points.new_zeros(0, self.views, *self.size)

    def _chunk(self, points: "torch.Tensor") -> int:
        """How many shapes to render at once, so that the scratch memory stays bounded."""
        p = self.params
        cells = self.size[0] ** 2 * (4 if p["method"] == "perspective" else p["grid_depth"])
        shape_bytes = self.views * 16 * max(cells, points.shape[1] * 4)
        return max(1, _SCRATCH // shape_bytes)


def get_projection(name: str = "pointclip_v2", **overrides: Any) -> Projection:
    """The projection `name`, with some of its parameters replaced.

    Args:
        name: one of `PROJECTIONS`.
        overrides: parameters of that projection, or a `module` and the parameters of that (see
            `projection.own`); `views` may be a view set (see
            `projection.views.view_rotations`) or a list of indices into the projection's own set.

    Raises:
        UserError: naming the parameter that is unknown or out of range.
    """
    if "module" in overrides:
        from pointclip.projection.own import own_projection

        return own_projection(**overrides)
    params = dict(PROJECTIONS[choose(name, PROJECTIONS, "projection")])
    for key in overrides:
        choose(key, [p for p in params if p != "method"], f"parameter of projection '{name}'")
    views = overrides.get("views")
    own = params["views"] if isinstance(params["views"], dict) else {"set": params["views"]}
    if isinstance(views, list | tuple):
        overrides["views"] = own | {"indices": list(views)}
    elif isinstance(views, Mapping):
        overrides["views"] = (own if "set" not in views else {}) | dict(views)
    params |= overrides
    check_params(name, params)
    return Projection(name, params, view_rotations(params["views"], _CAMERA[params["method"]]))


def check_points(points: Any) -> None:
    """See that points, a tensor or an array, can be rendered.

    Raises:
        UserError: saying what is wrong with them.
    """
    if str(getattr(points, "dtype", "")).removeprefix("torch.") != "float32":
        given = getattr(points, "dtype", type(points).__name__)
        raise UserError(f"Points must be a float32 tensor, not {given}.")
    if points.ndim != 3 or points.shape[2] != 3 or points.shape[1] == 0:
        raise UserError(
            f"Points must have shape (shapes, points, 3) with at least one point, not "
            f"{tuple(points.shape)}."
        )
    fine: Any = abs(points) < MAX_ABS_COORD  # which no NaN is
    if not fine.all():
        shape, point, _ = np.argwhere(~np.asarray(fine.tolist()))[0]
        raise UserError(
            f"Point {point} of shape {shape} is {points[shape, point].tolist()}: coordinates must "
            f"be finite and smaller than {MAX_ABS_COORD:g}."
        )
