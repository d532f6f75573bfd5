import pytest
from cached_results import write_features, write_scores

from pointclip import load_features, load_scores
from pointclip.app.cached import CachedFeatures
from pointclip.config import paths
from pointclip.core.errors import UserError


IDS = {"dataset": "shapes", "projection": "pair", "backbone": "tiny"}


@pytest.fixture
def results(tmp_path):
    """Features of five shapes in two shards, their labels, and scores."""
    write_features(tmp_path, [1, 1, 0, 1, 0], ["chair", "sofa"], 2, split="test", **IDS)
    write_scores(tmp_path)
    return tmp_path


def test_features_come_with_the_labels_of_their_shapes(results):
    found = load_features("shapes", "pair", "tiny", results=results)
    assert isinstance(found, CachedFeatures)
    assert found.features.shape == (5, 2, 2)
    assert found.features[:, 0].argmax(1).tolist() == [1, 1, 0, 1, 0]
    assert found.labels.tolist() == [1, 1, 0, 1, 0]  # the file of labels has another order
    assert found.ids.tolist()[0] == "test/000000"
    assert found.classes == ["chair", "sofa"] and found.view_names == ["top", "azimuth 0°"]
    assert repr(found) == "CachedFeatures(5 shapes of 2 classes, 2 views, 2 channels)"


def test_what_is_missing_is_named_with_what_there_is(results):
    with pytest.raises(UserError, match=r"no test features of shapes/pair/rn50: there are shapes"):
        load_features("shapes", "pair", "rn50", results=results)
    with pytest.raises(UserError, match=r"no train features of shapes/pair/tiny: run snakemake"):
        load_features("shapes", "pair", "tiny", "train", results)
    (results / paths.path("features", **IDS, split="test", shard=1)).unlink()
    with pytest.raises(UserError, match="features of 3 of 5 test shapes"):
        load_features("shapes", "pair", "tiny", results=results)
    with pytest.raises(UserError, match="Unknown split 'all'"):
        load_features("shapes", split="all")


def test_scores_are_a_table(results):
    assert load_scores(results)["accuracy"].tolist() == [40, 60, 62]
    with pytest.raises(UserError, match=r"nowhere/scores\.parquet does not exist: run snakemake"):
        load_scores("nowhere")
