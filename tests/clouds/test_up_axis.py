import h5py
import numpy as np
import pytest

from pointclip.clouds.up_axis import UP, estimate_common_up, estimate_up, turn_up
from pointclip.core.errors import UserError
from pointclip.core.files import PACKAGE


@pytest.fixture(scope="module")
def shapes():
    """The test shapes of the embedded set, y up."""
    with h5py.File(PACKAGE / "assets" / "furniture" / "furniture.h5") as f:
        rows = np.flatnonzero(f["split"].asstr()[:] == "test")
        return f["points"][rows].astype(np.float32) * np.float32(f["points"].attrs["scale"])


def lay(points, up):
    """Turn a shape with y up so that `up` points up."""
    return points @ np.array(UP[up], points.dtype)


def test_the_up_axis_is_turned_to_y_by_a_rotation():
    eye = np.eye(3, dtype=np.float32)
    for up, row in {"x": eye[0], "y": eye[1], "z": eye[2], "-z": -eye[2]}.items():
        np.testing.assert_array_equal(turn_up(row[None], up), [[0, 1, 0]])
    for up in UP:
        assert np.linalg.det(turn_up(eye, up)) == pytest.approx(1)
        np.testing.assert_array_equal(turn_up(lay(eye, up), up), eye)


def test_the_estimate_turns_with_the_shape(shapes):
    for shape in shapes[:5]:
        axis, probability = estimate_up(shape)
        for up in UP:
            found, same = estimate_up(lay(shape, up))
            assert same == pytest.approx(probability, rel=1e-4)
            assert turn_back(found, up) == axis


def turn_back(found, up):
    """The axis of the shape with y up that lies along `found` when `up` points up."""
    unit = np.zeros(3)
    unit["xyz".index(found[-1])] = -1 if found[0] == "-" else 1
    turned = turn_up(unit[None], up)[0]
    number = int(np.abs(turned).argmax())
    return ("-" if turned[number] < 0 else "") + "xyz"[number]


@pytest.mark.slow
def test_the_estimate_is_as_often_right_as_it_says(shapes):
    """The figures of `estimate_up`'s docstring."""
    assert np.mean([estimate_up(shape)[0] == "y" for shape in shapes]) == pytest.approx(
        0.65, abs=0.01
    )
    found = [(up, *estimate_up(lay(s, up), ("y", "z"))) for up in "yz" for s in shapes]
    right = np.array([axis == up for up, axis, _ in found])
    sure = np.array([probability for _, _, probability in found]) > 0.8
    assert right.mean() == pytest.approx(0.89, abs=0.01)
    assert sure.mean() == pytest.approx(0.71, abs=0.01)
    assert right[sure].mean() == pytest.approx(0.96, abs=0.01)


@pytest.mark.slow
def test_of_several_shapes_that_are_turned_alike_the_axis_is_right_where_it_is_likely(shapes):
    """Figures of `estimate_common_up`, for sets of four: at least 95 % right, for all six axes."""
    rng = np.random.default_rng(0)
    spoken, right = 0, 0
    for number in range(60):
        up = tuple(UP)[number % 6]
        few = [lay(shapes[k], up) for k in rng.choice(len(shapes), 4, replace=False)]
        axis, probability = estimate_common_up(few)
        spoken += probability > 0.9
        right += probability > 0.9 and axis == up
    assert spoken > 0.6 * 60
    assert right >= 0.95 * spoken


def test_any_cloud_has_an_estimate():
    for points in (np.eye(3), np.zeros((5, 3)), np.arange(30.0).reshape(10, 3)):
        axis, probability = estimate_up(points.astype(np.float32))
        assert axis in UP
        assert 0 < probability <= 1
    with pytest.raises(UserError, match="Unknown up axis 'w'"):
        estimate_up(np.eye(3, dtype=np.float32), ("w",))
