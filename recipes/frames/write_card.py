"""Write CARD.md: the head, then what each scene holds."""

from pathlib import Path

from PIL import Image


head = Path(snakemake.input.head).read_text(encoding="utf-8")
rows = ["| scene | frames | pixels | pairs | hard pairs | bytes |", "| " + "--- | " * 6]
for intrinsics in map(Path, snakemake.input.scenes):
    folder = intrinsics.parent
    photos = sorted(folder.glob("query/*.color.jpg"))
    with Image.open(photos[0]) as image:
        size = f"{image.width} x {image.height}"

    def count(name: str, folder: Path = folder) -> int:
        path = folder / "query" / name
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
        return sum(1 for line in text.splitlines() if line and not line.startswith("#"))

    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    pairs = count("pairs.txt") or count("overlap.txt")
    cells = [f"`{folder.name}`", len(photos), size, pairs, count("pairs_hard.txt"), f"{total:,}"]
    rows.append("| " + " | ".join(map(str, cells)) + " |")
text = head + "\n## Contents\n\n" + "\n".join(row.strip() for row in rows) + "\n"
Path(snakemake.output[0]).write_text(text, encoding="utf-8")
