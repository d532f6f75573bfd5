"""Hooks of MkDocs: pages that stand outside docs/, links between pages, pages that nav forgot."""

import os
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files


ROOT = Path(__file__).resolve().parents[1]
# Page of the site -> the file that GitHub shows in its folder.
OUTSIDE = {
    "configuration.md": "config/README.md",
    "benchmarks.md": "benchmarks/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
LINK = re.compile(r"\[([^\]\[]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_config(config: Any) -> None:
    """Pages of docs/ that the navigation does not name come last."""
    named = set(re.findall(r"[\w-]+\.md", str(config["nav"])))
    others = sorted({page.name for page in (ROOT / "docs").glob("*.md")} - named)
    if others:
        config["nav"][-1]["Project"].extend(others)


def on_files(files: Files, config: Any) -> None:
    """Add the pages that stand outside docs/."""
    for name, source in OUTSIDE.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text("utf-8")))


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links as GitHub follows them, to pages of the site where there is one, else the path."""
    source = ROOT / OUTSIDE.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    return LINK.sub(lambda match: _link(match, source.parent), markdown)


def _link(match: re.Match[str], folder: Path) -> str:
    text, target, anchor = match[1], match[2], match[3] or ""
    if ":" in target:
        return match[0]
    path = os.path.relpath(folder / target, ROOT)
    page = {file: name for name, file in OUTSIDE.items()}.get(path)
    if path == "README.md":
        page = "index.md"
    if path.startswith("docs/"):
        page = path.removeprefix("docs/")
    return f"[{text}]({page}{anchor})" if page else f"{text} (`{path}`)"
