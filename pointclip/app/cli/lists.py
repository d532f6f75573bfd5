"""`pointclip models`, `projections`, `prompts`, `data`: what there is, and what must be fetched."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from pointclip.app.cli import common


_HEADINGS = {"zero_shot_accuracy": "zero-shot accuracy, %"}
_JSON_ALONE = ("model", "weights")  # with them, a table of 80 columns breaks within words
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, one object a line.")]


def models(weights_dir: common.WeightsDir = None, as_json: AsJson = False) -> None:
    """List the backbones: what is on disk, and what must be fetched and how large it is."""
    from pointclip.catalog.backbone_facts import EXPECTED, LICENSES
    from pointclip.catalog.backbones import (
        BACKBONES,
        POINT_BACKBONES,
        reads_points,
        resolve_backbone,
    )
    from pointclip.encoders.weights import find_weights, weights_folder

    with common.user_errors():
        folder = weights_folder(weights_dir)
        rows = []
        for name in (*BACKBONES, *POINT_BACKBONES):
            entry = resolve_backbone(name)
            path = find_weights(entry, folder)
            packed = "in the package" if entry["weights"] else "not published"
            size = path.stat().st_size if path else entry["size"]
            rows.append(
                {
                    "backbone": name,
                    "reads": "points (3D)" if reads_points(entry) else "depth maps (2D)",
                    "model": entry.get("model") or entry["network"],
                    "weights": entry.get("pretrained") or entry.get("hub") or packed,
                    "size": int(size) if size else None,
                    "on_disk": str(path) if path else None,
                    "license": entry.get("license") or LICENSES.get(name),
                    "zero_shot_accuracy": entry.get("expected") or EXPECTED.get(name),
                }
            )
    note = (
        f"Weights are looked for in {folder}; the rest is fetched on first use. "
        "--json also says which model and weights these are."
    )
    _show(rows, as_json, note)


def projections(as_json: AsJson = False) -> None:
    """List the projections that render depth maps."""
    from pointclip.catalog.projections import DESCRIPTIONS, PROJECTIONS
    from pointclip.projection.projection import get_projection

    rows = [
        {
            "projection": projection.name,
            "views": projection.views,
            "size": "{} by {}".format(*projection.size),
            "description": DESCRIPTIONS[projection.name],
        }
        for projection in map(get_projection, PROJECTIONS)
    ]
    _show(rows, as_json)


def prompts(as_json: AsJson = False) -> None:
    """List the prompt sets: templates or sentences from which a class gets its text feature."""
    from pointclip.config.prompt_sets import prompt_sets
    from pointclip.features.prompts import load_prompts

    with common.user_errors():
        rows = [
            {
                "prompts": name,
                "templates": len(load_prompts(path).templates),
                "description": load_prompts(path).description,
            }
            for name, path in prompt_sets().items()
        ]
    _show(rows, as_json)


def data(as_json: AsJson = False) -> None:
    """List the data sets of the package and of ./config: what is on disk, what must be fetched."""
    from pointclip.catalog.datasets import FURNITURE
    from pointclip.config.own_entries import config_files, listed_entries
    from pointclip.core.files import read_yaml

    folder = Path("resources")
    with common.user_errors():
        for config in map(read_yaml, config_files()):
            # If not, nothing is listed, or it is another program's file.
            if isinstance(config.get("datasets"), dict):
                folder = Path(config.get("resources", folder))
        entries = {
            name: entry
            for name, entry in listed_entries("datasets").items()
            # Variants of another share its download.
            if entry.get("urls") or entry.get("path")
        }
        rows: list[dict[str, object]] = [_row("furniture", {"reader": "furniture"}, FURNITURE)]
        for name, entry in entries.items():
            manifest = folder / "datasets" / name / "manifest.json"
            rows.append(_row(name, entry, Path(entry.get("path", manifest))))
    note = "The workflow fetches what is not there; variants of a data set share its download."
    _show(rows, as_json, note)


def _row(name: str, entry: dict[str, Any], place: Path) -> dict[str, object]:
    from pointclip.catalog.datasets import DOWNLOAD_SIZES

    source = (entry.get("urls") or [entry.get("path", "the package")])[0]
    shown = urlsplit(source).hostname or source
    return {
        "data_set": name,
        "reader": entry.get("reader"),
        "size": _size(place) or DOWNLOAD_SIZES.get(source.rpartition("/")[2]),
        "on_disk": str(place) if place.exists() else None,
        "from": shown,
    }


def _size(place: Path) -> int | None:
    """Bytes of a file, or what a manifest says of its download."""
    import json

    if not place.is_file():
        return None
    if place.name != "manifest.json":
        return place.stat().st_size
    return json.loads(place.read_text(encoding="utf-8")).get("size")


def _show(rows: Sequence[dict[str, object]], as_json: bool, note: str = "") -> None:
    import json

    if as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    shown = [key for key in rows[0] if key not in _JSON_ALONE]
    for number, key in enumerate(shown):
        table.add_column(
            _HEADINGS.get(key, key.replace("_", " ")),
            overflow="fold",
            justify="right" if key == "size" else "left",
            no_wrap=number == 0,
        )
    for row in rows:
        table.add_row(*(_cell(key, row[key]) for key in shown))
    out = common.console()
    out.print(table)
    if note:
        out.print(note, style="dim", markup=False)


def _cell(key: str, value: object) -> str:
    if key == "on_disk":
        return "yes" if value else "no"
    if value is None:
        return ""
    if key == "size" and isinstance(value, int):
        return f"{value / 1e6:,.0f} MB"
    return str(value)
