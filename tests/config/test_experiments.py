from dataclasses import fields
from pathlib import Path

import pytest

from pointclip.catalog.adapters import METHODS
from pointclip.config import experiments, paths, resolve, targets
from pointclip.core.errors import UserError
from pointclip.features.prompts import list_prompts


BLOCK = {
    "datasets": ["furniture"],
    "projections": ["pointclip_fs"],
    "prompts": ["v1_few_shot"],
    "backbones": ["rn50"],
    "protocols": ["plain"],
}
CONFIG = {
    "datasets": {"furniture": {"reader": "furniture"}, "few": {"base": "furniture", "points": 9}},
    "projections": {"front": {"base": "pointclip_fs", "views": [0]}},
    "backbones": {"mean": {"base": "rn50", "mean_std": "clip"}},
    "prompts": {},
    "adapters": {"half": {"base": "inter_view", "ratio": 0.3, "copies": 25}},
    "zero_shot": [{**BLOCK, "protocols": ["plain", "released"]}],
    "few_shot": [
        {
            **BLOCK,
            "adapters": ["inter_view", "tip"],
            "shots": [1, 4],
            "protocols": ["plain", "released"],
        }
    ],
    "bank": {"copies": 10},
    "ablations": {
        "ratio": {
            "base": {
                "dataset": "furniture",
                "projection": "front",
                "prompts": "v1_few_shot",
                "backbone": "rn50",
                "shots": 2,
                "protocol": "plain",
            },
            "vary": {"adapter": ["half", "inter_view"]},
        }
    },
}


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


def test_a_value_twice_in_an_ablation_is_one_experiment() -> None:
    ablation = CONFIG["ablations"]["ratio"]
    config = CONFIG | {"ablations": {"a": {**ablation, "vary": {"adapter": ["half", "half"]}}}}
    assert len(experiments.ablation_runs(config, "a")) == 1


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


def test_every_experiment_stands_once_and_only_where_its_protocol_exists() -> None:
    few = experiments.runs(CONFIG, "few_shot")
    assert len(few) == 6  # nothing is `released` about tip
    assert {run["adapter"] for run in few if run["protocol"] == "released"} == {"inter_view"}
    assert len(experiments.all_runs(CONFIG)) == 6 + 2 + 2
    assert paths.logits(few[0]) == (
        "few_shot/furniture/default/pointclip_fs/v1_few_shot/rn50/inter_view/1shot/plain/logits.h5"
    )


def test_a_score_row_says_which_experiment_it_is_of() -> None:
    for run in [*experiments.runs(CONFIG, "zero_shot"), *experiments.runs(CONFIG, "few_shot")]:
        method = run.get("adapter", "zero_shot")
        columns = {name: run[name] for name in ("dataset", "projection", "prompts", "backbone")}
        columns |= {"method": method, "protocol": run["protocol"], "shots": run.get("shots", 0)}
        assert experiments.score_columns(run) == columns
        blended = experiments.score_columns({**run, "ensemble": "mine"})
        assert blended == columns | {"method": f"{method}+mine"}


def test_other_seeds_lie_under_other_paths() -> None:
    config = CONFIG | {"samplings": {"two": {"seeds": [1, 2]}}}
    blocks = [CONFIG["few_shot"][0], {**CONFIG["few_shot"][0], "sampling": "two"}]
    one, two = (experiments.runs({**config, "few_shot": [block]}, "few_shot") for block in blocks)
    assert not {paths.logits(run) for run in one} & {paths.logits(run) for run in two}
    for kind in ("shots", "bank"):
        assert paths.path(kind, **one[0]) != paths.path(kind, **two[0])
    assert resolve.resolve_sampling(config, "two") == {
        **{"seeds": [1, 2], "validation_per_class": 4, "validation_seed": 0}
    }
    with pytest.raises(UserError, match="samplings 'default' and 'two', which no table tells"):
        experiments.all_runs({**config, "few_shot": blocks})


def test_only_validation_depends_on_the_sampling_in_zero_shot() -> None:
    (plain, *_) = experiments.runs(CONFIG, "zero_shot")
    assert "default" not in paths.logits(plain)
    assert paths.logits(plain | {"protocol": "validation"}).endswith("validation/default/logits.h5")


def test_the_default_sampling_cannot_be_given_other_seeds() -> None:
    config = CONFIG | {"samplings": {"default": {"seeds": [7]}}}
    with pytest.raises(UserError, match="The sampling 'default' is built in"):
        experiments.resolve(config)


def test_what_names_an_ensemble_is_blended_but_not_what_was_released() -> None:
    def config(name: str, file: str) -> dict:
        blocks = [{**CONFIG["few_shot"][0], "ensembles": [name]}]
        return {**CONFIG, "few_shot": blocks, "ensembles": {"mine": {"file": file}}}

    found = experiments.ensemble_runs(config("mine", __file__))
    assert len(found) == 4 and {run["protocol"] for run in found} == {"plain"}
    assert paths.logits(found[0]).startswith("ensemble/mine/few_shot/furniture/")
    with pytest.raises(UserError, match="Unknown ensemble 'other': choose one of mine"):
        experiments.ensemble_runs(config("other", __file__))
    with pytest.raises(UserError, match="The file 'x' of the ensemble 'mine' does not exist"):
        experiments.ensemble_runs(config("mine", "x"))


def test_a_bank_holds_what_any_adapter_needs() -> None:
    assert targets.bank_contents(CONFIG)["furniture"]["pointclip_fs"]["rn50"] == {
        **{"copies": 25, "shots": 4, "released_shots": [1, 4]}
    }


def test_what_was_lost_is_asked_for_but_not_what_was_never_made(tmp_path: Path) -> None:
    config = CONFIG | {"results": str(tmp_path), "keep_depth": False}
    resolved = experiments.resolve(config)
    assert targets.missing_intermediates(config, resolved) == []
    logits = tmp_path / paths.logits(experiments.runs(config, "zero_shot")[0])
    logits.parent.mkdir(parents=True)
    logits.touch()
    assert targets.missing_intermediates(config, resolved) == [
        "features/furniture/pointclip_fs/rn50/test-0.h5",
        "text/furniture/v1_few_shot/rn50.parquet",
    ]
    for file in targets.intermediates(config, resolved):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert targets.missing_intermediates(config, resolved) == []


def test_seeds_vary_within_one_run() -> None:
    base = CONFIG["ablations"]["ratio"]["base"] | {"adapter": "half", "sampling": "two"}
    config = CONFIG | {"samplings": {"two": {"seeds": [1, 2]}}}
    for vary in ({"seed": [1, 2]}, {"seed": [2], "shots": [1]}):
        config["ablations"] = {"seeds": {"base": base, "vary": vary}}
        (run,) = experiments.ablation_runs(config, "seeds")
        assert "seed" not in run and run["adapter"] == "half"
    config["ablations"] = {"seeds": {"base": base, "vary": {"seed": [3]}}}
    with pytest.raises(UserError, match="Unknown seed in the ablation 'seeds' '3': choose one of"):
        experiments.ablation_runs(config, "seeds")


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
