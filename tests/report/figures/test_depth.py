import numpy as np
import pytest
from figure_data import words

from pointclip.core.errors import UserError
from pointclip.report.figures.depth import compare_projections, depth_montage


@pytest.fixture
def depth() -> np.ndarray:
    return np.random.default_rng(0).random((2, 3, 24, 24), dtype=np.float32)


def test_montage_names_views_and_classes(depth: np.ndarray) -> None:
    figure = depth_montage(
        depth.astype(np.float16),
        ["top", "azimuth 90°", "azimuth 45°, 20° above"],
        ["chair", "night_stand"],
        {"zero-shot": ["sofa", "dresser"], "4 shots": ["chair", "night_stand"]},
        title="furniture",
    )
    said = words(figure)
    assert {"top", "azimuth 90°", "azimuth 45°, 20° above", "furniture"} <= {*said}
    assert {"true class", "zero-shot", "4 shots", "chair", "night stand"} <= {*said}
    right, wrong = "\N{CHECK MARK} ", "\N{MULTIPLICATION X} "
    assert {right + "chair", right + "night stand", wrong + "sofa", wrong + "dresser"} <= {*said}
    assert len(figure.axes) == 6


def test_montage_refuses_a_wrong_number_of_names(depth: np.ndarray) -> None:
    with pytest.raises(UserError, match="3 views need 3 names, not 1"):
        depth_montage(depth, ["front"], ["chair", "sofa"])


def test_sparse_maps_are_thickened_and_dense_ones_not() -> None:
    sparse = np.zeros((1, 1, 224, 224), dtype=np.float32)
    sparse[0, 0, 3, 5] = 2.0
    shown = depth_montage(sparse, ["v"], ["chair"]).axes[0].images[0].get_array()
    assert shown is not None and shown.shape == (112, 112) and shown.max() == 2.0
    dense = np.ones((1, 1, 110, 110), dtype=np.float32)
    shown = depth_montage(dense, ["v"], ["chair"]).axes[0].images[0].get_array()
    assert shown is not None and shown.shape == (110, 110)


def test_projections_side_by_side(depth: np.ndarray) -> None:
    maps = {"pointclip_zs": depth[:, 0], "pointclip_v2": depth[:, 1, :10, :10]}
    said = words(compare_projections(maps, ["chair", "sofa"]))
    assert "pointclip_zs 24 x 24" in said and "pointclip_v2 10 x 10" in said
