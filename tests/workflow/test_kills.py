"""A run that was killed is in nobody's way, and a running one is not disturbed."""

import os
import signal
import time

from project import Project


TARGET = "results/clouds/three/train.h5"


def test_a_killed_run_needs_no_step_by_hand(blank: Project) -> None:
    running = blank.start()
    try:
        deadline = time.monotonic() + 120
        incomplete = blank.path(".snakemake/incomplete")
        while not (incomplete.is_dir() and any(incomplete.iterdir())):
            assert running.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        beside = blank.snakemake()
        assert beside.code != 0
        assert "Directory cannot be locked" in beside.text
        assert running.poll() is None
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    outcome = blank.snakemake(TARGET)
    assert outcome.code == 0, outcome.text
    assert "Its process is gone, so the lock is removed." in outcome.text
    assert blank.path(TARGET).is_file()
    assert not [path for path in blank.path("results").rglob("*") if "partial" in path.name]


def test_a_file_that_is_gone_is_missed_though_its_job_left_others(project: Project) -> None:
    """As a job that is killed between its files leaves them."""
    adapter = next(project.path("results/few_shot").rglob("plain/adapter.safetensors"))
    figure = project.path("results/figures/three/few_shot/per_class.svg")
    for lost in (adapter, figure, project.path("results/tables/accuracy.md")):
        lost.unlink()
    missed = project.dry_run().because("Missing output files")
    assert missed == {"train", "confusion", "accuracy"}
