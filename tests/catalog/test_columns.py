from pointclip.catalog.columns import DELTAS, HEADINGS, IDENTITY, METRICS, SCORES


def test_score_rows_have_the_columns_of_their_contract():
    contract = "dataset projection prompts backbone method protocol shots seed"
    assert [*contract.split(), "accuracy", "top5", "mean_class_accuracy", "n"] == SCORES


def test_every_column_that_people_see_has_a_heading():
    assert {*IDENTITY, *METRICS, *DELTAS, "seed", "n"} <= set(HEADINGS)
