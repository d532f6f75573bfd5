"""Prompt sets: the sentences about each class, from templates or files."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointclip.config.prompt_sets import prompt_sets
from pointclip.core.errors import UserError, choose
from pointclip.core.files import read_text, read_yaml


OWN_TEMPLATES = "own templates"  # the name of templates that come without a file
KEYS = {"description", "templates", "class_names", "sentences"}


@dataclass(frozen=True)
class Prompts:
    """The sentences about each class.

    Attributes:
        name: the set's id.
        templates: `{}` stands for the class name, `{an}` for the name with its article. The
            released templates write a fixed "a", also before "airplane"; so do their copies here.
        class_names: data set → class → its name in sentences; other names have their `_` replaced.
        own_sentences: class → sentences about it, e.g. written by a language model.
    """

    name: str
    templates: tuple[str, ...] = ()
    class_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own_sentences: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    description: str = ""

    def class_name(self, name: str, dataset: str | None = None) -> str:
        """The name of a class in the set's sentences."""
        return self.class_names.get(dataset or "", {}).get(name, name.replace("_", " "))

    def sentences(self, name: str, dataset: str | None = None) -> list[str]:
        """All sentences about the class `name`.

        Raises:
            UserError: if the set has sentences of its own only, and none about this class.
        """
        spoken = self.class_name(name, dataset)
        article = "an" if spoken[:1].lower() in "aeiou" else "a"
        filled = [
            template.replace("{an}", f"{article} {spoken}").replace("{}", spoken)
            for template in self.templates
        ]
        own = self.own_sentences.get(_key(name)) or self.own_sentences.get(_key(spoken)) or ()
        if not filled and not own:
            raise UserError(
                f"The prompts '{self.name}' have no template and no sentence about '{name}': "
                f"add some, or choose other prompts."
            )
        return [*filled, *own]


def load_prompts(given: str | Path | Sequence[str]) -> Prompts:
    """Load a named set, a YAML file of that form, or a plain JSON or TSV file of sentences.

    Args:
        given: the set's name, a path, or a list of templates.

    Raises:
        UserError: if there is no such set or file, or it is not of this form.
    """
    if not isinstance(given, str | Path):
        if not given:
            raise UserError("The list of templates is empty: give at least one sentence.")
        return Prompts(OWN_TEMPLATES, _check_templates(list(given), "the list of templates"))
    if "{" in str(given):
        raise UserError(f"Templates are a list: give ['{given}'] in place of '{given}'.")
    path = Path(given)
    if path.suffix not in {".yaml", ".yml", ".json", ".tsv"}:
        sets = prompt_sets()
        path = sets[choose(str(given), sets, "prompt set")]
    if path.suffix in {".json", ".tsv"}:
        return Prompts(path.stem, own_sentences=read_sentences(path))
    content = read_yaml(path)
    if unknown := set(content) - KEYS:
        first = min(map(str, unknown))
        raise UserError(f"Unknown key '{first}' in {path}: allowed are {', '.join(sorted(KEYS))}.")
    templates = _check_templates(content.get("templates", []), str(path))
    names = content.get("class_names", {})
    if isinstance(names, str):
        names = read_yaml(path.parent / names)
    if not isinstance(names, dict) or not all(isinstance(v, dict) for v in names.values()):
        raise UserError(f"'class_names' in {path} must map data sets to class: name pairs.")
    sentences = content.get("sentences")
    if not isinstance(sentences, str | None):
        raise UserError(f"'sentences' in {path} must be the name of a JSON or TSV file.")
    own = read_sentences(path.parent / sentences) if sentences else {}
    if not templates and not own:
        raise UserError(f"{path} holds neither templates nor sentences.")
    return Prompts(path.stem, templates, names, own, content.get("description", ""))


def _check_templates(templates: Any, source: str) -> tuple[str, ...]:
    if not isinstance(templates, list) or not all(isinstance(t, str) for t in templates):
        raise UserError(f"'templates' in {source} must be a list of sentences, each with a {{}}.")
    for template in templates:
        if "{}" not in template and "{an}" not in template:
            raise UserError(
                f"The template '{template}' in {source} has no {{}} for the class name."
            )
    return tuple(templates)


def read_sentences(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Read `{"class": ["sentence", …]}` (JSON) or lines of class, tab, sentence (TSV).

    Raises:
        UserError: if the file is missing or not of this form.
    """
    path = Path(path)
    result: dict[str, tuple[str, ...]] = {}
    for name, sentence in _pairs(path):
        if not isinstance(sentence, str) or not sentence.strip():
            raise UserError(f"{path} holds something that is no sentence under '{name}'.")
        result[_key(name)] = (*result.get(_key(name), ()), sentence.strip())
    return result


def _pairs(path: Path) -> list[tuple[str, Any]]:
    text = read_text(path)
    if path.suffix == ".tsv":
        rows = list(csv.reader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
        for number, row in enumerate(rows, 1):
            if row and len(row) != 2:
                raise UserError(f"Line {number} of {path} is not a class, a tab and a sentence.")
        return [(row[0], row[1]) for row in rows if row]
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON ({error}).") from error
    if not isinstance(content, dict):
        raise UserError(f'{path} must be of the form {{"class": ["sentence", …]}}.')
    lists = {name: [value] if isinstance(value, str) else value for name, value in content.items()}
    if wrong := [name for name, value in lists.items() if not isinstance(value, list)]:
        raise UserError(f"{path} holds something that is no list of sentences under '{wrong[0]}'.")
    return [(name, sentence) for name, sentences in lists.items() for sentence in sentences]


def _key(name: str) -> str:
    """`Night_Stand`, `night stand` and `night-stand` are one class."""
    return re.sub(r"[\s_-]+", " ", name).strip().lower()
