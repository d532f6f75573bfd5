"""What the Snakefile gives to every rule: a log, a benchmark, and the hash of its code."""

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


# What is fetched, or given a second name, is not fetched again when our code changes.
WITHOUT_CODE = ("download", "fetch_weights", "network", "fetch_scenes", "share")


def add_code(made):
    """Give a rule the hash of its script's code as a param, if it has none of its own."""
    name = Path(str(made.script)).stem
    if name not in WITHOUT_CODE and "code" not in made.params.keys():
        made.set_params(code=code(name))


def add_files(made):
    """Give a rule a log and a benchmark, named by the rule and its wildcards."""
    output = str(made.output[0])
    wildcards = sorted(made.wildcard_names, key=lambda name: output.index(f"{{{name}"))
    below = Path(made.name, *map("{{{}}}".format, wildcards))
    made.log_modifier = made.benchmark_modifier = workflow.modifier.path_modifier
    made.set_log(f"<logs>/{below}.log")
    made.benchmark = f"<benchmarks>/{below}.tsv"
