"""One ablation of registration: its table and its plot."""

from pointclip.core.job import job
from pointclip.registration.score import score_runs
from pointclip.registration.summary import per_scene, summarise
from pointclip.report import registration_table, table_formats
from pointclip.report.figures.registration_curves import ablation_plot
from pointclip.report.figures.style import save


with job(snakemake):
    params, out = snakemake.params, snakemake.output
    rows = score_runs(params.runs, snakemake.input, params.entries, with_identity=False)
    limits = {name: entry["success"] for name, entry in params.entries.items()}
    table, title = summarise(rows, limits), params.ablation["title"]
    table_formats.write(table, out.csv)
    table_formats.write(table, out.table, title, note=registration_table.NOTE)
    by = next(iter(params.ablation["vary"]))
    save(ablation_plot(per_scene(rows, limits), by, title), out.figure)
