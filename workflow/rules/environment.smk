"""Before any job: locks of runs that are gone are removed, and what jobs find in their environment."""

from pointclip.clouds import budget
from pointclip.core import instructions, run_lock
from pointclip.core.files import PACKAGE

if not workflow.is_main_process:
    # A job on another machine goes on without the run that has sent it.
    os.environ.pop(run_lock.RUN, None)
elif run_lock.begin(Path(".snakemake")):
    logger.warning(
        "An earlier run in this folder was killed before it could remove its lock. "
        "Its process is gone, so the lock is removed."
    )

# Read by environment.post-deploy.sh, which installs the library into the rules' environment.
os.environ.update(POINTCLIP_PACKAGE=str(PACKAGE))
os.environ[budget.READING_MB] = str(config["reading_mb"])
os.environ[budget.READING_SECONDS] = str(config["reading_seconds"])
for name, value in instructions.environment().items():
    os.environ.setdefault(name, value)
