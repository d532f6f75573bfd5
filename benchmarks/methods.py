"""The tables of `benchmarks/methods.md` from the results of a run of `config/methods.yaml`.

    python benchmarks/methods.py results/methods results/benchmarks/train > benchmarks/methods.md

The second folder, if given, has Snakemake's CPU times of the training jobs.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from pointclip.evaluation.summary import summarise
from pointclip.report.table_formats import to_markdown


def few_shot(summary: pd.DataFrame, dataset: str, protocol: str) -> pd.DataFrame:
    """Mean (std over seeds) by method and shots; the best of V2's views first."""
    rows = summary[(summary["dataset"] == dataset) & (summary["protocol"] == protocol)]
    rows = rows[rows["shots"] > 0]
    cells = [f"{m:.1f} ({s:.1f})" for m, s in zip(rows["mean"], rows["std"], strict=True)]
    table = rows.assign(cell=cells).pivot(
        index=["method", "projection"], columns="shots", values="cell"
    )
    order = rows.groupby(["method", "projection"])["mean"].mean().sort_values(ascending=False)
    return table.reindex(order.index).reset_index()


def without_shots(summary: pd.DataFrame, protocol: str) -> pd.DataFrame:
    """Zero-shot rows, or those of methods that read unlabelled test shapes, by data set."""
    rows = summary[(summary["shots"] == 0) & (summary["protocol"] == protocol)]
    clean = rows[~rows["dataset"].str.contains("_")]
    table = clean.pivot(index=["method", "projection"], columns="dataset", values="mean")
    return table.sort_values(list(table)[-1], ascending=False).reset_index()


def ranked(folder: Path, dataset: str) -> pd.DataFrame:
    """Rank and Holm's p value by number of shots."""
    rows = pd.read_csv(folder / "tables/ranking.csv")
    rows = rows[(rows["dataset"] == dataset) & (rows["protocol"] == "plain")]
    rows = rows[rows["projection"] == "pointclip_v2"]
    cells = [
        f"{rank}" if pd.isna(p) else f"{rank} ({difference:+.1f}, {p_value(p)})"
        for rank, difference, p in zip(rows["rank"], rows["difference"], rows["p"], strict=True)
    ]
    table = rows.assign(cell=cells).pivot(index="method", columns="shots", values="cell")
    order = rows.groupby("method")["rank"].mean().sort_values()
    return table.reindex(order.index).reset_index()


def p_value(p: float) -> str:
    """As the ranking has it: with four decimals."""
    return f"p {p:.2g}" if p >= 0.0001 else "p < 0.0001"


def seconds(folder: Path, methods: set[str]) -> pd.DataFrame:
    """CPU seconds of all training jobs, imports and both protocols included, by method."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        spent = pd.read_csv(path, sep="\t")["cpu_time"].iloc[0]
        *_, adapter, shots = path.relative_to(folder).with_suffix("").parts
        if adapter not in methods:
            continue
        rows.append({"dataset": path.relative_to(folder).parts[0], "method": adapter})
        rows[-1] |= {"shots": int(shots.removesuffix("shot")), "cpu": spent}
    table = pd.DataFrame(rows).pivot_table(
        index=["dataset", "method"], columns="shots", values="cpu", aggfunc="sum"
    )
    return table.assign(all=table.sum(axis=1)).reset_index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("times", type=Path, nargs="?")
    args = parser.parse_args()
    summary = summarise(pd.read_parquet(args.results / "scores.parquet"))
    parts = [
        "# Methods on cached features: results\n\nMade by `benchmarks/methods.py` from a run of "
        "`config/methods.yaml` (`iconclip`, ten seeds, standard deviations in brackets); the "
        "[page](../docs/methods.md) explains the methods.\n"
    ]
    few = summary[summary["shots"] > 0]
    for dataset, protocol in few[["dataset", "protocol"]].drop_duplicates().itertuples(index=False):
        table = few_shot(summary, dataset, protocol)
        parts.append(f"## {dataset}, {protocol}, by shots\n\n" + to_markdown(table))
    for dataset in few["dataset"].drop_duplicates():
        title = f"## {dataset}, rank by shots (points from the best, p after Holm)\n\n"
        parts.append(title + to_markdown(ranked(args.results, dataset)))
    for protocol, title in (("plain", "Without shots"), ("transductive", "Unlabelled test shapes")):
        parts.append(f"## {title}, {protocol}\n\n" + to_markdown(without_shots(summary, protocol)))
    means = pd.read_csv(args.results / "tables/corruption_means.csv")
    means = means.drop(columns=["prompts", "backbone", "protocol", "shots"])
    parts.append("## Error under corruption, %\n\n" + to_markdown(means))
    for name, title, rows, columns in (
        ("few_classes", "Classes in a batch of 64 ModelNet40 shapes", ["method"], "classes"),
        ("points", "Points of a cloud, embedded shapes", ["projection", "method"], "dataset"),
        ("points_modelnet40", "The same, ModelNet40", ["projection", "method"], "dataset"),
    ):
        found = pd.read_csv(args.results / "ablations" / f"{name}.csv")
        table = found.pivot_table("mean", rows, columns, sort=False).reset_index()
        parts.append(f"## {title}\n\n" + to_markdown(table))
    if args.times:
        title = (
            "## CPU seconds of the training jobs (ten seeds, all protocols, imports included)\n\n"
        )
        parts.append(title + to_markdown(seconds(args.times, set(few["method"]))))
    sys.stdout.write("\n".join(parts))


if __name__ == "__main__":
    main()
