"""Train as the release does: the epoch, and nothing else, is selected on the test labels."""

import torch

from pointclip.classification.few_shot.adapter_file import write_adapter
from pointclip.classification.few_shot.logits import write_logits
from pointclip.classification.few_shot.task import read_task
from pointclip.classification.few_shot.train import train_released
from pointclip.core.job import job, pick_device
from pointclip.features.read import check_weights, read_labelled


with job(snakemake):
    files, params, method = snakemake.input, snakemake.params, snakemake.params.adapter["method"]
    torch.set_num_threads(params.torch_threads)
    check_weights(*files.train, *files.test, files.augmented, files.text)
    shots, copies = int(snakemake.wildcards.shots), params.adapter["n_augmentations"]
    train_files = files.shots, shots, files.labels, files.train, files.augmented, files.text
    task = read_task(*train_files, protocol="released", copies=copies)
    task = task.to(pick_device(snakemake.config["device"]))
    test = read_labelled(files.test, files.test_labels)
    shapes = [torch.from_numpy(array).to(task.device) for array in test]
    state = train_released(method, task, *shapes, **params.adapter["parameters"])
    adapter = snakemake.output.adapter
    write_adapter(state, task, adapter, method, "released", params.parts)
    write_logits(adapter, files.test, snakemake.output.logits, device=task.device)
