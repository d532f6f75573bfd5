"""Input functions and params of depth_figures.smk and figures.smk."""

# What a corrupted data set shows stands in tables and figures of its base.
MONTAGES = {
    name: of
    for name, of in targets.montages(config, ENTRIES).items()
    if name not in CORRUPTED
}


def montage_inputs(wildcards):
    """All depth maps of the test split, and the logits of zero-shot and of few-shot."""
    ids = {"dataset": wildcards.dataset, "projection": wildcards.projection}
    return {
        "depth": shards("depth", split="test", **ids),
        "logits": logits(MONTAGES[wildcards.dataset][wildcards.projection].values()),
    }


def compared_depth(wildcards):
    """The first depth maps of every projection that has a montage."""
    ids = {"dataset": wildcards.dataset, "split": "test", "shard": 0}
    return [file("depth", projection=of, **ids) for of in MONTAGES[wildcards.dataset]]


HEADLINES = {
    name: of for name, of in targets.headlines(config).items() if name not in CORRUPTED
}


def headline_logits(wildcards):
    return logits([HEADLINES[wildcards.dataset][wildcards.kind]])
