"""Train as the release does: the epoch, and nothing else, is chosen on the test labels."""

import torch

from pointclip import few_shot, protocols
from pointclip.jobs import job, pick_device


with job(snakemake):
    files, params, method = snakemake.input, snakemake.params, snakemake.params.adapter["method"]
    torch.set_num_threads(params.torch_threads)
    device = pick_device(snakemake.config["device"])
    task = few_shot.read_task(
        files.shots,
        int(snakemake.wildcards.shots),
        files.labels,
        files.train,
        files.bank[0],
        files.text,
        protocol="released",
        copies=params.adapter["copies"],
        views=params.views,
    )
    features, labels = few_shot.read_labelled(files.test, files.test_labels, params.views)
    state = protocols.train_released(
        method,
        task.to(device),
        features.to(device),
        labels.to(device),
        **params.adapter["parameters"],
    )
    adapter = snakemake.output.adapter
    few_shot.write_adapter(
        state, task, files.text, adapter, method=method, protocol="released", **params.about
    )
    few_shot.write_logits(
        adapter, files.test, snakemake.output.logits, device=str(device), views=params.views
    )
