import numpy as np
import pytest
from released_methods import golden, near

from pointclip.classification.transductive.transclip import transclip, transclip_few_shot


ITEMS, TEXT = golden("shared/test"), golden("shared/text")
SHOTS = golden("shared/support"), golden("shared/support_labels")


def test_probabilities_are_the_released_ones():
    near(np.exp(transclip(ITEMS, TEXT, 100.0)), "transclip/zero_shot/z")


def test_shots_pull_items_to_their_labels():
    labels = golden("shared/test_labels")
    found = transclip_few_shot(ITEMS, TEXT, 100.0, *SHOTS)
    np.testing.assert_allclose(np.exp(found).sum(1), 1)
    # The release's misaligned graph reaches 50.0 to 55.0 % here, aligned rows 52.5 to 55.0.
    assert 52.4 <= 100 * (found.argmax(1) == labels).mean() <= 55.1


def test_labels_of_shots_matter():
    shots, labels = SHOTS
    right, wrong = (
        (transclip_few_shot(shots, TEXT, 100.0, shots, given).argmax(1) == labels).mean()
        for given in (labels, (labels + 1) % 6)
    )
    assert right > 0.6 > wrong


@pytest.mark.parametrize("count", [1, 5])
def test_fewer_items_than_begin_a_class_give_probabilities(count):
    for found in (
        transclip(ITEMS[:count], TEXT, 100.0),
        transclip_few_shot(ITEMS[:count], TEXT, 100.0, *SHOTS),
    ):
        np.testing.assert_allclose(np.exp(found).sum(1), 1)
