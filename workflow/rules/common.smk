"""The config checked and resolved, and what wildcards may stand for."""

import gc
import re
import shutil
import sys
from functools import cache
from importlib.util import find_spec

# A large DAG is nearly all live objects: looking for garbage among them took a fifth of a dry run.
gc.set_threshold(100_000, 50, 50)
# Where these rules lie in a clone, the library's light modules are read from beside them, even if the
# package is not installed. Rules that come from a git host (a module) need the installed package.
REPOSITORY = Path(str(workflow.current_basedir)).parents[1]
if (REPOSITORY / "pointclip").is_dir():
    sys.path.insert(0, str(REPOSITORY))
elif find_spec("pointclip") is None:
    raise WorkflowError("Missing library: pip install 'pointclip[workflow]'.")

from pointclip.catalog.datasets import FURNITURE, READERS
from pointclip.catalog.protocols import PROTOCOLS
from pointclip.config import entries, experiments, paths, registrations, schema, targets
from pointclip.core.errors import UserError


def of_workflow(name):
    """A file of this workflow: of the clone, or the copy that Snakemake keeps of a git host's."""
    here = REPOSITORY / name
    if here.is_file():
        return str(entries.here(here))
    return workflow.source_path(f"../../{name}")


try:
    schema.validate(config, workflow.overwrite_configfiles)
    ENTRIES = experiments.resolve(config)
    REGISTRATION_ENTRIES = registrations.resolve(config, ENTRIES["backbones"])
    RUNS = [
        *(run for kind in experiments.KINDS for run in experiments.runs(config, kind)),
        *experiments.ensemble_runs(config),
    ]
    ABLATIONS = {
        name: experiments.ablation_runs(config, name) for name in config["ablations"]
    }
except UserError as error:
    raise WorkflowError(str(error))

OUT = str(Path(config["results"], config["name"]))
PUBLISHED = of_workflow("config/published.csv")
# A GPU is asked for where there is one; on a cluster the profile's `device: cuda` says so.
GPU = int(
    config["device"].startswith("cuda")
    or (config["device"] == "auto" and shutil.which("nvidia-smi") is not None)
)


def one_of(ids):
    """A wildcard constraint: one of these ids, or nothing where there is none."""
    return "|".join(map(re.escape, ids)) or "(?!)"


# A mistyped id in a target ends in "no rule", not in a KeyError.
wildcard_constraints:
    **{
        axis: one_of(ENTRIES[section])
        for axis, section in experiments.AXES.items()
        if section in ENTRIES
    },
    sampling=one_of(ENTRIES["samplings"]),
    ablation=one_of(ABLATIONS),
    ensemble=one_of(config["ensembles"]),
    kind="|".join(experiments.KINDS),
    protocol="|".join(PROTOCOLS),
    split="train|test",
    shard=r"\d+",
    shots=r"\d+",
