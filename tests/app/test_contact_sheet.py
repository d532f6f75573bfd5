import numpy as np
import pytest
from figure_data import words
from matplotlib.axes import Axes

from pointclip.app.contact_sheet import contact_sheet
from pointclip.app.viewer import ViewerItem, grey


def item(name="a.ply", classes=3, views=2):
    rng = np.random.default_rng(0)
    return ViewerItem(
        name=name,
        note="",
        points=rng.uniform(-0.5, 0.5, (50, 3)).astype(np.float32),
        depth=rng.uniform(0, 2, (views, 4, 4)).astype(np.float32),
        view_names=[f"azimuth {k}" for k in range(views)],
        cameras=np.stack([np.eye(3)] * views),
        probabilities=rng.dirichlet(np.ones(classes)) if classes else None,
    )


def axes_with(figure, what):
    return [axes for axes in figure.findobj(Axes) if getattr(axes, what)]


@pytest.mark.parametrize("views", [1, 2, 12, 13])
def test_every_view_is_shown_with_its_number_and_name(views):
    given = item(views=views)
    figure = contact_sheet([given], [])
    shown = axes_with(figure, "images")
    assert [axes.get_title() for axes in shown] == [f"{k + 1} azimuth {k}" for k in range(views)]
    for axes, depth in zip(shown, grey(given.depth), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), depth)


def test_each_cloud_is_a_row_with_its_name_and_all_of_its_points():
    figure = contact_sheet([item("a.ply"), item("b.ply")], ["x", "y", "z"])
    assert {"a.ply", "b.ply"} <= set(words(figure))
    clouds = axes_with(figure, "collections")
    assert [len(axes.collections[0].get_offsets()) for axes in clouds] == [50, 50]


def test_bars_are_the_six_most_probable_classes_best_first():
    given, classes = item(classes=8), [f"class {k}" for k in range(8)]
    figure = contact_sheet([given], classes)
    (bars,) = axes_with(figure, "patches")
    best = np.argsort(-given.probabilities)[:6]
    assert [label.get_text() for label in bars.get_yticklabels()] == [classes[k] for k in best]
    widths = [bar.get_width() for bar in bars.patches]
    assert widths == given.probabilities[best].tolist()
    assert f"{100 * widths[0]:.1f} %" in words(figure)
    assert len({bar.get_facecolor() for bar in bars.patches[1:]}) == 1
    assert bars.patches[0].get_facecolor() != bars.patches[1].get_facecolor()
    assert bars.yaxis_inverted()


def test_without_classes_there_are_no_bars():
    assert not axes_with(contact_sheet([item(classes=0)], []), "patches")
