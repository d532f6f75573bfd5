"""Our registrations beside the published ones."""

import pandas as pd
import pytest
from places import REPOSITORY

from pointclip.evaluation.published import read_published
from pointclip.evaluation.published_registration import METRICS, beside_published


@pytest.fixture(scope="module")
def published():
    return read_published(REPOSITORY / "config/published.csv")


def ours(**changes):
    row = {"pairs": "3dmatch", "features": "fused", "solver": "kabsch_released"}
    numbers = dict.fromkeys(METRICS, 50.0)
    return pd.DataFrame([{**row, "query_depth": "zoe_n", "n_pairs": 1210, **numbers, **changes}])


def test_the_papers_number_stands_beside_ours(published):
    table = beside_published(ours(registration_recall=62.0), published)
    own = table[(table["features"] == "fused") & (table["metric"] == "registration_recall")]
    # The paper's table, its ablation of weights, and the public re-run: a row each.
    assert own["published"].tolist() == [63.8, 63.8, 22.4]
    assert own["ours"].tolist() == [62.0, 62.0, 62.0]
    assert set(own["certainty"]) == {"reported"}
    rerun = table[table["source"].str.startswith("return-xs/FreeReg")]
    assert set(rerun["metric"]) == set(METRICS)


def test_what_we_did_not_run_stays_empty(published):
    table = beside_published(ours(), published)
    other = table[table["solver"] == "pnp_released"]
    assert other["published"].tolist() == [33.2] and other["ours"].isna().all()


def test_other_pairs_have_no_published_number(published):
    assert beside_published(ours(pairs="hololens"), published).empty


def test_every_registration_of_the_paper_is_in_the_config(published, monkeypatch):
    """Ids of config/freereg.yaml and of the table agree."""
    import yaml

    from pointclip.config import registrations, schema

    monkeypatch.chdir(REPOSITORY)
    config = yaml.safe_load((REPOSITORY / "config/freereg.yaml").read_text())
    schema.validate(config)
    there = {
        (run["pairs"], run["features"], run["solver"]) for run in registrations.all_runs(config)
    }
    named = published[published["backbone"].ne("") & published["metric"].isin(METRICS)]
    wanted = set(zip(named["dataset"], named["backbone"], named["method"], strict=True))
    assert wanted <= there
