import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pointclip import PointCLIP
from pointclip.core.files import printable


CLASSES = ["ball", "box", "table, round"]


def test_a_ranking_of_one_file(run, shapes):
    file = shapes / "ball.off"
    code, out, err = run("classify", file, "--classes", "ball, box", "--backbone", "tiny")
    assert (code, err) == (0, "")
    percents = [float(p) for p in re.findall(r"([\d.]+) %", out)]
    assert sum(percents) == pytest.approx(100, abs=0.11)
    assert percents == sorted(percents, reverse=True)


def test_a_line_a_file_and_a_summary_by_class(run, bad):
    options = ["--classes", "ball, box", "--backbone", "tiny"]
    code, out, _ = run("classify", bad, *options, "--top", 1)
    lines, summary = out.split("\n\n")
    assert code == 1
    names = [
        re.fullmatch(r".*(ball.off|box.ply) +(ball|box) [\d.]+ %", x) for x in lines.split("\n")
    ]
    assert [match[1] for match in names] == ["ball.off", "box.ply"]
    for name in {match[2] for match in names}:
        count = sum(match[2] == name for match in names)
        assert re.search(rf"^{name} +{count} +[\d.]+ %$", summary, re.M)
    assert re.search(r"^could not be read +2", summary, re.M)


def test_json_is_one_object_a_line_and_equals_the_library(run, shapes, entry):
    classes = shapes.parent / "names.txt"
    classes.write_text("\n".join(CLASSES) + "\n")
    code, out, _ = run(
        "classify", shapes, "--classes-from", classes, "--backbone", "tiny", "--json"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    said = {"backbone": "tiny", "projection": "surround", "prompts": "class_name"}
    assert all(said.items() <= row.items() for row in rows)
    assert [row["file"] for row in rows] == [f"{shapes}/ball.off", f"{shapes}/inner/box.ply"]
    assert [row["calibrated"] for row in rows] == [False, False]  # no adapter, no temperature
    model = PointCLIP(CLASSES, entry)
    for row, reading in zip(rows, model.classify([r["file"] for r in rows]), strict=True):
        assert [c["class"] for c in row["classes"]] == [name for name, _ in reading.top(CLASSES)]
        expected = [p for _, p in reading.top(CLASSES)]
        assert [c["probability"] for c in row["classes"]] == pytest.approx(expected, abs=1e-5)


def test_csv_has_a_row_for_each_class(run, shapes):
    code, out, _ = run(
        "classify", shapes, "--classes", "ball,box,cup", "--backbone", "tiny", "--csv", "--top", "2"
    )
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert [(row["rank"]) for row in rows] == ["1", "2"] * 2
    assert all(0 < float(row["probability"]) < 1 and not row["error"] for row in rows)


def test_bad_files_cost_a_sentence_each_and_exit_code_1(run, bad):
    code, out, err = run("classify", bad, "--classes", "ball,box", "--backbone", "tiny", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [("error" in row) for row in rows] == [True, False, True, False]
    assert os.fsencode(rows[2]["file"]).endswith(b"n\xffm\x1be.npy")
    assert len(err.splitlines()) == 2
    assert "\x1b" not in err
    assert r"n\xffm" in err


MISTAKES = [
    (["none.ply"], "There is no file or folder none.ply"),
    (["{ball}", "--up", "Z"], "Unknown up axis 'Z': choose one of y, -y, z, -z, x, -x"),
    (["{ball}", "--device", "gpu"], "Unknown device 'gpu'"),
    (["{ball}", "--backbone", "clap"], "Unknown backbone 'clap'"),
    (["{ball}", "--projection", "x.py"], "The module 'x.py' of the projection 'x' is no Python"),
    (["{ball}", "--prompts", "x"], "Unknown prompt set 'x'"),
]


@pytest.mark.parametrize(("words", "sentence"), MISTAKES)
def test_mistakes_are_told_before_anything_is_loaded(run, shapes, monkeypatch, words, sentence):
    monkeypatch.setattr("pointclip.app.cli.common.load_model", None)
    words = [word.format(ball=shapes / "ball.off") for word in words]
    code, out, err = run("classify", *words, "--classes", "a,b")
    assert (code, out) == (2, "")
    assert sentence in err and len(err.strip().splitlines()) == 1


def test_a_backbone_and_a_projection_of_the_own_config_or_of_a_file(run, shapes, entry):
    Path("config").mkdir()
    own = {
        "backbones": {"mine": entry},
        "projections": {"two": {"base": "pointclip_zs", "size": 32}},
    }
    Path("config/config.yaml").write_text(yaml.safe_dump(own))
    Path("three.yaml").write_text("{base: pointclip_zs, size: 32}")
    options = ["--classes", "a,b", "--backbone", "mine", "--json", "--projection"]
    found = [run("classify", shapes / "ball.off", *options, name) for name in ("two", "three.yaml")]
    assert [code for code, _, _ in found] == [0, 0]
    rows = [json.loads(out) for _, out, _ in found]
    assert [row["projection"] for row in rows] == ["two", "three.yaml"]
    assert rows[0]["classes"] == rows[1]["classes"]


def test_a_closed_pipe_is_silent(shapes):
    code = "from pointclip.app.cli import app; app()"
    command = [sys.executable, "-c", code, "projections", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--classes", "a,b", "--classes-from", "modelnet40"], "not both"),
        ([], "Say what the files may be"),
        (["--classes", "a,b", "--json", "--csv"], "--json or --csv"),
        (["--classes-from", "nothing"], "choose one of furniture, modelnet40"),
        (["--classes", "a,b", "--backbone", "clap"], "Unknown backbone 'clap': choose one of"),
        (["--classes", "a,b", "--projection", "x"], "Unknown projection 'x': choose one of"),
        (["--classes", "a,a", "--backbone", "tiny"], "The class 'a' is given twice"),
        (["--classes", "a,b", "--adapter", "none.safetensors"], "no file or folder none.s"),
    ],
)
def test_what_cannot_be_had_is_one_sentence_and_exit_code_2(run, shapes, options, sentence):
    code, out, err = run("classify", shapes, *options)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_a_folder_without_clouds_is_a_mistake(run, tmp_path):
    code, _, err = run("classify", tmp_path, "--classes", "a,b")
    assert code == 2
    assert f"No point cloud in {printable(tmp_path)}" in err
