"""What each frame's camera sees: the photo with its depth, or the rendered and filled cloud."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.registration.frame_stages import write_frames


with job(snakemake):
    pairs = read_parquet(snakemake.input.pairs)
    estimated = snakemake.input.get("estimated")
    write_frames(pairs, snakemake.params.entry, snakemake.output[0], estimated)
