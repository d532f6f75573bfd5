from config_example import CONFIG

from pointclip.config import resolve
from pointclip.config.feature_sources import feature_sources, is_rendered


def test_a_join_needs_the_features_of_its_parts() -> None:
    both = {"both": {"join": ["front", "pointclip_v2"]}}
    config = CONFIG | {"projections": CONFIG["projections"] | both}
    assert resolve.resolve_projection(config, "both")["parts"] == ["front", "pointclip_v2"]
    sources = feature_sources(config, "both")
    assert sources == ["both", "front", "pointclip_v2", "pointclip_fs"]
    rendered = [name for name in sources if is_rendered(config, name)]
    assert rendered == ["pointclip_v2", "pointclip_fs"]
