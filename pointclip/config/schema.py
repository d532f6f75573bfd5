"""A config checked against its schema: defaults filled in, or one sentence on what is wrong."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from pointclip.config.corruption import list_corrupted
from pointclip.core.errors import UserError
from pointclip.core.extras import require
from pointclip.core.files import PACKAGE, check_extent, read_yaml


SCHEMA = PACKAGE / "config" / "schema.yaml"


# Lists of experiments; of these, what a config that lists any does not inherit from the default.
EXPERIMENTS = ("zero_shot", "few_shot", "registration", "segmentation")
NOT_INHERITED = ("registration", "segmentation")


def validate(config: dict[str, Any], own_files: Iterable[str | Path] = ()) -> None:
    """Check a config, fill in the schema's defaults and the home folder of `~/…`, in place.

    Args:
        own_files: the user's files that were merged into the default config, if any.

    Raises:
        UserError: if a key is unknown or missing, or a value is not as the schema says.
    """
    require("snakemake", "workflow", "A config")
    check_extent(config, "The config")
    # The loader in C where there is one: the other takes six times as long.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    schema = yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader=loader)
    if errors := list(_validator()(schema).iter_errors(config)):
        raise UserError(_one_sentence(errors))
    own = {key for file in own_files for key in read_yaml(file)}
    if own & set(EXPERIMENTS):
        config.update({key: [] for key in NOT_INHERITED if key not in own})
    list_corrupted(config)
    _expand_home(config)


def _validator() -> Any:
    """A validator that fills in defaults, as Snakemake's `validate` does it.

    Snakemake's reads the schema again in Python, a twentieth of a dry run of the paper.
    Source: https://python-jsonschema.readthedocs.io/en/latest/faq/.
    """
    from jsonschema import Draft202012Validator, validators

    check = Draft202012Validator.VALIDATORS["properties"]

    def fill_in(validator: Any, known: Any, part: Any, schema: Any) -> Iterator[Any]:
        for key in known if isinstance(part, dict) else ():
            if "default" in known[key]:
                part.setdefault(key, known[key]["default"])
        yield from check(validator, known, part, schema)

    return validators.extend(Draft202012Validator, {"properties": fill_in})


def _expand_home(part: Any) -> None:
    """Write out the home folder in all paths that name it: Snakemake and h5py do not know `~`."""
    for key, value in list(part.items() if isinstance(part, dict) else enumerate(part)):
        if isinstance(value, dict | list):
            _expand_home(value)
        elif isinstance(value, str) and value.startswith("~/"):
            part[key] = str(Path(value).expanduser())


def _one_sentence(errors: Iterable[Any]) -> str:
    """The first of jsonschema's errors as one sentence that says what is allowed."""
    error = min(errors, key=lambda e: [str(part) for part in e.absolute_path])
    while error.context:
        error = max(error.context, key=lambda e: len(e.absolute_path))
    where = ".".join(map(str, error.absolute_path)) or "the config"
    rule, given = error.validator_value, f"'{str(error.instance)[:200]}' is not allowed for {where}"
    match error.validator:
        case "additionalProperties":
            known = error.schema.get("properties", {})
            unknown = next(key for key in error.instance if key not in known)
            return f"Unknown key '{unknown}' in {where}: choose one of {', '.join(known)}."
        case "enum":
            return f"{given}: choose one of {', '.join(map(str, rule))}."
        case "type":
            return f"{given}: give {rule if isinstance(rule, str) else ' or '.join(rule)}."
        case "required":
            lacking = next(key for key in rule if key not in error.instance)
            return f"The key '{lacking}' is missing in {where}."
        case "pattern":
            return f"{given}: {error.schema['description']}"
        case "minimum" | "maximum":
            return f"{given}: the {error.validator} is {rule}."
        case _:
            return f"{given}: {error.message[-200:]}."
