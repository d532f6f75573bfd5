"""The tables of registration: ours, by the release's definitions, and per scene."""

from pointclip.core.atomic import write_text
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.summary import per_scene, released, summarise
from pointclip.report import registration_table, table_formats


with job(snakemake):
    rows = read_parquet(snakemake.input[0])
    limits = {name: entry["success"] for name, entry in snakemake.params.entries.items()}
    table, out = summarise(rows, limits), snakemake.output
    for path in (out.csv, out.md, out.html):
        table_formats.write(table, path, note=registration_table.NOTE)
    write_text(registration_table.to_text(table), out.txt)
    table_formats.write(released(rows, limits), out.released)
    scenes = per_scene(rows, limits)
    table_formats.write(scenes, out.scenes_csv)
    table_formats.write(scenes, out.scenes, note=registration_table.SCENES_NOTE)
