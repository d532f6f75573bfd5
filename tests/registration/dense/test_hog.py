import numpy as np

from pointclip.registration.dense.hog import brightness, histograms, inverse_depth


def edge(angle):
    v, u = np.mgrid[:64, :64] - 32
    return np.tanh((np.cos(angle) * u + np.sin(angle) * v) / 4) / 2 + 0.5


def test_an_edge_falls_into_the_bin_of_its_gradient():
    uv = np.array([[32, 32]])
    for bin_, angle in enumerate(np.arange(9) * np.pi / 9):
        features = histograms(edge(angle), uv, cell=8, bins=9, cells=1)[0]
        assert features[bin_] == features.max() and (features == features.max()).sum() <= 2


def test_which_side_of_an_edge_is_bright_does_not_matter():
    uv = np.array([[32, 32], [20, 40]])
    bright, dark = (histograms(image, uv, 8, 9, 4) for image in (edge(0.3), 1 - edge(0.3)))
    assert np.allclose(bright, dark, atol=1e-6)
    assert np.allclose(np.linalg.norm(bright, axis=1), 1, atol=1e-5)


def test_a_plain_picture_and_a_border_have_no_harm():
    assert not histograms(np.ones((20, 30)), np.array([[0, 0], [29, 19]]), 8, 9, 4).any()


def test_inverse_depth_is_bright_where_it_is_near_and_zero_where_unknown():
    depth = np.tile(np.linspace(1, 5, 50), (20, 1))
    depth[3, 3] = 0
    image = inverse_depth(depth, 0.01, 10.0)
    assert image[0, 0] == 1 and image[0, -1] == 0 and image[3, 3] == 0
    assert not inverse_depth(np.zeros((2, 2)), 0.01, 10.0).any()


def test_brightness_is_between_black_and_white():
    assert np.allclose(brightness(np.array([[[0, 0, 0], [255, 255, 255]]], np.uint8)), [[0, 1]])
