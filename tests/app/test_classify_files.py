"""Of a stand-in for the model; `test_model.py` has the whole one."""

from pathlib import Path

import numpy as np
import pytest

from pointclip.app import classify_files as module
from pointclip.app.classify_files import classify_files
from pointclip.app.model import PointCLIP
from pointclip.core.errors import UserError


class Model(PointCLIP):
    """One class, whose probability is the first coordinate; at 0.5 it refuses a cloud."""

    def __init__(self, projection):
        self.encoder, self.projection, self.calls = None, projection, []

    def __call__(self, points, colors=None):
        self.calls.append(points.shape)
        if points.ndim == 2 and points[0, 0] == 0.5:
            raise UserError("Too few points.")
        return points[..., 0, :1]


@pytest.fixture
def classify(monkeypatch):
    def load_points(file, points, up, encoder):
        if file.suffix != ".ply":
            raise UserError(f"Cannot read {file}.")
        return np.full((4, 3), float(file.stem) / 10), None

    monkeypatch.setattr(module, "load_points", load_points)

    def classify(names, projection="any", batch=2):
        model = Model(projection)
        return model, list(classify_files(model, names, None, "y", batch))

    return classify


def test_clouds_of_a_window_are_read_at_once_and_predictions_come_in_the_order_of_files(classify):
    names = ["1.ply", "2.ply", "bad", "3.ply", "bad", "bad", "4.ply"]
    model, found = classify(names)
    assert [str(one.path) for one in found] == names
    values = [one.error or one.probabilities.tolist() for one in found]
    wrong = "Cannot read bad."
    assert values == [[0.1], [0.2], wrong, [0.3], wrong, wrong, [0.4]]
    # No call for the window of two files that cannot be read.
    assert model.calls == [(2, 4, 3), (1, 4, 3), (1, 4, 3)]


def test_a_backbone_that_reads_points_gets_one_cloud_at_a_time_and_its_refusal_costs_one_file(
    classify,
):
    model, found = classify([Path("1.ply"), Path("5.ply"), Path("2.ply")], None, batch=3)
    assert model.calls == [(4, 3)] * 3
    assert [one.error for one in found] == [None, "Too few points.", None]
    assert found[2].probabilities.tolist() == [0.2]


def test_no_files_give_no_predictions(classify):
    assert classify([])[1] == []
