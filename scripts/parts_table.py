"""The table of part segmentation: both IoU rules, baselines and ceilings among the rows; and what
every setting changes by itself."""

from pointclip.catalog.columns import INTERVAL
from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.part_ablation import compare_parts
from pointclip.evaluation.part_score import summarise_parts
from pointclip.evaluation.published import read_published
from pointclip.report import table_formats


NOTE = (
    "Percent, means over classes. IoU present: mean over the parts that the truth has. "
    "IoU released: over all parts of the class, 1 for a part in neither, as PointNet and "
    f"PointCLIP V2 count. {INTERVAL}: bootstrap over test shapes. random: a part sampled for "
    "every point. best_single_part: one part for all points, chosen on train shapes. ceiling: the "
    "true labels painted into the same patches and read back, what perfect patch features would "
    "give. Published numbers count as IoU released."
)
ABLATION_NOTE = (
    "Two experiments that differ in one setting alone, on the same test shapes. IoU present in "
    f"percent, means over classes. {INTERVAL}: of the difference, bootstrap over test shapes."
)

with job(snakemake):
    files, out = snakemake.input, snakemake.output
    shapes = read_parquet(files.scores)
    table = summarise_parts(shapes, read_published(files.published))
    for path in (out.csv, out.md, out.html):
        table_formats.write(table, path, title="Part segmentation", note=NOTE)
    table = compare_parts(shapes, snakemake.params.comparisons)
    title = "Part segmentation: what each setting changes"
    for path in (out.ablation_csv, out.ablation_md, out.ablation_html):
        table_formats.write(table, path, title=title, note=ABLATION_NOTE)
