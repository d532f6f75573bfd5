import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from tiny import tiny_backbone
from typer.testing import CliRunner

from pointclip import PointCLIP
from pointclip.app.cli import app
from pointclip.catalog.backbones import BACKBONES
from pointclip.core.files import printable


CLASSES = ["ball", "box", "table, round"]


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    return tiny_backbone(tmp_path_factory.mktemp("tiny"), prompts="class_name")


@pytest.fixture
def run(entry, monkeypatch, tmp_path):
    """Run a command in an empty folder, with a backbone `tiny`: exit code, stdout, stderr."""
    monkeypatch.setitem(BACKBONES, "tiny", entry)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "100"})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def shapes(tmp_path):
    folder = tmp_path / "shapes"
    (folder / "inner").mkdir(parents=True)
    trimesh.creation.icosphere().export(folder / "ball.off")
    trimesh.creation.box((1, 2, 3)).export(folder / "inner/box.ply")
    return folder


@pytest.fixture
def bad(shapes):
    (shapes / "bad.off").write_bytes(b"\x00\xff" * 50)
    (shapes / os.fsdecode(b"n\xffm\x1be.npy")).touch()
    return shapes


def test_help_has_examples_and_needs_nothing_heavy():
    code = (
        "import sys; sys.argv = ['pointclip', '--help']\n"
        "from pointclip.app.cli import app\n"
        "try: app()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'pandas', 'open_clip', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pointclip show chair.ply" in done.stdout


@pytest.mark.parametrize("command", ["show", "classify", "train"])
def test_each_command_says_its_examples_and_exit_codes(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"$ pointclip {command}" in out
    assert re.search(r"Exit codes: 0 .* 1 .* 2 ", " ".join(out.split()))


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


def test_show_writes_one_page(run, bad):
    code, out, err = run("show", bad, "--classes", "ball,box", "--backbone", "tiny")
    assert code == 1
    assert out == "pointclip.html\n"
    assert len(err.splitlines()) == 2
    page = (bad.parent / "pointclip.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert [item["name"] for item in data["items"]] == ["ball.off", "box.ply"]
    assert len(data["items"][0]["views"]) == 10
    assert "backbone tiny" in data["made"]


def test_show_needs_no_classes(run, shapes):
    code, _, _ = run("show", shapes / "ball.off", "--projection", "pointclip_zs", "-o", "a.html")
    assert code == 0
    assert '"classes":null' in (shapes.parent / "a.html").read_text()


def test_show_draws_a_picture(run, shapes):
    code, out, _ = run("show", shapes, "--classes", "ball,box", "--backbone", "tiny", "-o", "s.png")
    assert (code, out) == (0, "s.png\n")
    assert (shapes.parent / "s.png").read_bytes().startswith(b"\x89PNG")


def test_show_refuses_other_formats(run, shapes):
    code, _, err = run("show", shapes, "-o", "sheet.doc")
    assert code == 2
    assert "use .html, .png, .pdf or .svg" in err


QUICK = ["--backbone", "tiny", "--projection", "pointclip_zs", "--points", 256]


@pytest.fixture
def own(tmp_path):
    """Two classes, eight and five shapes, one of them broken."""
    draw = np.random.default_rng(0)
    for name, count, make in (
        ("ball", 8, lambda: trimesh.creation.icosphere(radius=draw.uniform(1, 2))),
        ("stick", 5, lambda: trimesh.creation.cylinder(0.1, draw.uniform(1, 3))),
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


def test_lists(run):
    for command, name in [
        ("models", "iconclip"),
        ("projections", "pointclip_v2"),
        ("prompts", "v1_zero_shot"),
        ("data", "furniture"),
    ]:
        code, out, _ = run(command)
        assert code == 0
        assert name in out
        code, out, _ = run(command, "--json")
        assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("content", ["- a list", "datasets: [x]", "datasets: {x: , y: {path: }}"])
def test_the_configs_of_other_programs_are_passed_over(run, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/a.yaml").write_text(content)
    code, out, err = run("data")
    if content.startswith("-"):
        assert code == 2 and "config/a.yaml must be a mapping of keys to values." in err
    else:
        assert code == 0 and "furniture" in out


def test_no_color_and_pipes_have_no_escapes(run, shapes, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = run("classify", shapes, "--classes", "ball,box", "--backbone", "tiny")
    assert "\x1b" not in out


def test_completion_knows_the_names(monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "pointclip classify --projection point")
    monkeypatch.setenv("_POINTCLIP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "pointclip classify --projection point")
    monkeypatch.setenv("COMP_CWORD", "3")
    result = CliRunner().invoke(app, [], prog_name="pointclip")
    assert "pointclip_v2" in result.output
