import pandas as pd
from figure_data import words

from pointclip.report.figures.calibration import reliability_diagram


BINS = pd.DataFrame(
    [
        {"tempered": t, "bin": b, "weight": w, "accuracy": a, "confidence": c}
        for t, b, w, a, c in [
            (False, 9, 0.5, 0.5, 0.65),
            (False, 14, 0.5, 0.7, 0.95),
            (True, 8, 1.0, 0.6, 0.6),
        ]
    ]
)
CURVES = pd.DataFrame(
    [
        {"by": by, "coverage": c, "risk": c / 2}
        for by in ("confidence", "agreement")
        for c in (0.5, 1)
    ]
)


def test_both_states_have_their_calibration_error_and_curves_their_names() -> None:
    figure = reliability_diagram({"zero_shot": (BINS, CURVES), "tip": (BINS, CURVES[:2])}, "shapes")
    texts = words(figure)
    assert texts.count("ECE 20.0 %") == 2 and texts.count("ECE 0.0 %") == 2
    above, right, below, _ = figure.axes
    assert above.get_title() == "zero_shot" and right.get_title() == "tip"
    assert [line.get_label() for line in below.lines] == [
        "sorted by confidence",
        "sorted by agreement of views",
    ]
    assert below.lines[0].get_ydata().tolist() == [25, 50]  # type: ignore[union-attr]


def test_without_a_temperature_the_figure_says_so() -> None:
    assert "No temperature" in words(reliability_diagram({}))[0]
