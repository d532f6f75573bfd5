"""Write the encoder's card: its head by hand, then what was scored and every icon set with author
and licence."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import safe_open


def score_table(path: Path) -> str:
    """Every scoring that was made of any weights, in order."""
    rows = [json.loads(row) for row in path.read_text().splitlines() if row.strip()]
    keys = [
        "when",
        "weights",
        "set",
        "split",
        "shapes",
        "projection",
        "prompts",
        "top1",
        "top5",
        "softmax",
    ]
    lines = ["| " + " | ".join(keys) + " |", "|" + " --- |" * len(keys)]
    lines += ["| " + " | ".join(str(row.get(key, "")) for key in keys) + " |" for row in rows]
    return "\n".join(lines)


def latest_table(path: Path, digest: str) -> str:
    """What the shipped weights scored."""
    rows = [json.loads(row) for row in path.read_text().splitlines() if row.strip()]
    lines = [
        "| set | split | projection | shapes | top-1 | top-5 | softmax | probe, 16 shots |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        if not digest.startswith(row["weights"]):
            continue
        probes = " / ".join(str(row[key]) for key in ("probe1", "probe2", "probe3") if key in row)
        cells = [
            row[k] for k in ("set", "split", "projection", "shapes", "top1", "top5", "softmax")
        ]
        lines.append("| " + " | ".join(map(str, [*cells, probes])) + " |")
    return "\n".join(lines)


def set_table(icons: Path, catalog: pd.DataFrame) -> str:
    """One row per icon set: name, author, licence, icons that training may draw."""
    known = json.loads((icons / "collections.json").read_text())
    lines = ["| set | author | licence | icons |", "| --- | --- | --- | ---: |"]
    for prefix, count in catalog["set"].value_counts().sort_index().items():
        info = json.loads((icons / "json" / f"{prefix}.json").read_text())["info"] | known.get(
            prefix, {}
        )
        author, licence = info["author"], info["license"]
        name = f"[{author['name']}]({author['url']})" if author.get("url") else author["name"]
        terms = licence.get("spdx", licence["title"])
        terms = f"[{terms}]({licence['url']})" if licence.get("url") else terms
        lines.append(f"| {info['name']} (`{prefix}`) | {name} | {terms} | {count} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--icons", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--head", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--validation", default="see the log", help="last line of the training log")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    targets = np.load(options.targets / "targets.npz")
    drawn = np.unique(
        targets["icon"][(targets["split"] == 0) & (targets["caption"] < targets["kept"])]
    )
    catalog = pd.read_parquet(options.catalog / "icons.parquet", columns=["set"]).iloc[drawn]
    blob = options.weights.read_bytes()
    parts = {
        "ICONS": f"{len(catalog):,}",
        "SETS": str(catalog["set"].nunique()),
        "CAPTIONS": f"{int(targets['kept']):,}",
        "SHA256": hashlib.sha256(blob).hexdigest(),
        "MEGABYTES": f"{len(blob) / 1e6:.1f}",
        "LATEST": latest_table(options.scores, hashlib.sha256(blob).hexdigest()),
        "SAMPLES": f"{int(safe_open(options.weights, 'np').metadata()['samples']):,}",
        "VALIDATION": options.validation,
        "SCORES": score_table(options.scores),
        "SET_TABLE": set_table(options.icons, catalog),
    }
    text = options.head.read_text()
    for name, value in parts.items():
        text = text.replace("{{" + name + "}}", value)
    options.out.write_text(text)


if __name__ == "__main__":
    main()
