import numpy as np
import pytest
import torch

from pointclip.core.errors import UserError
from pointclip.projection.own import own_projection


MODULE = """import numpy as np

PARAMETERS = {{"views": "ring-4", "size": 5, "gain": 0.5{more}}}
{camera}


def render(points, rotations, parameters):
    turned = np.einsum("vij,npj->nvpi", rotations, points)
    flat = parameters["gain"] * turned[..., 2].max(-1)[..., None, None]
    return {result}
"""
EVEN = 'np.broadcast_to(flat, (*flat.shape[:2], parameters["size"], parameters["size"]))'
POINTS = np.random.default_rng(0).uniform(-1, 1, (2, 9, 3)).astype(np.float32)


@pytest.fixture
def module(tmp_path):
    def write(name="flat", camera="", more="", result=EVEN):
        path = tmp_path / f"{name}.py"
        path.write_text(MODULE.format(camera=camera, more=more, result=result))
        return path

    return write


def test_maps_are_what_the_module_renders_of_each_view(module):
    projection = own_projection(module())
    maps = projection.render_numpy(POINTS)
    assert maps.dtype == np.float32 and maps.flags["C_CONTIGUOUS"] and maps.flags["WRITEABLE"]
    farthest = np.einsum("vj,npj->nvp", projection.rotations[:, 2], POINTS).max(-1)
    np.testing.assert_allclose(maps, np.tile(farthest[..., None, None] / 2, (5, 5)), rtol=1e-6)
    assert torch.equal(projection.render_torch(torch.from_numpy(POINTS)), torch.from_numpy(maps))


def test_parameters_of_an_entry_and_then_of_the_caller_replace_the_modules(module):
    given = {"size": 7, "gain": 0.25}
    projection = own_projection(module(), given, size=3, views="ring-6")
    assert projection.size == (3, 3) and projection.views == len(projection.view_names) == 6
    assert projection.params["gain"] == 0.25 and projection.name == "flat"
    assert own_projection(module()).params["gain"] == 0.5 and given == {"size": 7, "gain": 0.25}
    with pytest.raises(UserError, match="Unknown parameter of projection 'flat' 'gian'"):
        own_projection(module(), {"gian": 1})


def test_a_positive_elevation_is_above_the_shape_wherever_the_camera_stands(module):
    views = {"set": "ring-4", "elevation": 30}
    for name, camera, side in (("behind", "", 1), ("before", "CAMERA = -1", -1)):
        projection = own_projection(module(name, camera), {"views": views})
        assert projection.camera == side
        assert all("30° above" in view for view in projection.view_names)


@pytest.mark.parametrize(
    ("result", "given"),
    [("flat", r"\(2, 4, 1, 1\)"), ("None", "NoneType"), (f"{EVEN}[:1]", r"\(1, 4, 5, 5\)")],
)
def test_another_shape_is_refused_with_the_one_that_is_wanted(module, result, given):
    with pytest.raises(UserError, match=rf"'flat' must .* \(2, 4, 5, 5\), not {given}\.$"):
        own_projection(module(result=result)).render_numpy(POINTS)


@pytest.mark.parametrize("value", ["np.nan", "np.inf"])
def test_values_that_are_not_finite_are_refused(module, value):
    with pytest.raises(UserError, match="must render finite values"):
        own_projection(module(result=f"{EVEN} * {value}")).render_numpy(POINTS)
