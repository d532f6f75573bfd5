from released_methods import golden, near

from pointclip.classification.transductive.point_cache import point_cache


def test_logits_are_the_released_ones():
    order = golden("pointcache/order")
    found = point_cache(golden("shared/test"), golden("shared/text"), 100.0, order)
    near(found, "pointcache/test_logits")
    near(found[order], "pointcache/stream_logits")
