import pytest
from config_example import BLOCK, CONFIG

from pointclip.config import corruption, resolve
from pointclip.core.errors import UserError


BASE = next(iter(CONFIG["datasets"]))


def config(entry: dict) -> dict:
    return {**CONFIG, "datasets": {**CONFIG["datasets"], "worse": entry}}


def test_a_corrupted_data_set_is_its_base_but_for_the_test_clouds() -> None:
    given = config({"base": BASE, "corruption": {"name": "shear", "severity": 3}})
    entry = resolve.resolve_dataset(given, "worse")
    assert entry["base"] == BASE
    assert entry["corruption"] == {"name": "shear", "severity": 3, "seed": 0}
    assert "corruption" not in entry["entry"]
    assert corruption.clean(given, "worse") == BASE
    assert corruption.clean(given, BASE) == BASE
    assert resolve.resolve_dataset(given, BASE)["corruption"] == {}


def test_a_block_lists_corruptions_of_its_data_sets() -> None:
    block = {**BLOCK, "corruptions": {"names": ["shear", "turn_up"], "severities": [2, 5]}}
    given = {"datasets": {"furniture": {}}, "zero_shot": [block], "few_shot": [BLOCK]}
    corruption.list_corrupted(given)
    ids = ["furniture_shear_2", "furniture_shear_5", "furniture_turn_up"]
    assert given["zero_shot"][0]["datasets"] == ["furniture", *ids]
    assert given["few_shot"][0]["datasets"] == ["furniture"]
    assert list(given["datasets"]) == ["furniture", *ids]
    assert given["datasets"]["furniture_shear_5"] == {
        **{"base": "furniture", "corruption": {"name": "shear", "severity": 5}}
    }
    everything = {**given, "zero_shot": [{**BLOCK, "corruptions": {}}], "few_shot": []}
    corruption.list_corrupted(everything)
    assert len(everything["zero_shot"][0]["datasets"]) == 1 + 13 * 5


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({"base": BASE, "corruption": {"name": "blur"}}, "Unknown corruption of the data set"),
        ({"base": BASE, "corruption": {"name": "lidar"}}, "'lidar': choose one of cutout"),
        ({"base": BASE, "points": 9, "corruption": {"name": "shear"}}, "no other key"),
        (
            {"base": BASE, "corruption": {"name": "lidar", "files": "nowhere"}},
            "The folder 'nowhere'",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(entry: dict, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        resolve.resolve_dataset(config(entry), "worse")
