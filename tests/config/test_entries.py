import pytest

from pointclip.config.entries import built_in, merged
from pointclip.core.errors import UserError


def test_an_entry_has_what_its_bases_say_and_its_own_values_win() -> None:
    config = {
        "adapters": {
            "slow": {"base": "inter_view", "lr": 0.1, "epochs": 5},
            "slower": {"base": "slow", "lr": 0.01},
        }
    }
    entry, chain = merged(config, "adapters", "slower")
    assert entry == {"base": "inter_view", "lr": 0.01, "epochs": 5}
    assert chain == ["slower", "slow", "inter_view"]
    assert config["adapters"]["slow"]["lr"] == 0.1


def test_a_built_in_entry_is_its_own_base_and_may_be_changed_under_its_name() -> None:
    assert merged({}, "adapters", "tip") == ({"base": "tip"}, ["tip"])
    changed = {"adapters": {"tip": {"alpha": 2.0}}}
    assert merged(changed, "adapters", "tip")[0] == {"base": "tip", "alpha": 2.0}


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({}, "Unknown adapter 'mine'"),
        ({"mine": {"base": "yours"}}, "Unknown base of adapter 'mine' 'yours'"),
        ({"mine": {"lr": 0.1}}, "The adapter 'mine' needs a base: choose one of inter_view"),
        ({"mine": {"base": "b"}, "b": {"base": "mine"}}, r"its own base \(mine > b > mine\)"),
    ],
)
def test_an_entry_without_a_known_base_is_refused(entries: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        merged({"adapters": entries}, "adapters", "mine")


def test_sections_without_built_in_entries_have_none() -> None:
    assert built_in("datasets") == ()
    assert "v2" in built_in("prompts")
