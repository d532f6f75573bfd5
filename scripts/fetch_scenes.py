"""Fetch the archive of a set of pairs: checked by its checksum, resumed where broken off."""

from pathlib import Path

from pointclip.core.job import job
from pointclip.registration.archive import fetch_scenes


with job(snakemake):
    fetch_scenes(snakemake.params.entry, Path(snakemake.output[0]).parent)
