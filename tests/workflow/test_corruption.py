"""Corrupted test clouds and calibration in the DAG, from the features of a finished run."""

import h5py
import numpy as np
import pandas as pd
import yaml
from project import Project


TARGETS = [
    *("results/tables/corruption.csv", "results/figures/three/corruption_heatmap.svg"),
    *("results/tables/calibration.csv", "results/figures/three/reliability.svg"),
]
LOGITS = "results/zero_shot/{}/small/v1_few_shot/tiny/plain/logits.h5"
STATISTICS = "results/zero_shot/three/small/v1_few_shot/tiny/statistics/two.h5"


def test_corrupted_shapes_are_scored_and_confidence_calibrated(project: Project) -> None:
    block = yaml.safe_load(project.path("config/config.yaml").read_text())["zero_shot"][0]
    corruptions = {"names": ["uniform"], "severities": [5]}
    block |= {"protocols": ["plain"], "corruptions": corruptions}
    project.configure(zero_shot=[block], calibration=True)
    plan = project.dry_run(*TARGETS)
    assert plan.code == 0, plan.text
    # Only test clouds are rendered and encoded anew; what train shapes tell is the base's.
    assert plan.jobs["corrupt"] == plan.jobs["project"] == plan.jobs["encode"] == 1
    assert plan.jobs["zero_shot_statistics"] == plan.jobs["share_statistics"] == 1
    assert not {"prepare", "train", "encode_text", "sample_shots"} & set(plan.jobs)
    made = [LOGITS.format("three_uniform_5"), STATISTICS]
    learned = plan.ancestors(made) | set(made)
    # `corrupt` prepares clouds and their labels, as `prepare` does; nothing that learns reads them.
    readers = {
        job.partition("#")[0]
        for job, files in plan.inputs.items()
        if set(plan.outputs[job]) & learned
        and any("labels" in file and "test" in file for file in files)
    }
    assert readers == {"corrupt"}
    outcome = project.snakemake(*TARGETS)
    assert outcome.code == 0, outcome.text
    clean, worse = (h5py.File(project.path(LOGITS.format(f"three{x}"))) for x in ("", "_uniform_5"))
    with clean, worse:
        assert clean["id"][:].tolist() == worse["id"][:].tolist()
        assert np.abs(clean["logits"][:] - worse["logits"][:]).max() > 1e-3
    errors = pd.read_csv(project.path(TARGETS[0]))
    assert set(errors["dataset"]) == {"three"} and set(errors["family"]) == {"noise"}
    assert errors[["error", "clean_error"]].notna().all(axis=None)
    metrics = pd.read_csv(project.path(TARGETS[2]))
    assert {"zero_shot", "zero_shot_prior", "short"} <= set(metrics["method"])
    assert metrics[["temperature", "ece", "aurc"]].notna().all(axis=None)
    assert project.dry_run(*TARGETS).nothing
