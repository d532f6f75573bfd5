import numpy as np
import pytest
from few_shot_data import write_files

from pointclip.classification import train_statistics, zero_shot
from pointclip.classification.train_statistics import divide_out, read_statistics, write_statistics
from pointclip.core import store
from pointclip.features.read import read_features, read_prototypes


def statistics(paths, path):
    files = paths["train_features"], paths["text"], paths["shots"], paths["train_labels"]
    write_statistics(*files, path)
    return read_statistics(path)


def test_prior_is_the_mean_probability_over_train_shapes(tmp_path):
    paths = write_files(tmp_path)
    prior, temperatures = statistics(paths, tmp_path / "statistics.h5")
    prototypes, scale, _ = read_prototypes(paths["text"])
    logits = zero_shot.per_view_logits(read_features(paths["train_features"]), prototypes, scale)
    log_p = zero_shot.combine(logits, method="zero_shot_softmax")
    np.testing.assert_allclose(prior, np.exp(log_p).mean(0), rtol=1e-6)
    assert prior.sum() == pytest.approx(1)
    assert set(temperatures) == {*zero_shot.COMBINE, train_statistics.PRIOR}
    assert all(0.05 <= t <= 20 for t in temperatures.values())


def test_prior_reads_no_label(tmp_path):
    paths = write_files(tmp_path)
    before, _ = statistics(paths, tmp_path / "before.h5")
    frame = store.read_parquet(paths["train_labels"])
    shuffled = frame.assign(label=np.random.default_rng(0).permutation(frame["label"]))
    store.write_parquet(shuffled, paths["train_labels"], classes=frame.attrs["classes"])
    after, _ = statistics(paths, tmp_path / "after.h5")
    np.testing.assert_array_equal(before, after)


def test_divided_out_a_prior_leaves_probabilities_of_equal_mean():
    rng = np.random.default_rng(0)
    log_p = zero_shot.log_softmax(rng.normal(size=(4000, 3)) * 0.1 + [2, 1, 0])
    found = np.exp(divide_out(log_p, np.exp(log_p).mean(0)))
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(found.mean(0), 1 / 3, atol=0.01)
