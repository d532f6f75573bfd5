"""Before Snakemake looks for locks: those of runs that are gone are removed."""

from pointclip.core import run_lock

if not workflow.is_main_process:
    # A job on another machine goes on without the run that has sent it.
    os.environ.pop(run_lock.RUN, None)
elif run_lock.begin(Path(".snakemake")):
    logger.warning(
        "An earlier run in this folder was killed before it could remove its lock. "
        "Its process is gone, so the lock is removed."
    )
