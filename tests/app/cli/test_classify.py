import csv
import io
import json
import os
import re

import pytest

from pointclip import PointCLIP
from pointclip.core.files import printable


CLASSES = ["ball", "box", "table, round"]


def test_a_table_for_each_file(run, shapes):
    code, out, err = run("classify", shapes, "--classes", "ball, box", "--backbone", "tiny")
    assert (code, err) == (0, "")
    assert out.index("ball.off") < out.index("box.ply")
    for block in out.strip().split("\n\n"):
        percents = [float(p) for p in re.findall(r"([\d.]+) %", block)]
        assert sum(percents) == pytest.approx(100, abs=0.11)
        assert percents == sorted(percents, reverse=True)


def test_json_is_one_object_a_line_and_equals_the_library(run, shapes, entry):
    classes = shapes.parent / "names.txt"
    classes.write_text("\n".join(CLASSES) + "\n")
    code, out, _ = run(
        "classify", shapes, "--classes-from", classes, "--backbone", "tiny", "--json"
    )
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
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


def test_a_missing_file_does_not_stop_the_others(run, shapes):
    code, out, err = run(
        "classify",
        "none.ply",
        shapes / "ball.off",
        "--classes",
        "a,b",
        "--backbone",
        "tiny",
        "--json",
    )
    assert code == 1
    assert "none.ply" in err
    assert len(out.splitlines()) == 2


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
        (["--classes", "a,b", "--adapter", "none.safetensors"], "none.safetensors does not exist"),
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
