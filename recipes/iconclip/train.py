"""Train the image tower against the prototypes of all captions at once; resumable, on CPU or GPU.

Instead of a batch's other captions, the negatives are the whole vocabulary: 256 pictures are told
from thousands of captions for the price of one matrix product. Stages (side, samples, learning rate
at their end) come from the config.
"""

from __future__ import annotations

import argparse
import logging
import signal
import time
from itertools import pairwise
from pathlib import Path
from threading import Event

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
import yaml
from augment import pictures
from model import Prototypes, image_tower, silence_unused, skip_padding
from torch import Tensor
from validate import validate


class Icons:
    """Draws (icon, caption) pairs: a caption by its prior, then one of its icons by weight."""

    def __init__(self, images: Path, targets: Path, seed: int) -> None:
        self.planes = [
            np.load(images / f"{plane}.npy", mmap_mode="r") for plane in ("ink", "depth", "parts")
        ]
        data = np.load(targets / "targets.npz")
        self.names, self.kept, self.seen = data["names"], int(data["kept"]), data["seen"]
        self.prior = data["prior"]
        self.embeddings = torch.from_numpy(np.load(targets / "embeddings.npy"))
        train = (data["split"] == 0) & (data["caption"] < self.kept)
        icon, caption, weight = data["icon"][train], data["caption"][train], data["weight"][train]
        total = np.bincount(caption, weight, self.kept)
        chance = self.prior[caption] * weight / total[caption]
        self.pairs = np.stack([icon, caption], 1)
        self.steps = np.cumsum(chance) / chance.sum()
        # For every icon the captions that are true of it, padded with -1.
        order = np.argsort(icon, kind="stable")
        starts = np.searchsorted(icon[order], np.arange(len(self.planes[0]) + 1))
        self.true = [caption[order[a:b]] for a, b in pairwise(starts)]
        near = data["near"]
        near = near[:, (near < self.kept).all(0)]
        bounds = np.searchsorted(near[0], np.arange(self.kept + 1))
        self.near = [near[1, a:b] for a, b in pairwise(bounds)]
        self.seed = seed

    def draw(self, position: int, batch: int) -> tuple[list[Tensor], Tensor, Tensor]:
        """The batch after `position` samples: planes, caption, and a mask of captions that are no
        negatives."""
        generator = np.random.default_rng((self.seed, position))
        pairs = self.pairs[
            np.searchsorted(self.steps, generator.random(batch)).clip(max=len(self.pairs) - 1)
        ]
        mask = np.zeros((batch, self.kept), bool)
        for row, (icon, caption) in enumerate(pairs):
            mask[row, self.true[icon]] = True
            mask[row, self.near[caption]] = True
            mask[row, caption] = False
        captions = torch.from_numpy(pairs[:, 1].astype(np.int64))
        return self.planes_of(pairs[:, 0]), captions, torch.from_numpy(mask)

    def planes_of(self, icons: np.ndarray) -> list[Tensor]:
        """The stored planes (N, 64, 64) of some icons."""
        return [torch.from_numpy(np.stack([plane[i] for i in icons])) for plane in self.planes]


def rate(stages: list[dict], samples: int, warm: int = 20_000) -> float:
    """Piecewise linear learning rate: each stage goes from the former one's `rate` to its own."""
    start, former = 0, stages[0]["rate"]
    for stage in stages:
        if samples < start + stage["samples"]:
            part = (samples - start) / stage["samples"]
            return min(1.0, (samples + 1) / warm) * (former + (stage["rate"] - former) * part)
        start, former = start + stage["samples"], stage["rate"]
    return former


def stage_of(stages: list[dict], samples: int) -> dict:
    """The stage that a sample count falls in."""
    start = 0
    for stage in stages:
        start += stage["samples"]
        if samples < start:
            return stage
    return stages[-1]


def save(path: Path, **state: object) -> None:
    """Write a checkpoint under another name, then move it into place."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def average_over(workers: int, tensors: list[Tensor]) -> None:
    """Replace every tensor by its mean over the workers."""
    if workers == 1:
        return
    flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
    dist.all_reduce(flat)
    flat /= workers
    for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
        tensor.copy_(part.view_as(tensor))


def work(rank: int, options: argparse.Namespace) -> None:
    """One worker: its own batches and its own Adam; weights are averaged with the others' every few
    steps."""
    config = yaml.safe_load(options.config.read_text())["train"]
    logging.basicConfig(
        level=logging.INFO if rank == 0 else logging.WARNING, format="%(asctime)s %(message)s"
    )
    workers = options.workers
    if workers > 1:
        dist.init_process_group(
            "gloo", f"file://{options.out.resolve()}/meet", rank=rank, world_size=workers
        )
        torch.set_num_threads(1)
    torch.manual_seed(config["seed"])
    device = "cuda" if torch.cuda.is_available() else "cpu"

    icons = Icons(options.images, options.targets, config["seed"])
    tower = skip_padding(image_tower(options.model))
    silence_unused(tower, config["stages"][0]["side"])
    tower = tower.to(device, memory_format=torch.channels_last)
    prototypes = Prototypes(icons.embeddings, icons.kept, tower.head.proj.out_features).to(device)
    prior = torch.from_numpy(np.log(icons.prior + 1e-7)).float().to(device)
    groups = [
        dict(
            params=[p for p in tower.parameters() if p.ndim > 1],
            weight_decay=config["weight_decay"],
        ),
        dict(params=[p for p in tower.parameters() if p.ndim <= 1], weight_decay=0.0),
        dict(params=prototypes.map.parameters(), weight_decay=0.05),
        dict(params=[prototypes.own], weight_decay=0.05),
        dict(params=[prototypes.scale], weight_decay=0.0),
    ]
    optimiser = torch.optim.AdamW(groups, betas=(0.9, 0.98), fused=True)
    average = {name: value.clone() for name, value in tower.state_dict().items()}
    shared = [*tower.state_dict().values(), *prototypes.parameters()]
    shared = [tensor.data for tensor in shared if tensor.is_floating_point()]
    step, samples, spent, syncs = 0, 0, 0.0, 0
    last = options.out / "last.pt"
    source = last if last.exists() else options.start
    if source is not None and source.exists():
        state = torch.load(source, map_location=device, weights_only=True)
        tower.load_state_dict(state["tower"])
        prototypes.load_state_dict(state["prototypes"])
        optimiser.load_state_dict(state["optimiser"])
        average, step, spent, samples = (state[k] for k in ("average", "step", "spent", "samples"))
        syncs = state.get("syncs", 1000)
        logging.info("resumed at sample %d from %s", samples, source.name)

    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())  # save, then end
    total = sum(stage["samples"] for stage in config["stages"])
    began, saved = time.process_time(), time.monotonic()
    loss_sum, count, right, clock = 0.0, 0, 0, time.monotonic()
    while samples < total:
        stage = stage_of(config["stages"], samples)
        for group in optimiser.param_groups:
            group["lr"] = rate(config["stages"], samples)
        position = samples + rank * stage["batch"]
        planes, caption, mask = icons.draw(position, stage["batch"])
        generator = torch.Generator().manual_seed(config["seed"] * 1_000_003 + position)
        images = pictures(planes, stage["side"], generator, tuple(stage["shares"])).to(device)
        caption = caption.to(device)
        features = F.normalize(tower(images), dim=-1)
        logits = (
            prototypes.scale.exp().clamp(max=100) * features @ prototypes(config["own_drop"]).T
            + prior
        )
        logits = logits.masked_fill(mask.to(device), -1e4)
        loss = F.cross_entropy(logits, caption)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tower.parameters(), 2.0)
        optimiser.step()
        step, samples = step + 1, samples + workers * stage["batch"]
        loss_sum, count = loss_sum + float(loss.detach()), count + 1
        right += int((logits.argmax(1) == caption).sum())
        if step % config["sync"] and samples < total:
            continue

        with torch.no_grad():
            average_over(workers, shared)
            syncs += 1
            keep = min(config["average"], syncs / (syncs + 5))
            for name, value in tower.state_dict().items():
                if value.is_floating_point():
                    average[name].lerp_(value, 1 - keep)
        if step % (10 * config["sync"]) == 0:
            drawn = workers * stage["batch"] * count
            logging.info(
                "%d of %d samples, side %d, %.0f samples/s, rate %.2e, loss %.3f, "
                "right %.1f %%, scale %.1f",
                samples,
                total,
                stage["side"],
                drawn / (time.monotonic() - clock),
                optimiser.param_groups[0]["lr"],
                loss_sum / count,
                100 * workers * right / drawn,
                float(prototypes.scale.detach().exp()),
            )
            loss_sum, count, right, clock = 0.0, 0, 0, time.monotonic()
        # All workers have to agree to stop or save: the first one's clock and signals decide.
        over = stopped.is_set() or time.process_time() - began > options.seconds
        wish = torch.tensor([float(over), time.monotonic() - saved > 60 * config["save_minutes"]])
        if workers > 1:
            dist.broadcast(wish, 0)
        if wish[0] or wish[1] or samples >= total:
            saved = time.monotonic()
            if rank == 0:
                state = dict(
                    tower=tower.state_dict(),
                    prototypes=prototypes.state_dict(),
                    optimiser=optimiser.state_dict(),
                    average=average,
                    step=step,
                    samples=samples,
                    syncs=syncs,
                    spent=spent + workers * (time.process_time() - began),
                )
                save(last, **state)
                score = validate(
                    options.model, average, prototypes, icons, options.targets, stage["side"]
                )
                logging.info("saved at %d samples; %s", samples, score)
                clock = time.monotonic()
        if wish[0]:
            break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="open_clip model config")
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=2, help="processes; 1 on a GPU")
    parser.add_argument("--start", type=Path, help="go on from this checkpoint if --out has none")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="stop after so much CPU time"
    )
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "meet").unlink(missing_ok=True)
    if options.workers == 1:
        work(0, options)
        return
    context = mp.get_context("spawn")
    workers = [
        context.Process(target=work, args=(rank, options)) for rank in range(options.workers)
    ]
    for worker in workers:
        worker.start()
    signal.signal(signal.SIGTERM, lambda *_: [worker.terminate() for worker in workers])
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
