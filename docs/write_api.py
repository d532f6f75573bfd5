"""Write docs/api.md from the docstrings of what people import: `make docs`."""

import inspect
import re
import sys
from pathlib import Path
from typing import Any

import pointclip
from pointclip.app.predictions import Look, Reading
from pointclip.clouds.load import load
from pointclip.core import errors
from pointclip.encoders.encoder import encoder
from pointclip.features.encode import prompts
from pointclip.projection.projection import projection, views


PAGE = Path(__file__).with_name("api.md")
# The example becomes code.
INTRODUCTION = re.sub(r"((?:>>> .*\n)+.*\n)", r"```pycon\n\1```\n", inspect.getdoc(pointclip) or "")
HEAD = f"""# Python

{INTRODUCTION}

Shapes stand in the annotations: `Float[ndarray, "point 3"]` is a float array with a row a point.
This page is made from the docstrings by `make docs`.
"""
PARTS: dict[str, list[Any]] = {
    "Say what a cloud is": [pointclip.PointCLIP, Look, Reading],
    "Read clouds": [load.load_cloud, load.normalise],
    "Draw depth maps": [
        projection.get_projection,
        projection.Projection,
        views.view_rotations,
    ],
    "Encode": [encoder.load_encoder, encoder.Encoder],
    "Say what classes are called": [prompts.load_prompts, prompts.Prompts],
    "Errors": [errors.UserError],
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, things in PARTS.items():
        parts.append(f"## {title}\n")
        parts += [_entry(thing) for thing in things]
    return "\n".join(parts)


def _entry(thing: Any) -> str:
    lines = [f"### `{thing.__name__}`\n", f"`from {_module(thing)} import {thing.__name__}`\n"]
    lines += [_signature(thing, thing.__name__), _text(thing)]
    if inspect.isclass(thing):
        for name, member in vars(thing).items():
            public = not name.startswith("_") or name == "__call__"
            if public and isinstance(member, property) and member.fget.__doc__:
                lines.append(f"**`.{name}`**: {_text(member.fget)}")
            elif public and inspect.isfunction(member) and member.__doc__:
                called = thing.__name__.lower() if name == "__call__" else name
                lines += [_signature(member, called), _text(member)]
    return "\n".join(lines)


def _module(thing: Any) -> str:
    return "pointclip" if thing.__name__ in pointclip.__all__ else thing.__module__


def _signature(thing: Any, name: str) -> str:
    try:
        signature = inspect.signature(thing)
    except ValueError:
        return ""
    shown = [p for p in signature.parameters.values() if p.name != "self"]
    text = str(signature.replace(parameters=shown))
    # Where a type lives does not help a reader.
    text = re.sub(r"\b(?:[a-z_]+\.)+(?=[A-Z])|<class '(?:\w+\.)*(\w+)'>", r"\1", text)
    text = (
        text.replace("~", "").replace("pathlib.", "").replace("numpy.", "").replace("typing.", "")
    )
    if len(name + text) > 90:
        inner, _, result = text.rpartition(" -> ") if " -> " in text else (text, "", "")
        parts = re.split(r", (?=\*|\w+(?::|=))", inner[1:-1])
        text = "(\n    " + ",\n    ".join(parts) + ",\n)" + (f" -> {result}" if result else "")
    return f"```python\n{name}{text}\n```\n"


def _text(thing: Any) -> str:
    """The docstring, its sections as lists and its examples as code."""
    lines: list[str] = []
    section = ""
    for line in (inspect.getdoc(thing) or "").splitlines():
        heading = re.fullmatch(r"(Args|Returns|Raises|Attributes):", line)
        named = re.match(r"    ([\w, *]+): (.*)", line)
        if heading:
            section = heading[1]
            lines += [f"**{section}**", ""]
        elif section and named:
            lines.append(f"- `{named[1]}`: {named[2]}")
        elif section and line:
            lines.append(f"  {line.strip()}" if section != "Returns" else line.strip())
        else:
            section = section if line else ""
            lines.append(line)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
