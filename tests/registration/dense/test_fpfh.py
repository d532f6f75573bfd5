import numpy as np
from places import GOLDEN

from pointclip.registration.dense.fpfh import fpfh
from pointclip.registration.surface import estimate_normals


def test_features_equal_those_of_open3d():
    with np.load(GOLDEN / "fpfh.npz") as file:
        golden = {key: file[key] for key in file.files}
    points = golden["points"].astype(float)
    args = float(golden["radius"]), int(golden["neighbours"])
    found = fpfh(points, golden["normals"], *args)
    assert np.abs(found - golden["features"]).max() < 1e-9
    normals = estimate_normals(
        points, points, float(golden["normal_radius"]), int(golden["normal_neighbours"])
    )
    # Where a neighbourhood is round, the smallest axis is a matter of rounding.
    assert ((normals * golden["normals"]).sum(axis=1) > 0.999).mean() > 0.9


def test_features_do_not_change_when_the_cloud_moves():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.random((150, 3)) * [1, 1, 0], rng.random((150, 3)) * [1, 0, 1]])
    normals = np.repeat([[0, 0, 1.0], [0, 1, 0]], 150, axis=0)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    moved = fpfh(points @ turn.T + [3, 2, 1], normals @ turn.T, 0.4, 400)
    # A value at the border of two bins may fall into the other: the histograms hardly change.
    assert np.median(np.abs(moved - fpfh(points, normals, 0.4, 400)).sum(axis=1)) < 5


def test_few_points_have_empty_features():
    assert fpfh(np.zeros((0, 3)), np.zeros((0, 3)), 0.3).shape == (0, 33)
    far = fpfh(np.array([[0, 0, 0], [9.0, 0, 0]]), np.eye(3)[:2], 0.3)
    assert far.shape == (2, 33) and not far.any()
