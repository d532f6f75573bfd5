"""Write docs/architecture.md from the code: `make docs`.

The rooms of the library, what each is for (the docstring of its `__init__.py`), which room imports
which, and where a change belongs.
"""

import ast
import sys
from pathlib import Path


ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pointclip"
PAGE = ROOT / "docs" / "architecture.md"
# In the order of the data's way: a room imports only rooms before it.
ROOMS = (
    *("core", "catalog", "config", "clouds", "data", "projection", "encoders", "features"),
    *("classification", "registration", "segmentation", "evaluation", "report", "app"),
)
# What one wants to change -> the file to open first.
CHANGES = {
    "a reader for a new data set layout": "pointclip/data/readers/",
    "a file format of clouds or meshes": "pointclip/clouds/formats/by_suffix.py",
    "a view set": "pointclip/projection/views.py",
    "how depth maps are rendered": "pointclip/projection/render_torch.py",
    "a few-shot method": "pointclip/classification/adapters/",
    "hyper-parameters of a method and their ranges": "pointclip/catalog/adapters.py",
    "a figure": "pointclip/report/figures/",
    "a score column": "pointclip/catalog/columns.py",
    "a text prompt": "pointclip/assets/prompts/",
    "a protocol": "pointclip/catalog/protocols.py",
    "GPU memory while encoding": "pointclip/encoders/encoder.py",
    "GPU memory while training": "pointclip/classification/few_shot/train.py",
    "HDF5 chunks, compression and checksums": "pointclip/core/store.py",
    "an option of the command line": "pointclip/app/cli/",
    "an ablation": "config/paper.yaml",
    "the augmentation of train shapes": "pointclip/features/augmented.py",
    "a confidence interval": "pointclip/evaluation/intervals.py",
    "the learning-rate schedule": "pointclip/classification/few_shot/schedule.py",
    "resizing and polarity before CLIP": "pointclip/encoders/preprocess.py",
    "which train shapes are held out": "pointclip/data/shots.py",
    "memory and time of a job on a cluster": "workflow/rules/",
    "the URL or checksum of a data set": "config/paper.yaml",
    "how views are combined in zero-shot": "pointclip/classification/zero_shot.py",
    "the path of a cached file": "pointclip/config/paths.py",
}


def rooms() -> list[str]:
    """The rooms that are there, in order."""
    return [room for room in ROOMS if (PACKAGE / room / "__init__.py").is_file()]


def imports() -> dict[str, set[str]]:
    """Room -> the other rooms that its modules import, at the top or inside functions."""
    found: dict[str, set[str]] = {}
    for room in rooms():
        found[room] = set()
        for path in (PACKAGE / room).rglob("*.py"):
            for module in _imported(path):
                parts = module.split(".")
                if parts[0] == "pointclip" and len(parts) > 1 and parts[1] != room:
                    found[room].add(parts[1])
    return found


def _imported(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "pointclip":
            names += [f"pointclip.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names


def sentence(room: str) -> str:
    """What a room is for: the first paragraph of the docstring of its `__init__.py`."""
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))
    return " ".join((ast.get_docstring(tree) or "").split("\n\n")[0].split())


def page() -> str:
    arrows = imports()
    graph = [f"    {room} --> {other}" for room in rooms() for other in sorted(arrows[room])]
    lines = [
        "# Architecture",
        "",
        "One idea: render a point cloud as depth maps and let a frozen 2D model read them.",
        "The DAG (`workflow/`) has a file of rules for each stage, `scripts/` a thin file for each",
        "rule, the library (`pointclip/`) a room for each stage. A room imports only rooms that",
        "stand before it here.",
        "This page is made by `make docs`; a test compares it with the code.",
        "",
        "| room | what it is for |",
        "| --- | --- |",
        *(f"| `{room}/` | {sentence(room)} |" for room in rooms()),
        "",
        "## Which room imports which",
        "",
        "Every room may import `core` and `catalog`; these arrows are left out.",
        "",
        "```mermaid",
        "graph BT",
        *(line for line in graph if not line.endswith((" core", " catalog"))),
        "```",
        "",
        "## Where to change what",
        "",
        "| change | file |",
        "| --- | --- |",
        *(f"| {change} | `{place}` |" for change, place in CHANGES.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.exit(0)
