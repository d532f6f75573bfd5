"""The config checked and resolved, and the few tables that rules look things up in."""

import gc
import re
import shutil
import sys
from functools import cache

# A large DAG is nearly all live objects: looking for garbage among them took a fifth of a dry run.
gc.set_threshold(100_000, 50, 50)
REPOSITORY = Path(workflow.basedir).parent
# The library's light modules are read from here, even where the package is not installed.
sys.path.insert(0, str(REPOSITORY))

from pointclip.config import experiments, resolve, schema, targets
from pointclip.config.code_hash import code_hash
from pointclip.core.errors import UserError

try:
    schema.validate(config, REPOSITORY)
    ENTRIES = experiments.resolve(config)
    LOGITS = [
        experiments.logits_path(run)
        for kind in experiments.KINDS
        for run in experiments.runs(config, kind)
    ]
    LOGITS += [
        experiments.logits_path(run) for run in experiments.ensemble_runs(config)
    ]
    ABLATIONS = {
        name: [
            experiments.logits_path(run)
            for run in experiments.ablation_runs(config, name)
        ]
        for name in config["ablations"]
    }
    SHOTS = targets.drawn_shots(config)
    COPIES = targets.bank_copies(config)
    DRAWS = targets.banked_draws(config)
    HEADLINES = targets.headlines(config)
    MONTAGES = targets.montages(config)
    PROJECTED = {name: list(of) for name, of in MONTAGES.items()}
except UserError as error:
    raise WorkflowError(str(error))

OUT = str(Path(config["results"], config["name"]))
FIGURES = [
    *(f"{name}/{kind}/confusion.svg" for name in HEADLINES for kind in HEADLINES[name]),
    *(
        f"{name}/montage/{projection}.png"
        for name in MONTAGES
        for projection in MONTAGES[name]
    ),
    *(f"{name}/projections.png" for name in PROJECTED if len(PROJECTED[name]) > 1),
    *(f"{name}/shots_curve.svg" for name in HEADLINES if "few_shot" in HEADLINES[name]),
]
PUBLISHED = str(resolve.here(REPOSITORY / "config/published.csv"))


wildcard_constraints:
    dataset=r"[a-z0-9_.-]+",
    projection=r"[a-z0-9_.-]+",
    backbone=r"[a-z0-9_.-]+",
    prompts=r"[a-z0-9_.-]+",
    adapter=r"[a-z0-9_.-]+",
    ablation=r"[a-z0-9_.-]+",
    ensemble=r"[a-z0-9_.-]+",
    kind="|".join(experiments.KINDS),
    protocol="plain|validation|released",
    split="train|test",
    shard=r"\d+",
    shots=r"\d+",


# A GPU is asked for where there is one; on a cluster the profile's `device: cuda` says so.
GPU = int(
    config["device"].startswith("cuda")
    or (config["device"] == "auto" and shutil.which("nvidia-smi") is not None)
)


# A job elsewhere reads these files again, but needs the hash of one script: that of its own.
hashed = cache(code_hash)


def code(name, *also):
    """The hash of the library code that a script uses: a param, so that changed code reruns it."""
    script = REPOSITORY / "scripts" / f"{name}.py"
    return lambda wildcards: hashed(script, *also)


def method_code(name):
    """The same for a script that trains."""
    return code(name)


def grows(amount):
    """So much memory (MB) or time (minutes), and as much again at every further attempt."""
    return lambda wildcards, attempt: attempt * amount


# Plain functions in place of lookup(): that walks the whole table for every job, which took two
# thirds of a dry run of the paper's config.
def within(table, *wildcards_to_follow):
    """What a table holds under the values of some wildcards."""

    def found(wildcards):
        value = table
        for name in wildcards_to_follow:
            value = value[wildcards[name]]
        return value

    return found


def of(axis, key=None):
    """What the rules need to know of a resolved entry, or one key of that."""
    section = ENTRIES[experiments.AXES[axis]]

    def found(wildcards):
        entry = section[wildcards[axis]]
        return entry[key] if key else entry

    return found


def shards(pattern):
    """The shard files of a split, by a pattern that keeps its other wildcards."""
    return collect(
        pattern,
        shard=of("dataset", "shards"),
        allow_missing=True,
    )


def features(split):
    """The feature shards of a split."""

    def found(wildcards):
        axes = (wildcards.dataset, wildcards.projection, wildcards.backbone)
        shards = ENTRIES["datasets"][wildcards.dataset]["shards"]
        return [
            f"<results>/features/{'/'.join(axes)}/{split}-{shard}.h5"
            for shard in shards
        ]

    return found


def weights(wildcards):
    """The files that a backbone is loaded from: local ones, or the record of what was fetched."""
    entry = ENTRIES["backbones"][wildcards.backbone]
    fetched = f"<resources>/weights/{entry['fetched']}/weights.json"
    return [*entry["files"], *([fetched] if entry["fetched"] else [])]


def lost(wildcards):
    """What a killed job was to renew: looked for where all is asked for, not by every job."""
    return [f"<results>/{file}" for file in targets.lost(config, ENTRIES)]


def raw_data(wildcards):
    """What a data set is prepared from: a path of the user's, a download, or embedded shapes."""
    resolved = ENTRIES["datasets"][wildcards.dataset]
    if "path" in resolved["entry"]:
        return resolved["entry"]["path"]
    if resolved["fetched"]:
        return f"<resources>/datasets/{resolved['fetched']}/manifest.json"
    return str(resolve.here(REPOSITORY / "pointclip/assets/furniture/furniture.h5"))


def held_out(wildcards):
    """What `validation` chooses on: train shapes that are nobody's shots. `plain` takes nothing."""
    if wildcards.protocol != "validation":
        return {}
    return {
        "train": features("train")(wildcards),
        "labels": f"<results>/labels/{wildcards.dataset}/train.parquet",
        "shots": f"<results>/shots/{wildcards.dataset}.parquet",
    }


def test_labels(logits):
    """The labels that logits are scored by."""
    datasets = {experiments.identity(path)["dataset"] for path in logits}
    return [f"<results>/labels/{dataset}/test.parquet" for dataset in sorted(datasets)]


def compared(wildcards):
    """What an ablation scores: its experiments, and nothing else."""
    logits = ABLATIONS[wildcards.ablation]
    return {
        "logits": [f"<results>/{path}" for path in logits],
        "labels": test_labels(logits),
    }


def about(wildcards):
    """What an adapter's file says of its making, so that it can be used again by itself."""
    return {
        "projection": ENTRIES["projections"][wildcards.projection]["entry"],
        "backbone": ENTRIES["backbones"][wildcards.backbone]["entry"],
        "prompts": wildcards.prompts,
    }


def theirs(wildcards):
    """The other model's file."""
    return config["ensembles"][wildcards.ensemble]["file"]


def chosen(pattern):
    """Our shares, where they are chosen; `plain` takes that of the config."""

    def found(wildcards):
        return [pattern.format(**wildcards)] * (wildcards.protocol == "validation")

    return found


# The experiment behind the one published value that leaves nothing open, and where the authors'
# checkpoint behind the other is put.
ZERO_SHOT_TARGET = {
    "kind": "zero_shot",
    "dataset": "modelnet40",
    "projection": "pointclip_zs",
    "prompts": "v1_zero_shot",
    "backbone": "rn50",
    "protocol": "plain",
}
# Part of the whole where the config runs that experiment; to be asked for by name with any.
CHECKS = ["released"] if experiments.logits_path(ZERO_SHOT_TARGET) in LOGITS else []
CHECKPOINT = f"{config['resources']}/checkpoints/pointclip_rn101_16shot.pth.tar"


def published_exactly(wildcards):
    """What there is to compare with: nothing that the config does not ask for is run."""
    found = {}
    logits = experiments.logits_path(ZERO_SHOT_TARGET)
    if logits in LOGITS:
        found |= {"logits": [f"<results>/{logits}"], "truth": test_labels([logits])}
    used = [("datasets", "modelnet40"), ("projections", "pointclip_fs")]
    used += [("prompts", "v1_few_shot"), ("backbones", "rn101")]
    if Path(CHECKPOINT).is_file() and all(
        id in ENTRIES[section] for section, id in used
    ):
        found |= {
            "checkpoint": CHECKPOINT,
            "features": [
                f"<results>/features/modelnet40/pointclip_fs/rn101/test-{shard}.h5"
                for shard in ENTRIES["datasets"]["modelnet40"]["shards"]
            ],
            "labels": "<results>/labels/modelnet40/test.parquet",
            "text": "<results>/text/modelnet40/v1_few_shot/rn101.parquet",
        }
    return found
