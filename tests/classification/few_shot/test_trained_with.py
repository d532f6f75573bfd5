import math

import pytest

from pointclip.catalog.backbones import BACKBONES
from pointclip.catalog.projections import PROJECTIONS
from pointclip.classification.few_shot.trained_with import check, describe
from pointclip.core.errors import UserError


def stated(projection="pointclip_v2", backbone="rn50", prompts="v2"):
    return describe(projection, backbone, prompts)


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("projection", PROJECTIONS)
def test_built_in_parts_are_stated_by_name_and_pass_the_check(projection, backbone):
    parts = stated(projection, backbone)
    assert parts == {
        **{"projection": {"base": projection}, "backbone": {"base": backbone}, "prompts": "v2"},
    }
    assert check(parts, "a.safetensors", 10) == parts


def test_variants_state_what_differs():
    views = {"base": "pointclip_fs", "views": [0, 3], "size": 96, "description": "two views"}
    backbone = {"base": "rn50", "mean_std": "clip", "weights_dir": "/home/me", "prompts": "v2"}
    parts = stated(views, backbone)
    assert parts["projection"] == {"base": "pointclip_fs", "views": [0, 3], "size": 96}
    assert parts["backbone"] == {"base": "rn50", "mean_std": "clip"}
    assert check(parts, "a.safetensors", 2) == parts


@pytest.mark.parametrize(
    "backbone",
    [
        {"model": "RN50", "weights": "/home/me/mine.safetensors", "name": "Mine/2"},
        {"base": "rn50", "weights": "mine.pt", "name": "Mine/2"},
        {"base": "rn50", "hub": "me/mine", "name": "Mine/2"},
        {"base": "iconclip", "model_config": "mine.json", "name": "Mine/2"},
    ],
)
def test_parts_of_the_users_own_are_stated_by_their_id_alone(backbone):
    parts = stated(backbone=backbone, prompts="/home/me/My words.yaml")
    assert parts["backbone"] == {"own": "mine_2"}
    assert parts["prompts"] == {"own": "my_words"}
    assert check(parts, "a.safetensors", 10) == parts


ATTACKS = [
    *(
        {"backbone": {"base": "rn50", key: value}}
        for key, value in {
            "weights": "evil.pt",
            "weights_dir": "evil",
            "model_config": "evil.json",
            "hub": "evil/clip",
            "pretrained": "evil",
            "model": "hf-hub:evil/clip",
            "name": "../evil",
            "prompts": "evil.yaml",
            "size": 1,
            "sha256": "0" * 64,
            "quick_gelu": 1,
            "precision": "fp8",
            "mean_std": {"mean": [0, 0, 0], "std": [0, 0, 0]},
            "polarity": ["invert"],
        }.items()
    ),
    {"backbone": {"base": "rn50", "mean_std": {"mean": [0, 0], "std": [1, 1, 1]}}},
    {"backbone": {"base": "rn50", "mean_std": {"mean": [math.nan] * 3, "std": [1, 1, 1]}}},
    {"backbone": {"base": "evil"}},
    {"backbone": {"base": ["rn50"]}},
    {"backbone": {"model": "RN50", "weights": "evil.pt"}},
    {"backbone": {"own": "../evil"}},
    {"backbone": {"own": "mine", "weights": "evil.pt"}},
    {"backbone": {"own": ["mine"]}},
    {"backbone": "evil.pt"},
    {"backbone": None},
    {"projection": {"base": "evil"}},
    {"projection": {"base": "pointclip_v2", "weights": "evil.pt"}},
    {"projection": {"base": "pointclip_v2", "method": "system"}},
    {"projection": {"base": "pointclip_v2", "sigma": math.nan}},
    {"projection": {"base": "pointclip_v2", "grid_size": 10**9}},
    {"projection": {"base": "pointclip_v2", "grid_size": 1024, "grid_depth": 1024}},
    {"projection": ["pointclip_v2"]},
    {"prompts": "evil.yaml"},
    {"prompts": "../../evil"},
    {"prompts": ["v2"]},
    {"weights": "evil.pt"},
    {"prompts": "e" * 10**6},
    {"projection": {"base": "pointclip_v2", "e" * 10**6: 1}},
    ["backbone"],
    "evil.pt",
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: str(attack)[:60])
def test_everything_else_is_refused_in_one_sentence(attack):
    parts = {**stated(), **attack} if isinstance(attack, dict) else attack
    with pytest.raises(
        UserError, match=r"a\.safetensors is refused, because an adapter may name"
    ) as e:
        check(parts, "a.safetensors", 10)
    assert len(str(e.value)) < 600
