"""The table of part segmentation: both IoU rules, baselines and ceilings among the rows."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.evaluation.part_score import summarise_parts
from pointclip.report import table_formats


NOTE = (
    "Percent, means over classes. IoU present: mean over the parts that the truth has. "
    "IoU released: over all parts of the class, 1 for a part in neither, as PointNet and "
    "PointCLIP V2 count. Interval (95 %): bootstrap over test shapes. random: a part drawn for "
    "every point. best_single_part: one part for all points, chosen on train shapes. ceiling: the "
    "true labels painted into the same patches and read back, what perfect patch features would "
    "give."
)

with job(snakemake):
    table = summarise_parts(read_parquet(snakemake.input[0]))
    table_formats.write(table, snakemake.output.csv)
    for path in (snakemake.output.md, snakemake.output.html):
        table_formats.write(table, path, title="Part segmentation", note=NOTE)
