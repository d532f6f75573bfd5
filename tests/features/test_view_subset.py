import json

import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.core.store import ids_of, new_h5, open_h5, view_names
from pointclip.features import view_subset
from pointclip.features.view_subset import select_views


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "all.h5"
    data = np.random.default_rng(0).normal(size=(7, 4, 3)).astype(np.float16)
    with new_h5(path, backbone="tiny", logit_scale=14.3, view_names=["a", "b", "c", "d"]) as f:
        f["id"] = np.array([f"test/{i}" for i in range(7)], "S")
        f["features"] = data
    return path, data


@pytest.mark.parametrize("views", [[0], [3, 1], [2, 0, 1, 3]])
def test_views_are_copied_in_the_given_order_with_ids_and_attributes(
    source, tmp_path, views, monkeypatch
):
    monkeypatch.setattr(view_subset, "BLOCK", 60)  # several blocks
    path, data = source
    select_views(path, views, tmp_path / "some.h5")
    with open_h5(tmp_path / "some.h5") as f:
        np.testing.assert_array_equal(f["features"][:], data[:, views])
        assert f["features"].dtype == np.float16
        assert (f.attrs["backbone"], f.attrs["logit_scale"]) == ("tiny", 14.3)
    assert ids_of([tmp_path / "some.h5"]).tolist() == ids_of([path]).tolist()
    assert view_names(tmp_path / "some.h5") == ["abcd"[view] for view in views]


def test_augmented_features_have_copies_before_shapes(tmp_path):
    data = np.random.default_rng(1).normal(size=(2, 5, 4, 3)).astype(np.float16)
    with new_h5(tmp_path / "all.h5", view_names=json.loads('["a", "b", "c", "d"]')) as f:
        f["id"], f["features"] = np.arange(5).astype("S"), data
    select_views(tmp_path / "all.h5", [1, 2], tmp_path / "some.h5")
    with open_h5(tmp_path / "some.h5") as f:
        np.testing.assert_array_equal(f["features"][:], data[:, :, [1, 2]])


def test_an_empty_shard_stays_an_empty_shard(tmp_path):
    with new_h5(tmp_path / "all.h5") as f:
        f["id"], f["features"] = np.array([], "S"), np.empty((0, 4, 3), np.float16)
    select_views(tmp_path / "all.h5", [1], tmp_path / "some.h5")
    with open_h5(tmp_path / "some.h5") as f:
        assert f["features"].shape == (0, 1, 3)


def test_a_view_that_is_not_there_is_named(source, tmp_path):
    with pytest.raises(UserError, match=r"There is no view 4 in .*: choose from 0 to 3"):
        select_views(source[0], [0, 4], tmp_path / "some.h5")
    assert not (tmp_path / "some.h5").exists()
