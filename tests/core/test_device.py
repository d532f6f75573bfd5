import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from places import REPOSITORY

from pointclip.core import device, run_lock
from pointclip.core.job import pick_device


# A job: it claims a GPU, says which, and works until its input ends.
JOB = (
    "import sys; from pointclip.core.device import acquire_gpu; "
    "print(acquire_gpu({}, {!r}), flush=True); input()"
)
Start = Callable[..., tuple[subprocess.Popen[str], int]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    jobs = []

    def one(count: int = 3, visible: str = "") -> tuple[subprocess.Popen[str], int]:
        job = subprocess.Popen(
            [sys.executable, "-c", JOB.format(count, str(tmp_path))],
            env={"PYTHONPATH": str(REPOSITORY), "CUDA_VISIBLE_DEVICES": visible},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        jobs.append(job)
        assert job.stdout
        return job, int(job.stdout.readline())

    yield one
    for job in jobs:
        job.kill()
        job.communicate()


def test_jobs_side_by_side_take_different_gpus_and_a_killed_one_gives_its_back(
    start: Start,
) -> None:
    jobs, taken = zip(*(start() for _ in range(3)), strict=True)
    assert taken == (0, 1, 2)
    jobs[1].kill()
    jobs[1].wait()
    assert start()[1] == 1
    # More jobs than GPUs share.
    assert start()[1] in {0, 1, 2}


def test_gpus_are_told_apart_by_their_own_names(start: Start) -> None:
    assert start(count=2, visible="2,3")[1] == 0
    # The first that this job sees is the one that the other has.
    assert start(count=2, visible="2,5")[1] == 1
    # One that Slurm gave to this job alone.
    assert start(count=1, visible="7")[1] == 0


def test_the_device_is_one_that_nobody_has(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(device, "gettempdir", lambda: str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert start(count=2)[1] == 0
    device.acquire_gpu.cache_clear()
    assert pick_device() == torch.device("cuda:1")
    # The same job asks again: the same answer.
    assert pick_device("auto") == torch.device("cuda:1")
    device.acquire_gpu.cache_clear()
    while run_lock._held:
        os.close(run_lock._held.pop())
