"""`pointclip segment`: the page, the labelled PLY, JSON, adapters, and what is refused."""

import json
import re

import numpy as np
import pytest

from pointclip.clouds.labelled import load_labelled
from pointclip.clouds.load import load_cloud, normalise
from pointclip.segmentation.few_shot_parts import fit_probe
from pointclip.segmentation.geometry import describe
from pointclip.segmentation.part_adapter import write_part_adapter


PARTS = "top, leg"
TINY = ("--backbone", "tiny", "--points", "200", "--quiet")


@pytest.fixture
def table(tmp_path):
    """A cloud of which the upper half is flat and wide."""
    cloud = np.random.default_rng(0).uniform(-1, 1, (300, 3)).astype(np.float32)
    cloud[:150, 1] = 1
    cloud[150:, [0, 2]] = np.sign(cloud[150:, [0, 2]])
    np.savez(tmp_path / "table.npz", points=cloud)
    return tmp_path / "table.npz"


@pytest.fixture
def adapter(table, tmp_path):
    cloud = normalise(load_cloud(table))
    probe = fit_probe("linear_probe", [describe(cloud)], [np.repeat([0, 1], 150)])
    parts = {"table": ["top", "leg"], "lamp": ["base", "shade"]}
    path = tmp_path / "parts.safetensors"
    write_part_adapter(path, {1: {"table": probe, "lamp": probe}}, parts, "geometry", {})
    return path


def test_a_page_holds_every_file_and_view(run, shapes):
    code, out, _ = run("segment", shapes, "--parts", PARTS, "--class", "table", *TINY[:-1])
    assert (code, out) == (0, "parts.html\n")
    page = (shapes.parent / "parts.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert [item["name"] for item in data["items"]] == ["ball.off", "box.ply"]
    assert [item["parts"]["names"] for item in data["items"]] == [["top", "leg"]] * 2
    assert len(data["items"][0]["views"]) == 10
    assert data["items"][0]["parts"]["alone"]
    assert "projection elevated_ring · backbone tiny" in data["made"]


def test_a_ply_has_a_label_for_every_point_of_the_file(run, table):
    code, out, _ = run("segment", table, "--parts", PARTS, "-o", "out.ply", *TINY)
    assert (code, out) == (0, "")
    points, part = load_labelled(table.with_name("out.ply"))
    assert np.allclose(points, load_cloud(table), atol=1e-6)
    assert len(part) == 300 and set(part) <= {0, 1}
    assert b"comment part 1 leg" in table.with_name("out.ply").read_bytes()


def test_json_holds_points_and_the_labels_that_the_ply_has(run, table):
    assert run("segment", table, "--parts", PARTS, "-o", "out.ply", *TINY)[0] == 0
    assert run("segment", table, "--parts", PARTS, "-o", "out.json", *TINY)[0] == 0
    (row,) = json.loads(table.with_name("out.json").read_text())
    points, part = load_labelled(table.with_name("out.ply"))
    assert row["file"] == str(table)
    assert row["parts"] == ["top", "leg"]
    assert np.allclose(row["points"], points)
    assert row["labels"] == part.tolist()


def test_an_adapter_says_the_parts_that_it_was_taught(run, table, adapter):
    given = ("segment", table, "--adapter", adapter, "-o", "out.json", *TINY)
    assert run(*given, "--class", "table")[0] == 0
    (row,) = json.loads(table.with_name("out.json").read_text())
    assert row["parts"] == ["top", "leg"]
    truth = np.repeat([0, 1], 150)
    assert (np.array(row["labels"]) == truth).mean() > 0.9
    code, _, _ = run("segment", table, "--adapter", adapter, "--class", "table", *TINY)
    assert code == 0
    # It was taught on all views, so no view tells parts by itself.
    assert '"alone":false' in table.with_name("parts.html").read_text()
    code, _, err = run(*given)
    assert code == 2
    assert "knows the parts of lamp, table: say which class it is" in " ".join(err.split())


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([], "Give --parts, or an --adapter"),
        (["--parts", "top, leg", "--adapter", "a.safetensors"], "one of both"),
        (["--parts", "leg"], "'leg' is the only part"),
        (["--parts", "leg, leg"], "'leg' is given twice"),
        (["--parts", PARTS, "-o", "out.doc"], "use .html, .ply or .json"),
        (["--parts", PARTS, "--regions", "blobs"], "regions 'blobs'"),
        (["--parts", PARTS, "--projection", "pointclip_zs"], "renders dots"),
        (["--adapter", "none.safetensors"], "none.safetensors"),
    ],
)
def test_what_cannot_be_done_costs_one_sentence(run, table, given, sentence):
    code, out, err = run("segment", table, *TINY, *given)
    said = " ".join(err.split())
    assert code in (1, 2) and out == ""
    assert sentence in said and "Traceback" not in said


def test_an_unknown_class_of_an_adapter_is_named(run, table, adapter):
    code, _, err = run("segment", table, "--adapter", adapter, "--class", "chair", *TINY)
    assert code == 2
    assert "class 'chair'" in err and "lamp" in err


def test_a_ply_holds_one_cloud(run, shapes):
    code, _, err = run("segment", shapes, "--parts", PARTS, "-o", "out.ply", *TINY)
    assert code == 2
    assert "2 point clouds" in err
