"""Write CARD.md: where the shapes come from, whose they are, how they were made, their limits."""

import logging
import zipfile
from collections.abc import Iterable
from pathlib import Path

import h5py
from catalog import open_libraries, read_catalog, read_title


LICENCES = {
    "CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "CC BY 3.0": "https://creativecommons.org/licenses/by/3.0/",
    "CC BY 3.0 US": "https://creativecommons.org/licenses/by/3.0/us/",
}
BLEND_SWAP = "Blend Swap contributors, named below; made OBJ by Emmanuel Puybaret / eTeks"
CREDITS = {
    "BlendSwap-CC-0": BLEND_SWAP,
    "BlendSwap-CC-BY": BLEND_SWAP,
    "KatorLegaz": "© 2003-2008 Andrew Kator & Jennifer Legaz",
    "Reallusion": "© 2008-2016 Reallusion (http://www.reallusion.com)",
    "Scopia": "© 2010-2020 Emmanuel Puybaret / eTeks and Scopia Visual Interfaces Systems, s.l. "
    "(http://www.scopia.es)",
}


def table(head: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines
    )


def list_works(
    libraries: dict[str, zipfile.ZipFile],
    licences: dict[str, str],
    ids: Iterable[str],
    classes: Iterable[str],
    split: Iterable[str],
) -> list[list[object]]:
    """A row a shape: its number, id, class and split; the model's title, author and licence."""
    catalogs = {name: read_catalog(library) for name, library in libraries.items()}
    works = []
    for index, (each, of, side) in enumerate(zip(ids, classes, split, strict=True)):
        name, model = each.split("#")
        title, author = read_title(libraries[name], catalogs[name][model])
        works.append([index, each, of, side, title, author, licences[name]])
    return works


def main() -> None:
    """Called by Snakemake."""
    logging.basicConfig(filename=snakemake.log[0], level=logging.INFO, filemode="w")
    licences = snakemake.params.libraries
    with h5py.File(snakemake.input.shapes) as file:
        classes, labels = list(file.attrs["classes"]), file["label"][:]
        ids, split = file["published_id"].asstr()[:], file["split"].asstr()[:]
    libraries = open_libraries(Path(snakemake.input.package))

    counts = [
        [name, *(int(((labels == label) & (split == side)).sum()) for side in ("train", "test"))]
        for label, name in enumerate(classes)
    ]
    counts.append(["**all**", *(sum(row[column] for row in counts) for column in (1, 2))])
    used = [
        [
            name,
            f"[{licence}]({LICENCES[licence]})",
            sum(each.startswith(name + "#") for each in ids),
            CREDITS[name],
        ]
        for name, licence in licences.items()
    ]
    works = list_works(libraries, licences, ids, [classes[label] for label in labels], split)
    text = Path(snakemake.input.head).read_text(encoding="utf-8")
    text = text.format(
        shapes=len(ids),
        classes=len(classes),
        sha256=snakemake.params.sha256,
        libraries=table(["library", "licence", "models used", "credit"], used),
        counts=table(["class", "train", "test"], counts),
        works=table(["row", "published id", "class", "split", "title", "author", "licence"], works),
    )
    Path(snakemake.output[0]).write_text(text, encoding="utf-8")
    logging.info("%d works attributed", len(works))


if __name__ == "__main__":
    main()
