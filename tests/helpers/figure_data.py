"""What tests of figures share."""

from matplotlib.figure import Figure
from matplotlib.text import Text


CLASSES = ["airplane", "night_stand", "flower_pot", "range_hood"]


def words(figure: Figure) -> list[str]:
    """Every text of a figure, with line breaks as spaces."""
    found = (text.get_text() for text in figure.findobj(Text))
    return [text.replace("\n", " ") for text in found if text]
