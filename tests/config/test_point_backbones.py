import pytest

from pointclip.config.point_backbones import (
    check_backbones,
    check_ensemble,
    is_readable,
    reads_points,
)
from pointclip.core.errors import UserError


CONFIG = {
    "backbones": {
        "depth": {"base": "rn50"},
        "points": {"base": "half"},
        "half": {"base": "openshape_b32", "points": 512},
        "own": {"network": "ulip2"},
        "loop": {"base": "pool"},
        "pool": {"base": "loop"},
        "itself": {"base": "itself"},
    },
    "ensembles": {},
}
OURS = {"projection": "none", "prompts": "class_name", "backbone": "points"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *[("rn50", False), ("depth", False), ("loop", False), ("itself", False), ("new", False)],
        *[("openshape_b32", True), ("points", True), ("half", True), ("own", True)],
    ],
)
def test_a_backbone_reads_points_if_what_it_is_based_on_does(name, expected):
    assert reads_points(CONFIG, name) == expected


@pytest.mark.parametrize(
    ("backbones", "projections", "sentence"),
    [
        (["points"], ["pointclip_v2"], "'points' reads points: list the projection 'none' for it"),
        (["depth"], ["none"], "'depth' reads depth maps: list a projection beside 'none'"),
        (["depth", "own"], ["pointclip_v2"], "'own' reads points"),
        (["nothing"], ["none"], "Unknown backbone 'nothing'"),
    ],
)
def test_a_backbone_without_a_projection_that_it_reads_is_named(backbones, projections, sentence):
    with pytest.raises(UserError, match=sentence):
        check_backbones(CONFIG, {"backbones": backbones, "projections": projections})


def test_backbones_of_both_kinds_stand_beside_each_other_with_both_kinds_of_projections():
    block = {"backbones": ["depth", "rn50", "points"], "projections": ["none", "pointclip_v2"]}
    check_backbones(CONFIG, block)


def ensemble(**entry):
    check_ensemble({**CONFIG, "ensembles": {"e": entry}}, "e")


def test_an_ensemble_is_a_file_or_a_backbone_with_what_it_reads(tmp_path):
    (tmp_path / "logits.parquet").touch()
    ensemble(file=str(tmp_path / "logits.parquet"))
    ensemble(**OURS)
    ensemble(**OURS | {"backbone": "depth", "projection": "pointclip_v2"})


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ({}, "needs a file, or a backbone, a projection and prompts"),
        ({"backbone": "points", "projection": "none"}, "'e' needs a file, or a backbone"),
        ({**OURS, "file": "any"}, "'e' needs a file, or a backbone"),
        ({"file": "/none/such"}, "The file '/none/such' of the ensemble 'e' does not exist"),
        ({**OURS, "projection": "pointclip_v2"}, "'points' reads points"),
        ({**OURS, "backbone": "depth"}, "'depth' reads depth maps"),
    ],
)
def test_an_ensemble_of_anything_else_is_refused(entry, sentence):
    with pytest.raises(UserError, match=sentence):
        ensemble(**entry)


@pytest.mark.parametrize(
    ("backbone", "projection", "kind", "protocol", "expected"),
    [
        ("depth", "pointclip_v2", "zero_shot", "released", True),
        ("depth", "none", "zero_shot", "plain", False),
        ("points", "pointclip_v2", "zero_shot", "plain", False),
        ("points", "none", "zero_shot", "plain", True),
        ("points", "none", "zero_shot", "validation", False),
        ("points", "none", "few_shot", "validation", True),
        ("points", "none", "few_shot", "released", False),
    ],
)
def test_points_have_no_views_to_choose_and_no_release_to_follow(
    backbone, projection, kind, protocol, expected
):
    run = {"backbone": backbone, "projection": projection, "kind": kind, "protocol": protocol}
    assert is_readable(CONFIG, run) == expected
