"""Score rows and published numbers for tests of tables and figures."""


def rows(accuracies: list[float], seeds: list[int | None], **change: object) -> list[dict]:
    same = {
        **{"dataset": "modelnet40", "projection": "pointclip_zs", "prompts": "v1_zero_shot"},
        **{"backbone": "rn50", "method": "inter_view", "protocol": "plain", "shots": 4},
        **{"top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    return [
        same | {"seed": seed, "accuracy": accuracy} | change
        for accuracy, seed in zip(accuracies, seeds, strict=True)
    ]


def zero_shot(accuracy: float, **change: object) -> list[dict]:
    return rows([accuracy], [None], **({"method": "zero_shot", "shots": 0} | change))
