import numpy as np
import pytest
from point_networks import golden

from pointclip.clouds.colors import GREY
from pointclip.core.errors import UserError
from pointclip.encoders.point.input import check_clouds, chosen_points, prepare_clouds


@pytest.fixture
def clouds():
    return np.float32(np.random.default_rng(0).normal(size=(2, 70, 3)))


def test_normalisation_is_the_released_one():
    raw = golden()["cloud/raw_xyz"][None]
    points, colors = prepare_clouds(raw, None, 10000, repeat=False, z_up=False)
    assert np.array_equal(points[0], golden()["cloud/xyz"])
    assert np.all(colors.numpy() == np.float32(GREY))


def test_z_up_exchanges_columns(clouds):
    plain, _ = prepare_clouds(clouds, None, 100, repeat=False, z_up=False)
    exchanged, _ = prepare_clouds(clouds, None, 100, repeat=False, z_up=True)
    assert np.array_equal(plain[..., [0, 2, 1]], exchanged)


def test_small_clouds_are_repeated_or_taken_as_they_are():
    assert chosen_points(70, 100, repeat=False) is None
    index = chosen_points(70, 100, repeat=True)
    assert len(index) == 100
    assert set(index) == set(range(70))
    assert not np.array_equal(index[:70], np.arange(70))  # shuffled
    assert np.array_equal(index, chosen_points(70, 100, repeat=True))


@pytest.mark.parametrize("repeat", [True, False])
def test_large_clouds_are_sampled_without_repeats(repeat):
    index = chosen_points(200, 100, repeat)
    assert len(set(index)) == 100
    assert max(index) < 200


def test_colours_stay_with_their_points(clouds):
    points, colors = prepare_clouds(clouds, np.abs(clouds) / 9, 50, repeat=True, z_up=False)
    assert points.shape == colors.shape == (2, 50, 3)
    index = chosen_points(70, 50, repeat=True)
    assert np.array_equal(colors, np.abs(clouds[:, index]) / 9)


def test_bad_clouds_get_one_sentence(clouds):
    check_clouds(clouds, None, 64, "openshape_b32")
    with pytest.raises(UserError, match=r"samples 71 groups .* has 70 points: give at least 71"):
        check_clouds(clouds, None, 71, "uni3d_base")
    broken = clouds.copy()
    broken[1, 5, 2] = np.nan
    with pytest.raises(UserError, match=r"Point 5 of cloud 1 is \[.*nan\]: not finite"):
        check_clouds(broken, None, 64, "openshape_b32")
    same = np.ones_like(clouds)
    with pytest.raises(UserError, match=r"cloud 0 lie at \[1.0, 1.0, 1.0\]: it has no shape"):
        check_clouds(same, None, 64, "openshape_b32")
    colors = np.full_like(clouds, 0.5)
    check_clouds(clouds, colors, 64, "openshape_b32")
    colors[0, 3, 1] = np.nan
    with pytest.raises(UserError, match=r"Colour 3 of cloud 0 is \[0.5, nan, 0.5\]: allowed are"):
        check_clouds(clouds, colors, 64, "openshape_b32")
    with pytest.raises(UserError, match=r"is \[255.0, 255.0, 255.0\]: allowed are 0 to 1"):
        check_clouds(clouds, np.full_like(clouds, 255), 64, "openshape_b32")
    with pytest.raises(UserError, match="60 colours do not fit 70 points"):
        check_clouds(clouds, colors[:, :60], 64, "openshape_b32")
