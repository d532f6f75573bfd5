"""FreeReg's frozen networks in the real DAG: a made scene, tiny networks from local checkpoints."""

import h5py
import pytest
import yaml
from project import Project
from scenes import pose, write_scene


pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from tiny_depth import save_depth_network
from tiny_diffusion import make_controlnet, save_stable_diffusion
from tiny_networks import save_fcgf


CONFIG = {
    "zero_shot": [],
    "few_shot": [],
    "registration": [{"pairs": ["zoe"], "features": ["fused"], "solvers": ["kabsch_released"]}],
    "registration_ablations": {
        "axes": {
            "base": {"pairs": "zoe", "solver": "pnp_released"},
            "vary": {"features": ["quick", "quick_8", "quick_shared"]},
        },
        "depth": {
            "base": {"features": "fused", "solver": "kabsch_released"},
            "vary": {"pairs": ["zoe", "not_filled", "room"]},
        },
    },
    "pairs": {
        "room": {"path": "room"},
        "zoe": {"base": "room", "query_depth": "zoe_n"},
        "not_filled": {"base": "zoe", "densify": "none"},
    },
    "features": {
        "quick": {
            **{"base": "diffusion", "mode": "fast", "controlnet": "controlnet_depth"},
            "dimensions": 16,
        },
        "quick_8": {"base": "quick", "dimensions": 8},
        "quick_shared": {"base": "quick", "axes": "shared"},
        "fused": {"fuse": {"quick": 0.5, "fcgf": 0.5}},
    },
    "networks": {
        "stable_diffusion_1_5": {"base": "stable_diffusion_1_5", "path": "networks/sd"},
        "controlnet_depth": {"base": "controlnet_depth", "path": "networks/controlnet"},
        "zoe_n": {"base": "zoe_n", "path": "networks/zoe"},
        "fcgf_3dmatch": {"base": "fcgf_3dmatch", "path": "networks/fcgf.pth"},
    },
}
FOLDER = "results/registration/zoe"
MATCHES = f"{FOLDER}/fused/matches.h5"
POSES = f"{FOLDER}/fused/kabsch_released/poses.h5"


@pytest.fixture
def freereg(blank: Project) -> Project:
    write_scene(blank.path("room"), [pose(), pose(6, (0.15, 0, 0.1))])
    folder = blank.path("networks")
    save_stable_diffusion(folder / "sd")
    make_controlnet().save_pretrained(folder / "controlnet")
    save_depth_network(folder / "zoe", "zoe")
    save_fcgf(folder / "fcgf.pth", 7)
    text = yaml.safe_dump(CONFIG, sort_keys=False)
    blank.path("config/config.yaml").write_text(text, encoding="utf-8")
    return blank


def test_networks_run_once_for_all_that_share_them(freereg: Project) -> None:
    plan = freereg.dry_run()
    assert plan.code == 0, plan.text
    # Layers of two sets of frames: filled by the network's depth or not, and by the sensor.
    made = {file for files in plan.outputs.values() for file in files}
    layers = {file for file in made if file.endswith("layers.h5")}
    assert layers == {f"results/registration/{p}/quick/layers.h5" for p in CONFIG["pairs"]}
    assert plan.jobs["estimate_depth"] == plan.jobs["share_axes"] == 1
    assert plan.jobs["network"] == 4
    truth = f"{FOLDER}/truth.h5"
    assert truth not in plan.ancestors([POSES])
    assert truth in plan.ancestors(["results/registration/scores.parquet"])


@pytest.mark.slow
def test_from_networks_to_matches(freereg: Project) -> None:
    outcome = freereg.snakemake(MATCHES)
    assert outcome.code == 0, outcome.text
    ran = {"network", "estimate_depth", "encode_layers", "describe_frames", "match_pairs"}
    assert ran <= set(outcome.jobs)
    found: list[int] = []
    with h5py.File(freereg.path(MATCHES)) as file:
        file.visititems(lambda name, item: found.append(len(item)) if "matches" in name else None)
    assert len(found) == 2 and min(found) > 0


def test_a_missing_network_is_told_with_its_place(freereg: Project) -> None:
    config = yaml.safe_load(freereg.path("config/config.yaml").read_text())
    del config["networks"]["zoe_n"]
    freereg.path("config/config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    outcome = freereg.snakemake("resources/networks/zoe_n/weights.json")
    assert outcome.code != 0
    assert "The network 'zoe_n' is missing and https://huggingface.co cannot be" in outcome.text
    assert "into resources/networks/zoe_n, or name its place as 'path'" in outcome.text
