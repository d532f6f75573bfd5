"""Input functions and params of data.smk, corruption.smk, part_data.smk."""

from pointclip.catalog.parts import FURNITURE_PARTS, PART_READERS
from pointclip.config import part_experiments
from pointclip.config.contents import contents_hash, scan

scanned = cache(scan)


def file_of_user(path):
    """An input of a rule: a file. A folder is none: its contents are a param of the rule."""
    return [] if Path(path).is_dir() else path


def contents(entry, split="", key="path"):
    """The hash of what is in the folder that an entry names; empty where it names none."""
    folder = entry.get(key)
    return (
        contents_hash(scanned(folder), split)
        if folder and Path(folder).is_dir()
        else ""
    )


def raw_data(wildcards):
    """What a data set is prepared from: a file of the user's, a download, or embedded shapes."""
    resolved = ENTRIES["datasets"][wildcards.dataset]
    if "path" in resolved["entry"]:
        return file_of_user(resolved["entry"]["path"])
    if resolved["fetched"]:
        return f"<resources>/datasets/{resolved['fetched']}/manifest.json"
    return str(entries.here(FURNITURE))


def raw_contents(wildcards):
    """The contents of a user's folder, as far as they concern a split."""
    return contents(ENTRIES["datasets"][wildcards.dataset]["entry"], wildcards.split)


def reader_module(wildcards):
    entry = ENTRIES["datasets"][wildcards.dataset]["entry"]
    if "module" in entry:
        return entry["module"]
    reader = entry["reader"]
    return f"pointclip.data.readers.{READERS[reader]}"


CORRUPTED = [name for name, of in ENTRIES["datasets"].items() if of["corruption"]]


try:
    PARTS = part_experiments.resolve_parts(config)
    PART_RUNS = part_experiments.part_runs(config)
except UserError as error:
    raise WorkflowError(str(error))

PART_SETS = PARTS["part_datasets"]


wildcard_constraints:
    **{
        axis: one_of(PARTS[section])
        for axis, section in part_experiments.PART_AXES.items()
        if section in PARTS
    },


def part_data(wildcards):
    """What a part set is prepared from."""
    entry = PART_SETS[wildcards.part_dataset]["entry"]
    return file_of_user(entry.get("path", str(entries.here(FURNITURE_PARTS))))


def part_contents(wildcards):
    """The contents of a user's folder, as far as they concern a split."""
    return contents(PART_SETS[wildcards.part_dataset]["entry"], wildcards.split)


def part_reader(wildcards):
    reader = PART_SETS[wildcards.part_dataset]["entry"]["reader"]
    return f"pointclip.data.readers.{PART_READERS[reader]}"


def patches_of(split):
    """The shards of patch features of a split."""

    def found(wildcards, kind=None):
        axes = ("part_dataset", "projection", "backbone", "patches")
        ids = {axis: wildcards[axis] for axis in axes} | (
            {"patches": kind} if kind else {}
        )
        shards = PART_SETS[wildcards.part_dataset]["shards"]
        return [file("patches", split=split, shard=shard, **ids) for shard in shards]

    return found
