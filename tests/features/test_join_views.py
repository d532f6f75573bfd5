import json

import numpy as np
import pytest

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.features import view_subset
from pointclip.features.join_views import join_views


def write(path, views, *leading, ids=("a", "b", "c"), channels=4, seed=0):
    with store.new_h5(path, projection=path.stem, view_names=[f"{k}°" for k in range(views)]) as f:
        f["id"] = np.array(ids, dtype="S")
        shape = (*leading, len(ids), views, channels)
        f["features"] = np.random.default_rng(seed).normal(size=shape).astype(np.float16)
    return path


@pytest.mark.parametrize("leading", [(), (2,)])
def test_views_stand_side_by_side_in_order(leading, tmp_path, monkeypatch):
    monkeypatch.setattr(view_subset, "BLOCK", 1)
    parts = {
        "one": write(tmp_path / "one.h5", 2, *leading, seed=1),
        "two": write(tmp_path / "two.h5", 3, *leading, seed=2),
    }
    join_views(parts, tmp_path / "out.h5", "both")
    with store.open_h5(tmp_path / "out.h5") as f:
        expected = []
        for path in parts.values():
            with store.open_h5(path) as part:
                expected.append(part["features"][:])
        np.testing.assert_array_equal(f["features"][:], np.concatenate(expected, axis=-2))
        assert f["id"].asstr()[:].tolist() == ["a", "b", "c"]
        assert f.attrs["projection"] == "both"
        assert json.loads(f.attrs["view_names"])[1:3] == ["one: 1°", "two: 0°"]


@pytest.mark.parametrize("other", [{"ids": ("a", "c", "b")}, {"channels": 5}])
def test_other_shapes_or_channels_are_refused(other, tmp_path):
    parts = {
        "one": write(tmp_path / "one.h5", 2),
        "two": write(tmp_path / "two.h5", 2, **other),
    }
    with pytest.raises(UserError, match="'two' and 'one' are not of the same shapes"):
        join_views(parts, tmp_path / "out.h5", "both")
    assert not (tmp_path / "out.h5").exists()
