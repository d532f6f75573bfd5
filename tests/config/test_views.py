import pytest
from config_example import CONFIG

from pointclip.config import resolve
from pointclip.core.errors import UserError


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"join": ["pointclip_v2", "dots"]}, "Unknown part of the projection 'both' 'dots'"),
        ({"join": ["pointclip_v2", "both"]}, "joins 'both', which joins others itself"),
        ({"join": ["pointclip_v2"], "size": 32}, "can have no other parameter"),
    ],
)
def test_a_join_of_what_is_not_there_is_refused(entry: dict, sentence: str) -> None:
    config = CONFIG | {"projections": {"both": entry}}
    with pytest.raises(UserError, match=sentence):
        resolve.resolve_projection(config, "both")
