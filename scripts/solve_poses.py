"""The pose of every pair from its matches. No truth is read here."""

from contextlib import ExitStack

from pointclip.core.job import job
from pointclip.core.store import open_h5, read_parquet
from pointclip.registration.pair_stages import PairReader, write_poses


with job(snakemake), ExitStack() as files:
    pairs, params = read_parquet(snakemake.input.pairs), snakemake.params
    frames = files.enter_context(open_h5(snakemake.input.frames))
    matches = files.enter_context(open_h5(snakemake.input.matches))
    dense = [files.enter_context(open_h5(path)) for path in snakemake.input.dense]
    features = params.features
    reader = PairReader(frames, dense, features["weights"], features["dimensions"])
    write_poses(pairs, reader, matches, params.solver, params.entry["unit"], snakemake.output[0])
