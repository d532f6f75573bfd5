import pytest
from config_example import CONFIG

from pointclip.config import experiments, paths, resolve
from pointclip.core.errors import UserError


def test_other_seeds_lie_under_other_paths() -> None:
    config = CONFIG | {"samplings": {"two": {"seeds": [1, 2]}}}
    blocks = [CONFIG["few_shot"][0], {**CONFIG["few_shot"][0], "sampling": "two"}]
    one, two = (experiments.runs({**config, "few_shot": [block]}, "few_shot") for block in blocks)
    assert not {paths.logits(run) for run in one} & {paths.logits(run) for run in two}
    for kind in ("shots", "augmented"):
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
