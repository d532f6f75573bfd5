"""What a config asks for: its entries resolved, its experiments and ablations spelt out as paths.

Read by the Snakefile in every job, so nothing here imports torch, and nothing reads large files.
"""

import ast
import os
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from pointclip import backbones
from pointclip.errors import UserError, choose


LIBRARY = Path(__file__).parent
# Where the library keeps what it knows by name: section -> module, dictionary.
REGISTRIES = {
    "projections": ("projection.py", "PROJECTIONS"),
    "backbones": ("backbones.py", "BACKBONES"),
    "adapters": ("adapters/__init__.py", "METHODS"),
}
# Axis of an experiment, which is the wildcard too -> section of the config, what people call it.
AXES = {
    "dataset": ("datasets", "data set"),
    "projection": ("projections", "projection"),
    "prompts": ("prompts", "prompt set"),
    "backbone": ("backbones", "backbone"),
    "adapter": ("adapters", "adapter"),
    "shots": ("shots", "number of shots"),
    "protocol": ("protocols", "protocol"),
}
SECTIONS = dict(AXES.values())
PATHS = {
    "zero_shot": "zero_shot/{dataset}/{projection}/{prompts}/{backbone}/{protocol}",
    "few_shot": (
        "few_shot/{dataset}/{projection}/{prompts}/{backbone}/{adapter}/{shots}shot/{protocol}"
    ),
}
KINDS = {
    "zero_shot": [axis for axis in AXES if axis not in ("adapter", "shots")],
    "few_shot": list(AXES),
}
# The release chose epochs for its own adapter only; there is nothing to reproduce for the others.
RELEASED_METHODS = {"inter_view"}

Config = Mapping[str, Any]
Run = dict[str, Any]


def resolve(config: Config) -> dict[str, dict[str, Any]]:
    """Section -> id -> what the rules need of an entry, for all that is used or described.

    Raises:
        UserError: if an entry, an experiment or an ablation names something that is not there.
    """
    used = {(section, name) for section in SECTIONS for name in config.get(section, [])}
    for run in all_runs(config):
        used |= {(AXES[axis][0], run[axis]) for axis in run if axis in AXES}
    entries: dict[str, dict[str, Any]] = {section: {} for section in RESOLVERS}
    for section, name in sorted(used, key=str):
        if section in RESOLVERS:
            entries[section][name] = RESOLVERS[section](config, name)
    # Variants of a backbone share the weights of the one that they vary.
    for name in {entry["fetched"] for entry in entries["backbones"].values()} - {""}:
        entries["backbones"].setdefault(name, resolve_backbone(config, name))
    return _sorted(entries)


def _sorted(value: Any) -> Any:
    """Mappings by key at every level: the order in which a config is written changes nothing."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return value


def resolve_dataset(config: Config, name: str) -> dict[str, Any]:
    """The entry; what of it concerns the download, and under whose id that lies; its shards."""
    entry, chain = _merged(config, "datasets", name)
    if "path" in entry and not Path(entry["path"]).expanduser().exists():
        raise UserError(f"The path '{entry['path']}' of the data set '{name}' does not exist.")
    if "reader" not in entry:
        raise UserError(f"The data set '{name}' has neither a reader nor a base that has one.")
    entry.pop("description", None)
    shards = entry.pop("shards", 1)
    own = [link for link in chain if "urls" in config["datasets"].get(link, {})]
    fetched = ("reader", "urls", "sha256", "md5", "terms")
    return {
        "entry": entry,
        "shards": [str(shard) for shard in range(shards)],
        "fetch": {key: entry[key] for key in fetched if key in entry},
        "fetched": own[0] if own and "path" not in entry else "",
    }


def resolve_projection(config: Config, name: str) -> dict[str, Any]:
    """How to draw; `views` if it only takes these of another projection, that one as `source`."""
    entry, chain = _merged(config, "projections", name)
    entry.pop("description", None)
    own = {key for key in config["projections"].get(name, {}) if key != "description"}
    subset = own == {"base", "views"} and isinstance(entry["views"], list)
    return {
        "entry": entry,
        "draw": {"name" if key == "base" else key: value for key, value in entry.items()},
        "source": chain[1] if subset else name,
        "views": entry["views"] if subset else [],
    }


def resolve_backbone(config: Config, name: str) -> dict[str, Any]:
    """All settings of a backbone; its own files, or under which name its weights are fetched."""
    entry, _ = _merged(config, "backbones", name, own="model")
    full = backbones.resolve_backbone(entry) | {"name": name}
    full.pop("description", None)
    files: list[str] = []
    for key in ("weights", "model_config"):
        if full[key]:
            candidates = [Path(full[key]), here(LIBRARY / "assets" / full[key])]
            found = [str(path) for path in candidates if path.is_file()]
            if not found:
                raise UserError(f"The {key} '{full[key]}' of backbone '{name}' does not exist.")
            files.append(found[0])
    fetched = "" if full["weights"] else backbones.weights_name(full)
    return {"entry": full, "files": files, "fetched": fetched}


def resolve_prompts(config: Config, name: str) -> dict[str, Any]:
    """The files that a prompt set consists of, its own one first."""
    entry, _ = _merged(config, "prompts", name, own="file")
    own = here(LIBRARY / f"assets/prompts/{name}.yaml")
    return {"files": prompt_files(entry.get("file", own))}


def resolve_adapter(config: Config, name: str) -> dict[str, Any]:
    """The method, its parameters, and how many augmented copies of each shot it sees."""
    entry, _ = _merged(config, "adapters", name)
    method, copies = entry.pop("base"), entry.pop("copies", config["bank"]["copies"])
    entry.pop("description", None)
    for key in entry:
        choose(key, ["base", "copies", *_parameters(method)], f"key in the adapter '{name}'")
    return {"method": method, "parameters": entry, "copies": copies}


@cache
def _parameters(method: str, functions: tuple[str, ...] = ("states", "choose")) -> tuple[str, ...]:
    """What a method lets one set: the keyword-only arguments of its functions."""
    tree = ast.parse((LIBRARY / "adapters" / f"{method}.py").read_text(encoding="utf-8"))
    found: list[str] = []
    for statement in tree.body:
        match statement:
            case ast.FunctionDef(name=name, args=arguments) if name in functions:
                found += [argument.arg for argument in arguments.kwonlyargs]
            case ast.Assign(  # another method's function, as in `choose = tip.choose`
                targets=[ast.Name(id=name)],
                value=ast.Attribute(value=ast.Name(id=other), attr=function),
            ) if name in functions:
                found += _parameters(other, (function,))
    return tuple(found)


RESOLVERS = {
    "datasets": resolve_dataset,
    "projections": resolve_projection,
    "backbones": resolve_backbone,
    "prompts": resolve_prompts,
    "adapters": resolve_adapter,
}


def _merged(
    config: Config, section: str, name: str, own: str | None = None
) -> tuple[dict[str, Any], list[str]]:
    """An entry with all that its `base` says, and the chain of bases down to the library's own.

    Args:
        own: the key that makes an entry complete without a base.
    """
    entries, known, what = config[section], builtin(section), SECTIONS[section]
    allowed = dict.fromkeys([*entries, *known])
    chain = [choose(name, allowed, what)]
    while (base := entries.get(chain[-1], {}).get("base", chain[-1])) != chain[-1]:
        if base in chain:
            raise UserError(f"The {what} '{name}' is its own base ({' > '.join([*chain, base])}).")
        chain.append(choose(base, allowed, f"base of {what} '{name}'"))
    entry: dict[str, Any] = {}
    for link in reversed(chain):
        entry |= deepcopy(dict(entries.get(link, {})))
    entry.pop("base", None)
    if known and chain[-1] not in known and own not in entry:
        raise UserError(f"The {what} '{name}' needs a base: choose one of {', '.join(known)}.")
    if chain[-1] in known:
        entry["base"] = chain[-1]
    return entry, chain


def prompt_files(path: str | Path) -> list[str]:
    """A prompt set's file and those that it refers to.

    Raises:
        UserError: if one of them does not exist.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"The prompts file '{path}' does not exist.")
    content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.suffix == ".yaml" else {}
    named = [content.get(key) for key in ("class_names", "sentences")]
    files = [path, *(path.parent / name for name in named if isinstance(name, str))]
    if missing := [file for file in files if not file.is_file()]:
        raise UserError(f"The file '{missing[0]}' that {path} refers to does not exist.")
    return [str(file) for file in files]


def here(path: Path) -> Path:
    """`path` as seen from the working directory: a project that moves stays up to date."""
    return Path(os.path.relpath(path))


@cache
def builtin(section: str) -> tuple[str, ...]:
    """The names that the library knows, read from its source: importing it would import torch."""
    if section == "prompts":
        return tuple(sorted(file.stem for file in (LIBRARY / "assets/prompts").glob("*.yaml")))
    if section not in REGISTRIES:
        return ()
    file, name = REGISTRIES[section]
    found: list[Any] = []
    for statement in ast.parse((LIBRARY / file).read_text(encoding="utf-8")).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=target)], value=ast.Dict(keys=keys))
                | ast.AnnAssign(target=ast.Name(id=target), value=ast.Dict(keys=keys))
            ) if target == name:
                found += [key.value for key in keys if isinstance(key, ast.Constant)]
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id=target), slice=ast.Constant(value=key))]
            ) if target == name:
                found.append(key)
    return tuple(found)


def runs(config: Config, kind: str) -> list[Run]:
    """Every experiment of one kind, each once: a mapping of axis to id."""
    found: dict[str, Run] = {}
    for block in config[kind]:
        for values in product(*(block[AXES[axis][0]] for axis in KINDS[kind])):
            run = {"kind": kind, **dict(zip(KINDS[kind], values, strict=True))}
            if _exists(config, run):
                found.setdefault(score_path(run), run)
    return list(found.values())


def ensemble_runs(config: Config) -> list[Run]:
    """The experiments blended with another model's logits: those of blocks that name ensembles.

    Raises:
        UserError: if there is no such ensemble, or not its file.
    """
    found: dict[str, Run] = {}
    blocks = [(kind, block) for kind in KINDS for block in config[kind]]
    for kind, block in blocks:
        for name in block.get("ensembles", []):
            file = config["ensembles"][choose(name, config["ensembles"], "ensemble")]["file"]
            if not Path(file).is_file():
                raise UserError(f"The file '{file}' of the ensemble '{name}' does not exist.")
            for run in runs({**config, kind: [block]}, kind):
                if run["protocol"] != "released":  # nobody released one
                    blended = {**run, "ensemble": name}
                    found.setdefault(score_path(blended), blended)
    return list(found.values())


def ablation_runs(config: Config, name: str) -> list[Run]:
    """The experiments that the ablation `name` compares, in its order.

    `seed` may vary too: all seeds of an experiment come from one run.
    """
    ablation = config["ablations"][choose(name, config["ablations"], "ablation")]
    base, vary = ablation["base"], dict(ablation["vary"])
    for seed in vary.pop("seed", []):
        seeds = map(str, config["sampling"]["seeds"])
        choose(str(seed), seeds, f"seed in the ablation '{name}'")
    kind = "few_shot" if {"shots", "adapter"} & {*base, *vary} else "zero_shot"
    for axis in [*base, *vary]:
        choose(axis, KINDS[kind], f"axis of the {kind} ablation '{name}'")
    if missing := [axis for axis in KINDS[kind] if axis not in base and axis not in vary]:
        raise UserError(f"The ablation '{name}' says nothing about its {missing[0]}.")
    found = [
        {"kind": kind, **base, **dict(zip(vary, values, strict=True))}
        for values in product(*vary.values())
    ]
    return [run for run in found if _exists(config, run)]


def all_runs(config: Config) -> list[Run]:
    """The experiments of the whole config, those of its ablations too, each once."""
    everything = [*runs(config, "zero_shot"), *runs(config, "few_shot")]
    for name in config["ablations"]:
        everything += ablation_runs(config, name)
    return list({score_path(run): run for run in everything}.values())


def score_path(run: Run, file: str = "scores.parquet") -> str:
    """Where a file of an experiment lies, below the results."""
    folder = f"ensemble/{run['ensemble']}/" if "ensemble" in run else ""
    return f"{folder}{PATHS[run['kind']].format(**run)}/{file}"


def intermediates(config: Config, entries: Mapping[str, Any]) -> list[str]:
    """The files between clouds and scores that the experiments need, below the results.

    Snakemake does not miss such a file while what was made from it exists, even if the file was
    lost because the job that was to renew it was killed. So they are asked for by name.
    """
    files: set[str] = set()
    for run in all_runs(config):
        few, dataset, backbone = run["kind"] == "few_shot", run["dataset"], run["backbone"]
        drawn = f"{dataset}/{entries['projections'][run['projection']]['source']}"
        splits = ["train", "test"] if few or run["protocol"] == "validation" else ["test"]
        for split, shard in product(splits, entries["datasets"][dataset]["shards"]):
            files.add(f"features/{drawn}/{backbone}/{split}-{shard}.h5")
            files |= {f"depth/{drawn}/{split}-{shard}.h5"} if config["keep_depth"] else set()
        files |= {f"bank/{drawn}/{backbone}.h5", f"shots/{dataset}.parquet"} if few else set()
        files |= {f"text/{dataset}/{run['prompts']}/{backbone}.parquet"}
        files |= {score_path(run, "logits.h5")}
    return sorted(files)


def drawn_shots(config: Config) -> dict[str, list[int]]:
    """Data set -> the numbers of shots to draw: all that any experiment needs."""
    drawn: dict[str, set[int]] = {name: set() for name in config["datasets"]}
    for run in all_runs(config):
        drawn[run["dataset"]].add(run.get("shots", 1))
    return {name: sorted(shots) for name, shots in drawn.items()}


def bank_copies(config: Config) -> dict[str, dict[str, dict[str, int]]]:
    """Data set -> projection -> backbone -> augmented copies: the most that any adapter needs."""
    copies: dict[str, dict[str, dict[str, int]]] = {}
    for run in all_runs(config):
        if run["kind"] != "few_shot":
            continue
        source = resolve_projection(config, run["projection"])["source"]
        wanted = resolve_adapter(config, run["adapter"])["copies"]
        of = copies.setdefault(run["dataset"], {}).setdefault(source, {})
        of[run["backbone"]] = max(of.get(run["backbone"], 0), wanted)
    return copies


def banked_draws(config: Config) -> dict[str, list[tuple[str, int]]]:
    """Data set -> protocol and number of shots of the draws that its banks must hold."""
    drawn: dict[str, set[tuple[str, int]]] = {}
    for run in all_runs(config):
        if run["kind"] == "few_shot":
            drawn.setdefault(run["dataset"], set()).add((run["protocol"], run["shots"]))
    return {name: sorted(pairs) for name, pairs in drawn.items()}


def headlines(config: Config) -> dict[str, dict[str, str]]:
    """Data set -> kind -> the predictions that figures show: plain, of most shots, listed last."""
    found: dict[str, dict[str, Run]] = {}
    for kind in KINDS:
        for run in runs(config, kind):
            of = found.setdefault(run["dataset"], {})
            shots = of.get(kind, run).get("shots", 0)
            if run["protocol"] == "plain" and run.get("shots", 0) >= shots:
                of[kind] = run
    return {
        name: {kind: score_path(run, "predictions.parquet") for kind, run in of.items()}
        for name, of in found.items()
    }


def montages(config: Config) -> dict[str, dict[str, str]]:
    """Data set -> projection -> zero-shot predictions that its depth maps are shown with."""
    found: dict[str, dict[str, str]] = {}
    for run in runs(config, "zero_shot"):
        whole = not resolve_projection(config, run["projection"])["views"]
        if run["protocol"] == "plain" and whole:
            of = found.setdefault(run["dataset"], {})
            of.setdefault(run["projection"], score_path(run, "predictions.parquet"))
    return found


def _exists(config: Config, run: Run) -> bool:
    """Whether that protocol means anything for that method."""
    if run["kind"] == "zero_shot" or run["protocol"] != "released":
        return True
    return resolve_adapter(config, run["adapter"])["method"] in RELEASED_METHODS
