from pointclip.catalog.adapters import METHODS
from pointclip.catalog.protocols import PROTOCOLS, RELEASED_METHODS


def test_the_headline_protocol_stands_first():
    assert next(iter(PROTOCOLS)) == "plain"


def test_what_was_released_is_a_method():
    assert set(RELEASED_METHODS) <= set(METHODS)
