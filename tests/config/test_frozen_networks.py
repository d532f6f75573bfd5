"""What a config says of registration by frozen networks: whose files are shared, and mistakes."""

import pytest
import yaml
from places import REPOSITORY

from pointclip.config import registration_entries, registrations, schema
from pointclip.core.errors import UserError


FEATURES = {
    "shared": {"base": "diffusion", "axes": "shared"},
    "shared_64": {"base": "shared", "dimensions": 64},
    "early": {"base": "diffusion", "timestep": 50},
    "early_shared": {"base": "early", "axes": "shared"},
    "fused": {"fuse": {"diffusion": 0.5, "shared": 0.25, "fcgf": 0.25}},
}
PAIRS = {
    "zoe": {"base": "slambook2", "query_depth": "zoe_n"},
    "zoe_raw": {"base": "zoe", "densify": "none"},
    "zoe_other": {"base": "zoe", "overlap": 0.5},
    "pro": {"base": "zoe", "query_depth": "depth_pro"},
}


def resolved(**sections):
    config = {"features": FEATURES, "pairs": PAIRS, **sections}
    schema.validate(config)
    return config


def test_layers_are_shared_by_all_whose_layers_are_the_same():
    config = resolved()
    entries = {name: registration_entries.resolve_features(config, name) for name in FEATURES}
    assert entries["shared"]["layers_of"] == entries["shared_64"]["layers_of"] == "diffusion"
    assert entries["early"]["layers_of"] == entries["early_shared"]["layers_of"] == "early"
    assert entries["early"]["dimensions"] == [128] and entries["shared"]["dimensions"] == [0]
    assert entries["fused"]["dimensions"] == [128, 0, 0]
    assert entries["fused"]["weights"] == [0.5, 0.25, 0.25]


def test_estimated_depth_is_shared_by_sets_of_the_same_photos():
    config = resolved()
    entries = {name: registration_entries.resolve_pairs(config, name) for name in PAIRS}
    owner = {name: (entry["depth_of"], entry["depth_network"]) for name, entry in entries.items()}
    assert owner == {
        "zoe": ("slambook2", "zoe_n"),
        "zoe_raw": ("slambook2", "zoe_n"),
        "zoe_other": ("zoe_other", "zoe_n"),
        "pro": ("slambook2", "depth_pro"),
    }
    assert registration_entries.depth_name(entries["pro"]) == "depth_pro"


def test_the_networks_of_all_registrations_are_resolved():
    block = {"pairs": ["pro"], "features": ["fused"], "solvers": ["kabsch"]}
    entries = registrations.resolve(resolved(registration=[block], zero_shot=[], few_shot=[]), {})
    assert sorted(entries["networks"]) == [
        "controlnet_depth_freereg",
        "depth_pro",
        "fcgf_3dmatch",
        "stable_diffusion_1_5",
    ]


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({"pairs": {"x": {"base": "zoe", "query_depth": "zoe"}}}, "Unknown query_depth of the"),
        ({"pairs": {"x": {"base": "zoe", "query_depth": "fcgf_kitti"}}}, "Unknown query_depth of"),
        ({"pairs": {"x": {"path": "/nowhere"}}}, "'/nowhere' of the pairs 'x' does not exist"),
        ({"features": {"x": {"base": "diffusion", "axes": "own"}}}, "choose one of pair, shared"),
        ({"features": {"x": {"base": "fcgf", "network": "zoe_n"}}}, "Unknown kind of 'zoe_n', the"),
    ],
)
def test_a_mistake_is_one_sentence(sections, sentence):
    config = resolved(
        registration=[
            {
                "pairs": ["x"] if "pairs" in sections else ["zoe"],
                "features": ["x"] if "features" in sections else ["fcgf"],
                "solvers": ["kabsch"],
            }
        ],
        pairs=PAIRS | sections.get("pairs", {}),
        features=FEATURES | sections.get("features", {}),
    )
    with pytest.raises(UserError, match=sentence) as caught:
        registrations.resolve(config, {})
    assert "\n" not in str(caught.value)


def test_the_config_of_freereg_is_whole(monkeypatch):
    """Every table and ablation resolves, with no data and no weights on the machine."""
    monkeypatch.chdir(REPOSITORY)
    config = yaml.safe_load((REPOSITORY / "config/freereg.yaml").read_text())
    schema.validate(config)
    entries = registrations.resolve(config, {})
    assert set(entries["networks"]) == {
        *("stable_diffusion_1_5", "controlnet_depth", "controlnet_depth_freereg"),
        *("zoe_n", "zoe_nk", "depth_pro", "fcgf_3dmatch", "fcgf_kitti"),
        *("depth_anything_indoor_large", "depth_anything_outdoor_large"),
    }
    assert all(entry["terms"] for entry in entries["pairs"].values())
    # One archive for a set and its variants.
    assert {entry["fetched"] for entry in entries["pairs"].values()} == {
        *("3dmatch", "scannet", "kitti_dc"),
    }
    ablated = {"weights", "layers", "timestep", "mode", "axes", "depth_network", "densification"}
    ablated |= {"keypoints", "solver", "kabsch_threshold", "pnp_threshold"}
    assert ablated <= set(config["registration_ablations"])
    pairs = entries["pairs"]["kitti_dc"]
    assert (pairs["valid_depth"], pairs["inlier_distance"]) == ([0.5, 80.0], 3.0)
    assert pairs["success"] == [10.0, 4.0] and pairs["densify"] == "multiscale"
    # FREEREG 1.1, in metres: voxel and radius of FCGF, and the limit of the solver.
    for scene, features, solver, wanted in (
        ("3dmatch", "fcgf", "kabsch_released", (0.025, 0.5, 0.2)),
        ("kitti_dc", "fcgf_driving", "kabsch_released_driving", (0.3, 5.0, 4.0)),
    ):
        unit, family = entries["pairs"][scene]["unit"], entries["features"][features]["entry"]
        lengths = family["voxel"], family["transfer_radius"], entries["solvers"][solver]["distance"]
        assert [unit * length for length in lengths] == pytest.approx(wanted)
