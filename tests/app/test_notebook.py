import re
from html.parser import HTMLParser

import numpy as np

from pointclip.app.predictions import ViewPrediction


def prediction(classes=("a", "b"), views=3):
    rng = np.random.default_rng(0)
    per_view = rng.dirichlet(np.ones(len(classes)), views)
    names = [f"azimuth {k}°" for k in range(views)]
    depth = rng.random((views, 8, 8), dtype=np.float32)
    return ViewPrediction(depth, per_view, per_view.mean(0), classes, names)


class Text(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_a_cell_shows_every_view_and_a_bar_for_each_class():
    shown = prediction()
    found = Text(shown._repr_html_())
    assert found.tags.count("img") == 3
    assert {"azimuth 0°", "azimuth 1°", "azimuth 2°", "a", "b"} <= {*found.text}
    best = max(shown.probabilities)
    assert f"{100 * best:.1f} %" in found.text
    widths = [float(w) for w in re.findall(r"width:([\d.]+)%", shown._repr_html_())]
    np.testing.assert_allclose(widths, sorted(100 * shown.probabilities)[::-1], atol=0.05)


def test_names_of_classes_are_text_and_never_markup():
    html = prediction(("<script>alert(1)</script>", "b"))._repr_html_()
    assert "<script" not in html


def test_in_a_terminal_it_is_one_line():
    said = repr(prediction())
    assert said.startswith("ViewPrediction(") and said.endswith("; 3 views)") and "%" in said
