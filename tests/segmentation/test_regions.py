import numpy as np
import pytest
from places import GOLDEN

from pointclip.registration.dense.fpfh import fpfh
from pointclip.segmentation.geometry import describe, neighbours, normals
from pointclip.segmentation.regions import (
    NEIGHBOURS,
    edge_affinities,
    farthest_points,
    geometric_regions,
    kmeans_regions,
    move_borders,
    orient,
    region_features,
    split_pieces,
)


@pytest.fixture(scope="module", params=[0, 1])
def cloud(request):
    with np.load(GOLDEN / "partseg.npz") as file:
        shape = request.param
        own = {key[:-2]: file[key] for key in file if key.endswith(f"_{shape}") and "geoze" in key}
        points, normal, histograms = (
            file[key][shape].astype(np.float64) for key in ("points", "normals", "fpfh")
        )
        return points, normal, histograms, own, file["text"][: 4 - shape].astype(np.float32)


def same_partition(one, two):
    return len(set(zip(one.tolist(), two.tolist(), strict=True))) == len(set(one)) == len(set(two))


def test_regions_equal_simple_geoze(cloud):
    points, normal, histograms, golden, _ = cloud
    assert same_partition(geometric_regions(points, normal, histograms), golden["geoze_region"])


def test_steps_equal_simple_geoze(cloud):
    points, normal, histograms, golden, _ = cloud
    edges = neighbours(points, NEIGHBOURS)
    assert (edges == golden["geoze_knn"]).mean() > 0.999
    assert (farthest_points(points, 32) == golden["geoze_seeds"]).all()
    assert (orient(points, normal, edges) == golden["geoze_oriented_sign"]).all()
    local = np.sqrt(histograms / histograms.sum(1, keepdims=True))
    weights = edge_affinities(points, normal, local, edges)
    assert (np.abs(weights - golden["geoze_affinity"].astype(np.float64)) < 0.005).mean() > 0.999
    moved = move_borders(golden["geoze_kmeans"].astype(np.int64), edges, weights)
    assert (moved == golden["geoze_relabel"]).all()
    assert same_partition(split_pieces(moved, edges), golden["geoze_region"])


def test_region_features_and_labels_equal_simple_geoze(cloud):
    _, _, _, golden, text = cloud
    regions = golden["geoze_region"].astype(np.int64)
    features = golden["geoze_point_features"].astype(np.float32)
    means = region_features(features, regions)
    assert np.abs(means - golden["geoze_region_features"]).max() < 2e-3
    logits = means @ text.T
    first, second = np.sort(logits, 1)[:, ::-1][:, :2].T
    clear = (first - second > 1e-3)[regions]  # theirs are in half precision
    assert clear.mean() > 0.9
    assert (logits.argmax(1)[regions] == golden["geoze_pred"])[clear].all()
    features[::10] = 0
    masked = region_features(features, regions)
    assert np.abs(masked - golden["geoze_region_features_masked"]).max() < 2e-3


def test_histograms_equal_open3d_but_for_the_rounding_of_its_normals(cloud):
    points, normal, histograms, _, _ = cloud
    ours = fpfh(points, normal, 0.125)
    # A normal rounded to half precision moves a pair over the border of a bin now and then.
    assert np.median(np.abs(ours - histograms)) < 0.01
    assert np.corrcoef(ours.ravel(), histograms.ravel())[0, 1] > 0.98
    assert np.allclose(ours.sum(1)[histograms.sum(1) > 599], 600, atol=0.1)


def test_normals_of_a_sphere_point_outward():
    points = np.random.default_rng(0).standard_normal((500, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    assert ((normals(points) * points).sum(1) > 0.98).all()


def test_kmeans_regions_tell_two_far_boxes_apart():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.random((200, 3)) * 0.1, rng.random((200, 3)) * 0.1 + 0.9])
    regions = kmeans_regions(points, normals(points), 8)
    assert not set(regions[:200]) & set(regions[200:])


def test_pieces_that_are_apart_become_regions_of_their_own():
    points = np.concatenate([np.random.default_rng(k).random((60, 3)) + 10 * k for k in (0, 1)])
    pieces = split_pieces(np.zeros(120, np.int64), neighbours(points, NEIGHBOURS))
    assert pieces[:60].tolist() == [pieces[0]] * 60
    assert pieces[60:].tolist() == [pieces[60]] * 60
    assert pieces[0] != pieces[60]


def test_geometry_does_not_tell_left_from_right():
    points = np.random.default_rng(1).standard_normal((200, 3)).astype(np.float32)
    points = np.concatenate([points, points * np.float32([-1, 1, 1])])
    described = describe(points)
    assert np.allclose(described[:200], described[200:], atol=0.02)
    assert np.isfinite(described).all()


def test_few_points_and_points_in_one_place_are_no_error():
    points = np.zeros((5, 3), np.float32)
    points[0] = 1
    assert neighbours(points, 10).shape == (5, 4)
    assert np.isfinite(describe(points)).all()
    normal = normals(points)
    assert np.isfinite(fpfh(points, normal, 0.125)).all()
    assert len(geometric_regions(points, normal, fpfh(points, normal, 0.125))) == 5
