"""Mutual nearest neighbours of every pair, or random matches."""

from contextlib import ExitStack

from pointclip.core.job import job
from pointclip.core.store import open_h5, read_parquet
from pointclip.registration.pair_stages import PairReader, write_matches


with job(snakemake), ExitStack() as files:
    pairs, features = read_parquet(snakemake.input.pairs), snakemake.params.features
    frames = files.enter_context(open_h5(snakemake.input.frames))
    dense = [files.enter_context(open_h5(path)) for path in snakemake.input.dense]
    reader = PairReader(frames, dense, features["weights"], features["dimensions"])
    write_matches(pairs, reader, snakemake.output[0], random=not features["parts"])
