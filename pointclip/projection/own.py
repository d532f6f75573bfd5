"""A projection that a module of the user's renders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from pointclip.core.errors import UserError, choose
from pointclip.core.own_module import load_own
from pointclip.projection.projection import Projection, check_points
from pointclip.projection.views import view_rotations


if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class OwnProjection(Projection):
    """Rendered by `render(points, rotations, parameters)` of a module.

    The module's `PARAMETERS` are the defaults, among them `views`, a view set, and `size`, the
    pixels of a side; `CAMERA` is as `Projection.camera`, 1 if it is left out. `render` takes
    (shape, point, 3) and (view, 3, 3) and returns (shape, view, size, size) in 0..1, all float32.
    """

    module: Any = None

    @property
    def camera(self) -> int:
        return getattr(self.module, "CAMERA", 1)

    @property
    def size(self) -> tuple[int, int]:
        return self.params["size"], self.params["size"]

    def render_numpy(
        self, points: Float[np.ndarray, "shape point 3"], threads: int = 1
    ) -> Float[np.ndarray, "shape view height width"]:
        check_points(points)
        found = self.module.render(points, self.rotations, self.params)
        wanted = (len(points), self.views, *self.size)
        if getattr(found, "shape", None) != wanted or not np.isfinite(found).all():
            shape = getattr(found, "shape", type(found).__name__)
            raise UserError(
                f"The projection '{self.name}' must render finite values of shape {wanted}, "
                f"not {shape}."
            )
        return np.ascontiguousarray(found, np.float32)

    def render_torch(self, points: "torch.Tensor") -> "torch.Tensor":
        import torch

        return torch.from_numpy(self.render_numpy(points.cpu().numpy())).to(points.device)


def own_projection(
    module: str | Path, parameters: Mapping[str, Any] | None = None, **overrides: Any
) -> OwnProjection:
    """The projection of a module, with some of its parameters replaced.

    Raises:
        UserError: if the module lacks `render` or `PARAMETERS`, or has no such parameter.
    """
    loaded = load_own(module, "render", "PARAMETERS")
    name, params = Path(module).stem, {"views": "ring-10", "size": 224, **loaded.PARAMETERS}
    for key, value in {**(parameters or {}), **overrides}.items():
        params[choose(key, params, f"parameter of projection '{name}'")] = value
    params["method"] = "own"  # neither of those that are known
    rotations = view_rotations(params["views"], getattr(loaded, "CAMERA", 1))
    return OwnProjection(name, params, rotations, loaded)
