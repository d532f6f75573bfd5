import numpy as np
from shape_files import read

from pointclip.features.augmented import augment, encode_augmented


def test_the_first_copies_are_those_of_a_larger_file_in_any_order(
    clouds, projection, encoder, tmp_path
):
    ids = [f"train/{i:06d}" for i in (3, 30, 7)]
    for name, shapes, copies, seed in (
        ("small", ids, 2, 1),
        ("large", ids, 4, 1),
        ("turned", ids[::-1], 2, 1),
        ("other", ids, 2, 2),
    ):
        encode_augmented(clouds, shapes, projection, encoder, copies, seed, tmp_path / f"{name}.h5")
    small, kept, attrs = read(tmp_path / "small.h5")
    assert kept == ids
    assert small.shape == (2, 3, 6, encoder.dim)
    assert (attrs["seed"], attrs["weights_sha256"]) == (1, encoder.weights_sha256)
    np.testing.assert_array_equal(read(tmp_path / "large.h5")[0][:2], small)
    np.testing.assert_allclose(read(tmp_path / "turned.h5")[0][:, ::-1], small, atol=2e-3)
    assert not np.array_equal(read(tmp_path / "other.h5")[0], small)
    assert not np.array_equal(small[0], small[1])


def test_the_augmentation_is_that_of_the_release():
    points = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    copies = np.stack([augment(points, 1, copy, "train/000001") for copy in range(500)])
    fits = [np.polyfit(points[:, a], copies[:, :, a].T, 1) for a in range(3)]
    scale, shift = (np.stack([fit[i] for fit in fits]) for i in range(2))
    for values, low, high in ((scale, 2 / 3, 3 / 2), (shift, -0.2, 0.2)):
        assert low <= values.min() + 1e-5
        assert values.max() - 1e-5 <= high
        np.testing.assert_allclose(values.mean(1), (low + high) / 2, atol=0.04)
        assert abs(np.corrcoef(values)[0, 1]) < 0.15
    np.testing.assert_array_equal(augment(points, 1, 3, "train/000001"), copies[3])
    assert not np.array_equal(augment(points, 1, 3, "train/000002"), copies[3])
