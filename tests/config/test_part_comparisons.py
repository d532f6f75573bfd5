from pointclip.config.part_comparisons import comparisons
from pointclip.config.part_experiments import part_runs


BLOCK = {
    **{"part_datasets": ["furniture_parts"], "projections": ["elevated_ring"]},
    **{"backbones": ["iconclip"], "patches": ["ordinary_224"], "shots": [1, 4]},
}


def pairs(*blocks, **config):
    config["segmentation"] = [BLOCK | block for block in blocks]
    found = comparisons(config, part_runs(config))
    return {
        (one["setting"], one["usual"], one["value"], one["run"]["segmenter"], one["run"]["shots"])
        for one in found
    }


def test_patches_are_set_beside_geometry_shot_by_shot():
    names = ["linear_probe", "geometry_linear_probe", "both_linear_probe", "nearest_mean"]
    found = pairs({"segmenters": names})
    features = {one[2:] for one in found if one[0] == "features"}
    assert features == {
        ("patch", "linear_probe", 1),
        ("patch", "linear_probe", 4),
        ("both", "both_linear_probe", 1),
        ("both", "both_linear_probe", 4),
    }
    assert {one[1] for one in found if one[0] == "features"} == {"geometry"}


def test_a_segmenter_is_set_beside_the_defaults():
    mine = {
        "wide": {"base": "zero_shot", "window": [6]},
        "both": {"base": "zero_shot", "window": [6], "regions": ["kmeans"]},
    }
    found = pairs({"segmenters": ["zero_shot", "wide", "both"]}, segmenters=mine)
    # `both` differs in two settings from zero_shot, and in one from `wide`.
    assert found == {
        ("window", "0", "6", "wide", 0),
        ("regions", "none", "kmeans", "both", 0),
    }


def test_other_ids_are_set_beside_those_of_the_first_experiment():
    found = pairs(
        {"segmenters": ["zero_shot"]},
        {"segmenters": ["zero_shot"], "patches": ["ordinary_96"]},
        {"segmenters": ["zero_shot"], "projections": ["pointclip_v2"], "patches": ["ordinary_96"]},
    )
    assert found == {
        ("size", "224", "96", "zero_shot", 0),
        ("projection", "elevated_ring", "pointclip_v2", "zero_shot", 0),
    }


def test_size_and_attention_are_settings_of_their_own():
    kinds = ["ordinary_224", "ordinary_448", "maskclip_448"]
    found = pairs({"segmenters": ["zero_shot"], "patches": kinds})
    assert found == {
        ("size", "224", "448", "zero_shot", 0),
        ("attention", "ordinary", "maskclip", "zero_shot", 0),
    }


def test_protocols_are_set_beside_plain():
    chosen = {"chosen": {"base": "zero_shot", "patches": ["ordinary_96"], "window": [0, 6]}}
    block = {"segmenters": ["chosen"], "protocols": ["validation"]}
    found = pairs({"segmenters": ["zero_shot"]}, block, segmenters=chosen)
    assert found == {("protocol", "plain", "validation", "chosen", 0)}


def test_no_experiment_is_no_pair():
    assert comparisons({}, []) == []
