"""What goes wrong ends in one clear sentence, and leaves nothing that looks finished."""

import os
import subprocess
from pathlib import Path

import pytest
from project import Project


def sentence_in(text: str, start: str) -> str:
    """The one line of Snakemake's output that begins like this."""
    lines = [line for line in text.splitlines() if line.startswith(start)]
    assert len(set(lines)) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"devise": "cpu"}, "Unknown key 'devise' in the config: choose one of name, results, "),
        ({"train_threads": "two"}, "'two' is not allowed for train_threads: give integer."),
        (
            {"datasets": {"three": {"reader": "folder", "path": "nowhere"}}},
            "The path 'nowhere' of the data set 'three' does not exist.",
        ),
        (
            {"few_shot": [{**{k: ["x"] for k in ("datasets", "projections", "prompts")}}]},
            "The key 'backbones' is missing in few_shot.0.",
        ),
    ],
)
def test_a_wrong_config_is_told_in_one_sentence(
    blank: Project, changes: dict, sentence: str
) -> None:
    blank.configure(**changes)
    outcome = blank.dry_run()
    assert outcome.code != 0
    assert sentence in outcome.text
    assert "Traceback" not in outcome.text


def test_a_killed_job_leaves_nothing_behind(project: Project, finished: Project) -> None:
    target = "results/features/three/small/tiny/test-0.h5"
    project.path(target).unlink()
    # The third batch never comes: the job dies while its file is half written.
    project.edit(
        "scripts/encode.py",
        "with job",
        "import os, signal\nimport pointclip.features.encode as stage\n"
        "half, calls = stage.to_float16, []\n"
        "def die(x):\n    calls.append(1)\n"
        "    return half(x) if len(calls) < 3 else os.kill(os.getpid(), signal.SIGKILL)\n"
        "stage.to_float16 = die\nwith job",
    )
    outcome = project.snakemake(target)
    assert outcome.code != 0
    assert not project.path(target).exists()
    project.edit("scripts/encode.py", "< 3", "< 30000")
    outcome = project.snakemake(target)
    assert outcome.code == 0, outcome.text
    assert project.path(target).read_bytes() == finished.path(target).read_bytes()


def test_what_a_killed_rerun_was_to_renew_is_made_again(project: Project) -> None:
    # As a killed job leaves it: its old output is gone, and what was made from that is still there.
    project.path("results/features/three/small/tiny/test-0.h5").unlink()
    jobs = project.dry_run().jobs
    assert jobs["encode"] == 1 and jobs["zero_shot"] + jobs["zero_shot_validation"] == 3
    assert jobs["train"] == 1 and jobs["score"] == 1


def test_a_corrupt_file_is_named_and_made_anew(project: Project) -> None:
    features = project.path("results/features/three/small/tiny/test-0.h5")
    content = features.read_bytes()
    features.write_bytes(content[: len(content) // 2])
    outcome = project.snakemake(
        "results/zero_shot/three/small/v1_few_shot/tiny/plain/logits.h5", "-R", "zero_shot"
    )
    assert outcome.code != 0
    assert "it is deleted; run again" in sentence_in(outcome.text, "zero_shot: ")
    assert str(features.relative_to(project.root)) in outcome.text
    assert "Traceback" not in outcome.text
    assert project.snakemake(str(features.relative_to(project.root))).code == 0
    assert features.read_bytes() == content


def test_a_wrong_checksum_is_told(blank: Project) -> None:
    archive = blank.path("shapes.zip")
    subprocess.run(
        ["python3", "-m", "zipfile", "-c", archive, "shapes"], cwd=blank.root, check=True
    )
    entry = {"reader": "folder", "urls": [f"file://{archive}"], "sha256": "0" * 64}
    blank.configure(datasets={"three": entry})
    target = "results/labels/three/test.parquet"
    outcome = blank.snakemake(target, "--retries", "0")
    assert outcome.code != 0
    assert "its checksum is" in sentence_in(outcome.text, "download: ")
    entry.pop("sha256")
    blank.configure(datasets={"three": entry})
    outcome = blank.snakemake(target)
    assert outcome.code == 0, outcome.text


def mounted(folder: Path, *options: str) -> None:
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")


@pytest.fixture
def small_disk(blank: Project) -> Project:
    """A project whose results lie on a disk of their own, with room for very little."""
    disk = blank.path("results")
    mounted(disk, "-o", "size=64k")
    yield blank
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_told(small_disk: Project) -> None:
    outcome = small_disk.snakemake("results/clouds/three/train.h5")
    assert outcome.code != 0
    assert "No space left" in outcome.text
    assert not small_disk.path("results/clouds/three/train.h5").exists()


def test_a_read_only_disk_is_told(small_disk: Project) -> None:
    disk = small_disk.path("results")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    outcome = small_disk.snakemake("results/clouds/three/train.h5")
    assert outcome.code != 0
    assert "Read-only file system" in outcome.text or "cannot be written" in outcome.text
