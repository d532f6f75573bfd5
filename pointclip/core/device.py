"""Several jobs and several GPUs on one machine: each job takes one that no other job has.

Snakemake only counts GPUs (`--resources gpu=4`); it does not say which one a job may use.
"""

import os
import sys
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from pointclip.core.run_lock import hold


@cache
def acquire_gpu(count: int, folder: str | Path | None = None) -> int:
    """The index of a GPU among `count` visible ones that this process keeps until it ends.

    The lock is the system's on an open file, so that a killed job holds nothing. If all are taken,
    there are more jobs than GPUs, and they share.

    Args:
        folder: where the lock files lie: one that is local to the machine; None for a temporary.
    """
    if sys.platform == "win32":
        return 0
    # By their own names: the first GPU that Slurm shows a job is not the first of the machine.
    names = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")]
    if len(names) != count or not all(names):
        names = [str(index) for index in range(count)]
    user = os.getuid()
    for index, name in enumerate(names):
        if hold(Path(folder or gettempdir(), f"pointclip-{user}-gpu-{name}.lock")):
            return index
    return os.getpid() % count
