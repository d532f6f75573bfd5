from dataclasses import fields, make_dataclass

import numpy as np
import pytest
from config_example import BLOCK, CONFIG

from pointclip.catalog.adapters import METHODS, WITHOUT_COPIES, LinearProbe
from pointclip.catalog.ranges import number
from pointclip.config import experiments, resolve
from pointclip.core.errors import UserError
from pointclip.projection.projection import get_projection


@pytest.mark.parametrize("method", METHODS)
def test_a_config_may_set_every_hyper_parameter_of_a_method(method: str) -> None:
    defaults = METHODS[method]()
    values = {entry.name: getattr(defaults, entry.name) for entry in fields(defaults)}
    given = {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
    adapters = {"mine": {"base": method, **given}}
    entry = resolve.resolve_adapter({**CONFIG, "adapters": adapters}, "mine")
    copies = 0 if method in WITHOUT_COPIES else 10
    assert entry == {"method": method, "parameters": given, "n_augmentations": copies}
    assert entry == resolve.resolve_adapter(CONFIG, method)


def test_a_changed_default_of_a_method_changes_its_own_params_alone(monkeypatch) -> None:
    def params() -> dict[str, object]:
        return {method: resolve.resolve_adapter(CONFIG, method) for method in METHODS}

    before = params()
    c = ("c", float, number(7.0, 0, 10))
    changed = make_dataclass("Changed", [c], bases=(LinearProbe,), frozen=True)
    monkeypatch.setitem(METHODS, "linear_probe", changed)
    assert [method for method in METHODS if params()[method] != before[method]] == ["linear_probe"]


def test_an_entry_holds_what_its_bases_say() -> None:
    full = experiments.resolve(CONFIG)
    assert full["datasets"]["few"]["entry"] == {"reader": "furniture", "points": 9}
    assert full["projections"]["front"]["source"] == "pointclip_fs"
    assert full["projections"]["front"]["views"] == [0]
    assert full["projections"]["pointclip_fs"]["parameters"] == {"name": "pointclip_fs"}
    assert full["backbones"]["mean"]["entry"]["model"] == "RN50"
    assert full["backbones"]["mean"]["entry"]["mean_std"] == "clip"
    assert full["backbones"]["mean"]["fetched"] == "rn50"
    assert full["adapters"]["half"] == {
        "method": "inter_view",
        "n_augmentations": 25,
        "parameters": resolve.resolve_adapter(CONFIG, "inter_view")["parameters"] | {"ratio": 0.3},
    }
    assert full["prompts"]["v1_few_shot"]["files"][0].endswith("v1_few_shot.yaml")


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


SUBSETS = {
    "projections": {
        "ring": {"base": "pointclip_v2", "views": {"set": "ring-6", "elevation": 20}},
        "named": {"base": "pointclip_v2", "views": "ring-6"},
        "some": {"base": "pointclip_v2", "views": [5, 2, 7]},
        "of_ring": {"base": "ring", "views": [1, 4]},
        "of_named": {"base": "named", "views": [1, 4]},
        "of_some": {"base": "some", "views": [2, 0]},
        "of_of_ring": {"base": "of_ring", "views": [1]},
        "larger": {"base": "ring", "views": [1, 4], "grid_size": 64},
        "contour": {"views": [3, 4]},
        "wrong": {"base": "some", "views": [3]},
    }
}


@pytest.mark.parametrize(
    ("name", "base", "views"),
    [
        ("of_ring", "ring", [1, 4]),
        ("of_named", "named", [1, 4]),
        ("of_some", "some", [2, 0]),
        ("of_of_ring", "of_ring", [1]),
        ("larger", "ring", [1, 4]),
    ],
)
def test_views_count_those_of_the_base_whichever_these_are(name, base, views) -> None:
    resolved, of = (resolve.resolve_projection(SUBSETS, each) for each in (name, base))
    rendered, whole = (get_projection(**each["parameters"]) for each in (resolved, of))
    np.testing.assert_array_equal(rendered.rotations, whole.rotations[views])
    subset = name != "larger"
    assert resolved["source"] == (base if subset else name)
    assert resolved["views"] == (views if subset else [])


def test_a_built_in_projection_may_be_narrowed_under_its_own_name() -> None:
    resolved = resolve.resolve_projection(SUBSETS, "contour")
    assert (resolved["source"], resolved["views"]) == ("contour", [])
    assert get_projection(**resolved["parameters"]).views == 2


def test_a_view_that_the_base_does_not_have_is_named() -> None:
    with pytest.raises(UserError, match="no view 3 in the projection 'some': choose from 0 to 2"):
        resolve.resolve_projection(SUBSETS, "wrong")
