"""Zero-shot logits of the test split: view weights are tuned on held-out train shapes."""

from pointclip.classification.view_weights import grid_search
from pointclip.classification.zero_shot import per_view_logits, write_logits, write_no_logits
from pointclip.core.job import job
from pointclip.features.read import check_weights, read_held_out, read_prototypes


with job(snakemake) as log:
    files, out = snakemake.input, snakemake.output[0]
    check_weights(*files.train, *files.features, files.text)
    held_out = read_held_out(files.shots, files.labels, files.train)
    if held_out is None:
        log.warning("No train shape is held out, so there is no `validation` here.")
        write_no_logits(files.text, out, protocol="validation")
    else:
        features, labels = held_out
        prototypes, scale, _ = read_prototypes(files.text)
        logits = per_view_logits(features, prototypes, scale)
        weights, _ = grid_search(logits, labels, threads=snakemake.threads)
        write_logits(files.features, files.text, weights, out, protocol="validation")
