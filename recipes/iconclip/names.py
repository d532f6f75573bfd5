"""From an icon's name to what it shows: style words off, concepts of WordNet on.

An Iconify name is `sofa-outline-rounded`, `20-filled`, `table-row-insert` or
`woman-judge-dark-skin-tone`. The words that only name a style are dropped; what is left is looked
up, longest run first, in WordNet's nouns (Miller 1995, Princeton WordNet 3.1), whose lexicographer
files say which senses are things that can be seen.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml


LISTS = {
    name: frozenset(words.split())
    for name, words in yaml.safe_load(Path(__file__).with_name("lists.yaml").read_text()).items()
}
STYLES, INTERFACE = LISTS["styles"], LISTS["interface"]
SKIN = re.compile(r"skin-tone|tone[1-5]|-(medium-)?(light|dark)$|-medium$")
SEEN = {
    "noun.artifact": 1.0,
    "noun.Tops": 0.5,  # animal, person, plant
    "noun.animal": 0.8,
    "noun.food": 0.8,
    "noun.plant": 0.7,
    "noun.body": 0.5,
    "noun.object": 0.5,
    "noun.person": 0.35,
    "noun.substance": 0.3,
    "noun.phenomenon": 0.2,
    "noun.shape": 0.2,
}
NATURAL = frozenset({"noun.Tops", "noun.animal", "noun.plant", "noun.food", "noun.body"})
# The names of the lexicographer files in the order of their numbers, as far as nouns go.
LEXNAMES = ["adj.all", "adj.pert", "adv.all"] + [
    f"noun.{kind}"
    for kind in [
        "Tops",
        "act",
        "animal",
        "artifact",
        "attribute",
        "body",
        "cognition",
        "communication",
        "event",
        "feeling",
        "food",
        "group",
        "location",
        "motive",
        "object",
        "person",
        "phenomenon",
        "plant",
        "possession",
        "process",
        "quantity",
        "relation",
        "shape",
        "state",
        "substance",
        "time",
    ]
]


def words_of(name: str) -> list[str]:
    """The words of an icon's name without style words and sizes; empty for skin-tone variants,
    which repeat others."""
    if SKIN.search(name):
        return []
    spaced = re.sub(r"(?<=[a-z])(?=[0-9])|(?<=[0-9])(?=[a-z])", "-", name.lower())
    return [
        word for word in spaced.split("-") if word and word not in STYLES and not word.isdigit()
    ]


class WordNet:
    """Nouns with their senses in order of frequency, read from the database files (data.noun,
    index.noun)."""

    def __init__(self, folder: Path) -> None:
        self.synsets: dict[str, tuple[str, list[str]]] = {}
        self.above: dict[str, list[str]] = {}
        for row in (folder / "data.noun").read_text().splitlines():
            if row.startswith(" "):
                continue
            fields = row.split(" ")
            count = int(fields[3], 16)
            lemmas = [lemma.lower().replace("_", " ") for lemma in fields[4 : 4 + 2 * count : 2]]
            self.synsets[fields[0]] = (LEXNAMES[int(fields[1])], lemmas)
            first = 5 + 2 * count
            pointers = zip(fields[first::4], fields[first + 1 :: 4], strict=False)
            self.above[fields[0]] = [goal for kind, goal in pointers if kind in ("@", "@i")]
        self.senses: dict[str, list[str]] = {}
        for row in (folder / "index.noun").read_text().splitlines():
            if row.startswith(" "):
                continue
            fields = row.split()
            self.senses[fields[0].replace("_", " ")] = fields[-int(fields[2]) :]

    def lemma(self, phrase: str) -> str | None:
        """The entry of a phrase, singular where the plural has none."""
        for tail, head in (("", ""), ("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
            if phrase.endswith(tail):
                found = phrase[: len(phrase) - len(tail)] + head if tail else phrase
                if found in self.senses:
                    return found
        return None

    def seen(self, lemma: str) -> float:
        """How much a word names a visible thing: the weights of its first senses, each half as
        heavy as the one before."""
        total = share = 0.0
        for rank, sense in enumerate(self.senses.get(lemma, ())[:4]):
            total += 0.5**rank
            share += 0.5**rank * SEEN.get(self.synsets[sense][0], 0.0)
        return share / total if total else 0.0

    def visible_sense(self, lemma: str, natural_first: bool = False) -> str | None:
        """The first of a word's senses that can be seen; if asked, a natural kind before others
        (plant: the flora, not the factory)."""
        senses = [
            sense
            for sense in self.senses.get(lemma, ())[:3]
            if SEEN.get(self.synsets[sense][0], 0.0) >= 0.35
        ]
        natural = [sense for sense in senses if self.synsets[sense][0] in NATURAL]
        return next(iter((natural if natural_first else []) + senses), None)

    def kinds_above(self, vocabulary: list[str]) -> dict[str, list[str]]:
        """For each word those others of the vocabulary that WordNet calls its synonyms, or what it
        is a kind of: couch -> sofa, furniture."""
        words_of_sense: dict[str | None, list[str]] = {}
        for word in vocabulary:
            words_of_sense.setdefault(self.visible_sense(word, natural_first=True), []).append(word)
        found = {}
        for word in vocabulary:
            front, reached = {self.visible_sense(word)} - {None}, set[str]()
            while front:
                reached |= front
                front = {goal for sense in front for goal in self.above[sense]} - reached
            kinds = [other for sense in sorted(reached) for other in words_of_sense.get(sense, ())]
            found[word] = [other for other in kinds if other != word]
        return found


def concepts_of(words: list[str], wordnet: WordNet) -> list[str]:
    """All WordNet nouns of up to three words in a name, longest first; an inner word of a longer
    noun counts too."""
    found = []
    for length in (3, 2, 1):
        for start in range(len(words) - length + 1):
            lemma = wordnet.lemma(" ".join(words[start : start + length]))
            if lemma and len(lemma) > 2 and lemma not in found:
                found.append(lemma)
    return found
