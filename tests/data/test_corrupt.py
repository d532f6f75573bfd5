import numpy as np
import pandas as pd
import pytest

from pointclip.core import store
from pointclip.core.errors import UserError
from pointclip.data.corrupt import corrupt_split, read_published
from pointclip.data.corruptions import corrupt, shape_generator


SHAPES, POINTS = 3, 256


@pytest.fixture
def split(tmp_path):
    points = np.random.default_rng(0).normal(size=(SHAPES, POINTS, 3)).astype(np.float32)
    points /= np.linalg.norm(points, axis=2).max(1)[:, None, None]
    ids = [f"test/{row:06d}" for row in range(SHAPES)]
    with store.new_h5(tmp_path / "clouds.h5", up="y") as f:
        f["points"], f["id"] = points, np.array(ids, dtype="S")
    frame = pd.DataFrame({"id": ids, "label": [0, 1, 0], "class": list("aba")})
    store.write_parquet(frame, tmp_path / "labels.parquet", classes=["a", "b"])
    names = pd.DataFrame({"id": ids, "source_id": [f"shape_{row}" for row in range(SHAPES)]})
    store.write_parquet(names, tmp_path / "ids.parquet")
    return tmp_path, points


def run(folder, **corruption):
    given = {"severity": 3, "seed": 1, **corruption}
    inputs = [folder / name for name in ("clouds.h5", "labels.parquet", "ids.parquet")]
    outputs = [folder / "out" / path.name for path in inputs]
    corrupt_split(*inputs, given, *outputs)
    with store.open_h5(outputs[0]) as f:
        return f["points"][:], f["id"].asstr()[:]


def test_every_shape_has_its_own_numbers_and_the_unit_sphere(split):
    folder, points = split
    found, ids = run(folder, name="shear")
    assert ids.tolist() == [f"test/{row:06d}" for row in range(SHAPES)]
    np.testing.assert_allclose(np.linalg.norm(found, axis=2).max(1), 1, rtol=1e-5)
    np.testing.assert_allclose(found.mean(1), 0, atol=1e-6)
    one = corrupt(points[1], "shear", 3, shape_generator(1, "shape_1")).astype(np.float64)
    one -= one.mean(0)
    expected = one / np.linalg.norm(one, axis=1).max()
    np.testing.assert_allclose(found[1], expected, atol=1e-5)
    labels = store.read_parquet(folder / "out" / "labels.parquet")
    assert labels["label"].tolist() == [0, 1, 0] and labels.attrs["classes"] == ["a", "b"]


@pytest.mark.parametrize("name, points_out", [("background", 263), ("density", 31)])
def test_the_number_of_points_may_change(split, name, points_out):
    assert run(split[0], name=name)[0].shape == (SHAPES, points_out, 3)


def test_turns_keep_distances_and_the_up_axis_or_not(split):
    folder, points = split
    up, _ = run(folder, name="turn_up")
    anyhow, _ = run(folder, name="turn_any")
    centred = points - points.mean(1, keepdims=True)
    scale = np.linalg.norm(centred, axis=2).max(1)[:, None]
    np.testing.assert_allclose(up[..., 1], centred[..., 1] / scale, atol=1e-5)
    assert np.abs(anyhow[..., 1] - centred[..., 1] / scale).max() > 0.1
    np.testing.assert_allclose(
        np.linalg.norm(anyhow, axis=2), np.linalg.norm(centred, axis=2) / scale, atol=1e-5
    )


def test_published_files_are_read_in_place_of_ours(split):
    folder, points = split
    np.save(folder / "data_lidar_3.npy", points[:, :50] * 2)
    np.save(folder / "label.npy", np.array([[0], [1], [0]]))
    found, _ = run(folder, name="lidar", files=str(folder))
    assert found.shape == (SHAPES, 50, 3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=2).max(1), 1, rtol=1e-5)


def test_other_published_files_are_refused(split):
    folder, points = split
    labels = np.array([0, 1, 0])
    with pytest.raises(UserError, match=r"data_lidar_3\.npy and label\.npy"):
        read_published(folder, "lidar", 3, labels)
    np.save(folder / "label.npy", labels[::-1] + 1)
    np.save(folder / "data_lidar_3.npy", points)
    with pytest.raises(UserError, match="are not the 3 test shapes"):
        read_published(folder, "lidar", 3, labels)
    np.save(folder / "data_lidar_3.npy", np.array([None, 1], dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="does not hold readable files"):
        read_published(folder, "lidar", 3, labels)
