import math
from dataclasses import fields

import pytest
from places import REPOSITORY

from pointclip.catalog.adapters import METHODS, hyper_parameters
from pointclip.core.errors import UserError


ADAPTERS = REPOSITORY / "pointclip" / "classification" / "adapters"


@pytest.mark.parametrize("method", METHODS)
def test_the_defaults_of_every_method_are_in_their_ranges(method):
    defaults = METHODS[method]()
    given = {entry.name: getattr(defaults, entry.name) for entry in fields(defaults)}
    assert hyper_parameters(method, given) == defaults


@pytest.mark.parametrize("method", METHODS)
def test_every_method_has_a_module_of_its_name(method):
    assert (ADAPTERS / f"{method}.py").is_file()


@pytest.mark.parametrize(
    ("method", "given", "message"),
    [
        ("inter_view", {"lr": math.nan}, "lr=nan: give a number from 0 to 100"),
        ("inter_view", {"lr": math.inf}, "lr=inf"),
        ("inter_view", {"lr": -0.1}, "lr=-0.1"),
        ("inter_view", {"dropout": 5}, "dropout=5: give a number from 0 to 0.99"),
        ("inter_view", {"epochs": 2.5}, "epochs=2.5: give a whole number"),
        ("inter_view", {"epochs": True}, "epochs=True"),
        ("inter_view", {"lr": "fast"}, "lr='fast'"),
        ("inter_view", {"search_views": 1}, "give true or false"),
        ("inter_view", {"alpha": 1}, "Unknown hyper-parameter of inter_view 'alpha'"),
        ("tip", {"search_steps": [20]}, "give a list of 2 numbers"),
        ("linear_probe", {"grid": []}, "give a list of numbers"),
        ("linear_probe", {"grid": [1.0, -1]}, "grid=-1"),
        ("maple", {}, "Unknown few-shot method 'maple'"),
    ],
)
def test_what_no_method_can_train_with_is_refused(method, given, message):
    with pytest.raises(UserError, match=message):
        hyper_parameters(method, given)


def test_whole_numbers_are_taken_for_fractions_and_lists_for_tuples():
    assert hyper_parameters("inter_view", {"lr": 1}).lr == 1.0
    assert hyper_parameters("tip", {"search_steps": [5, 6]}).search_steps == (5, 6)
    assert hyper_parameters("inter_view", {"norm": None}).norm is None
