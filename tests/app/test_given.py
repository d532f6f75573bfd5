from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pointclip.app.given import as_numpy, check_classes, check_points, of_each
from pointclip.classification.few_shot.adapter_file import Adapter
from pointclip.core.errors import UserError


POINTS = np.random.default_rng(0).normal(size=(2, 6, 3)).astype(np.float32)
COLORS = np.random.default_rng(1).random((2, 6, 3)).astype(np.float32)


def means(points, colors):
    """A row of the mean coordinates and the mean colour for each shape."""
    assert points.ndim == 3 and (colors is None or colors.shape == points.shape)
    parts = [points.mean(1), np.zeros((len(points), 3)) if colors is None else colors.mean(1)]
    return torch.from_numpy(np.hstack(parts))


def expected(colors=None):
    colors = np.zeros((2, 3)) if colors is None else colors.mean(1)
    return np.hstack([POINTS.mean(1), colors])


def test_one_cloud_has_no_axis_of_shapes_and_several_have():
    one, many = of_each(POINTS[0], None, means), of_each(POINTS, None, means)
    assert isinstance(one, np.ndarray) and one.shape == (6,)
    np.testing.assert_allclose(many, expected())
    np.testing.assert_allclose(one, many[0])


def test_clouds_of_any_sizes_in_a_list_are_answered_one_by_one():
    found = of_each([POINTS[0], POINTS[1, :4]], None, means)
    np.testing.assert_allclose(found[0], expected()[0])
    np.testing.assert_allclose(found[1, :3], POINTS[1, :4].mean(0), rtol=1e-6)
    tensors = of_each(tuple(torch.from_numpy(cloud) for cloud in POINTS), None, means)
    assert isinstance(tensors, torch.Tensor)
    np.testing.assert_allclose(tensors, expected(), rtol=1e-6)


def test_colours_stay_with_their_cloud_in_every_form():
    for points, colors in (
        (POINTS, COLORS),
        (list(POINTS), list(COLORS)),
        (torch.from_numpy(POINTS), torch.from_numpy(COLORS)),
        (POINTS.tolist(), COLORS.tolist()),
    ):
        np.testing.assert_allclose(of_each(points, colors, means), expected(COLORS), rtol=1e-6)
    one = of_each(POINTS[1], COLORS[1], means)
    np.testing.assert_allclose(one, expected(COLORS)[1])


def test_points_are_kept_as_they_are_and_nested_lists_are_points_too():
    np.testing.assert_array_equal(check_points(POINTS), POINTS)
    np.testing.assert_array_equal(check_points(POINTS[0].tolist(), one=True), POINTS[0])


@pytest.mark.parametrize(
    ("shape", "one"),
    [
        *[(shape, False) for shape in ((6, 2), (3,), (0, 3), (2, 0, 3), (1, 2, 6, 3))],
        ((2, 6, 3), True),
    ],
)
def test_points_of_another_shape_are_refused_with_their_shape(shape, one):
    with pytest.raises(UserError) as caught:
        check_points(np.zeros(shape), one)
    assert str(caught.value).endswith(f"not {shape}.")
    assert ("(clouds, points, 3)" in str(caught.value)) != one


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_coordinate_that_is_no_finite_number_is_refused(value):
    points = POINTS.copy()
    points[1, 5, 2] = value
    for given in (points, torch.from_numpy(points), list(points)):
        with pytest.raises(UserError, match="NaN or infinite"):
            of_each(given, None, means)


def test_tensors_of_any_type_are_read_and_left_without_their_gradient():
    for kind in (torch.bfloat16, torch.float16, torch.float64, torch.int32):
        assert as_numpy(torch.ones(2, 3, dtype=kind)).tolist() == [[1] * 3] * 2
    assert as_numpy(torch.ones(1, requires_grad=True)).tolist() == [1]


@pytest.fixture
def adapter():
    """No more of an adapter than its classes."""
    made = object.__new__(Adapter)
    made.__dict__.update(SimpleNamespace(classes=["chair", "lamp"]).__dict__)
    return made


def test_an_adapter_brings_its_classes_and_takes_no_others(adapter):
    assert check_classes([], adapter) == check_classes(("chair", "lamp"), adapter)
    for other in (["lamp", "chair"], ["chair"], ["chair", "lamp", "sofa"]):
        with pytest.raises(UserError, match=r"The adapter knows chair, lamp: give these"):
            check_classes(other, adapter)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ([], "give at least one class"),
        (["a", "b", "c", "b"], "The class 'b' is given twice."),
        ("chair", r"give \['chair'\] in place of 'chair'"),
    ],
)
def test_classes_that_make_no_sense_are_refused_in_one_sentence(classes, sentence):
    with pytest.raises(UserError, match=sentence):
        check_classes(classes, None)
    assert check_classes(("b", "a"), None) == ["b", "a"]
