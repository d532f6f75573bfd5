"""Projections: a view set, a drawing method and its parameters, under one name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from pointclip.catalog.projections import PROJECTIONS, check_params
from pointclip.core.errors import UserError, choose
from pointclip.projection.views import view_names, view_rotations


if TYPE_CHECKING:
    import torch

# Where the camera stands on the viewing axis: before the points' z' in v1, behind it in V2.
_CAMERA = {"perspective": -1, "surface": 1}
# Most bytes of scratch grids in torch at once; a larger batch is drawn in turns.
_SCRATCH = 512 * 2**20

# Beyond this, sums and squares of float32 overflow.
_FARTHEST = 1e18


@dataclass(frozen=True)
class Projection:
    """Draws clouds: float32 (cloud, point, 3) to float32 (cloud, view, height, width).

    Points are not changed, and a cloud's images do not depend on the batch it came in.
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
        """Draw all views of every cloud, on the device the points are on.

        Raises:
            UserError: if the points are not finite float32 of shape (cloud, point, 3).
        """
        import torch

        check_points(points)
        points = torch.as_tensor(points).detach()
        if points.device.type == "cpu":
            return torch.from_numpy(self.on_numpy(points.numpy(), torch.get_num_threads()))
        return self.on_torch(points)

    def on_numpy(
        self, points: Float[np.ndarray, "cloud point 3"], threads: int = 1
    ) -> Float[np.ndarray, "cloud view height width"]:
        """The same images, where torch (seconds to import) is not needed."""
        from pointclip.projection import render_cpu

        check_points(points)
        return render_cpu.draw(self.params["method"], points, self.rotations, self.params, threads)

    def on_torch(self, points: "torch.Tensor") -> "torch.Tensor":
        """The same images by torch's own operations, on any device."""
        import torch

        from pointclip.projection import render_torch

        draw = getattr(render_torch, self.params["method"])
        rotations = torch.from_numpy(self.rotations).to(points.device)
        images = [draw(part, rotations, self.params) for part in points.split(self._turn(points))]
        return torch.cat(images) if images else points.new_zeros(0, self.views, *self.size)

    def _turn(self, points: "torch.Tensor") -> int:
        p = self.params
        cells = self.size[0] ** 2 * (4 if p["method"] == "perspective" else p["grid_depth"])
        cloud = self.views * 16 * max(cells, points.shape[1] * 4)
        return max(1, _SCRATCH // cloud)


def get_projection(name: str = "pointclip_v2", **overrides: Any) -> Projection:
    """The projection `name`, with some of its parameters replaced.

    Args:
        name: one of `PROJECTIONS`.
        overrides: parameters of that projection; `views` may be a view set (see
            `projection.views.view_rotations`) or a list of indices into the projection's own set.

    Raises:
        UserError: naming the parameter that is unknown or out of range.
    """
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
    """See that points, a tensor or an array, can be drawn.

    Raises:
        UserError: saying what is wrong with them.
    """
    if str(getattr(points, "dtype", "")).removeprefix("torch.") != "float32":
        given = getattr(points, "dtype", type(points).__name__)
        raise UserError(f"Points must be a float32 tensor, not {given}.")
    if points.ndim != 3 or points.shape[2] != 3 or points.shape[1] == 0:
        raise UserError(
            f"Points must have shape (clouds, points, 3) with at least one point, not "
            f"{tuple(points.shape)}."
        )
    fine: Any = abs(points) < _FARTHEST  # which no NaN is
    if not fine.all():
        cloud, point, _ = np.argwhere(~np.asarray(fine.tolist()))[0]
        raise UserError(
            f"Point {point} of cloud {cloud} is {points[cloud, point].tolist()}: coordinates must "
            f"be finite and smaller than {_FARTHEST:g}."
        )
