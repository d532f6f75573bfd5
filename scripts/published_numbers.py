"""Every published number that is known here, for reading: with its source and how sure it is."""

from pointclip.core.job import job
from pointclip.evaluation.published import read_published
from pointclip.report import table_formats


NOTE = (
    "Certainty: verified (read in the source named), derived (arithmetic on such values), "
    "reported (by a third party). The protocol is the one under which we understand the number "
    "to have been made; 'unstated' where the source does not tell. An empty cell is not known, or "
    "does not apply."
)

with job(snakemake):
    table = read_published(snakemake.input[0])
    # As printed in the source: 87 is not 87.00.
    table["value"] = [f"{value:g}" for value in table["value"]]
    table_formats.write(table, snakemake.output[0], title="Published numbers", note=NOTE)
