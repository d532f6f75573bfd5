import h5py
import numpy as np
import pytest
import torch
from tiny import tiny_backbone

from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, read_h5_rows, read_parquet
from pointclip.encoders.encoder import load_encoder
from pointclip.features.encode import augment, bank, encode, encode_text, project_and_encode
from pointclip.features.prompts import load_prompts
from pointclip.projection.project import project, shard_rows
from pointclip.projection.projection import get_projection


SHAPES = 37


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return load_encoder(tiny_backbone(tmp_path_factory.mktemp("tiny")), device="cpu")


@pytest.fixture(scope="module")
def projection():
    return get_projection("pointclip_zs", size=24)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory):
    path = tmp_path_factory.mktemp("clouds") / "train.h5"
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (SHAPES, 60, 3)).astype(np.float32)
    with new_h5(path) as f:
        f["points"] = points
        f["id"] = np.array([f"train/{i:06d}" for i in range(SHAPES)], "S")
    return path


def read(path, name="features"):
    with h5py.File(path) as f:
        return f[name][:], list(f["id"].asstr()), dict(f.attrs)


@pytest.fixture
def encoded(clouds, projection, encoder, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5")
    encode(tmp_path / "depth.h5", encoder, tmp_path / "features.h5")
    return tmp_path / "features.h5"


def test_depth_is_stored_in_half_precision_and_packed(clouds, projection, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5")
    depth, ids, attrs = read(tmp_path / "depth.h5", "depth")
    with h5py.File(clouds) as f:
        expected = projection(torch.from_numpy(f["points"][:])).half()
    np.testing.assert_array_equal(depth, expected.numpy())
    assert ids == [f"train/{i:06d}" for i in range(SHAPES)]
    assert attrs["projection"] == "pointclip_zs"
    assert '"size": 24' in attrs["parameters"]
    assert (tmp_path / "depth.h5").stat().st_size < depth.nbytes


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


def test_features_without_depth_files_are_the_same_bits(
    clouds, projection, encoder, encoded, tmp_path
):
    project_and_encode(clouds, projection, encoder, tmp_path / "direct.h5")
    np.testing.assert_array_equal(read(tmp_path / "direct.h5")[0], read(encoded)[0])
    assert read(tmp_path / "direct.h5")[1:] == read(encoded)[1:]


@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_together_are_the_whole_to_the_bit(
    clouds, projection, encoder, encoded, tmp_path, shards
):
    paths, fused = [], []
    for shard in range(shards):
        depth = tmp_path / f"depth-{shard}.h5"
        project(clouds, projection, depth, shard, shards)
        paths.append(tmp_path / f"features-{shard}.h5")
        encode(depth, encoder, paths[-1])
        fused.append(tmp_path / f"fused-{shard}.h5")
        project_and_encode(clouds, projection, encoder, fused[-1], shard, shards)
    np.testing.assert_array_equal(read_h5_rows(paths, "features"), read(encoded)[0])
    np.testing.assert_array_equal(read_h5_rows(fused, "features"), read(encoded)[0])
    with pytest.raises(UserError, match=f"no shard {shards} of {shards}"):
        project(clouds, projection, tmp_path / "x.h5", shards, shards)


@pytest.mark.parametrize("total", [0, 1, 16, 17, 1000])
@pytest.mark.parametrize("shards", [1, 3, 8])
def test_shards_are_contiguous_and_cover_everything(total, shards):
    ranges = [shard_rows(total, shard, shards) for shard in range(shards)]
    assert [row for rows in ranges for row in rows] == list(range(total))


def test_an_empty_shard_is_a_file_all_the_same(clouds, projection, encoder, tmp_path):
    project(clouds, projection, tmp_path / "depth.h5", 0, 5)
    encode(tmp_path / "depth.h5", encoder, tmp_path / "features.h5")
    assert read(tmp_path / "features.h5")[0].shape == (0, 6, encoder.dim)


def test_a_bank_is_the_first_copies_of_a_larger_one_in_any_order(
    clouds, projection, encoder, tmp_path
):
    ids = [f"train/{i:06d}" for i in (3, 30, 7)]
    bank(clouds, ids, projection, encoder, 2, 1, tmp_path / "small.h5")
    bank(clouds, ids, projection, encoder, 4, 1, tmp_path / "large.h5")
    bank(clouds, ids[::-1], projection, encoder, 2, 1, tmp_path / "turned.h5")
    bank(clouds, ids, projection, encoder, 2, 2, tmp_path / "other.h5")
    small, kept, attrs = read(tmp_path / "small.h5")
    assert kept == ids
    assert small.shape == (2, 3, 6, encoder.dim)
    assert attrs["seed"] == 1
    np.testing.assert_array_equal(read(tmp_path / "large.h5")[0][:2], small)
    np.testing.assert_allclose(read(tmp_path / "turned.h5")[0][:, ::-1], small, atol=2e-3)
    assert not np.array_equal(read(tmp_path / "other.h5")[0], small)
    assert not np.array_equal(small[0], small[1])


def test_the_augmentation_is_that_of_the_release():
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    drawn = np.stack([augment(points, 1, copy, "train/000001") for copy in range(500)])
    fits = [np.polyfit(points[:, a], drawn[:, :, a].T, 1) for a in range(3)]
    scale, shift = (np.stack([fit[i] for fit in fits]) for i in range(2))
    for values, low, high in ((scale, 2 / 3, 3 / 2), (shift, -0.2, 0.2)):
        assert low <= values.min() + 1e-5
        assert values.max() - 1e-5 <= high
        np.testing.assert_allclose(values.mean(1), (low + high) / 2, atol=0.04)
        assert abs(np.corrcoef(values)[0, 1]) < 0.15
    np.testing.assert_array_equal(augment(points, 1, 3, "train/000001"), drawn[3])
    assert not np.array_equal(augment(points, 1, 3, "train/000002"), drawn[3])


def test_a_prototype_is_the_mean_over_sentences(encoder, tmp_path):
    prompts = load_prompts("depth_templates")
    classes = ["tv_stand", "chair"]
    encode_text(classes, prompts, encoder, tmp_path / "t.parquet", "modelnet40")
    frame = read_parquet(tmp_path / "t.parquet")
    assert list(frame["class"]) == classes
    assert list(frame["sentences"][0]) == prompts.sentences("tv_stand", "modelnet40")
    said = torch.nn.functional.normalize(encoder.encode_texts(prompts.sentences("chair")), dim=1)
    expected = torch.nn.functional.normalize(said.mean(0), dim=0)
    np.testing.assert_allclose(frame["feature"][1], expected, atol=1e-6)
    assert frame.attrs["logit_scale"] == encoder.logit_scale
    assert frame.attrs["prompts"] == "depth_templates"


def test_features_beyond_half_precision_are_told(
    clouds, projection, encoder, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        encoder, "encode_images", lambda depth: torch.full((*depth.shape[:2], encoder.dim), 1e6)
    )
    with pytest.raises(UserError, match="not finite in half precision"):
        project_and_encode(clouds, projection, encoder, tmp_path / "f.h5")
    assert not (tmp_path / "f.h5").exists()


def test_memory_does_not_grow_with_the_number_of_shapes(projection, encoder, tmp_path):
    import tracemalloc

    peaks = []
    for shapes in (64, 512):
        with new_h5(tmp_path / "c.h5") as f:
            f["points"] = np.zeros((shapes, 600, 3), np.float32)
            f["id"] = np.array([str(i) for i in range(shapes)], "S")
        tracemalloc.start()
        project(tmp_path / "c.h5", projection, tmp_path / "d.h5")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2e5
