import numpy as np
import pytest
import yaml
from places import REPOSITORY
from scenes import pose, write_scene

from pointclip.config import registration_entries, registrations, schema
from pointclip.core.errors import UserError


@pytest.fixture
def config(tmp_path):
    write_scene(tmp_path / "room", [pose()])
    return {
        "registration": [{"pairs": ["mine"], "features": ["fpfh"], "solvers": ["kabsch", "pnp"]}],
        "registration_ablations": {},
        "pairs": {"mine": {"path": str(tmp_path / "room")}},
        "features": {},
        "solvers": {},
        "networks": {},
        "backbones": {},
    }


def test_random_matches_are_always_there_and_come_first(config):
    runs = registrations.runs(config)
    assert [(run["features"], run["solver"]) for run in runs] == [
        ("random", "ransac"),
        ("fpfh", "kabsch"),
        ("fpfh", "pnp"),
    ]


def test_entries_take_their_base_and_the_settings_of_their_scene(config):
    config["pairs"]["far"] = {"base": "mine", "scene": "driving", "overlap": 0.5}
    entry = registration_entries.resolve_pairs(config, "far")
    assert entry["densify"] == "multiscale" and entry["success"] == [10.0, 4.0]
    assert entry["path"] == config["pairs"]["mine"]["path"] and entry["overlap"] == 0.5
    embedded = registration_entries.resolve_pairs(config, "hololens_hard")
    assert embedded["list"] == "pairs_hard.txt"


def test_fused_features_name_their_parts_and_weights(config):
    config["features"]["both"] = {"fuse": {"fpfh": 3, "clip_dense": 1}}
    config["registration"][0]["features"] = ["both"]
    backbones = {}
    entries = registrations.resolve(config, backbones)
    assert entries["features"]["both"]["parts"] == ["fpfh", "clip_dense"]
    assert {"both", "fpfh", "clip_dense", "random"} == set(entries["features"])
    assert set(backbones) == {"iconclip"}


@pytest.mark.parametrize(
    ("section", "entry", "words"),
    [
        ("pairs", {"path": "/no/such/folder"}, "does not exist"),
        ("pairs", {"base": "mine", "query_depth": "none"}, "'fpfh' needs a depth map"),
        ("features", {"base": "fpfh", "radius": 3}, "Unknown parameter of features"),
        ("features", {"fuse": {"fpfh": 1}, "radii": [1]}, "'radii' is theirs"),
        ("solvers", {"base": "pnp", "distance": 3}, "Unknown parameter of the solver"),
        ("solvers", {"distance": 3}, "needs a base"),
    ],
)
def test_entries_that_make_no_sense_are_told(config, section, entry, words):
    config[section]["other"] = entry
    config["registration"][0][section] = ["other"]
    with pytest.raises(UserError, match=words):
        registrations.resolve(config, {})


def test_an_ablation_needs_every_axis(config):
    config["registration_ablations"]["solver"] = {
        "base": {"pairs": "mine"},
        "vary": {"solver": ["kabsch", "ransac"]},
    }
    with pytest.raises(UserError, match="says nothing about its features"):
        registrations.ablation_runs(config, "solver")


def test_the_name_of_a_depth_says_its_added_error():
    entry = {"query_depth": "sensor", "query_depth_error": [0.06, 0.03]}
    assert registration_entries.depth_name(entry) == "sensor +6 % +3 %"
    assert registration_entries.depth_name(entry | {"query_depth": "d/{id}.npy"}).startswith("file")


def test_the_shipped_ablations_resolve(monkeypatch):
    """Solver, features, query depth, densification, key-points and thresholds each vary."""
    monkeypatch.chdir(REPOSITORY)
    config = yaml.safe_load((REPOSITORY / "config/registration.yaml").read_text())
    schema.validate(config)
    entries = registrations.resolve(config, {})
    wanted = {"solver", "features", "query_depth", "densification", "keypoints", "thresholds"}
    assert wanted <= set(config["registration_ablations"])
    for name, ablation in config["registration_ablations"].items():
        runs = registrations.ablation_runs(config, name)
        assert len(runs) == np.prod([len(values) for values in ablation["vary"].values()]), name
        for axis, values in ablation["vary"].items():
            section = entries[registrations.AXES[axis]]
            settings = [{**section[value], "name": ""} for value in values]
            # No two values mean the same.
            assert all(one not in settings[:i] for i, one in enumerate(settings)), (name, axis)
