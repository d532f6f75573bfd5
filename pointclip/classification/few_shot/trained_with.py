"""What an adapter was trained with, as its file says it: built-in parts by name, and numbers.

Adapters are files that people pass on, so nothing in one may make a reader load or fetch anything:
no path, no repository, no weights. A part of the user's own is stored as `{"own": id}`; whoever
uses the adapter gives that part. Without torch: the workflow describes the parts of its adapters.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pointclip.catalog.backbones import BACKBONES, CHOICES, resolve_backbone
from pointclip.catalog.point_backbones import POINT_BACKBONES
from pointclip.catalog.projections import NO_PROJECTION, PROJECTIONS, check_params
from pointclip.core.errors import UserError, choose
from pointclip.core.files import PACKAGE


PARTS = ("projection", "backbone", "prompts")
# What a variant of a built-in backbone may change: nothing that is read from a file.
HARMLESS = ("mean_std", "polarity", "precision", "quick_gelu")
# What changes no feature of a backbone: names, and where a person keeps the weights.
_UNIMPORTANT = ("name", "description", "prompts", "size", "sha256", "weights_dir")
# Pixels, or cells of grids, of one shape in all views: 50 times what a built-in projection has.
MAX_CELLS = 2**26
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def describe(
    projection: str | Mapping[str, Any],
    backbone: str | Mapping[str, Any],
    prompts: str | Path,
) -> dict[str, Any]:
    """What to write into an adapter's file: each part by its built-in name and what differs.

    Args:
        projection, backbone: a built-in name, or an entry as in the config.
        prompts: the name of a prompt set, or a file.
    """
    entry = {"base": projection} if isinstance(projection, str) else dict(projection)
    entry.pop("description", None)
    if "module" in entry:
        entry = {"own": _as_id(Path(entry["module"]).stem)}
    entry = entry or {"base": NO_PROJECTION}  # the workflow's entry of it is empty
    return {
        "projection": entry,
        "backbone": _describe_backbone(resolve_backbone(backbone)),
        "prompts": prompts if prompts in _prompt_sets() else {"own": _as_id(Path(prompts).stem)},
    }


def _describe_backbone(full: Mapping[str, Any]) -> dict[str, Any]:
    for name in (*BACKBONES, *POINT_BACKBONES):
        known = resolve_backbone(name)
        changed = [k for k in full if k not in _UNIMPORTANT and full[k] != known.get(k)]
        if set(changed) <= set(HARMLESS):
            return {"base": name} | {key: full[key] for key in sorted(changed)}
    return {"own": _as_id(full["name"])}


@cache
def _prompt_sets() -> list[str]:
    return sorted(path.stem for path in (PACKAGE / "assets/prompts").glob("*.yaml"))


def _as_id(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_.-]", "_", name.lower()).lstrip("_.-")[:64]
    return plain or "unnamed"


def check(stated: Any, file: str | Path, views: int) -> dict[str, Any]:
    """The parts that an adapter's file states, each as `describe` writes it.

    Args:
        views: how many views the file says that it was trained with.

    Raises:
        UserError: if it states anything but built-in names and numbers in range.
    """
    try:
        if not isinstance(stated, dict):
            raise UserError(f"{stated!r:.80} names no parts.")
        for part in stated:
            choose(part[:80], PARTS, "part")
        return {part: _check_part(part, given, views) for part, given in stated.items()}
    except UserError as error:
        raise UserError(
            f"{file} is refused, because an adapter may name built-in parts only: {error}"
        ) from error


def _check_part(part: str, given: Any, views: int) -> Any:
    if isinstance(given, dict) and set(given) == {"own"}:
        if not isinstance(given["own"], str) or not _ID.fullmatch(given["own"]):
            raise UserError(f"{given['own']!r:.80} is no id of a {part}.")
        return given
    if part == "prompts":
        return choose(str(given)[:80], _prompt_sets(), "prompt set")
    if not isinstance(given, dict) or not isinstance(given.get("base"), str):
        raise UserError(f"{given!r:.80} is no built-in {part}.")
    if part == "backbone":
        _check_backbone(given)
    else:
        _check_projection(given, views)
    return given


def _check_backbone(entry: Mapping[str, Any]) -> None:
    name = choose(entry["base"][:80], BACKBONES | POINT_BACKBONES, "backbone")
    if name in POINT_BACKBONES and len(entry) > 1:
        raise UserError(f"The backbone '{name}' has nothing that an adapter may change.")
    for key, value in entry.items():
        choose(key[:80], ("base", *HARMLESS), "key of a backbone")
        if key == "quick_gelu" and not isinstance(value, bool):
            raise UserError(f"quick_gelu {value!r:.80} is neither true nor false.")
        if key == "mean_std" and isinstance(value, dict):
            _check_mean_std(value)
        elif key in CHOICES:
            choose(str(value)[:80], CHOICES[key], key)


def _check_mean_std(value: Mapping[str, Any]) -> None:
    fits = set(value) == {"mean", "std"} and all(
        isinstance(three, list)
        and len(three) == 3
        and all(isinstance(n, int | float) and lowest <= n <= 1e3 for n in three)
        for three, lowest in ((value["mean"], -1e3), (value["std"], 1e-6))
    )
    if not fits:
        raise UserError(f"mean_std {value!r:.80} is not three means and three deviations.")


def _check_projection(entry: Mapping[str, Any], views: int) -> None:
    if entry == {"base": NO_PROJECTION} and views == 1:
        return
    name = choose(entry["base"][:80], PROJECTIONS, "projection")
    for key in entry:
        choose(key[:80], ("base", *PROJECTIONS[name]), f"parameter of projection '{name}'")
    if "method" in entry:
        raise UserError(f"The method of projection '{name}' cannot be changed.")
    # Views are checked where their rotations are computed.
    p = {**PROJECTIONS[name], **entry}
    check_params(name, p)
    cells = p["size"] ** 2 if "size" in p else p["grid_size"] ** 2 * p["grid_depth"]
    if views * cells > MAX_CELLS:
        raise UserError(f"Projection '{name}' has more than {MAX_CELLS} pixels or cells a shape.")
