"""Where the results come from: commit, versions, machine, config, seconds of every stage."""

from pathlib import Path

from pointclip import record
from pointclip.jobs import job, pick_device
from pointclip.store import write_text


with job(snakemake):
    root = Path(snakemake.params.benchmarks)
    device = str(pick_device(snakemake.config["device"]))
    page = record.page(
        record.describe(device, snakemake.params.repository),
        snakemake.config,
        record.stage_seconds(sorted(root.rglob("*.tsv")), root),
    )
    write_text(page, snakemake.output[0])
