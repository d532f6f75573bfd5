"""Say by sentences which part every point of the test shapes belongs to."""

from pointclip.core.job import job
from pointclip.encoders.encoder import load_encoder
from pointclip.segmentation.part_set import read_part_set
from pointclip.segmentation.zero_shot import zero_shot


with job(snakemake):
    config, files = snakemake.config, snakemake.input
    protocol = snakemake.wildcards.protocol
    kinds, train = snakemake.params.kinds, None

    def by_kind(shards):
        size = len(shards) // len(kinds)
        return {kind: shards[k * size : (k + 1) * size] for k, kind in enumerate(kinds)}

    if protocol == "validation":
        train = (read_part_set(files.train_clouds), by_kind(files.train), files.train_labels)
    zero_shot(
        read_part_set(files.clouds),
        by_kind(files.test),
        snakemake.params.segmenter,
        load_encoder(snakemake.params.backbone, config["device"], f"{config['resources']}/weights"),
        snakemake.output[0],
        protocol,
        train,
    )
