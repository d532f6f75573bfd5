import pytest
from config_example import CONFIG

from pointclip.config import experiments, paths
from pointclip.core.errors import UserError


def test_a_value_twice_in_an_ablation_is_one_experiment() -> None:
    ablation = CONFIG["ablations"]["ratio"]
    config = CONFIG | {"ablations": {"a": {**ablation, "vary": {"adapter": ["half", "half"]}}}}
    assert len(experiments.ablation_runs(config, "a")) == 1


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


def test_transductive_methods_are_rows_of_their_own() -> None:
    block = {**CONFIG["zero_shot"][0], "protocols": ["plain", "transductive"]}
    few = {**CONFIG["few_shot"][0], "protocols": ["transductive"], "transductive": ["transclip"]}
    listed = {"transductive": ["stata", "tda"]}
    config = {**CONFIG, "zero_shot": [{**block, **listed}], "few_shot": [few]}
    assert {run["protocol"] for run in experiments.runs(config, "zero_shot")} == {"plain"}
    assert experiments.runs(config, "few_shot") == []
    found = experiments.runs(config, "transductive")
    assert {run["transductive"] for run in found} == {"stata", "tda"}
    rows = [experiments.score_columns(run) for run in found]
    assert {(row["method"], row["protocol"], row["shots"]) for row in rows} == {
        ("stata", "transductive", 0),
        ("tda", "transductive", 0),
    }
    shots = experiments.runs(config, "transductive_few_shot")
    assert {run["shots"] for run in shots} == set(few["shots"])


def test_an_unknown_transductive_method_is_named() -> None:
    block = {**CONFIG["zero_shot"][0], "protocols": ["transductive"], "transductive": ["tpt"]}
    with pytest.raises(UserError, match="Unknown transductive method 'tpt'"):
        experiments.runs({**CONFIG, "zero_shot": [block]}, "transductive")
