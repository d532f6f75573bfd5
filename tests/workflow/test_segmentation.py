"""Part segmentation in the DAG: planned for the real part set, run on two made classes."""

import numpy as np
import pandas as pd
import pytest
import yaml
from project import Outcome, Project


CLASSES = {"table": ["top", "leg"], "post": ["head", "shaft"]}
ALONE = {"datasets": {}, "zero_shot": [], "few_shot": [], "ablations": {}}
BLOCK = {
    "part_datasets": ["made"],
    "projections": ["ring"],
    "backbones": ["tiny"],
    "patches": ["small"],
    "segmenters": ["chosen", "geometry_linear_probe"],
    "shots": [1, 2],
    "sampling": "two",
    "protocols": ["plain", "validation", "released"],
}
TARGETS = ("results/tables/parts.html", "results/figures/made/part_iou.svg")


def write_clouds(project: Project) -> None:
    """Two halves, one above the other: flat over thin, thick over thin."""
    root = project.path("clouds")
    rng = np.random.default_rng(0)
    for name, width in {"table": 1.0, "post": 0.4}.items():
        for split, count in (("train", 3), ("test", 2)):
            folder = root / name / split
            folder.mkdir(parents=True)
            for number in range(count):
                points = rng.uniform(-1, 1, (200, 3)) * [width, 1, width]
                part = (points[:, 1] < 0.5).astype(np.int64)
                points[part == 1] *= [0.2, 1, 0.2]
                np.savez(folder / f"{number}.npz", points=points.astype(np.float32), part=part)
    (root / "parts.yaml").write_text(yaml.safe_dump(CLASSES))
    project.configure(
        **ALONE,
        part_datasets={"made": {"reader": "labelled_folder", "path": "clouds", "points": 200}},
        projections={
            "ring": {"base": "elevated_ring", "views": {"set": "ring-3", "elevation": 20}}
        },
        patches={"small": {"size": 32}, "larger": {"size": 64}},
        segmenters={"chosen": {"base": "zero_shot", "patches": ["larger"], "window": [0, 2]}},
        segmentation=[BLOCK],
    )


@pytest.fixture
def made(blank: Project) -> Project:
    write_clouds(blank)
    return blank


def readers_of(outcome: Outcome, ending: str) -> set[str]:
    return {
        job.split("#")[0]
        for job, files in outcome.inputs.items()
        if any(file.endswith(ending) for file in files)
    }


def test_part_labels_of_test_shapes_are_read_by_scores_and_figures_alone(made: Project) -> None:
    outcome = made.dry_run(*TARGETS)
    assert outcome.code == 0, outcome.text
    assert readers_of(outcome, "part_labels/made/test.h5") == {"score_parts", "parts_figure"}
    assert outcome.jobs["segment"] == 3
    assert outcome.jobs["segment_few_shot"] == 2
    assert outcome.jobs["encode_patches"] == 4  # two kinds, of which validation chooses one


def test_the_default_config_segments_the_embedded_part_set(blank: Project) -> None:
    block = {**BLOCK, "part_datasets": ["furniture_parts"], "projections": ["elevated_ring"]}
    block |= {"patches": ["ordinary_96"], "backbones": ["tiny"], "segmenters": ["zero_shot"]}
    blank.configure(**ALONE, segmentation=[block])
    outcome = blank.dry_run("results/tables/parts.html")
    assert outcome.code == 0, outcome.text
    assert outcome.jobs["prepare_parts"] == 2


@pytest.mark.slow
def test_parts_are_learned_and_scored_and_test_labels_change_no_prediction(made: Project) -> None:
    outcome = made.snakemake(*TARGETS)
    assert outcome.code == 0, outcome.text
    table = pd.read_csv(made.path("results/tables/parts.csv")).set_index(
        ["segmenter", "protocol", "shots"]
    )["iou_present"]
    assert table["geometry_linear_probe", "plain", 2] > 80
    assert table["ceiling", "plain", 0] > table["best_single_part", "plain", 0]
    changes = pd.read_csv(made.path("results/tables/part_ablations.csv"))
    assert set(changes["setting"]) == {"protocol"}
    assert set(changes["value"]) == {"validation", "released"}
    before = made.read("results/segmented")
    # Other labels for the test shapes: scores change, predictions do not.
    for path in made.path("clouds").glob("*/test/*.npz"):
        with np.load(path) as arrays:
            np.savez(path, points=arrays["points"], part=1 - arrays["part"])
    # A folder as input does not show that a file inside has changed.
    outcome = made.snakemake(*TARGETS, "-R", "prepare_parts")
    assert outcome.code == 0, outcome.text
    after = made.read("results/segmented")
    assert sorted(after) == sorted(before)
    other = pd.read_csv(made.path("results/tables/parts.csv")).set_index(
        ["segmenter", "protocol", "shots"]
    )["iou_present"]
    assert other["geometry_linear_probe", "plain", 2] < 20
