"""Our registrations beside the published numbers."""

import pandas as pd

from pointclip.core.job import job
from pointclip.evaluation.published import read_published
from pointclip.evaluation.published_registration import beside_published
from pointclip.report import table_formats


NOTE = (
    "By the release's definitions. Published numbers of FreeReg are second-hand: its paper's "
    "tables were not at hand. 'ours' is empty where no such registration was run."
)

with job(snakemake):
    files, out = snakemake.input, snakemake.output
    table = beside_published(pd.read_csv(files.ours), read_published(files.published))
    for path in (out.csv, out.md, out.html):
        table_formats.write(table, path, title="Published registrations", note=NOTE)
