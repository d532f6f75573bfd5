"""Runs of Snakemake in one folder: which of its locks are stale, and jobs that end with their run.

Snakemake's locks are plain files that a killed run leaves behind. Every run also holds a lock of
the system on a file of its own (`.snakemake/runs/`) as long as its process lives, however that
ends. A lock of Snakemake that is older than every living run belongs to none of them.
"""

import os
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path


# Jobs find the file of their run here.
RUN = "POINTCLIP_RUN"
# Open files: as long as the process lives, and with it the lock.
_held: list[int] = []


def begin(folder: Path) -> list[Path]:
    """Enter this process as a run, and remove the locks that killed runs have left.

    Where the file system has no locks, nothing is removed.

    Args:
        folder: `.snakemake` in the working directory.

    Returns:
        the locks that were removed.
    """
    if sys.platform == "win32":
        return []
    runs = folder.resolve() / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    own = runs / f"{socket.gethostname()}-{os.getpid()}"
    # Under its name only when it is locked: others take a file without a lock for a dead run's.
    new = own.with_name(f".{own.name}")
    if not hold(new):
        return []
    new.replace(own)
    os.environ[RUN] = str(own)
    living = []
    for other in set(runs.glob("[!.]*")) - {own}:
        with suppress(FileNotFoundError):  # another run may clean up at the same time
            if has_ended(other):
                other.unlink()
            else:
                living.append(other.stat().st_mtime_ns)
    stale = []
    for lock in sorted((folder / "locks").glob("*.lock")):
        with suppress(FileNotFoundError):
            if all(lock.stat().st_mtime_ns < start for start in living):
                lock.unlink()
                stale.append(lock)
    return stale


def hold(path: Path) -> bool:
    """Lock a file as long as this process lives; False if another one has locked it."""
    import fcntl

    file = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return False
    _held.append(file)
    return True


def has_ended(run: Path) -> bool:
    """Whether the process that holds the file of a run is gone; False where that is unknown."""
    import fcntl

    try:
        file = os.open(run, os.O_RDWR)
    except OSError:
        return False
    try:
        # Shared, so that two that ask at once do not take each other for the run.
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(file)
    return True


def end_with(run: str) -> None:
    """End this process soon after its run: a job that outlives it could overwrite newer results.

    Args:
        run: the file of the run; nothing happens if it is empty.
    """

    def watch() -> None:
        while not has_ended(Path(run)):
            time.sleep(0.5)
        os._exit(1)

    if run:
        threading.Thread(target=watch, daemon=True).start()
