import pytest

from pointclip.catalog.projections import DESCRIPTIONS, PROJECTIONS, check_params
from pointclip.core.errors import UserError


@pytest.mark.parametrize("name", PROJECTIONS)
def test_built_in_projections_are_within_their_limits_and_described(name):
    check_params(name, PROJECTIONS[name])
    assert DESCRIPTIONS[name]


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"grid_size": 2}, "grid_size=2: give a whole number from 4 to 1024"),
        ({"densify": 4}, "densify=4: give an odd number"),
        ({"distance": float("nan")}, "distance=nan: give a number"),
        ({"smooth": "median"}, "Unknown smoothing 'median'"),
        ({"grid_size": 4, "trim": 2}, "has nothing left of grid_size=4"),
        ({"splat": 3}, "splat=3: give 1 or an even number"),
    ],
)
def test_what_cannot_be_rendered_is_refused(params, sentence):
    with pytest.raises(UserError, match=sentence):
        check_params("mine", params)
