"""Pictures of some pairs: their matches, and the cloud in the photo."""

from pointclip.core.job import job
from pointclip.core.store import open_h5, read_parquet
from pointclip.registration.picture import choose_pairs, read_picture
from pointclip.report.figures.registration import matches_figure, overlay_figure
from pointclip.report.figures.style import save


with job(snakemake):
    files, entry = snakemake.input, snakemake.params.entry
    pairs = choose_pairs(read_parquet(files.pairs))
    with (
        open_h5(files.frames) as frames,
        open_h5(files.matches) as matches,
        open_h5(files.poses) as poses,
        open_h5(files.truth) as truth,
    ):
        pictures = [
            read_picture(row, frames, matches, poses, truth, entry)
            for row in pairs.itertuples(index=False)
        ]
    shown = [picture for picture in pictures if picture]
    save(matches_figure(shown), snakemake.output.matches)
    save(overlay_figure(shown), snakemake.output.overlay)
