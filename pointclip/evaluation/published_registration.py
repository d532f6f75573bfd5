"""Our registrations beside the published ones of the same pairs, features and solver."""

import pandas as pd

from pointclip.evaluation.published import dataset_ids


METRICS = [
    *("inlier_ratio", "inlier_number", "feature_matching_recall", "registration_recall"),
]


def beside_published(ours: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """A row for every published number of a set of pairs that is in our table.

    Columns: `pairs, features, solver, metric, ours, published, source, certainty, note`. `ours` is
    empty where no registration of ours has those features and that solver.

    Args:
        ours: by the release's definitions (`registration.summary.released`).
        published: with the pairs as data set, features as backbone, solver as method.
    """
    chosen = published[published["metric"].isin(METRICS)].assign(pairs=dataset_ids(published))
    chosen = chosen[chosen["pairs"].isin(set(ours["pairs"]))]
    chosen = chosen.rename(
        columns={"backbone": "features", "method": "solver", "value": "published"}
    )
    key = ["pairs", "features", "solver", "metric"]
    measured = ours.melt(key[:3], METRICS, "metric", "ours")
    joined = chosen.merge(measured, "left", on=key)
    return joined[[*key, "ours", "published", "source", "certainty", "note"]]
