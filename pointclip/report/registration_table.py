"""The registration table for a terminal, and the notes below it."""

import pandas as pd

from pointclip.catalog.columns import INTERVAL, REGISTRATION_IDENTITY
from pointclip.report.table_formats import heading, to_markdown


NOTE = (
    "IR: share of matches whose true points are less than the inlier distance apart (rooms: "
    "0.3 m), mean over pairs. IN: their number. FMR: pairs with an IR above 5 %. RR: pairs whose "
    "pose is off by less than 20° and 0.5 m (FreeReg's limits in rooms), and by stricter ones. "
    "Errors: medians over all pairs. A pair without a pose, or with fewer than three matches that "
    "can be judged, is a failure in every column. random: random matches; identity: no motion at "
    "all. Time: CPU seconds of matching and solving, features cached."
)
SCENES_NOTE = (
    f"RR at the set's own limits; its {INTERVAL} is a bootstrap over pairs, which share frames "
    "and are no independent sample: read it as a lower bound of the uncertainty."
)
# Columns that a terminal of about 130 columns has room for.
SHORT = [
    *["pairs", "features", "solver", "n_pairs", "inlier_ratio", "registration_recall"],
    *["registration_recall_10deg_25cm", "registration_recall_5deg_10cm", "rotation_error_deg"],
    *["translation_error_m", "seconds_per_pair"],
]


def to_text(table: pd.DataFrame) -> str:
    """The most important columns; a query depth that all rows share goes on top."""
    depths = table["query_depth"].unique()
    keep = [*(["query_depth"] if len(depths) > 1 else []), *SHORT]
    keep = [name for name in (*REGISTRATION_IDENTITY, *SHORT) if name in keep]
    cells = table[list(dict.fromkeys(keep))].copy()
    for name in cells.columns:
        if cells[name].dtype.kind == "f":
            digits = 3 if name in ("translation_error_m", "seconds_per_pair") else 1
            cells[name] = ["" if pd.isna(x) else f"{x:.{digits}f}" for x in cells[name]]
    head = f"{heading('query_depth').lower()} {depths[0]}\n\n" if len(depths) == 1 else ""
    return head + to_markdown(cells)
