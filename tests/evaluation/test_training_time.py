import numpy as np
import pandas as pd
import pytest
from few_shot_data import few_shot_run
from score_rows import rows

from pointclip.core import store
from pointclip.evaluation.training_time import training_times


def test_seconds_stand_beside_mean_and_spread_of_the_accuracy(tmp_path):
    runs = [few_shot_run(name, "plain") for name in ("tip", "gda")]
    for run, seconds in zip(runs, (2.0, 0.5), strict=True):
        with store.new_h5(tmp_path / run["adapter"], seconds=seconds) as f:
            f["seed"] = np.array([1, 2])
    axes = {name: runs[0][name] for name in ("dataset", "projection", "prompts", "backbone")}
    scores = pd.DataFrame(rows([50.0, 60.0], [1, 2], method="tip", **axes))
    found = training_times(runs, [tmp_path / "tip", tmp_path / "gda"], scores)
    assert found["method"].tolist() == ["tip"]  # no score of the other
    assert found["seconds"].tolist() == [2] and found["mean"].tolist() == [55]
    assert found["std"].iloc[0] == pytest.approx(50**0.5)
