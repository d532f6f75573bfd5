"""The methods that see unlabelled test shapes, all at once or in the order of a stream."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Transductive:
    """What a method reads beside the test features and the text.

    Attributes:
        about: in a sentence, for tables and docs.
        stream: the order of the test shapes matters; each seed has its own.
        train: it reads unlabelled train shapes.
        shots: it also has a few-shot form.
    """

    about: str
    stream: bool = False
    train: bool = False
    shots: bool = False


TRANSDUCTIVE: dict[str, Transductive] = {
    "stata": Transductive("Gaussians fitted to the test shapes, anchored at the text"),
    "transclip": Transductive("Gaussians of one variance fitted to the test shapes", shots=True),
    "zlap": Transductive("Labels spread over a graph of the test shapes"),
    "zlap_inductive": Transductive("Labels spread over a graph of train shapes", train=True),
    "tda": Transductive("Caches of sure and unsure shapes along a stream", stream=True),
    "point_cache": Transductive("TDA after a first pass over the stream", stream=True),
    "uni_adapter": Transductive("Cluster centres along a stream", stream=True),
}
