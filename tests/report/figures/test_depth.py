import numpy as np
import pandas as pd
import pytest
from figure_data import words

from pointclip.core.errors import UserError
from pointclip.report.figures.depth import (
    azimuths,
    compare_projections,
    depth_montage,
    spread_over_classes,
)


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


def test_shown_shapes_are_the_first_of_classes_far_apart() -> None:
    labels = np.repeat([2, 0, 1, 3, 4], 2)
    shapes = pd.DataFrame({"id": [f"test/{i}" for i in range(10)], "label": labels})
    shown = spread_over_classes(shapes, shapes["id"][1:].to_numpy(), 3)
    assert shown["label"].tolist() == [0, 2, 4]
    assert shown["id"].tolist() == ["test/2", "test/1", "test/8"]
    assert len(spread_over_classes(shapes, shapes["id"].to_numpy(), 9)) == 5
    assert spread_over_classes(shapes, [], 3).empty


def test_projections_are_seen_from_one_azimuth_where_they_can_be() -> None:
    views = [["azimuth 0°", "azimuth 90°"], ["azimuth 315°, 20° above", "azimuth 0°, 20° above"]]
    assert azimuths(views) == [(0, "azimuth 0°"), (1, "azimuth 0°")]
    more = [*views, ["top", "azimuth 45°"]]
    assert azimuths(more) == [(0, "azimuth 0°"), (1, "azimuth 0°"), (1, "azimuth 45°")]
    assert azimuths([["top", "azimuth 180°"]]) == [(0, "top")]
