import json
import re

import numpy as np
import pytest
from PIL import Image
from scenes import CAMERA, depth_of, pose, true_motion
from typer.testing import CliRunner

import pointclip
from pointclip.app.cli import app
from pointclip.app.register_page import page
from pointclip.core.errors import UserError
from pointclip.registration.depth_map import points_of
from pointclip.registration.metrics import rotation_error, translation_error


HERE, THERE = pose(), pose(8, (0.2, 0.05, 0.1))
NUMBERS = [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy]


def scan():
    """The room as the camera at the origin sees it."""
    depth = depth_of(CAMERA.at(HERE))
    return points_of(depth, CAMERA, depth > 0)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("register")
    depth = depth_of(CAMERA.at(THERE))
    shade = np.clip(255 / depth, 0, 255).astype(np.uint8)
    Image.fromarray(np.stack([shade] * 3, axis=-1)).save(folder / "photo.png")
    Image.fromarray((depth * 1000).round().astype(np.uint16)).save(folder / "depth.png")
    np.save(folder / "cloud.npy", scan().astype(np.float32))
    return folder


@pytest.fixture(scope="module")
def found(files):
    return pointclip.register(files / "photo.png", scan(), NUMBERS, files / "depth.png")


def test_the_pose_is_that_of_the_camera_in_the_cloud(found):
    true = true_motion(THERE, HERE)
    assert rotation_error(found.pose, true) < 2
    assert translation_error(found.pose, true) < 0.1
    assert found.features == "fpfh" and found.solver == "kabsch"
    assert len(found.inliers) == len(found.picture.query_uv)


def test_the_page_holds_all_and_fetches_nothing(found):
    text = page(found, "photo <b> in cloud", "made here")
    assert "photo \\u003cb> in cloud" in text
    assert text.count("data:image/png;base64,") == 2
    assert not re.search(r"(src|href)=[\"']?(http|//)", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])
    assert np.allclose(data["pose"], found.pose, atol=1e-5)
    assert np.shape(data["lines"]) == (8, 2, 3)


def test_the_command_prints_the_pose_and_writes_the_page(files):
    words = ["register", str(files / "photo.png"), str(files / "cloud.npy"), "--json"]
    words += ["--intrinsics", ",".join(map(str, NUMBERS)), "--depth", str(files / "depth.png")]
    result = CliRunner().invoke(app, [*words, "-o", str(files / "page.html")])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert rotation_error(np.array(told["pose"]), true_motion(THERE, HERE)) < 2
    assert (files / "page.html").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--intrinsics", "1,2,x,4"], "are no intrinsics"),
        (["--intrinsics", "100,100,900,50"], "outside the image"),
        (["-o", "page.png"], "use .html"),
        (["--solver", "best"], "Unknown solver 'best'"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(files, change, words):
    given = ["register", str(files / "photo.png"), str(files / "cloud.npy")]
    given += ["--intrinsics", ",".join(map(str, NUMBERS)), "--depth", str(files / "depth.png")]
    result = CliRunner().invoke(app, [*given, *change])
    assert result.exit_code == 2
    assert words in " ".join(result.output.split())


def test_a_depth_map_of_other_proportions_is_told(files):
    with pytest.raises(UserError, match="not the proportions"):
        pointclip.register(files / "photo.png", scan(), NUMBERS, np.ones((120, 120), np.float32))


def test_a_cloud_that_no_camera_sees_is_told(files):
    far = scan() + np.array([0, 0, 5000])
    with pytest.raises(UserError, match="is it in metres"):
        pointclip.register(files / "photo.png", far, NUMBERS, files / "depth.png")
