"""Sentences for parts, and their text features."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from pointclip.core.errors import UserError


def part_prototypes(
    name: str, parts: Sequence[str], template: str, encoder: Any
) -> Float[Tensor, "part channel"]:
    """A unit text feature for every part of a class; `{part}` and `{class}` are filled in.

    Raises:
        UserError: if there are fewer than two parts, or the template has no {part}.
    """
    check_parts(parts)
    if "{part}" not in template:
        raise UserError(f"The template '{template}' has no {{part}}: all parts would be the same.")
    said = [template.replace("{part}", part).replace("{class}", name) for part in parts]
    return F.normalize(encoder.encode_texts(said), dim=-1)


def released_prototypes(
    name: str, parts: Sequence[str], sentences: Mapping[str, Any], encoder: Any
) -> Float[Tensor, "named channel"]:
    """One sentence per part, as PointCLIP V2 uses them, for the first parts of the class.

    The others are never predicted (V2's lamp has two sentences for four parts).

    Raises:
        UserError: if the class has no sentences, or more than parts.
    """
    own = sentences.get(name)
    if not isinstance(own, list) or not own or not all(isinstance(each, str) for each in own):
        raise UserError(f"The file of sentences has no list of sentences for class '{name}'.")
    if len(own) > len(parts):
        raise UserError(
            f"The file of sentences has {len(own)} sentences for the {len(parts)} parts of class "
            f"'{name}'."
        )
    return F.normalize(encoder.encode_texts(own), dim=-1)


def check_parts(parts: Sequence[str]) -> None:
    """See that there is something to tell apart.

    Raises:
        UserError: if there are fewer than two parts, or one is given twice.
    """
    if not parts:
        raise UserError("Say which parts there may be: give at least two.")
    if len(parts) == 1:
        raise UserError(f"'{parts[0]}' is the only part: give at least two to tell apart.")
    twice = next((part for part in parts if list(parts).count(part) > 1), None)
    if twice:
        raise UserError(f"The part '{twice}' is given twice.")
