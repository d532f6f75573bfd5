"""What the DAG is: which jobs a target needs, and what no job may see."""

import re

import pytest
from project import REPOSITORY, Outcome, Project, with_ensemble

from pointclip.core.store import read_h5_rows


STAGES = {
    **{"prepare": 2, "sample_shots": 1, "project": 2, "encode": 2},
    **{"encode_augmented": 1, "encode_text": 1},
    **{
        "zero_shot": 2,
        "zero_shot_validation": 1,
        "zero_shot_released": 1,
        "train": 1,
        "train_released": 1,
    },
    **{"score": 1, "accuracy": 1, "published_numbers": 1, "shots_curve": 1, "confusion": 2},
    **{"montage": 1, "ablation": 1, "run_info": 1, "select_views": 1},
}


@pytest.fixture(scope="module")
def planned(fresh: Project) -> Outcome:
    return fresh.dry_run()


def test_one_job_for_all_seeds_and_both_honest_protocols(planned: Outcome) -> None:
    assert planned.jobs == STAGES


def test_nothing_is_learned_or_chosen_from_test_labels(blank: Project) -> None:
    blank.path("theirs.parquet").touch()
    blank.configure(**with_ensemble())
    planned = blank.dry_run()
    learned = [
        file
        for job in planned.outputs
        for file in planned.outputs[job]
        if file.endswith(("logits.h5", "adapter.safetensors", "blend_weights.parquet"))
    ]
    honest = [file for file in learned if "/released/" not in file]
    assert len(honest) == 13 and len(learned) == 16
    assert len([file for file in honest if "/ensemble/" in file]) == 6
    labels = "results/labels/three/test.parquet"
    assert labels not in planned.ancestors(honest)
    for file in set(learned) - set(honest):
        assert labels in planned.ancestors([file])
    readers = {job.split("#")[0] for job, files in planned.inputs.items() if labels in files}
    assert readers == {
        *("score", "ablation", "confusion", "montage"),
        *("zero_shot_released", "train_released"),
    }


def test_an_ablation_of_views_reads_cached_features(project: Project) -> None:
    assert project.dry_run("results/ablations/views.csv").nothing
    project.path("results/ablations/views.csv").unlink()
    project.path("results/zero_shot/three/pair/v1_few_shot/tiny/plain/logits.h5").unlink()
    again = project.dry_run("results/ablations/views.csv")
    assert again.jobs == {"zero_shot": 1, "ablation": 1}
    path = "results/features/three/{}/tiny/test-0.h5"
    whole, pair = (
        read_h5_rows([project.path(path.format(name))], "features") for name in ("small", "pair")
    )
    assert (pair == whole[:, [0, 2]]).all()


def test_an_ablation_needs_its_own_experiments_only(fresh: Project) -> None:
    jobs = fresh.dry_run("results/ablations/views.csv").jobs
    assert jobs == {
        **{"prepare": 2, "project": 1, "encode": 1, "encode_text": 1},
        **{"zero_shot": 2, "ablation": 1, "select_views": 1},
    }


def test_a_target_of_the_paper_runs_what_it_needs_and_nothing_else(fresh: Project) -> None:
    paper = ("--configfile", "config/paper.yaml", "--nolock")
    jobs = fresh.dry_run(*paper, "results/paper/ablations/views.csv").jobs
    assert jobs == {
        **{"download": 1, "prepare": 2, "sample_shots": 1, "fetch_weights": 1, "encode_text": 1},
        # Four subsets of ten views have a copy of the features of these views.
        **{"project": 2, "encode": 2, "encode_augmented": 1, "train": 5, "ablation": 1},
        **{"select_views": 8, "select_views_augmented": 4},
    }
    jobs = fresh.dry_run(*paper, "results/paper/checks/released.md").jobs
    assert jobs == {
        **{"download": 1, "prepare": 2, "fetch_weights": 1, "encode_text": 1},
        **{"project": 1, "encode": 1, "zero_shot": 1, "reference_checks": 1},
    }


def test_an_authors_checkpoint_is_scored_where_it_was_put(blank: Project) -> None:
    checkpoint = blank.path("resources/checkpoints/pointclip_rn101_16shot.pth.tar")
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    paper = ("--configfile", "config/paper.yaml", "--nolock")
    outcome = blank.dry_run(*paper, "results/paper/checks/released.md")
    (read,) = [
        files for job, files in outcome.inputs.items() if job.startswith("reference_checks#")
    ]
    assert "resources/checkpoints/pointclip_rn101_16shot.pth.tar" in read
    assert "results/features/modelnet40/pointclip_fs/rn101/test-0.h5" in read
    assert outcome.jobs["encode"] == 2 and not outcome.jobs["train"]


def test_a_check_that_a_config_cannot_make_says_so(blank: Project) -> None:
    outcome = blank.snakemake("results/checks/released.md")
    assert outcome.code == 0 and outcome.jobs == {"reference_checks": 1}, outcome.text
    page = blank.path("results/checks/released.md").read_text()
    assert page.startswith("# The released values: missing")


def test_no_command_that_we_name_gives_a_target_as_a_config() -> None:
    # Snakemake takes all names after --configfile for configs.
    for page in ("README.md", "config/README.md", "config/paper.yaml", "config/offline.yaml"):
        text = (REPOSITORY / page).read_text()
        assert not re.search(r"--configfile \S+ +results/", text), page


def test_the_snakefile_imports_no_heavy_library(blank: Project) -> None:
    # An executor plugin that is installed imports what it likes, before the Snakefile is read.
    heavy = ("torch", "open_clip", "numba", "pandas", "sklearn")
    blank.path("light.py").write_text(
        "import sys\nfrom snakemake.cli import main\n"
        f"sys.modules.update(dict.fromkeys({heavy}))\nmain()\n"
    )
    blank.program = "light"
    outcome = blank.dry_run()
    assert outcome.code == 0, outcome.text
    assert outcome.jobs == STAGES


def test_depth_need_not_be_kept(blank: Project) -> None:
    blank.configure(keep_depth=False)
    jobs = blank.dry_run().jobs
    assert jobs == {name: count for name, count in STAGES.items() if name != "montage"}
