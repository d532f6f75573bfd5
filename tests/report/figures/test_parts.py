import numpy as np
import pandas as pd
from figure_data import words

from pointclip.report.figures.parts import plot_part_ious, plot_parts
from pointclip.segmentation.part_set import PartSet


RUN = {"part_dataset": "made", "segmenter": "linear_probe", "shots": 4, "protocol": "plain"}


def test_true_and_predicted_parts_stand_one_above_the_other() -> None:
    rng = np.random.default_rng(0)
    points = rng.standard_normal((3, 50, 3)).astype(np.float32)
    parts = {"chair": ["back", "seat"], "lamp": ["base", "shade"], "cup": ["handle", "cup"]}
    shapes = PartSet(points, np.array([0, 0, 2]), np.array(["a", "b", "c"]), parts)
    truth = (points[:, :, 1] > 0).astype(np.uint8)
    predicted = truth.copy()
    predicted[0, :25] ^= 1
    figure = plot_parts(shapes, truth, predicted)
    said = words(figure)
    # The first shape of each class that is there; half of the first is wrong.
    assert "chair" in said and "cup" in said and "lamp" not in said
    assert "50 % right" in said and "100 % right" in said
    shown = [axis for axis in figure.axes if axis.axison]
    assert len(shown) == 4
    for above, below in zip(shown[:2], shown[2:], strict=True):
        if above.get_title() == "cup":
            colours = [axis.collections[0].get_facecolor() for axis in (above, below)]
            assert (colours[0] == colours[1]).all()


def test_a_bar_for_each_part_and_a_line_for_the_single_part() -> None:
    rows = [("chair", "back", 40.0), ("chair", "seat", 60.0), ("lamp", "base", 20.0)]
    same = pd.DataFrame(rows, columns=["class", "part", "mean"]).assign(size=2, seed=1, **RUN)
    ious = pd.concat(
        [
            same,
            same.assign(seed=2, mean=same["mean"] + 20),
            same.assign(segmenter="best_single_part", shots=0, mean=5.0),
            same.assign(shots=1, mean=1.0),
        ]
    )
    figure = plot_part_ious(ious, RUN)
    axis = figure.axes[0]
    names = [tick.get_text() for tick in axis.get_yticklabels()]
    assert names == ["chair · back", "chair · seat", "lamp · base"]
    assert [bar.get_width() for bar in axis.patches] == [50, 70, 30]
    assert axis.lines[0].get_xdata().tolist() == [5, 5, 5]
    assert "linear_probe, 4 shots" in words(figure)
