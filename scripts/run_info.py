"""Where the results come from: commit, versions, machine, config, seconds of every stage."""

from pathlib import Path

from pointclip.core.atomic import write_text
from pointclip.core.job import job, pick_device
from pointclip.report import run_info


with job(snakemake):
    root = Path(snakemake.params.benchmarks)
    # On a cluster this runs where no GPU need be: one that was asked for by name is not looked for.
    device = snakemake.config["device"]
    device = str(pick_device()) if device == "auto" else device
    page = run_info.page(
        run_info.describe(device, snakemake.params.repository),
        snakemake.config,
        run_info.stage_seconds(sorted(root.rglob("*.tsv")), root),
    )
    write_text(page, snakemake.output[0])
