"""Write PARTS.md: what `furniture_parts` holds, how it was made, and whose models these are."""

import logging
from pathlib import Path

import h5py
import numpy as np
from catalog import open_libraries
from part_names import read_rules
from write_card import CREDITS, LICENCES, list_works, table


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    licences = snakemake.params.libraries
    with h5py.File(snakemake.input.shapes) as file:
        classes, parts = list(file.attrs["classes"]), list(file.attrs["parts"])
        labels, part, hidden = file["label"][:], file["part"][:], file["hidden"][:]
        ids, split = file["published_id"].asstr()[:], file["split"].asstr()[:]
    libraries = open_libraries(Path(snakemake.input.package))

    counts = []
    for label, name in enumerate(classes):
        own = labels == label
        sides = [int((own & (split == side)).sum()) for side in ("train", "test")]
        found = np.array([np.isin(np.arange(len(parts)), one) for one in part[own]]).sum(0)
        listed = ", ".join(f"{parts[k]} {found[k]}" for k in np.flatnonzero(found))
        share = f"{100 * hidden[own].mean():.0f}"
        counts.append("| " + " | ".join([name, *map(str, sides), share, listed]) + " |")
    used = [
        [name, f"[{licence}]({LICENCES[licence]})", number, CREDITS[name]]
        for name, licence in licences.items()
        if (number := sum(each.startswith(name + "#") for each in ids))
    ]
    works = list_works(libraries, licences, ids, [classes[label] for label in labels], split)
    text = Path(snakemake.input.head).read_text(encoding="utf-8")
    text = text.format(
        shapes=len(ids),
        classes=len(classes),
        parts=len(parts),
        rules=len(read_rules(Path(snakemake.input.rules))),
        unnamed=round(100 * (1 - snakemake.params.named)),
        floor=snakemake.params.floor,
        sha256=snakemake.params.sha256,
        libraries=table(["library", "licence", "models used", "credit"], used),
        counts="\n".join(counts),
        works=table(["row", "published id", "class", "split", "title", "author", "licence"], works),
    )
    Path(snakemake.output[0]).write_text(text, encoding="utf-8")
    logging.info("%d works attributed", len(works))


if __name__ == "__main__":
    main()
