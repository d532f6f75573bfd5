import pytest
import torch
from places import GOLDEN

from pointclip.encoders.preprocess import to_input


def test_the_own_size_is_kept_and_repeated_to_three_channels():
    depth = torch.rand(2, 8, 8)
    images = to_input(depth, (8, 8))
    assert images.shape == (2, 3, 8, 8)
    assert all(torch.equal(images[:, c], depth) for c in range(3))


def test_enlarging_keeps_the_corners_as_released():
    depth = torch.rand(1, 4, 4)
    images = to_input(depth, (7, 7))
    torch.testing.assert_close(images[0, 0, ::2, ::2], depth[0])


@pytest.mark.parametrize("size", [56, 100, 200])
def test_shrinking_loses_no_dot_of_a_sparse_map(size):
    depth = torch.zeros(1, 224, 224)
    depth[0, 1::9, 1::9] = 1
    images = to_input(depth, (size, size))
    torch.testing.assert_close(images[0, 0].mean(), depth.mean(), rtol=1e-5, atol=0)
    assert (images[0, 0] > 0).sum() >= depth.sum()


def test_each_side_shrinks_or_grows_on_its_own():
    assert to_input(torch.rand(1, 4, 16), (8, 8)).shape == (1, 3, 8, 8)


def test_inverted_depth_is_white_where_there_is_nothing():
    depth = torch.tensor([[[0.0, 0.25], [1.0, 1.6]]])
    expected = torch.tensor([[1.0, 0.75], [0.0, 0.0]])
    torch.testing.assert_close(to_input(depth, (2, 2), "invert")[0, 0], expected)


def test_the_golden_sums_of_the_release_after_its_resize():
    import numpy as np

    golden = np.load(GOLDEN / "projections.npz")
    for name in ("v1_zeroshot_128", "v2_native"):
        sums = golden[name.replace("_128", "").replace("_native", "") + "_224_sum"]
        images = to_input(torch.from_numpy(golden[name]).flatten(0, 1).float(), (224, 224))
        torch.testing.assert_close(
            images[:, 0].double().sum((-1, -2)),
            torch.from_numpy(sums).double().flatten(),
            rtol=1e-4,
            atol=0,
        )
