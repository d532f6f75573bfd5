import numpy as np
import pytest
from few_shot_data import CLASSES, features, prototypes

from pointclip.classification.transductive import run
from pointclip.core.errors import UserError
from pointclip.evaluation.few_class_batches import few_class_batches


LABELS = np.repeat(np.arange(CLASSES), 12)
SHAPES = features(LABELS, 3, noise=4.0).numpy()
TEXT = prototypes().numpy()
METHODS = ["stata", "transclip", "zlap", "tda", "point_cache", "uni_adapter"]


def batches(methods=("stata",), present=(2,), **change):
    given = {"size": 20, "batches": 3, "seed": 0} | change
    return few_class_batches(SHAPES, LABELS, TEXT, 100.0, methods, present, **given)


def test_every_method_has_a_row_for_every_batch():
    found = batches(METHODS, (1, 2, CLASSES))
    assert len(found) == 7 * 3 * 3
    assert found["accuracy"].between(0, 100).all()
    assert batches().equals(batches())
    assert not batches(seed=1)["accuracy"].equals(batches()["accuracy"])


def test_a_batch_holds_the_shapes_of_its_classes_alone(monkeypatch):
    seen = []
    found = run.on_items

    def watched(method, shapes, *more):
        seen.append(shapes)
        return found(method, shapes, *more)

    monkeypatch.setattr("pointclip.evaluation.few_class_batches.on_items", watched)
    batches(present=(2,), size=100)
    for shapes in seen:
        rows = [np.flatnonzero((one == SHAPES).all((1, 2)))[0] for one in shapes]
        assert len(set(LABELS[rows])) == 2 and len(rows) == 24


def test_more_classes_than_there_are_is_one_sentence():
    with pytest.raises(
        UserError, match=f"{CLASSES + 1} classes cannot be present: there are {CLASSES}"
    ):
        batches(present=(CLASSES + 1,))


def test_a_method_that_reads_train_shapes_is_refused():
    with pytest.raises(UserError, match="zlap_inductive"):
        batches(["zlap_inductive"])
