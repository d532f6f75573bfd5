"""Where results come from: commit, versions, machine, config, and the seconds of every stage."""

import logging
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from html import escape
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml


log = logging.getLogger(__name__)
PACKAGES = [
    *("pointclip", "snakemake", "torch", "torchvision", "open-clip-torch", "numpy", "numba"),
    *("pandas", "scikit-learn", "matplotlib"),
]


def describe(device: str = "", repository: str | Path = ".") -> dict[str, str]:
    """What ran: commit (and whether files differ from it), versions, machine, device."""
    facts = {"commit": commit(repository), "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            facts[name] = version(name)
        except PackageNotFoundError:
            continue
    facts["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPU cores"
    if device:
        facts["device"] = device
    return facts


def commit(repository: str | Path = ".") -> str:
    """The git commit, "with changes" if tracked files differ, or why it is not known."""

    def git(*words: str) -> str:
        call = ["git", "-C", str(repository), *words]
        done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.strip()

    try:
        name = git("rev-parse", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "not known (no git repository here)"
    return f"{name} with changes" if changed else name


def stage_seconds(benchmarks: Iterable[str | Path], root: str | Path) -> pd.DataFrame:
    """Jobs, seconds in all, the longest job and the peak memory of every stage.

    A file that a power cut has left incomplete is left out: a time is no result.

    Args:
        benchmarks: Snakemake's benchmark files, `{root}/{stage}/….tsv` or `{root}/{stage}.tsv`.
    """
    rows = []
    for path in map(Path, benchmarks):
        stage = path.relative_to(root).parts[0].removesuffix(".tsv")
        try:
            measured = pd.read_csv(path, sep="\t", na_values="-")
            seconds, memory = measured["s"].astype(float).sum(), measured["max_rss"].max()
        except (KeyError, ValueError):
            log.warning("%s is incomplete: its job is not counted.", path)
            continue
        rows.append({"stage": stage, "s": seconds, "memory": memory})
    frame = pd.DataFrame(rows, columns=["stage", "s", "memory"])
    found = frame.groupby("stage").agg(
        jobs=("s", "size"), seconds=("s", "sum"), longest=("s", "max"), peak_MB=("memory", "max")
    )
    found = found.sort_values("seconds", ascending=False, kind="stable").reset_index()
    return found.rename(columns={"longest": "longest job (s)", "peak_MB": "peak memory (MB)"})


def page(facts: Mapping[str, str], config: Mapping[str, Any], seconds: pd.DataFrame) -> str:
    """The run's facts as one HTML page."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items()
    )
    head = "".join(f"<th>{escape(str(name))}</th>" for name in seconds)
    stages = "".join(
        "<tr>" + "".join(f"<td>{escape(_short(cell))}</td>" for cell in row) + "</tr>"
        for row in seconds.itertuples(index=False)
    )
    shown = yaml.safe_dump(dict(config), sort_keys=False, allow_unicode=True)
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Provenance of the results</title>
<style>
body {{ font: 14px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 60em; color: #222 }}
table {{ border-collapse: collapse }}
th, td {{ text-align: left; padding: .2em .8em .2em 0; border-bottom: 1px solid #ddd }}
td {{ font-variant-numeric: tabular-nums }}
pre {{ background: #f6f6f6; padding: 1em; overflow: auto }}
</style></head><body>
<h1>Provenance of the results</h1>
<table>{rows}</table>
<h2>Seconds per stage</h2>
<p>Summed over the jobs of a stage; jobs that ran side by side count each.</p>
<table><tr>{head}</tr>{stages}</table>
<h2>Config</h2>
<pre>{escape(shown)}</pre>
</body></html>
"""


def _short(cell: object) -> str:
    return f"{cell:.1f}" if isinstance(cell, float) else str(cell)
