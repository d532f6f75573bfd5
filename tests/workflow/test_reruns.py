"""What runs again after a change: exactly the stages that use what was changed."""

import os
import shutil

import pytest
from project import Project

from pointclip.core.store import ids_of, read_h5_rows


CODE = "Params have changed"


def test_a_second_run_has_nothing_to_do(finished: Project) -> None:
    assert finished.dry_run().nothing


def test_a_touch_or_a_comment_reruns_nothing(project: Project) -> None:
    for path in sorted(project.path("pointclip").rglob("*.py")):
        os.utime(path)
    project.edit("pointclip/classification/zero_shot.py", "COMBINE = ", "# A comment.\nCOMBINE = ")
    project.edit("pointclip/projection/project.py", '"""Render the', '"""Paint the')
    assert project.dry_run().nothing


def test_files_of_a_folder_count_by_what_is_in_them(project: Project) -> None:
    for path in sorted(project.path("shapes").rglob("*.npy")):
        os.utime(path)
    # Above Snakemake's own limit for checksums, 1 MB.
    os.utime(project.path("weights/tiny32_0.safetensors"))
    assert project.dry_run().nothing
    shutil.copy(project.path("shapes/ball/test/ball_0.npy"), project.path("shapes/ball/test/n.npy"))
    outcome = project.dry_run()
    assert outcome.because(CODE) == {"prepare"}
    # Only the test split is read and encoded anew; the shots stay.
    assert outcome.jobs["prepare"] == outcome.jobs["encode"] == 1
    assert not outcome.jobs["sample_shots"]


@pytest.mark.parametrize(
    ("file", "old", "new", "rules"),
    [
        (
            "pointclip/report/table_formats.py",
            'RANGE = "\\N{EN DASH}"',
            'RANGE = "to"',
            {"accuracy", "ablation", "published_numbers"},
        ),
        (
            "pointclip/classification/adapters/tip.py",
            "import torch\n",
            "import torch\nX = 1\n",
            set(),
        ),
        (
            "pointclip/classification/adapters/seed_layers.py",
            "MOMENTUM = 1e-5, 0.1",
            "MOMENTUM = 1e-5, 0.2",
            {"train", "train_released"},
        ),
        (
            "pointclip/classification/view_weights.py",
            "GRID = (0.25,",
            "GRID = (0.2,",
            {"zero_shot_validation", "zero_shot_released", "train", "train_released"},
        ),
        (
            "pointclip/projection/batches.py",
            "BATCH = 16",
            "BATCH = 17",
            {"project", "encode_augmented"},  # and `encode` because its input is made anew
        ),
        (
            "pointclip/encoders/preprocess.py",
            'polarity == "invert"',
            'polarity != "as_is"',
            {"encode", "encode_augmented", "encode_text"},
        ),
        (
            "pointclip/features/augmented.py",
            "rng.uniform(-0.2, 0.2, 3)",
            "rng.uniform(-0.1, 0.1, 3)",
            {"encode_augmented"},
        ),
    ],
)
def test_a_changed_constant_reruns_the_stages_that_use_it(
    project: Project, file: str, old: str, new: str, rules: set[str]
) -> None:
    project.edit(file, old, new)
    outcome = project.dry_run()
    assert outcome.because(CODE) == rules
    assert outcome.nothing == (not rules)


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"adapters": {"short": {"base": "inter_view", "epochs": 4}}}, {"train", "train_released"}),
        (
            {"samplings": {"two": {"seeds": [1, 2], "validation_seed": 1}}},
            {"sample_shots"},
        ),
        ({"train_threads": 2}, {"train", "train_released"}),
        ({"figures": {"shapes": 3}}, {"montage"}),
        ({"device": "cpu"}, set()),
    ],
)
def test_a_changed_config_reruns_what_depends_on_it(
    project: Project, changes: dict, rules: set[str]
) -> None:
    project.configure(**changes)
    outcome = project.dry_run()
    assert outcome.because(CODE) == rules
    assert outcome.nothing == (not rules)


def test_a_new_seed_encodes_and_projects_nothing_of_the_splits(project: Project) -> None:
    project.configure(samplings={"two": {"seeds": [1, 2, 3]}})
    jobs = project.dry_run().jobs
    assert jobs["sample_shots"] == 1 and jobs["train"] == 1
    assert not jobs["project"] and not jobs["encode"] and not jobs["prepare"]


SHARDED = {"reader": "folder", "path": "shapes", "points": 128, "shards": 3}
FEATURES = [f"results/features/three/small/tiny/test-{shard}.h5" for shard in range(3)]
LOGITS = "results/zero_shot/three/small/v1_few_shot/tiny/plain/logits.h5"


def same_features(sharded: Project, finished: Project, shards: int = 3) -> bool:
    """Whether shards, of whole batches each, hold what one shard does."""
    parts, whole = [sharded.path(name) for name in FEATURES[:shards]], [finished.path(FEATURES[0])]
    assert ids_of(parts).tolist() == ids_of(whole).tolist()
    return bool((read_h5_rows(parts, "features") == read_h5_rows(whole, "features")).all())


def test_one_core_and_two_shards_change_no_bit(blank: Project, finished: Project) -> None:
    """Against all cores and one shard; `test_features.py` has shards of which most are empty."""
    blank.configure(datasets={"three": {**SHARDED, "shards": 2}})
    outcome = blank.snakemake(cores=1)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs["encode"] == 4
    assert same_features(blank, finished, shards=2)
    for kind in ("tables", "zero_shot", "few_shot", "figures"):
        ours = blank.read(f"results/{kind}")
        assert ours and ours == finished.read(f"results/{kind}")
    # Losing one shard means making one shard again.
    blank.path(FEATURES[1]).unlink()
    assert blank.dry_run(*FEATURES[:2], LOGITS).jobs == {"encode": 1, "zero_shot": 1}


def test_features_are_the_same_where_depth_maps_are_not_kept(
    blank: Project, finished: Project
) -> None:
    blank.configure(datasets={"three": SHARDED}, keep_depth=False)
    outcome = blank.snakemake(*FEATURES, LOGITS)
    assert outcome.code == 0, outcome.text
    assert outcome.jobs["project"] == outcome.jobs["encode"] == 3
    assert not list(blank.path("results/depth").rglob("*.h5"))
    assert same_features(blank, finished)
    assert blank.path(LOGITS).read_bytes() == finished.path(LOGITS).read_bytes()
    assert blank.dry_run(*FEATURES, LOGITS).nothing
    # Depth maps of a shard are rendered again where its features are missing.
    blank.path(FEATURES[1]).unlink()
    again = blank.dry_run(*FEATURES, LOGITS).jobs
    assert again == {"project": 1, "encode": 1, "zero_shot": 1}
    # What a depth map is made of makes features stale, even where there is no depth map left.
    blank.edit("pointclip/projection/smoothing.py", "width // 2", "width // 3")
    stale = blank.dry_run(*FEATURES, LOGITS)
    assert stale.jobs == {"project": 3, "encode": 3, "zero_shot": 1}


def test_other_test_labels_change_nothing_that_is_learned(project: Project) -> None:
    import numpy as np

    from pointclip.core.store import read_parquet, write_parquet

    before = {kind: project.read(f"results/{kind}") for kind in ("few_shot", "zero_shot")}
    scores = project.path("results/scores.parquet").read_bytes()
    path = project.path("results/labels/three/test.parquet")
    labels = read_parquet(path)
    # New ones, not only shuffled: a model that always says the same would still be right as often.
    rows = np.random.default_rng(1).integers(len(labels), size=len(labels))
    labels[["label", "class"]] = labels[["label", "class"]].to_numpy()[rows]
    write_parquet(labels, path, **labels.attrs)
    # Forced to learn and choose again, although nothing but the test labels has changed.
    targets = ["results/scores.parquet", "-R", "train", "zero_shot", "zero_shot_validation"]
    outcome = project.snakemake(*targets)
    assert outcome.code == 0, outcome.text
    assert (
        outcome.jobs["train"] == 1
        and outcome.jobs["zero_shot"] == outcome.jobs["zero_shot_validation"] == 1
    )
    changed = set()
    for kind, old in before.items():
        new = project.read(f"results/{kind}")
        assert new.keys() == old.keys()
        changed |= {f"{kind}/{name}" for name in new if new[name] != old[name]}
    learned = {name for name in changed if name.endswith(("logits.h5", "adapter.safetensors"))}
    # What chooses on test labels did run again; nothing else may have changed.
    assert outcome.jobs["train_released"] == outcome.jobs["zero_shot_released"] == 1
    assert all("/released/" in name for name in learned)
    assert project.path("results/scores.parquet").read_bytes() != scores
