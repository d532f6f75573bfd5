"""List the icons to learn from: licence filter, duplicates out, captions and weights.

Writes `icons.parquet` (set, name, phrase, concepts, weight of the icon) and `vocabulary.parquet`
(caption, icons, seen).
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
from names import INTERFACE, LISTS, WordNet, concepts_of, words_of


LICENCES, NO_SETS, THINGS = LISTS["licences"], LISTS["left_out"], LISTS["things"]
NO_OBJECTS = frozenset({"Logos", "Programming"})  # brands
# Categories of sets that draw things rather than controls: the factor of their icons.
OBJECT_SETS = {
    "Emoji": 3.0,
    "Thematic": 2.0,
    "Flags / Maps": 2.5,
    "UI Multicolor": 1.5,
}
# Held out for validation: drawings that no other set repeats.
HELD_SETS = frozenset({"temaki", "fxemoji", "streamline-kameleon-color", "clarity"})


def rows_of(prefix: str, data: dict, wordnet: WordNet, factor: float) -> list[dict]:
    """One row per kept icon of a set: at most three style variants of the same words."""
    kinds = defaultdict(set)
    for category, names in data.get("categories", {}).items():
        for name in names:
            kinds[name] |= {word for word in category.lower().replace("&", " ").split()} | {
                category.lower()
            }
    others = defaultdict(list)
    for alias, entry in data.get("aliases", {}).items():
        if set(entry) <= {"parent", "hidden"} and alias not in data["icons"]:
            others[entry["parent"]].append(alias)
    stems = defaultdict(list)
    for name, icon in data["icons"].items():
        words = words_of(name)
        if words and not icon.get("hidden"):
            stems[" ".join(words)].append(name)
    rows = []
    for phrase, names in stems.items():
        words = phrase.split()
        names = sorted(names, key=lambda name: (len(name), name))
        keep = [names[index] for index in sorted({0, len(names) // 2, len(names) - 1})]
        concepts = concepts_of(words, wordnet)
        glyphs = sum(word in INTERFACE for word in words)
        for name in keep:
            aliases = {" ".join(words_of(alias)) for alias in others[name]} - {phrase, ""}
            extra = [
                c
                for alias in sorted(aliases)
                for c in concepts_of(alias.split(), wordnet)
                if c not in concepts
            ]
            weight = factor * (2.0 if kinds[name] & THINGS else 1.0) * 0.25 ** min(glyphs, 2)
            rows.append(
                dict(
                    set=prefix,
                    name=name,
                    phrase=phrase,
                    concepts=concepts + extra,
                    weight=weight,
                    glyphs=glyphs,
                )
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--icons", type=Path, required=True, help="the unpacked @iconify/json package"
    )
    parser.add_argument(
        "--wordnet", type=Path, required=True, help="folder with WordNet's data.noun"
    )
    parser.add_argument(
        "--least", type=int, default=6, help="icons that a phrase needs to become a caption"
    )
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")

    wordnet = WordNet(options.wordnet)
    rows: list[dict] = []
    for file in sorted((options.icons / "json").glob("*.json")):
        data = json.loads(file.read_text())
        info = data.get("info", {})
        if (
            info.get("license", {}).get("spdx") not in LICENCES
            or info.get("category") in NO_OBJECTS
        ):
            continue
        if file.stem in NO_SETS or file.stem.endswith("brands"):
            continue
        rows += rows_of(file.stem, data, wordnet, OBJECT_SETS.get(info.get("category"), 1.0))
    icons = pd.DataFrame(rows)
    logging.info("%d icons of %d sets", len(icons), icons["set"].nunique())

    # A caption is a WordNet noun that some icons show, or any phrase that enough icons carry.
    names, phrases = Counter(), Counter()
    for phrase, concepts in zip(icons.phrase, icons.concepts, strict=True):
        names.update(set(concepts))
        phrases[phrase] += 1
    captions = {c for c, n in names.items() if n >= 3} | {
        p for p, n in phrases.items() if n >= options.least
    }
    icons["captions"] = [
        [c for c in dict.fromkeys([phrase, *concepts]) if c in captions]
        for phrase, concepts in zip(icons.phrase, icons.concepts, strict=True)
    ]
    icons = icons[icons.captions.map(len) > 0].reset_index(drop=True)
    counts = Counter(caption for row in icons.captions for caption in row)
    vocabulary = pd.DataFrame({"caption": sorted(counts)})
    vocabulary["icons"] = vocabulary.caption.map(counts)
    vocabulary["seen"] = [
        max(wordnet.seen(caption), wordnet.seen(caption.split()[-1]) * 0.7)
        for caption in vocabulary.caption
    ]
    vocabulary["interface"] = [
        any(word in INTERFACE for word in c.split()) for c in vocabulary.caption
    ]
    logging.info("%d icons, %d captions", len(icons), len(vocabulary))
    # Held out: whole sets (words known, drawings not), and all icons of some captions (words
    # unknown too).
    generator = np.random.default_rng(0)
    apart = vocabulary.query("seen >= 0.6 and icons >= 8 and icons <= 60 and not interface").caption
    hidden = set(generator.choice(apart.to_numpy(), 60, replace=False))
    icons["split"] = [
        "name" if hidden & set(row) else "set" if prefix in HELD_SETS else "train"
        for prefix, row in zip(icons["set"], icons.captions, strict=True)
    ]
    logging.info("%s", icons["split"].value_counts().to_dict())
    options.out.mkdir(parents=True, exist_ok=True)
    icons.to_parquet(options.out / "icons.parquet")
    vocabulary.to_parquet(options.out / "vocabulary.parquet")


if __name__ == "__main__":
    main()
