"""Zero-shot logits of the test split: views weighted equally, or as suits held-out train shapes."""

from pointclip.few_shot import read_held_out
from pointclip.jobs import job
from pointclip.protocols import zero_shot_weights
from pointclip.zero_shot import per_view_logits, read_prototypes, write_logits, write_no_logits


with job(snakemake) as log:
    files, views, weights = snakemake.input, snakemake.params.views, None
    protocol, out = snakemake.wildcards.protocol, snakemake.output[0]
    held_out = None
    if protocol == "validation":
        held_out = read_held_out(files.shots, files.labels, files.train, views)
    if held_out is not None:
        prototypes, scale, _ = read_prototypes(files.text)
        features, labels = held_out
        weights = zero_shot_weights(per_view_logits(features, prototypes, scale), labels)
    if protocol == "validation" and held_out is None:
        log.warning("No train shape is held out, so there is no `validation` here.")
        write_no_logits(files.text, out, protocol=protocol)
    else:
        write_logits(files.features, files.text, weights, out, views=views, protocol=protocol)
