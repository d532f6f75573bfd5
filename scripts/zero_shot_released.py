"""Zero-shot logits of the test split, its views weighted by its own labels as in the release."""

from pointclip.classification.view_weights import released_weights, shipped_weights
from pointclip.classification.zero_shot import per_view_logits, write_logits
from pointclip.core.job import job
from pointclip.features.read import check_weights, read_labelled, read_prototypes


with job(snakemake):
    files, ids = snakemake.input, snakemake.wildcards
    check_weights(*files.features, files.text)
    prototypes, scale, _ = read_prototypes(files.text)
    shapes, labels = read_labelled(files.features, files.labels)
    weights = released_weights(
        per_view_logits(shapes, prototypes, scale),
        labels,
        shipped_weights(snakemake.params.v2_view_weights, ids.projection, ids.backbone),
        threads=snakemake.threads,
    )
    write_logits(files.features, files.text, weights, snakemake.output[0], protocol="released")
