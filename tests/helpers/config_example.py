"""A small config with every kind of entry, for tests of the room config."""

BLOCK = {
    "datasets": ["furniture"],
    "projections": ["pointclip_fs"],
    "prompts": ["v1_few_shot"],
    "backbones": ["rn50"],
    "protocols": ["plain"],
}


CONFIG = {
    "datasets": {"furniture": {"reader": "furniture"}, "few": {"base": "furniture", "points": 9}},
    "projections": {"front": {"base": "pointclip_fs", "views": [0]}},
    "backbones": {"mean": {"base": "rn50", "mean_std": "clip"}},
    "prompts": {},
    "adapters": {"half": {"base": "inter_view", "ratio": 0.3, "n_augmentations": 25}},
    "zero_shot": [{**BLOCK, "protocols": ["plain", "released"]}],
    "few_shot": [
        {
            **BLOCK,
            "adapters": ["inter_view", "tip"],
            "shots": [1, 4],
            "protocols": ["plain", "released"],
        }
    ],
    "augmented": {"n_augmentations": 10},
    "ablations": {
        "ratio": {
            "base": {
                "dataset": "furniture",
                "projection": "front",
                "prompts": "v1_few_shot",
                "backbone": "rn50",
                "shots": 2,
                "protocol": "plain",
            },
            "vary": {"adapter": ["half", "inter_view"]},
        }
    },
}
