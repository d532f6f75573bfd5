"""One prediction as HTML for a notebook's cell: the views of a cloud, and bars of probabilities.

Static and without scripts, so that it is there in an exported or untrusted notebook too. Text has
the cell's own colour, which suits light and dark themes.
"""

from html import escape

import numpy as np

from pointclip.app.predictions import ViewPrediction
from pointclip.app.viewer import BEST, OTHER, grey, png


MOST = 6  # classes with a bar
VIEW = 96  # pixels of a depth map


def views_and_bars(prediction: ViewPrediction) -> str:
    """Depth maps with the best class of each, and below the classes from all views together."""
    images = grey(prediction.depth)
    views = zip(prediction.view_names, images, prediction.per_view, strict=True)
    shown = "".join(_view(*view, prediction) for view in views)
    bars = "".join(_bar(rank, *best) for rank, best in enumerate(prediction.top(MOST)))
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:8px;max-width:1080px">{shown}</div>'
        f'<div style="max-width:480px;margin-top:10px">{bars}</div>'
    )


def _view(name: str, image: np.ndarray, of_view: np.ndarray, prediction: ViewPrediction) -> str:
    best = int(of_view.argmax())
    said = f"{escape(prediction.classes[best])} {100 * of_view[best]:.0f} %"
    return (
        f'<figure style="margin:0;width:{VIEW}px;font-size:11px;line-height:1.3">'
        f'<img src="{png(image)}" width="{VIEW}" alt="{escape(name)}" '
        'style="image-rendering:pixelated;display:block">'
        f"<figcaption>{escape(name)}<br><b>{said}</b></figcaption></figure>"
    )


def _bar(rank: int, name: str, probability: float) -> str:
    colour, weight = (BEST, "bold") if rank == 0 else (OTHER, "normal")
    return (
        f'<div style="display:grid;grid-template-columns:140px 1fr 60px;gap:8px;'
        f'align-items:center;font-weight:{weight}"><span>{escape(name)}</span>'
        f'<span style="height:12px;width:{100 * probability:.1f}%;min-width:1px;'
        f'background:{colour}"></span>'
        f'<span style="text-align:right">{100 * probability:.1f} %</span></div>'
    )
