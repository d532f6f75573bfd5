import numpy as np
import pytest
from places import GOLDEN

from pointclip.catalog.corruptions import CORRUPTIONS, SEVERITIES
from pointclip.core.errors import UserError
from pointclip.data.corruptions import corrupt, shape_generator, unit_box


RELEASED = np.load(GOLDEN / "corruptions.npz")
CLOUD = RELEASED["cloud"]
FIRST = {"cutout": 1024, "density": 1024, "density_inc": 2048}  # points of the golden input


@pytest.mark.parametrize("severity", [1, 3, 5])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_clouds_are_the_released_ones(name, severity):
    rng = np.random.RandomState(int(RELEASED["seed"]))
    ours = corrupt(CLOUD[: FIRST.get(name, 256)], name, severity, rng)
    expected = RELEASED[f"{name}/{severity}"]
    if name in ("rotation", "distortion", "distortion_rbf", "distortion_rbf_inv"):
        # Matrix products and solvers: their last bits are the machine's.
        np.testing.assert_allclose(ours, expected, rtol=0, atol=3e-7)
    else:
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_number_of_points_is_the_released_one(name):
    points = CLOUD[: 2048 if name == "density_inc" else 1024]
    counts = [len(corrupt(points, name, s, np.random.RandomState(0))) for s in SEVERITIES]
    assert counts == RELEASED[f"points_out/{name}"].tolist()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_cloud_stays_as_it_is_and_results_are_finite(name):
    before = CLOUD.copy()
    out = corrupt(before, name, 5, np.random.RandomState(1))
    np.testing.assert_array_equal(before, CLOUD)
    assert out.dtype == np.float32 and np.isfinite(out).all()


def test_a_shape_has_its_own_numbers():
    first, again, other, reseeded = (
        shape_generator(seed, shape).uniform(size=3)
        for seed, shape in (
            (0, "test/000001"),
            (0, "test/000001"),
            (0, "test/000002"),
            (1, "test/000001"),
        )
    )
    assert (first == again).all()
    assert (first != other).all() and (first != reseeded).all()


def test_box_is_centred_and_two_wide():
    box = unit_box(CLOUD.astype(np.float64) * 3 + 1)
    np.testing.assert_allclose(box.max(0) + box.min(0), 0, atol=1e-12)
    assert (box.max(0) - box.min(0)).max() == pytest.approx(2)


def test_bad_requests_are_named():
    rng = np.random.RandomState(0)
    with pytest.raises(UserError, match="Unknown corruption 'blur'"):
        corrupt(CLOUD, "blur", 1, rng)
    with pytest.raises(UserError, match="Severity 6 of 'shear'"):
        corrupt(CLOUD, "shear", 6, rng)
    with pytest.raises(UserError, match="A cloud of 100 points is too small for 'density_inc'"):
        corrupt(CLOUD[:100], "density_inc", 1, rng)
