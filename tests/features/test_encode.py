import h5py
import numpy as np
import pytest
import torch
from shape_files import SHAPES, read

from pointclip.core.errors import UserError
from pointclip.core.store import read_h5_rows
from pointclip.features.encode import encode
from pointclip.projection.project import project


@pytest.fixture
def encoded(clouds, projection, encoder, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5")
    encode(tmp_path / "depth.h5", encoder, tmp_path / "features.h5")
    return tmp_path / "features.h5"


def test_features_are_those_of_the_encoder(clouds, projection, encoder, encoded):
    got, _, attrs = read(encoded)
    with h5py.File(clouds) as f:
        depth = projection(torch.from_numpy(f["points"][:5])).half().float()
    expected = encoder.encode_images(depth)
    torch.testing.assert_close(torch.from_numpy(got[:5]).float(), expected, atol=2e-3, rtol=2e-3)
    assert got.dtype == np.float16
    assert got.shape == (SHAPES, 6, encoder.dim)
    assert attrs["logit_scale"] == encoder.logit_scale
    assert (attrs["backbone"], attrs["projection"]) == ("tiny", "pointclip_zs")
    assert attrs["weights_sha256"] == encoder.weights_sha256
    assert (attrs["dtype"], attrs["device"]) == ("float32", "cpu")


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_together_are_the_whole_to_the_bit(
    clouds, projection, encoder, encoded, tmp_path, shards
):
    paths = [tmp_path / f"features-{shard}.h5" for shard in range(shards)]
    for shard, path in enumerate(paths):
        project(clouds, projection, tmp_path / "part.h5", shard, shards)
        encode(tmp_path / "part.h5", encoder, path)
    np.testing.assert_array_equal(read_h5_rows(paths, "features"), read(encoded)[0])


def test_an_empty_shard_is_a_file_all_the_same(clouds, projection, encoder, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5", 0, 5)
    encode(tmp_path / "depth.h5", encoder, tmp_path / "features.h5")
    assert read(tmp_path / "features.h5")[0].shape == (0, 6, encoder.dim)


def test_features_beyond_half_precision_are_refused(
    clouds, projection, encoder, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        encoder, "encode_images", lambda depth: torch.full((*depth.shape[:2], encoder.dim), 1e6)
    )
    project(clouds, projection, tmp_path / "depth.h5")
    with pytest.raises(UserError, match="not finite in half precision"):
        encode(tmp_path / "depth.h5", encoder, tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()
