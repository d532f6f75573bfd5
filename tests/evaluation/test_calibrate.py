import numpy as np
import pytest
from few_shot_data import few_shot_run, read_files, write_files, zero_shot_run

from pointclip.classification import zero_shot
from pointclip.classification.adapters import nearest_mean
from pointclip.classification.few_shot.adapter_file import write_adapter
from pointclip.classification.few_shot.logits import write_logits
from pointclip.classification.few_shot.train import train
from pointclip.classification.temperature import fit_temperature
from pointclip.classification.train_statistics import PRIOR, write_statistics
from pointclip.evaluation.calibrate import calibrate
from pointclip.evaluation.score import score


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Zero-shot logits with statistics, and few-shot logits of three seeds."""
    folder = tmp_path_factory.mktemp("calibrate")
    paths = write_files(folder)
    zero, few, statistics = (folder / f"{name}.h5" for name in ("zero", "few", "statistics"))
    zero_shot.write_logits(paths["test_features"], paths["text"], None, zero)
    files = paths["train_features"], paths["text"], paths["shots"], paths["train_labels"]
    write_statistics(*files, statistics)
    task = read_files(paths)
    state = train("nearest_mean", task)["plain"]
    write_adapter(state, task, folder / "a.safetensors", "nearest_mean", "plain")
    write_logits(folder / "a.safetensors", paths["test_features"], few)
    runs = [zero_shot_run(), few_shot_run("nearest_mean", "plain")]
    labels = {"toy": paths["test_labels"]}
    return runs, [zero, few], labels, {str(zero): statistics}, task, state


def test_every_method_and_seed_has_a_row(made):
    metrics, bins, curves = calibrate(*made[:4])
    few = metrics[metrics["method"] == "nearest_mean"]
    assert few["seed"].tolist() == [1, 2, 3]
    assert set(metrics["method"]) == {*zero_shot.COMBINE, PRIOR, "nearest_mean"}
    assert ((metrics["ece"] >= 0) & (metrics["ece"] <= 1)).all()
    of_few = metrics.loc[metrics["method"] == "nearest_mean", "aurc"].mean()
    risk = curves[curves["method"] == "nearest_mean"]["risk"]
    assert len(risk) == 100 and risk.mean() == pytest.approx(of_few, abs=0.02)
    assert set(curves["by"]) == {"confidence", "agreement"}
    assert metrics.loc[metrics["method"] != "nearest_mean", "aurc_agreement"].between(0, 1).all()
    weights = bins.groupby(["method", "tempered"])["weight"].sum()
    np.testing.assert_allclose(weights.drop("nearest_mean"), 1)
    np.testing.assert_allclose(weights["nearest_mean"], 3)


def test_temperatures_are_those_of_the_held_out_shapes(made):
    metrics, *_ = calibrate(*made[:4])
    task, state = made[4:]
    logits = nearest_mean.logits(state, task.validation, task.prototypes, task.logit_scale)
    expected = [fit_temperature(one.numpy(), task.validation_labels.numpy()) for one in logits]
    few = metrics[metrics["method"] == "nearest_mean"]
    np.testing.assert_allclose(few["temperature"], expected, rtol=1e-9)


def test_a_run_without_a_temperature_is_left_out(made):
    runs, logits, labels, *_ = made
    metrics, bins, curves = calibrate(runs[:1], logits[:1], labels, {})
    assert metrics.empty and bins.empty and curves.empty


def test_the_prior_has_a_score_of_its_own(made):
    runs, logits, labels, statistics, *_ = made
    scored = score(runs[:1], logits[:1], labels, statistics)
    assert set(scored["method"]) == {*zero_shot.COMBINE, PRIOR}
    assert PRIOR not in set(score(runs[:1], logits[:1], labels)["method"])
