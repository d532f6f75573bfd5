from pathlib import Path

from config_example import CONFIG

from pointclip.config import experiments, paths, targets


def test_augmented_features_are_as_many_as_any_adapter_needs() -> None:
    assert targets.augmented_contents(CONFIG, experiments.resolve(CONFIG))["furniture"][
        "pointclip_fs"
    ]["rn50"] == {**{"n_augmentations": 25, "shots": 4, "released_shots": [1, 4]}}


def test_what_was_lost_is_asked_for_but_not_what_was_never_made(tmp_path: Path) -> None:
    config = CONFIG | {"results": str(tmp_path), "keep_depth": False}
    resolved = experiments.resolve(config)
    assert targets.missing_intermediates(config, resolved) == []
    logits = tmp_path / paths.logits(experiments.runs(config, "zero_shot")[0])
    logits.parent.mkdir(parents=True)
    logits.touch()
    assert targets.missing_intermediates(config, resolved) == [
        "clouds/furniture/test.h5",
        "features/furniture/pointclip_fs/rn50/test-0.h5",
        "ids/furniture/test.parquet",
        "labels/furniture/test.parquet",
        "text/furniture/v1_few_shot/rn50.parquet",
    ]
    for file in targets.intermediates(config, resolved):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    assert targets.missing_intermediates(config, resolved) == []


def test_a_montage_shows_zero_shot_and_the_few_shot_experiment_of_most_shots() -> None:
    entries = experiments.resolve(CONFIG)
    shown = targets.montages(CONFIG | {"keep_depth": True}, entries)
    assert list(shown) == ["furniture"] and list(shown["furniture"]) == ["pointclip_fs"]
    few = shown["furniture"]["pointclip_fs"]["few_shot"]
    assert (few["shots"], few["protocol"], few["adapter"]) == (4, "plain", "inter_view")
    other = [CONFIG["few_shot"][0] | {"backbones": ["mean"]}]
    shown = targets.montages(CONFIG | {"keep_depth": True, "few_shot": other}, entries)
    assert list(shown["furniture"]["pointclip_fs"]) == ["zero_shot"]
    assert targets.montages(CONFIG | {"keep_depth": False}, entries) == {}
