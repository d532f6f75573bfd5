"""Logits of TransCLIP's few-shot form: shots of every seed, and the unlabelled test shapes."""

from pointclip.classification.transductive.run import write_transductive_few_shot
from pointclip.core.job import job


with job(snakemake):
    files = snakemake.input
    write_transductive_few_shot(
        files.features,
        files.text,
        snakemake.output[0],
        files.shots,
        int(snakemake.wildcards.shots),
        files.labels,
        files.train,
    )
