"""The named entries of a config, each with all that its bases and the library say of it.

Read by the Snakefile in every job, so nothing here imports torch, and nothing reads large files.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pointclip.catalog import backbones, networks
from pointclip.catalog.adapters import WITHOUT_COPIES, hyper_parameters
from pointclip.catalog.datasets import READERS
from pointclip.catalog.projections import NO_PROJECTION
from pointclip.catalog.protocols import SAMPLING
from pointclip.catalog.view_weights import V2_VIEW_WEIGHTS
from pointclip.config.corruption import checked_corruption
from pointclip.config.entries import Config, here, merged
from pointclip.config.prompt_sets import prompt_files, prompt_sets
from pointclip.config.views import checked_parts, views_of
from pointclip.core.errors import UserError, choose
from pointclip.core.files import ASSETS, own_file
from pointclip.core.own_module import SUFFIX, is_own


Entries = dict[str, dict[str, Any]]  # section -> id -> what the rules need of the entry
# The sampling of experiments that name none.
DEFAULT_SAMPLING = "default"


def resolve_dataset(config: Config, name: str) -> dict[str, Any]:
    """The entry; what of it concerns the download, and under whose id that lies; its shards.

    `v2_view_weights` names the data set whose view weights of V2 belong to this one, if any.
    """
    entry, chain = merged(config, "datasets", name)
    if "path" in entry and not Path(entry["path"]).exists():
        raise UserError(f"The path '{entry['path']}' of the data set '{name}' does not exist.")
    if "reader" not in entry and "module" not in entry:
        raise UserError(f"The data set '{name}' has neither a reader nor a base that has one.")
    if "module" in entry:
        check_module(entry, f"data set '{name}'")
        entry["reader"] = Path(entry["module"]).stem
    else:
        choose(entry["reader"], READERS, "reader")
    shards = entry.pop("shards", 1)
    if v2_view_weights := entry.pop("v2_view_weights", ""):
        choose(v2_view_weights, V2_VIEW_WEIGHTS, f"v2_view_weights of the data set '{name}'")
    own = [link for link in chain if "urls" in config["datasets"].get(link, {})]
    fetched = ("reader", "urls", "sha256", "md5", "terms")
    corruption = checked_corruption(config, name)
    entry.pop("corruption", None)
    return {
        "corruption": corruption,
        "base": chain[1] if corruption else "",
        "entry": entry,
        "shards": [str(shard) for shard in range(shards)],
        "fetch": {key: entry[key] for key in fetched if key in entry},
        "fetched": own[0] if own and "path" not in entry else "",
        "v2_view_weights": v2_view_weights,
    }


def resolve_projection(config: Config, name: str) -> dict[str, Any]:
    """Its parameters; `views` if it only takes these of another projection, its `source`.

    `none` stands in for one where a backbone reads points. One that joins others has them as
    `parts`, and nothing else.
    """
    if name == NO_PROJECTION:
        return {"entry": {}, "parameters": {}, "source": name, "views": [], "parts": []}
    entry, chain = merged(config, "projections", name, own=("join", "module"))
    if NO_PROJECTION in chain:
        raise UserError(f"The projection '{name}' cannot have the base '{NO_PROJECTION}'.")
    if "join" in entry:
        parts = checked_parts(config, name, entry)
        return {"entry": entry, "parameters": {}, "source": name, "views": [], "parts": parts}
    check_module(entry, f"projection '{name}'")
    own = {k: v for k, v in config["projections"].get(name, {}).items() if k != "description"}
    views, base = own.get("views"), chain[1] if len(chain) > 1 else ""
    subset = set(own) == {"base", "views"} and isinstance(views, list) and bool(base)
    if isinstance(views, list) and base in config["projections"]:
        of_base = resolve_projection(config, base)["entry"].get("views")
        entry["views"] = views_of(of_base, views, base)
    return {
        "entry": entry,
        "parameters": {"name" if key == "base" else key: value for key, value in entry.items()},
        "source": base if subset else name,
        "views": views if subset else [],
        "parts": [],
    }


def resolve_backbone(config: Config, name: str) -> dict[str, Any]:
    """All settings of a backbone; its own files, or under which name its weights are fetched.

    Of a 3D encoder also the backbone whose text tower it has.
    """
    entry, _ = merged(config, "backbones", name, own=("model", "network", "module"))
    check_module(entry, f"backbone '{name}'")
    full = backbones.resolve_backbone(entry) | {"name": name}
    files: dict[str, str] = {}
    for key in ("weights", "model_config", "text_features"):
        if full.get(key):
            found = own_file(full[key], f"{key} of backbone '{name}'")
            files[key] = str(here(found) if found.is_relative_to(ASSETS) else found)
    fetched = "" if full["weights"] or "module" in full else backbones.weights_name(full)
    points = backbones.reads_points(full)
    text = full["text"] if points and not full["text_features"] else ""
    return {"entry": full, "files": files, "fetched": fetched, "points": points, "text": text or ""}


def resolve_prompts(config: Config, name: str) -> dict[str, Any]:
    """The files that a prompt set consists of, its own one first."""
    entry, _ = merged(config, "prompts", name, own=("file",))
    return {"files": prompt_files(entry["file"] if "file" in entry else here(prompt_sets()[name]))}


def resolve_adapter(config: Config, name: str) -> dict[str, Any]:
    """The method, all its hyper-parameters, and how many copies of each shot it sees: 0 if none.

    With the defaults, so that a changed one reruns what it changes (see `code_hash`). The method is
    a built-in one's name, or the user's module, which checks its parameters itself.
    """
    entry, _ = merged(config, "adapters", name, own=("module",))
    check_module(entry, f"adapter '{name}'")
    base = entry.pop("base", "")
    method = entry.pop("module", base)
    n_augmentations = entry.pop("n_augmentations", config["augmented"]["n_augmentations"])
    n_augmentations = 0 if method in WITHOUT_COPIES else n_augmentations
    values = entry if is_own(method) else asdict(hyper_parameters(method, entry))
    parameters = {key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}
    return {"method": method, "parameters": parameters, "n_augmentations": n_augmentations}


def resolve_network(config: Config, name: str) -> dict[str, Any]:
    """Where the files of a frozen network come from; its own place, if it has one."""
    entry, _ = merged(config, "networks", name, own=("kind",))
    full = networks.resolve_network(entry) | {"name": name}
    if full["path"] and not Path(full["path"]).exists():
        raise UserError(f"The path '{full['path']}' of the network '{name}' does not exist.")
    return full


def resolve_sampling(config: Config, name: str) -> dict[str, Any]:
    """The seeds of the shots, and how many train shapes of a class are held out by which seed."""
    own = config.get("samplings", {})
    if DEFAULT_SAMPLING in own:
        raise UserError(f"The sampling '{DEFAULT_SAMPLING}' is built in: give yours another id.")
    choose(name, [DEFAULT_SAMPLING, *own], "sampling")
    return SAMPLING | {k: v for k, v in own.get(name, {}).items() if k != "description"}


def check_module(entry: dict[str, Any], what: str) -> None:
    """See that the module of an entry, if it has one, is a Python file.

    Raises:
        UserError: if it is none.
    """
    module = entry.get("module", SUFFIX)
    if not is_own(module) or ("module" in entry and not Path(module).is_file()):
        raise UserError(f"The module '{module}' of the {what} is no Python file.")


RESOLVERS = {
    "datasets": resolve_dataset,
    "projections": resolve_projection,
    "backbones": resolve_backbone,
    "prompts": resolve_prompts,
    "adapters": resolve_adapter,
    "samplings": resolve_sampling,
}


def add_related(
    config: Config,
    section: str,
    entries: Entries,
    related: Callable[[dict[str, Any]], Iterable[str]],
) -> None:
    """Resolve what the entries of a section name, and what that names."""
    known = entries[section]
    todo = list(known)
    while todo:
        for name in set(related(known[todo.pop()])) - {"", *known}:
            known[name] = RESOLVERS[section](config, name)
            todo.append(name)
