import numpy as np
import pandas as pd

from pointclip.catalog.columns import REGISTRATION
from pointclip.registration.metrics import LIMITS, MATCHED_RATIO
from pointclip.report.registration_table import NOTE, to_text


def table(**change):
    rows = [
        {
            **{"pairs": "made", "features": name, "solver": "kabsch", "query_depth": "sensor"},
            **{"n_pairs": 20, "inlier_ratio": 12.345, "inlier_number": 40.0},
            **{"feature_matching_recall": 90.0, "registration_recall": 75.0},
            **{"registration_recall_10deg_25cm": 50.0, "registration_recall_5deg_10cm": 25.0},
            **{"rotation_error_deg": 2.34, "translation_error_m": 0.1236},
            "seconds_per_pair": 0.5,
        }
        | {key: values[index] for key, values in change.items()}
        for index, name in enumerate(("fpfh", "random"))
    ]
    return pd.DataFrame(rows, columns=REGISTRATION)


def cells(text):
    """Heading -> cell of the rows of a Markdown table."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_a_query_depth_that_all_rows_share_stands_above_the_table():
    text = to_text(table())
    assert text.startswith("query depth sensor\n\n|")
    assert all("Query depth" not in row for row in cells(text))


def test_query_depths_that_differ_are_a_column():
    found = cells(to_text(table(query_depth=["sensor", "estimated"])))
    assert [row["Query depth"] for row in found] == ["sensor", "estimated"]


def test_metres_and_seconds_have_three_digits_and_other_numbers_one():
    first = cells(to_text(table()))[0]
    assert first["IR %"] == "12.3" and first["Rotation °"] == "2.3" and first["N"] == "20"
    assert first["Translation m"] == "0.124" and first["CPU s a pair"] == "0.500"


def test_what_is_not_known_is_an_empty_cell():
    first, second = cells(to_text(table(inlier_ratio=[12.0, np.nan])))
    assert (first["IR %"], second["IR %"]) == ("12.0", "")


def test_the_note_names_the_limits_that_are_used():
    assert f"{100 * MATCHED_RATIO:g} %" in NOTE
    assert "20° and 0.5 m" in NOTE and LIMITS["registration_recall"] == (20.0, 0.5)


def test_the_table_fits_a_terminal_of_130_columns():
    assert max(map(len, to_text(table()).splitlines())) <= 130
