"""Draw the shots of every seed and the held-out shapes, from train labels alone."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet, write_parquet
from pointclip.data.shots import draw_shots


with job(snakemake):
    params = snakemake.params
    drawn = draw_shots(
        read_parquet(snakemake.input.labels),
        params.shots,
        params.sampling["seeds"],
        params.sampling["validation_per_class"],
        params.sampling["validation_seed"],
    )
    write_parquet(drawn, snakemake.output[0], shots=params.shots, **params.sampling)
