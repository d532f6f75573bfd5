"""Zero-shot logits of the test split: views weighted equally, or as suits held-out train shapes."""

from pointclip.classification.view_weights import search
from pointclip.classification.zero_shot import per_view_logits, write_logits, write_no_logits
from pointclip.core.job import job
from pointclip.features.read import read_held_out, read_prototypes


with job(snakemake) as log:
    files, weights = snakemake.input, None
    protocol, out = snakemake.wildcards.protocol, snakemake.output[0]
    held_out = None
    if protocol == "validation":
        held_out = read_held_out(files.shots, files.labels, files.train)
    if held_out is not None:
        prototypes, scale, _ = read_prototypes(files.text)
        features, labels = held_out
        logits = per_view_logits(features, prototypes, scale)
        weights, _ = search(logits, labels, threads=snakemake.threads)
    if protocol == "validation" and held_out is None:
        log.warning("No train shape is held out, so there is no `validation` here.")
        write_no_logits(files.text, out, protocol=protocol)
    else:
        write_logits(files.features, files.text, weights, out, protocol=protocol)
