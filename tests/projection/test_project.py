import tracemalloc

import h5py
import numpy as np
import pytest
import torch
from shape_files import IDS, read, write_clouds

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, read_h5_rows
from pointclip.projection.project import project
from pointclip.projection.projection import get_projection


@pytest.fixture(scope="module")
def projection():
    return get_projection("pointclip_zs", size=24)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    return write_clouds(tmp_path_factory.mktemp("clouds") / "train.h5")


def test_depth_is_stored_in_half_precision_and_compressed(clouds, projection, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5")
    depth, ids, attrs = read(tmp_path / "depth.h5", "depth")
    with h5py.File(clouds) as f:
        expected = projection(torch.from_numpy(f["points"][:])).half()
    np.testing.assert_array_equal(depth, expected.numpy())
    assert ids == IDS
    assert attrs["projection"] == "pointclip_zs"
    assert '"size": 24' in attrs["parameters"]
    assert (tmp_path / "depth.h5").stat().st_size < depth.nbytes


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_together_are_the_whole_on_any_number_of_threads(
    clouds, projection, tmp_path, shards
):
    project(clouds, projection, tmp_path / "whole.h5")
    paths = [tmp_path / f"{shard}.h5" for shard in range(shards)]
    for shard, path in enumerate(paths):
        project(clouds, projection, path, shard, shards, threads=2)
    whole, ids, _ = read(tmp_path / "whole.h5", "depth")
    np.testing.assert_array_equal(read_h5_rows(paths, "depth"), whole)
    assert [name for path in paths for name in read(path, "depth")[1]] == ids


def test_a_shard_that_is_not_there_leaves_no_file(clouds, projection, tmp_path):
    with pytest.raises(UserError, match="no shard 3 of 3"):
        project(clouds, projection, tmp_path / "x.h5", 3, 3)
    assert not (tmp_path / "x.h5").exists()


def test_memory_does_not_grow_with_the_number_of_shapes(projection, tmp_path):
    peaks = []
    for shapes in (512, 1024):
        with new_h5(tmp_path / "c.h5") as f:
            f["points"] = np.zeros((shapes, 600, 3), np.float32)
            f["id"] = np.array([str(i) for i in range(shapes)], "S")
        tracemalloc.start()
        project(tmp_path / "c.h5", projection, tmp_path / "d.h5")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2e5
