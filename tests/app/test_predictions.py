from pathlib import Path

import numpy as np

from pointclip.app.predictions import Prediction


def test_the_most_probable_classes_come_first_and_ties_in_their_order() -> None:
    found = Prediction(Path("a.ply"), np.array([0.2, 0.4, 0.4, 0.0]))
    assert found.top(["chair", "table", "lamp", "bed"], 3) == [
        ("table", 0.4),
        ("lamp", 0.4),
        ("chair", 0.2),
    ]


def test_a_file_that_could_not_be_read_has_no_classes() -> None:
    assert Prediction(Path("a.ply"), error="It is empty.").top(["chair"]) == []
