import json
import re

import numpy as np
import pytest
import trimesh


QUICK = ["--backbone", "tiny", "--projection", "pointclip_zs", "--points", 256]


@pytest.fixture
def own(tmp_path):
    """Two classes, eight and five shapes, one of them broken."""
    rng = np.random.default_rng(0)
    for name, count, make in (
        ("ball", 8, lambda: trimesh.creation.icosphere(radius=rng.uniform(1, 2))),
        ("stick", 5, lambda: trimesh.creation.cylinder(0.1, rng.uniform(1, 3))),
    ):
        (tmp_path / "own" / name).mkdir(parents=True)
        for k in range(count):
            make().export(tmp_path / "own" / name / f"{k}.off")
    (tmp_path / "own/ball/broken.ply").write_text("ply")
    return tmp_path / "own"


def test_train_on_own_shapes_and_use_what_it_learned(run, own):
    options = ["--method", "linear_probe", "--copies", 2, "-o", "a.safetensors"]
    code, out, err = run("train", own, *QUICK, *options)
    assert code == 1
    assert len(err.strip().splitlines()) == 1
    assert "broken.ply" in err
    # Of eight balls two are held out, of five sticks one.
    assert re.search(r"2 classes from 10 shapes", out)
    assert re.search(r"of 3 held-out shapes", out)
    assert (own.parent / "a.confusion.png").exists()
    code, out, _ = run("classify", own / "ball/0.off", "--adapter", "a.safetensors", "--json")
    assert code == 0
    assert {c["class"] for c in json.loads(out)["classes"]} == {"ball", "stick"}


def test_train_with_a_number_of_shots(run, own):
    (own / "ball/broken.ply").unlink()
    code, out, _ = run("train", own, *QUICK, "--shots", 3, "--method", "nearest_mean")
    assert code == 0
    assert "2 classes from 6 shapes" in out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--shots", "some"], "Cannot take some shots"),
        (["-o", "adapter.pt"], "ends in .safetensors"),
        (["--method", "magic"], "Unknown few-shot method 'magic': choose one of inter_view"),
    ],
)
def test_train_says_what_it_cannot_do(run, own, options, sentence):
    (own / "ball/broken.ply").unlink()
    code, _, err = run("train", own, *QUICK, *options)
    assert code == 2
    assert sentence in err


def test_train_says_that_nothing_could_be_read(run, tmp_path):
    for name in ("ball", "stick"):
        (tmp_path / "own" / name).mkdir(parents=True)
        (tmp_path / "own" / name / "broken.ply").write_text("ply")
    code, _, err = run("train", tmp_path / "own", *QUICK)
    assert code == 2
    assert "Files of at least two classes must be readable." in err


def test_train_needs_classes(run, shapes):
    code, _, err = run("train", shapes, "--backbone", "tiny")
    assert code == 2
    assert "needs a folder for each class" in err
