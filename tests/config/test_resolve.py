from dataclasses import fields
from pathlib import Path

import pytest
from config_example import BLOCK, CONFIG

from pointclip.catalog.adapters import METHODS
from pointclip.config import experiments, resolve
from pointclip.core.errors import UserError
from pointclip.features.prompts import list_prompts


def test_prompt_sets_of_the_package_need_no_entry() -> None:
    assert set(resolve.built_in("prompts")) <= set(list_prompts())


@pytest.mark.parametrize("method", METHODS)
def test_a_config_may_set_every_hyper_parameter_of_a_method(method: str) -> None:
    defaults = METHODS[method]()
    given = {entry.name: getattr(defaults, entry.name) for entry in fields(defaults)}
    adapters = {"mine": {"base": method, **given}}
    entry = resolve.resolve_adapter({**CONFIG, "adapters": adapters}, "mine")
    assert entry == {"method": method, "parameters": given, "copies": 10}


def test_an_entry_holds_what_its_bases_say() -> None:
    full = experiments.resolve(CONFIG)
    assert full["datasets"]["few"]["entry"] == {"reader": "furniture", "points": 9}
    assert full["projections"]["front"]["source"] == "pointclip_fs"
    assert full["projections"]["front"]["views"] == [0]
    assert full["projections"]["pointclip_fs"]["draw"] == {"name": "pointclip_fs"}
    assert full["backbones"]["mean"]["entry"]["model"] == "RN50"
    assert full["backbones"]["mean"]["entry"]["mean_std"] == "clip"
    assert full["backbones"]["mean"]["fetched"] == "rn50"
    assert full["adapters"]["half"] == {
        **{"method": "inter_view", "parameters": {"ratio": 0.3}, "copies": 25}
    }
    assert full["prompts"]["v1_few_shot"]["files"][0].endswith("v1_few_shot.yaml")


def test_prompts_of_either_suffix_name_their_sentences(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    for name in ("a.yaml", "a.yml"):
        (tmp_path / name).write_text("sentences: s.json")
        assert resolve.prompt_files(tmp_path / name) == [
            str(tmp_path / name),
            str(tmp_path / "s.json"),
        ]
    (tmp_path / "a.yaml").write_text("sentences: [")
    with pytest.raises(UserError, match="is not valid YAML"):
        resolve.prompt_files(tmp_path / "a.yaml")


def test_the_default_sampling_cannot_be_given_other_seeds() -> None:
    config = CONFIG | {"samplings": {"default": {"seeds": [7]}}}
    with pytest.raises(UserError, match="The sampling 'default' is built in"):
        experiments.resolve(config)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"zero_shot": [{**BLOCK, "backbones": ["rn49"]}]}, "Unknown backbone 'rn49': choose one"),
        ({"zero_shot": [{**BLOCK, "datasets": ["x"]}]}, "Unknown data set 'x': choose one of furn"),
        ({"zero_shot": [{**BLOCK, "prompts": ["x"]}]}, "Unknown prompt set 'x': choose one of"),
        ({"projections": {"x": {"base": "y"}}}, "Unknown base of projection 'x' 'y': choose"),
        ({"projections": {"x": {"views": [0]}}}, "The projection 'x' needs a base: choose one of"),
        ({"adapters": {"a": {"base": "b"}, "b": {"base": "a"}}}, "The adapter 'a' is its own base"),
        (
            {"adapters": {"a": {"base": "tip", "ration": 1}}},
            "Unknown hyper-parameter of tip 'ration'",
        ),
        ({"prompts": {"x": {"file": "no.yaml"}}}, "The prompts file 'no.yaml' does not exist."),
        ({"datasets": {"x": {"points": 3}}}, "The data set 'x' has neither a reader nor a base"),
        (
            {"datasets": {"x": {"reader": "ply"}}},
            "Unknown reader 'ply': choose one of furniture",
        ),
        (
            {"ablations": {"a": {"base": {}, "vary": {"size": [1]}}}},
            "Unknown axis of the zero_shot",
        ),
    ],
)
def test_what_is_not_there_is_told_with_what_is(change: dict, sentence: str) -> None:
    base = {**CONFIG, "zero_shot": [], "few_shot": [], "ablations": {}}
    base |= {"datasets": CONFIG["datasets"]}
    with pytest.raises(UserError) as error:
        experiments.resolve({**base, **change})
    assert str(error.value).startswith(sentence)


def test_only_a_data_set_that_says_so_gets_the_view_weights_of_v2() -> None:
    entries = {
        "modelnet40": {"reader": "modelnet_h5", "urls": ["x.zip"], "points": 1024},
        "mine": {"base": "modelnet40", "v2_view_weights": "modelnet40"},
        "mine_too": {"base": "mine"},
    }
    found = {name: resolve.resolve_dataset({"datasets": entries}, name) for name in entries}
    weights = {name: entry["v2_view_weights"] for name, entry in found.items()}
    assert weights == {"modelnet40": "", "mine": "modelnet40", "mine_too": "modelnet40"}
    # It is no reason to prepare the data set again.
    assert found["mine"]["entry"] == found["modelnet40"]["entry"]
    entries["mine"]["v2_view_weights"] = "modelnet"
    with pytest.raises(UserError, match="Unknown v2_view_weights of the data set 'mine' 'modelne"):
        resolve.resolve_dataset({"datasets": entries}, "mine")
