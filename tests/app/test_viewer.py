import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from pointclip.app.viewer import ViewerItem, cameras, grey, page
from pointclip.catalog.projections import PROJECTIONS
from pointclip.projection.projection import get_projection


def item(name="a.ply", classes=3, views=2, points=50):
    rng = np.random.default_rng(0)
    per_view = rng.dirichlet(np.ones(classes), views)
    return ViewerItem(
        name=name,
        note="50 points",
        points=rng.uniform(-0.5, 0.5, (points, 3)).astype(np.float32),
        depth=rng.uniform(0, 2, (views, 8, 8)).astype(np.float32),
        view_names=[f"view {k}" for k in range(views)],
        cameras=np.stack([np.eye(3)] * views),
        probabilities=per_view.mean(0),
        per_view=per_view,
    )


def data_of(text):
    return json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])


def test_the_page_is_whole_and_fetches_nothing():
    text = page([item()], ["a", "b", "c"])
    assert "{{" not in text
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=[\"']?(?!data:)\w", text)
    assert not re.search(r"https?://", text)


def test_the_data_are_on_the_page():
    given = item()
    data = data_of(page([given], ["a", "b", "c"], "how", "made"))
    assert data["classes"] == ["a", "b", "c"]
    there = data["items"][0]
    assert there["probabilities"] == given.probabilities.tolist()
    assert [v["probabilities"] for v in there["views"]] == given.per_view.tolist()
    points = np.frombuffer(base64.b64decode(there["points"]), "<i2").reshape(-1, 3) / 32767
    np.testing.assert_allclose(points * there["extent"], given.points, atol=2e-5)
    assert there["views"][0]["image"].startswith("data:image/png;base64,")


def test_a_files_own_colours_and_the_points_of_the_encoder_are_on_the_page():
    colors = np.arange(150, dtype=np.uint8).reshape(50, 3)
    data = data_of(page([replace(item(), colors=colors, clip=20)], ["a", "b", "c"]))
    there = data["items"][0]
    assert base64.b64decode(there["colors"]) == colors.tobytes()
    assert there["clip"] == 20
    assert "colors" not in data_of(page([item()], ["a", "b", "c"]))["items"][0]


def test_no_name_can_break_out_of_the_data():
    name = '</script><script>alert(1)</script>"{{script}}'
    text = page([item(name)], [name, "b", "c"])
    assert data_of(text)["items"][0]["name"] == name
    assert text.count("</script>") == 2


def test_without_classes_there_is_nothing_to_read():
    given = item()
    bare = ViewerItem(*list(vars(given).values())[:6])
    data = data_of(page([bare], []))
    assert data["classes"] is None
    assert "probabilities" not in data["items"][0]


def test_grey_keeps_what_is_in_range_and_scales_what_is_not():
    flat = np.array([[[0, 1.3, 2.6]]], np.float32)
    np.testing.assert_allclose(grey(flat), flat / 2.6)
    np.testing.assert_array_equal(grey(np.zeros((1, 2, 2), np.float32)), 0)


@pytest.mark.parametrize("name", PROJECTIONS)
def test_the_viewer_stands_upright_and_sees_nothing_mirrored(name):
    projection = get_projection(name)
    axes = cameras(projection.rotations, projection.camera)
    square = axes @ axes.transpose(0, 2, 1)
    np.testing.assert_allclose(square, np.tile(np.eye(3), (len(axes), 1, 1)), atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(axes), 1, atol=1e-6)


@pytest.mark.parametrize("name", ["pointclip_zs", "pointclip_v2"])
def test_the_viewer_stands_where_the_camera_does(name):
    projection = get_projection(name)
    for view, (_, up, toward) in enumerate(cameras(projection.rotations, projection.camera)):
        cloud = np.stack([0.3 * up, 0.3 * up, -0.9 * up + 0.1 * toward, -0.9 * up - 0.1 * toward])
        image = projection(torch.tensor(cloud[None], dtype=torch.float32))[0, view].numpy()
        rows = np.nonzero(image != np.median(image))[0]
        # What is up for the viewer is shown above what is not.
        assert rows.min() < projection.size[0] / 2 < rows.max()
