"""Of a stand-in for a 3D encoder, whose features are the means of what it is given."""

import h5py
import numpy as np
import pytest
import torch
from shape_files import IDS, SHAPES, read, write_clouds

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.features.augmented import augment
from pointclip.features.encode_points import encode_augmented_points, encode_points


class Means(PointEncoder):
    """Six channels: the mean point and the mean colour."""

    attrs = property(lambda self: {"backbone": "means"})

    def __init__(self, factor=1.0):
        self.name, self.dim, self.factor = "means", 6, factor

    def points_read(self, given):
        return given - 10

    def encode_points(self, points, colors=None):
        colors = np.zeros_like(points) if colors is None else colors
        return torch.from_numpy(self.factor * np.hstack([points.mean(1), colors.mean(1)]))


@pytest.fixture
def clouds(tmp_path):
    return write_clouds(tmp_path / "train.h5")


@pytest.fixture
def colored(clouds, tmp_path):
    points = of(clouds, "points")
    with new_h5(tmp_path / "colored.h5") as file:
        file["points"], file["id"] = points, np.array(IDS, "S")
        colors = np.random.default_rng(1).integers(0, 256, points.shape)
        file["colors"] = colors.astype(np.uint8)
    return tmp_path / "colored.h5"


def of(clouds, name):
    with h5py.File(clouds) as file:
        return file[name][:]


def test_every_shape_has_one_view_beside_its_id(clouds, tmp_path):
    encode_points(clouds, Means(), tmp_path / "out.h5")
    features, ids, attrs = read(tmp_path / "out.h5")
    assert ids == IDS and features.shape == (SHAPES, 1, 6) and features.dtype == np.float16
    np.testing.assert_allclose(features[:, 0, :3], of(clouds, "points").mean(1), atol=1e-3)
    assert not features[..., 3:].any() and not attrs["colored"]
    assert (attrs["points_given"], attrs["points_read"]) == (60, 50)
    assert attrs["backbone"] == "means" and attrs["projection"] == "none"


def test_colours_go_in_as_fractions(colored, tmp_path):
    encode_points(colored, Means(), tmp_path / "out.h5")
    features, _, attrs = read(tmp_path / "out.h5")
    expected = of(colored, "colors").mean(1) / 255
    np.testing.assert_allclose(features[:, 0, 3:], expected, atol=1e-3)
    assert attrs["colored"]


def test_shards_together_hold_what_the_whole_holds(colored, tmp_path):
    encode_points(colored, Means(), tmp_path / "all.h5")
    whole, _, _ = read(tmp_path / "all.h5")
    parts, ids = [], []
    for shard in range(3):
        encode_points(colored, Means(), tmp_path / "part.h5", shard, 3)
        features, own, _ = read(tmp_path / "part.h5")
        parts.append(features)
        ids += own
    assert ids == IDS and all(map(len, parts))
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_feature_that_half_precision_cannot_hold_is_refused(clouds, tmp_path):
    with pytest.raises(UserError, match="finite"):
        encode_points(clouds, Means(1e9), tmp_path / "out.h5")
    assert not (tmp_path / "out.h5").exists()


def test_copies_are_augmented_by_seed_copy_and_id_and_keep_their_colours(colored, tmp_path):
    ids = [IDS[9], IDS[2], IDS[30]]
    encode_augmented_points(colored, ids, Means(), 2, 7, tmp_path / "out.h5")
    features, found, attrs = read(tmp_path / "out.h5")
    assert found == ids and features.shape == (2, 3, 1, 6) and attrs["seed"] == 7
    points, colors = of(colored, "points")[[9, 2, 30]], of(colored, "colors")[[9, 2, 30]]
    for copy in range(2):
        made = [augment(points[i], 7, copy, ids[i]).mean(0) for i in range(3)]
        np.testing.assert_allclose(features[copy, :, 0, :3], made, atol=1e-3)
        np.testing.assert_allclose(features[copy, :, 0, 3:], colors.mean(1) / 255, atol=1e-3)
    assert not np.allclose(features[0, ..., :3], features[1, ..., :3], atol=1e-3)


def test_an_id_that_no_file_holds_is_refused(clouds, tmp_path):
    with pytest.raises(UserError, match="train/999999"):
        encode_augmented_points(clouds, ["train/999999"], Means(), 1, 0, tmp_path / "out.h5")
