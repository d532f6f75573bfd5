import csv
import json
import os
from pathlib import Path

import numpy as np
import pytest

from pointclip.app.cli.writers import (
    Summary,
    csv_writer,
    json_writer,
    line_writer,
    ranking_writer,
)
from pointclip.app.predictions import Prediction


CLASSES = ["chair", "table", "lamp"]
READ = Prediction(Path("a b.ply"), np.array([0.25, 0.7, 0.05]))
FAILED = Prediction(Path("bad.ply"), error="Cannot read bad.ply: it is empty.")
STRANGE = Path(os.fsdecode(b"n\xff\x1b[31m.ply"))


@pytest.fixture
def out(capsysbinary, monkeypatch):
    """What was written since it was last asked for, where no person looks."""
    monkeypatch.setenv("COLUMNS", "100")
    return lambda: capsysbinary.readouterr().out


def test_json_is_an_object_a_line_with_the_best_classes_or_the_error(out):
    write = json_writer(2, {"backbone": "tiny", "calibrated": False})
    write(READ, CLASSES)
    write(FAILED, CLASSES)
    first, second = map(json.loads, out().splitlines())
    assert first == {
        **{"file": "a b.ply", "backbone": "tiny", "calibrated": False},
        "classes": [
            {"class": "table", "probability": 0.7},
            {"class": "chair", "probability": 0.25},
        ],
    }
    assert second["error"] == FAILED.error and "classes" not in second


def test_json_is_ascii_and_gives_any_name_back(out):
    json_writer(1, {})(Prediction(STRANGE, READ.probabilities), ["Stühle", "b", "c"])
    written = out()
    assert written.isascii() and json.loads(written)["file"] == str(STRANGE)


def test_csv_has_a_row_a_class_and_a_row_an_error(out):
    write = csv_writer(2)
    write(READ, ["chair", 'a "table", round', "lamp"])
    write(FAILED, CLASSES)
    assert list(csv.reader(out().decode().splitlines())) == [
        ["file", "rank", "class", "probability", "error"],
        ["a b.ply", "1", 'a "table", round', "0.700000", ""],
        ["a b.ply", "2", "chair", "0.250000", ""],
        ["bad.ply", "", "", "", FAILED.error],
    ]


def test_csv_gives_the_bytes_of_a_name_back(out):
    csv_writer(1)(Prediction(STRANGE, READ.probabilities), CLASSES)
    assert os.fsencode(STRANGE) in out()


def test_a_ranking_has_the_best_class_first_and_no_bars_where_nobody_looks(out):
    write = ranking_writer(2)
    write(READ, CLASSES)
    write(FAILED, CLASSES)
    lines = [line.split() for line in out().decode().splitlines()]
    assert lines == [["a", "b.ply"], ["70.0", "%", "table"], ["25.0", "%", "chair"]]


def test_a_line_a_file_is_as_wide_as_the_longest_name_up_to_60(out):
    for width, expected in ((10, "a b.ply   "), (200, "a b.ply" + " " * 53)):
        line_writer(2, width)(READ, CLASSES)
        assert out().decode() == f"{expected}  table 70.0 %  chair 25.0 %\n"


@pytest.mark.parametrize("writer", [ranking_writer(1), line_writer(1, 5)])
def test_no_name_writes_escapes_to_a_terminal(writer, capsys):
    writer(Prediction(STRANGE, READ.probabilities), ["[red]chair", "table[/]", "lamp"])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown and "table[/]" in shown


def test_a_summary_counts_files_by_their_best_class_most_files_first(out):
    summary = Summary(CLASSES)
    for probabilities in ([0.6, 0.4, 0], [0.2, 0.8, 0], [0.1, 0.6, 0.3]):
        summary.count(Prediction(Path("a"), np.array(probabilities)))
    summary.count(FAILED)
    summary.show()
    lines = [line.split() for line in out().decode().splitlines() if line.strip()]
    assert lines[1:] == [
        ["table", "2", "70.0", "%"],
        ["chair", "1", "60.0", "%"],
        ["could", "not", "be", "read", "1"],
    ]
