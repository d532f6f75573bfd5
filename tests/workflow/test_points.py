"""3D encoders in the DAG, beside depth maps: clouds with colours go straight to features."""

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from point_networks import write_random
from project import Project
from tiny import tiny_backbone

from pointclip.core.store import read_parquet


@pytest.fixture
def points(blank: Project) -> Project:
    """The project with an OpenShape B/32 of random weights beside its tiny CLIP."""
    write_random("openshape_b32", blank.path("weights/b32.safetensors"))
    tower = tiny_backbone(blank.path("weights/tower"), embed_dim=512)
    tower = {k: str(v).replace(f"{blank.root}/", "") for k, v in tower.items() if k != "name"}
    # Colours of the balls alone.
    rng = np.random.default_rng(0)
    for path in blank.path("shapes/ball").rglob("*.npy"):
        colors = rng.integers(0, 256, (128, 3), np.uint8)
        np.savez(path.with_suffix(".npz"), points=np.load(path), colors=colors)
        path.unlink()
    b32 = {"base": "openshape_b32", "weights": "weights/b32.safetensors", "points": 256}
    block = {
        "datasets": ["three"],
        "projections": ["small", "none"],
        "prompts": ["class_name"],
        "backbones": ["tiny", "b32"],
        "protocols": ["plain", "validation"],
        "sampling": "two",
    }
    tiny = yaml.safe_load(blank.path("config/config.yaml").read_text())["backbones"]["tiny"]
    blank.configure(
        backbones={"tiny": tiny, "tower": tower, "b32": b32 | {"text": "tower"}},
        zero_shot=[block],
        few_shot=[{**block, "adapters": ["tip"], "shots": [2]}],
        ablations={},
        tables={"both": {"rows": ["backbone", "points"], "columns": "method"}},
        ensembles={"b32": {"backbone": "b32", "projection": "none", "prompts": "class_name"}},
    )
    return blank


def test_each_backbone_is_planned_with_what_it_reads(points: Project) -> None:
    plan = points.dry_run()
    assert plan.code == 0, plan.text
    # Two splits; a text tower is loaded for text alone, and encodes nothing else.
    assert plan.jobs["encode_points"] == plan.jobs["encode"] == 2
    assert plan.jobs["encode_augmented_points"] == plan.jobs["encode_augmented"] == 1
    assert plan.jobs["encode_text"] == 2
    # A single view leaves only what few-shot methods choose to the held-out shapes.
    validation = "results/zero_shot/three/{}/class_name/{}/validation/two/logits.h5"
    made = {file for files in plan.outputs.values() for file in files}
    table = next(files for job, files in plan.inputs.items() if job.startswith("paper_table"))
    assert "results/clouds/three/test.h5" in table
    assert validation.format("small", "tiny") in made
    assert validation.format("none", "b32") not in made
    assert not any("none/class_name/tiny" in file or "small/b32" in file for file in made)


@pytest.mark.slow
def test_3d_encoders_run_with_colours_and_few_shot_methods(points: Project) -> None:
    config = yaml.safe_load(points.path("config/config.yaml").read_text())
    blocks = {
        kind: [{**config[kind][0], "backbones": ["b32"], "projections": ["none"]}]
        for kind in ("zero_shot", "few_shot")
    }
    blocks["few_shot"][0]["ensembles"] = ["b32"]
    points.configure(**blocks)
    outcome = points.snakemake()
    assert outcome.code == 0, outcome.text
    with h5py.File(points.path("results/clouds/three/test.h5")) as clouds:
        assert clouds["colors"].shape == clouds["points"].shape
    with h5py.File(points.path("results/features/three/none/b32/test-0.h5")) as file:
        assert file["features"].shape == (36, 1, 512)
        attrs = dict(file.attrs)
    assert (attrs["points_given"], attrs["points_read"], attrs["colored"]) == (128, 256, True)
    scores = read_parquet(points.path("results/scores.parquet"))
    assert set(scores["projection"]) == {"none"}
    assert {"zero_shot", "tip", "tip+b32"} <= set(scores["method"])
    assert set(scores[scores["method"] == "zero_shot"]["protocol"]) == {"plain"}
    assert set(scores[scores["method"] == "tip"]["protocol"]) == {"plain", "validation"}
    table = pd.read_csv(points.path("results/tables/both.csv"))
    assert set(table["points"]) == {256}
    assert points.dry_run().nothing


def test_an_ensemble_with_a_3d_encoder_is_one_line(points: Project) -> None:
    config = yaml.safe_load(points.path("config/config.yaml").read_text())
    block = {
        **config["zero_shot"][0],
        "backbones": ["tiny"],
        "projections": ["small"],
        "ensembles": ["b32"],
    }
    points.configure(zero_shot=[block], few_shot=[])
    plan = points.dry_run()
    assert plan.code == 0, plan.text
    # Both splits: validation tunes the weight on train shapes.
    assert plan.jobs["other_model"] == plan.jobs["encode_points"] == 2
    tuned = next(files for job, files in plan.inputs.items() if job.startswith("tune_blend"))
    assert "results/ensemble/b32/three/train.parquet" in tuned
    assert not any("test" in file for file in plan.ancestors(tuned) if "labels" in file)
    points.configure(ensembles={"b32": {"backbone": "b32", "projection": "none"}})
    outcome = points.dry_run()
    assert outcome.code != 0
    assert "needs a file, or a backbone, a projection and prompts" in outcome.text


def test_a_3d_encoder_without_its_projection_is_told(points: Project) -> None:
    block = {
        "datasets": ["three"],
        "projections": ["small"],
        "prompts": ["class_name"],
        "backbones": ["b32"],
        "protocols": ["plain"],
    }
    points.configure(zero_shot=[block], few_shot=[])
    outcome = points.dry_run()
    assert outcome.code != 0
    assert "The backbone 'b32' reads points: list the projection 'none' for it." in outcome.text
