"""Locks of runs that are gone are removed, and those of living ones stay."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pointclip.core.run_lock import RUN, begin, has_ended


CODE = """
import sys, time; from pathlib import Path; from pointclip.core.run_lock import begin
folder = Path(sys.argv[1]); print(len(begin(folder)), flush=True)
(folder / "locks").mkdir(exist_ok=True); (folder / "locks/0.input.lock").touch()
print("locked", flush=True); time.sleep(600)
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start runs in processes of their own, which end with the test."""
    monkeypatch.delenv(RUN, raising=False)
    runs = []

    def run():
        runs.append(
            subprocess.Popen(
                [sys.executable, "-c", CODE, tmp_path], stdout=subprocess.PIPE, text=True
            )
        )
        removed = int(runs[-1].stdout.readline())
        assert runs[-1].stdout.readline() == "locked\n"
        return runs[-1], removed

    yield run
    for one in runs:
        one.kill()
        one.communicate()


def test_the_lock_of_a_killed_run_is_removed_and_that_of_a_living_one_stays(start, tmp_path):
    first, removed = start()
    assert removed == 0
    lock = tmp_path / "locks/0.input.lock"
    assert begin(tmp_path) == []
    assert lock.exists()
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert begin(tmp_path) == [lock]
    assert not lock.exists()


def test_a_lock_older_than_all_living_runs_is_removed(start, tmp_path):
    (tmp_path / "locks").mkdir()
    old = tmp_path / "locks/1.output.lock"
    old.touch()
    os.utime(old, (1, 1))
    # As a dry run of Snakemake, which locks nothing, lives beside it.
    begin(tmp_path)
    old.touch()
    os.utime(old, (1, 1))
    _, removed = start()
    assert removed == 1


def test_a_job_ends_with_its_run(start, tmp_path):
    run, _ = start()
    own = next(path for path in (tmp_path / "runs").iterdir() if str(run.pid) in path.name)
    assert not has_ended(own)
    job = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pointclip.core.run_lock import end_with\n"
            "end_with(sys.argv[1]); print(flush=True); time.sleep(600)",
            own,
        ],
        stdout=subprocess.PIPE,
    )
    assert job.stdout.readline()
    time.sleep(0.6)
    assert job.poll() is None
    run.kill()
    run.wait()
    assert has_ended(own)
    assert job.wait(timeout=120) == 1
    job.stdout.close()
