"""What rules of several stages say of their files and params."""


def file(kind, /, *below, **ids):
    """A kind of file (or one in a folder) below the results; wildcards without an id stay."""
    return str(Path("<results>", paths.path(kind, **ids), *below))


def shown(path, caption="", category="", **labels):
    """A file for people, and how the report shows it.

    Unless others are given, the caption is that of the file's name, and the category that of its
    folder; figures of a data set are labelled by it.
    """
    parts = Path(path).parts
    if parts[1:2] in (("{dataset}",), ("{part_dataset}",)):
        labels = {"data set": parts[1]} | labels
    caption = f"../report/{caption or Path(path).stem}.rst"
    category = category or parts[0].capitalize()
    return report(f"<out>/{path}", caption=caption, category=category, labels=labels)


def shards(kind, dataset, **ids):
    """All shards of a kind of file of a data set."""
    numbers = ENTRIES["datasets"][dataset]["shards"]
    return [file(kind, dataset=dataset, shard=number, **ids) for number in numbers]


def of_named(axis, key, kind, **ids):
    """The same kind of file of the entry, or of all entries, that an entry names under a key."""

    def found(wildcards):
        named = ENTRIES[experiments.AXES[axis]][wildcards[axis]][key]
        same = dict(wildcards.items()) | ids
        if isinstance(named, str):
            return file(kind, **(same | {axis: named}))
        return [file(kind, **(same | {axis: each})) for each in named]

    return found


def logits(runs):
    """The logits of experiments, in their order."""
    return [f"<results>/{paths.logits(run)}" for run in runs]


def test_labels(runs):
    """The labels that these experiments are scored by, a file a data set, by name."""
    return [file("labels", dataset=name, split="test") for name in datasets_of(runs)]


def datasets_of(runs):
    return sorted({run["dataset"] for run in runs})


# Plain functions in place of lookup(): that walks the whole table for every job, which took two
# thirds of a dry run of the paper's config.
def entry_of(axis, key=None):
    """What the rules need to know of a resolved entry, or one key of that."""
    section = ENTRIES[experiments.AXES[axis]]

    def found(wildcards):
        entry = section[wildcards[axis]]
        return entry[key] if key else entry

    return found


def lookup_in(table, *wildcards_to_follow):
    """What a nested table holds under the values of some wildcards."""

    def found(wildcards):
        value = table
        for name in wildcards_to_follow:
            value = value[wildcards[name]]
        return value

    return found


def per_attempt(amount):
    """So much memory (MB) or time (minutes), and as much again at every further attempt."""
    return lambda wildcards, attempt: attempt * amount


def heavy(minutes):
    """The resources of a job that encodes or trains."""
    runtime, mem_mb = per_attempt(minutes), per_attempt(8000)
    return {"gpu": GPU, "mem_mb": mem_mb, "runtime": runtime}
