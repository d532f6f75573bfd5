"""Test shapes coloured by true and predicted parts, and the IoU of every part."""

from pointclip.core.job import job
from pointclip.core.store import open_h5, read_h5_rows, read_parquet
from pointclip.report.figures.parts import plot_part_ious, plot_parts
from pointclip.report.figures.style import save
from pointclip.segmentation.part_set import read_part_set


with job(snakemake):
    files, run = snakemake.input, snakemake.params.run
    shapes = read_part_set(files.clouds)
    truth = read_h5_rows([files.labels], "part", shapes.id)
    with open_h5(files.predicted) as f:
        predicted = f["predicted"][0]
    save(plot_parts(shapes, truth, predicted), snakemake.output.shapes)
    save(plot_part_ious(read_parquet(files.ious), run), snakemake.output.ious)
