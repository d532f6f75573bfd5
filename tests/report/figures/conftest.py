import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def scores() -> pd.DataFrame:
    same = {
        **{"dataset": "furniture", "projection": "pointclip_v2", "prompts": "v2"},
        **{"backbone": "iconclip", "top5": 80.0, "mean_class_accuracy": 50.0, "n": 100},
    }
    rows = [
        same | {"method": "zero_shot", "protocol": p, "shots": 0, "seed": None, "accuracy": 30.0}
        for p in ("plain", "released")
    ]
    rows += [
        same
        | {"method": method, "protocol": protocol, "shots": shots, "seed": seed}
        | {"accuracy": 40.0 + 5 * shots + seed}
        for method in ("inter_view", "tip")
        for protocol in ("plain", "validation")
        for shots in (1, 2, 4)
        for seed in (1, 2, 3)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def predictions() -> pd.DataFrame:
    label = np.repeat([0, 1, 2], [4, 2, 3])
    one = pd.DataFrame({"id": [f"test/{i}" for i in range(9)], "label": label})
    right, wrong = label.copy(), label.copy()
    wrong[[0, 4]] = [3, 2]
    return pd.concat([one.assign(seed=1, predicted=right), one.assign(seed=2, predicted=wrong)])
