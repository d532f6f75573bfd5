"""Which projection, backbone and prompts an adapter is used with."""

from collections.abc import Mapping
from typing import Any

import torch

from pointclip.classification.few_shot import trained_with
from pointclip.classification.few_shot.adapter_file import Adapter
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.projection.projection import Projection


def choose_parts(adapter: Adapter | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Projection, backbone and prompts: the given ones, else those that the adapter states.

    Raises:
        UserError: if the adapter names anything but built-in parts (see `trained_with`), or was
            trained with a part that is not built in and not given.
    """
    chosen = {part: value for part, value in given.items() if value is not None}
    if adapter is None:
        return chosen
    stated = trained_with.check(adapter.unchecked_parts, adapter.file, adapter.views)
    for part, value in stated.items():
        if part == "prompts":  # of no use but to be named: the prototypes are in the file
            chosen[part] = value["own"] if isinstance(value, dict) else value
        elif part not in chosen:
            if "own" in value:
                raise UserError(
                    f"{adapter.file} was trained with the {part} '{value['own']}', which is not "
                    f"built in: give that {part} too."
                )
            chosen[part] = value
    return chosen


def check_fit(
    adapter: Adapter, projection: Projection | None, encoder: Encoder | PointEncoder
) -> None:
    """See that an adapter fits what it is to be used with.

    Raises:
        UserError: if views or channels are not as many as in training, or tensors are missing.
    """
    views = projection.views if projection else 1
    if views != adapter.views:
        what = f"projection '{projection.name}'" if projection else f"backbone '{encoder.name}'"
        raise UserError(
            f"The adapter {adapter.file} was trained with {adapter.views} views; the {what} has "
            f"{views}."
        )
    channels = adapter.prototypes.shape[-1]
    if encoder.dim != channels:
        raise UserError(
            f"The adapter {adapter.file} was trained with {channels} channels; the backbone "
            f"'{encoder.name}' has {encoder.dim}."
        )
    adapter.logits(torch.zeros(1, adapter.views, channels))  # or it says what is missing
