"""Train one few-shot method for all seeds at once, and apply what it learned to the test split.

`plain` and `validation` come from the same training. No test label is an input of this job.
"""

import torch

from pointclip.classification.few_shot.adapter_file import write_adapter
from pointclip.classification.few_shot.logits import write_logits
from pointclip.classification.few_shot.task import read_task
from pointclip.classification.few_shot.train import train
from pointclip.core.job import job, pick_device
from pointclip.core.store import new_h5
from pointclip.features.read import check_weights


with job(snakemake):
    files, params, method = snakemake.input, snakemake.params, snakemake.params.adapter["method"]
    # Fixed by the config and not by --cores, so that results do not depend on the machine.
    torch.set_num_threads(params.torch_threads)
    # No file where the method learns from no augmented copies.
    augmented = files.get("augmented") or None
    check_weights(*files.train, *files.test, *([augmented] if augmented else []), files.text)
    shots, copies = int(snakemake.wildcards.shots), params.adapter["n_augmentations"]
    train_files = files.shots, shots, files.labels, files.train, augmented, files.text
    task = read_task(*train_files, copies=copies).to(pick_device(snakemake.config["device"]))
    spent: list[float] = []
    learned = train(method, task, spent, **params.adapter["parameters"])
    for protocol in ("plain", "validation"):
        adapter = snakemake.output[f"{protocol}_adapter"]
        write_adapter(learned.get(protocol), task, adapter, method, protocol, params.parts)
        write_logits(adapter, files.test, snakemake.output[protocol], device=task.device)
    with new_h5(snakemake.output.time, seconds=sum(spent) / len(task.seeds)):
        pass
