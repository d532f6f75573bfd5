"""The stage `encode_text`: the sentences about each class to one text feature, its prototype."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from pointclip.core.store import write_parquet
from pointclip.encoders.encoder import Encoder
from pointclip.encoders.point.encoder import PointEncoder
from pointclip.features.prompts import Prompts


def encode_text(
    classes: Sequence[str],
    prompts: Prompts,
    encoder: Encoder | PointEncoder,
    out: str | Path,
    dataset: str | None = None,
) -> None:
    """Encode the sentences of a prompt set about each class.

    Args:
        classes: names in label order, which is the order of the rows.
        out: gets the columns `class`, `sentences`, `feature` (a normalised prototype) and
            `sentence_features` (as the encoder gives them, one sentence after the other).
        dataset: the prompt set may call classes of this data set by other names.

    Raises:
        UserError: if the set has no sentence about a class.
    """
    sentences = [prompts.sentences(name, dataset) for name in classes]
    each = [encoder.encode_texts(of_class) for of_class in sentences]
    frame = pd.DataFrame(
        {
            "class": list(classes),
            "sentences": sentences,
            "feature": [mean_direction(features).numpy() for features in each],
            "sentence_features": [features.flatten().numpy() for features in each],
        }
    )
    write_parquet(frame, out, prompts=prompts.name, **encoder.attrs)


def prototype(sentences: list[str], encoder: Encoder | PointEncoder) -> Float[Tensor, "channel"]:
    """The normalised mean of the normalised features of some sentences."""
    return mean_direction(encoder.encode_texts(sentences))


def mean_direction(features: Float[Tensor, "sentence channel"]) -> Float[Tensor, "channel"]:
    """The normalised mean of the normalised features."""
    return F.normalize(F.normalize(features, dim=-1).mean(0), dim=0)
