"""The hash of the code of a job, a param of its rule: the rerun trigger that Snakemake lacks."""

from pointclip.config.code_hash import code_hash
from pointclip.core.own_module import is_own

# A job elsewhere reads these files again, but needs the hash of one script: that of its own.
hashed = cache(code_hash)


def code(name, module=None):
    """The hash of the library code that a script uses: a param, so that changed code reruns it.

    `module` tells by the wildcards which module the script imports by name at run time; modules of
    the user's that entries of the job name are hashed too.
    """
    script = of_workflow(f"scripts/{name}.py")
    return lambda wildcards: hashed(
        script, *([module(wildcards)] if module else []), *own_modules(wildcards)
    )


# Axis -> id -> a module of the user's.
OWN = {
    axis: {
        name: of["method"] if "method" in of else of["entry"].get("module", "")
        for name, of in ENTRIES[section].items()
    }
    for axis, section in experiments.AXES.items()
    if section in ("datasets", "projections", "backbones", "adapters")
}


def own_modules(wildcards):
    """The modules of the user's that the entries of a job name."""
    found = [OWN[axis].get(wildcards.get(axis), "") for axis in OWN]
    return [module for module in found if is_own(module)]
