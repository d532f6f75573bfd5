import numpy as np
import pytest

from pointclip.catalog.registration import SOLVERS
from pointclip.core.errors import UserError
from pointclip.registration.camera import make_camera, project, transform
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.metrics import rotation_error, translation_error
from pointclip.registration.pose import kabsch
from pointclip.registration.pose.hypotheses import distinct, score, try_triples
from pointclip.registration.pose.solve import LIBRARIES, check_library, solve
from pointclip.registration.side import Side


CAMERA = make_camera([100, 100, 50, 50], 101, 101)


def problem(scale=1.0, right=40, wrong=80, seed=0):
    """Sides with matches i-i, of which some are right, and the true pose."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    true = np.eye(4)
    true[:3, :3], true[:3, 3] = turn * np.sign(np.linalg.det(turn)), [0.5, -0.2, 0.3]
    target = rng.uniform(-2, 2, (right + wrong, 3))
    source = (target - true[:3, 3]) @ true[:3, :3] / scale
    source[:right] += rng.normal(scale=0.01, size=(right, 3))
    source[right:] = rng.uniform(-2, 2, (wrong, 3))
    return sides(source, target), true


def sides(*points):
    made = []
    for own in points:
        keypoints = Keypoints(project(own, CAMERA).round().astype(np.int64), own, CAMERA)
        features = np.ones((len(own), 1), np.float32)
        made.append(Side(keypoints, features, keypoints.known, surface()))
    return made


def test_a_scale_is_divided_out_of_the_rotation_as_in_the_release(golden, monkeypatch):
    one = np.array([golden["refit/T0"][:3]]), np.ones(1)
    monkeypatch.setattr(kabsch, "hypotheses", lambda *_: one)
    clouds = golden["refit/source"], golden["refit/target"]
    params = SOLVERS["kabsch_released"]
    found = kabsch.ransac(*clouds, params, 1.0, np.random.default_rng(0))
    assert np.abs(found - golden["refit/pose"]).max() < 1e-9


def surface():
    from pointclip.registration.align import make_surface

    return make_surface(np.full((101, 101), 2, np.float32), CAMERA, 0.1, 9.0, 0.2, 0.2, 50)


def pairs(count):
    return np.repeat(np.arange(count)[:, None], 2, axis=1)


@pytest.mark.parametrize("solver", ["ransac", "kiss"])
def test_the_true_pose_is_found_among_wrong_matches(solver):
    if solver == "kiss":
        pytest.importorskip("kiss_matcher")
    (query, target), true = problem()
    found = solve(query, target, pairs(120), SOLVERS[solver])
    assert rotation_error(found.pose, true) < 1
    assert translation_error(found.pose, true) < 0.03
    assert found.inliers[:40].mean() > 0.9 and found.inliers[40:].mean() < 0.1


def test_a_bounded_scale_is_found_and_divided_out():
    (query, target), true = problem(scale=1.3)
    found = solve(query, target, pairs(120), SOLVERS["kabsch_released"])
    assert rotation_error(found.pose, true) < 1
    rigid = solve(query, target, pairs(120), SOLVERS["ransac"])
    assert found.inliers.sum() >= 0 and rigid.inliers[:40].mean() < 0.9
    assert np.linalg.det(found.pose[:3, :3]) == pytest.approx(1)


def test_equal_seeds_give_equal_poses():
    (query, target), _ = problem()
    one, two = (solve(query, target, pairs(120), SOLVERS["ransac"], seed=5) for _ in range(2))
    assert np.array_equal(one.pose, two.pose)


@pytest.fixture(params=SOLVERS)
def solver(request):
    """Every solver whose library is installed."""
    method = SOLVERS[request.param]["method"]
    if method in LIBRARIES:
        pytest.importorskip(LIBRARIES[method][0])
    return request.param


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_matches_give_no_pose(solver, count):
    (query, target), _ = problem()
    found = solve(query, target, pairs(count), SOLVERS[solver])
    assert found.pose is None and not found.inliers.any() and len(found.inliers) == count


def test_collinear_and_equal_points_give_no_pose(solver):
    line = np.linspace(0, 1, 30)[:, None] * [[1.0, 0.5, 0.2]] + [-0.5, 0, 2.0]
    for points in (line, np.ones((30, 3))):
        query, target = sides(points, points)
        found = solve(query, target, pairs(30), SOLVERS[solver])
        assert found.pose is None and not found.inliers.any()


def test_a_query_without_depth_map_is_told():
    (query, target), _ = problem()
    bare = Side(query.keypoints, query.features, query.valid, None)
    with pytest.raises(UserError, match="needs a depth map of the query"):
        solve(bare, target, pairs(9), SOLVERS["kabsch"])


def test_a_missing_library_is_told_with_its_extra(monkeypatch):
    monkeypatch.setattr("pointclip.core.extras.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pointclip\[kiss\]"):
        check_library(SOLVERS["kiss"])
    check_library(SOLVERS["kabsch"])


def test_hypotheses_are_scored_and_thinned_to_distinct_ones():
    (query, target), true = problem()
    source, goal = query.keypoints.points, target.keypoints.points
    rng = np.random.default_rng(0)
    poses = try_triples(source, goal, rng, 20_000, 500, tolerance=0.1, shortest=0.2)
    scores = score(source, goal, poses, 0.1)
    best = np.vstack([poses[scores.argmax()], [0, 0, 0, 1]])
    assert rotation_error(best, true) < 5
    apart = np.linalg.norm(transform(best, source) - goal, axis=1)
    wanted = (1 - (apart[apart < 0.1] / 0.1) ** 2).sum()
    assert scores.max() == pytest.approx(wanted)
    kept = distinct(poses, scores, source.mean(axis=0), 10, 8.0, 0.2)
    assert kept[0] == scores.argmax() and len(set(kept)) == len(kept) <= 10
    first, second = (np.vstack([poses[k], [0, 0, 0, 1]]) for k in kept[:2])
    assert rotation_error(first, second) > 7.9 or translation_error(first, second) > 0.1
