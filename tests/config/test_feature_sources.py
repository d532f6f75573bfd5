from config_example import CONFIG

from pointclip.config.feature_sources import feature_sources, is_rendered
from pointclip.config.resolve import resolve_projection


def test_a_join_needs_the_features_of_its_parts() -> None:
    both = {"both": {"join": ["front", "pointclip_v2"]}}
    config = CONFIG | {"projections": CONFIG["projections"] | both}
    names = ["both", "front", "pointclip_v2", "pointclip_fs"]
    projections = {name: resolve_projection(config, name) for name in names}
    assert projections["both"]["parts"] == ["front", "pointclip_v2"]
    assert feature_sources(projections, "both") == names
    rendered = [name for name in names if is_rendered(projections, name)]
    assert rendered == ["pointclip_v2", "pointclip_fs"]
