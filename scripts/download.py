"""Fetch a data set's files: URLs in order, checked by their checksums, resumed where broken off."""

from pathlib import Path

from pointclip.core.job import job
from pointclip.data.prepare import download


with job(snakemake):
    download(snakemake.params.entry, Path(snakemake.output[0]).parent)
