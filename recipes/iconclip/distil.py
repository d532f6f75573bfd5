"""Fit open_clip's text tower to the prototypes: many templates around every caption, and WordNet's
nouns beside them.

A caption's goal is its prototype plus the mean prototype of captions of nearly the same meaning
(automobile helps car); a word without icons gets the latter alone. The text tower is as wide as the
embedding, so that it can reach every goal.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
import yaml
from augment import pictures
from model import Prototypes, image_tower
from names import SEEN, WordNet
from torch import Tensor
from train import Icons
from words import sentence_embeddings


TEMPLATES = [
    "{}",
    "{}.",
    "a {}",
    "a {}.",
    "the {}",
    "a photo of a {}.",
    "an icon of a {}.",
    "an icon of {}",
    "a drawing of a {}.",
    "a picture of a {}.",
    "a 3D model of a {}.",
    "a depth map of a {}.",
    "point cloud of a {}.",
    "point cloud of a big {}.",
    "point cloud depth map of a {}.",
    "an obscure depth map of a 3D {} model.",
    "An obscure grayscale depth map of an inclined rough {} 3D model.",
    "a point cloud photo of a {}.",
    "a silhouette of a {}.",
]


def nouns(wordnet: WordNet, known: set[str], most: int) -> list[str]:
    """Visible nouns without icons of their own, those with many senses (the common words) first."""
    found = [
        lemma
        for lemma, senses in wordnet.senses.items()
        if lemma not in known
        and lemma.count(" ") <= 1
        and lemma.replace(" ", "").isalpha()
        and SEEN.get(wordnet.synsets[senses[0]][0], 0.0) >= 0.5
    ]
    return sorted(found, key=lambda lemma: (-len(wordnet.senses[lemma]), lemma))[:most]


def goals_of(own: Tensor, embeddings: Tensor, prior: Tensor, seen: Tensor) -> Tensor:
    """Unit goals (N, C) of N words, the first K of which have prototypes `own` (K, C).

    Neighbours count by meaning, exp(20 (cosine - 1)) of sentence embeddings (N, E), and by the root
    of how often they were drawn (`prior`, K); what cannot be seen (`seen`, K) does not count.
    """
    count = (prior / prior.mean()).sqrt() * (seen >= 0.3)
    parts = [
        F.normalize((20 * (rows @ embeddings[: len(own)].T - 1)).exp() * count @ own, dim=-1)
        for rows in embeddings.split(1024)
    ]
    goals = torch.cat(parts)
    goals[: len(own)] += own
    return F.normalize(goals, dim=-1)


@torch.no_grad()
def picture_spread(
    tower: torch.nn.Module, icons: Icons, stage: dict, batches: int = 32
) -> tuple[float, Tensor, Tensor]:
    """Mean length of picture features; second moments of their unit vectors along the main
    directions, (C,) falling; these directions (C, C), one a row."""
    total, length = torch.zeros(1), 0.0
    for number in range(batches):
        planes, *_ = icons.draw(number, 128)
        generator = torch.Generator().manual_seed(number)
        drawn = pictures(planes, stage["side"], generator, tuple(stage["shares"]))
        features = tower.eval()(drawn)
        length += float(features.norm(dim=-1).mean()) / batches
        unit = F.normalize(features, dim=-1)
        total = total + unit.T @ unit / len(unit)
    values, directions = torch.linalg.eigh(total / batches)
    return length, values.flip(0), directions.flip(1).T


def text_features(model: torch.nn.Module, tokens: Tensor, rows: Tensor, table: Tensor) -> Tensor:
    """open_clip's encode_text on the shortest sequence that holds the batch, before its projection.

    (The rest of the context is padding.) `table` holds the used rows of the token embedding, and
    `rows` says where each token is in it: Adam over all 49,408 rows would take as long as the rest.
    """
    length = int((tokens != 0).sum(1).max())
    x = table[rows[tokens[:, :length]]] + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    return F.normalize(x[torch.arange(len(x)), tokens.argmax(1)], dim=-1)


@torch.no_grad()
def start_from_words(
    model: torch.nn.Module, goals: Tensor, tokens: Tensor, rows: Tensor, table: Tensor
) -> None:
    """Begin as a bag of words: tokens by ridge regression on the goals, the first layer averages
    them.

    `goals` (N, width) belong to `tokens` (N, L). A random start needs ten times the steps.
    """
    width = table.shape[1]
    counts = torch.zeros(len(goals), len(table))
    inner = rows[tokens] * ((tokens > 0) & (tokens < 49406))
    share = ((inner > 0).float() / (inner > 0).sum(1, keepdim=True).clamp(min=1)).flatten()
    counts.index_put_(
        (torch.arange(len(goals)).repeat_interleave(tokens.shape[1]), inner.flatten()),
        share,
        accumulate=True,
    )
    counts[:, 0] = 0.0
    sparse = counts.to_sparse_csr()
    values = torch.zeros(len(table), width)
    # Ridge regression by conjugate gradients, all columns at once.
    back = counts.T.contiguous().to_sparse_csr()
    residual = back @ goals
    direction, norm = residual.clone(), residual.square().sum(0)
    for _ in range(30):
        moved = back @ (sparse @ direction) + 0.1 * direction
        step = norm / (direction * moved).sum(0).clamp(min=1e-12)
        values += step * direction
        residual -= step * moved
        fresh = residual.square().sum(0)
        direction, norm = residual + fresh / norm.clamp(min=1e-12) * direction, fresh
    table.copy_(values / values[1:].std().clamp(min=1e-6) * 0.5)
    model.positional_embedding.mul_(0.3)
    first = model.transformer.resblocks[0].attn
    first.in_proj_weight[: 2 * width].mul_(0.1)
    first.in_proj_weight[2 * width :].copy_(torch.eye(width))
    first.out_proj.weight.copy_(2 * torch.eye(width))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument(
        "--nouns", type=Path, required=True, help="cache of the nouns' embeddings (npz)"
    )
    parser.add_argument("--start", type=Path, help="text weights to start from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    whole = yaml.safe_load(options.config.read_text())
    config = whole["text"]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(config["seed"])

    icons = Icons(options.images, options.targets, config["seed"])
    names, kept = icons.names, icons.kept
    wordnet = WordNet(options.wordnet)
    if not options.nouns.exists():
        extra = nouns(wordnet, set(names), config["nouns"])
        np.savez(options.nouns, names=np.array(extra), embeddings=sentence_embeddings(extra))
    cache = np.load(options.nouns)
    words = [str(name) for name in np.concatenate([names, cache["names"]])]

    state = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    own = Prototypes(icons.embeddings, kept, len(state["prototypes"]["map.bias"]))
    own.load_state_dict(state["prototypes"])
    embeddings = torch.cat([icons.embeddings, torch.from_numpy(cache["embeddings"])])
    prior = torch.from_numpy(icons.prior).float()
    tower = image_tower(options.model)
    tower.load_state_dict(state["average"])
    length, spread, directions = picture_spread(tower, icons, whole["train"]["stages"][-1])
    with torch.no_grad():
        goals = goals_of(own(), embeddings, prior, torch.from_numpy(icons.seen[:kept]))
        goals = goals @ directions.T
    # An error counts as far as pictures see it, and a little beyond.
    heavy = spread / spread.mean() + 0.1

    open_clip.add_model_config(options.model)
    model = open_clip.create_model(options.model.stem, load_weights=False)
    tokenizer = open_clip.get_tokenizer(options.model.stem)
    tokens = tokenizer(words)[:, :24]
    used = torch.unique(torch.cat([tokens.flatten(), tokenizer(TEMPLATES).flatten()]))
    rows = torch.zeros(model.token_embedding.num_embeddings, dtype=torch.long)
    rows[used] = torch.arange(len(used))
    table = torch.nn.Parameter(model.token_embedding.weight.detach()[used].clone())
    text = {
        name: value
        for name, value in model.named_parameters()
        if not name.startswith("visual.") and name not in ("logit_scale", "token_embedding.weight")
    }
    if options.start and options.start.exists():
        model.load_state_dict(torch.load(options.start, weights_only=True), strict=False)
        table.data.copy_(model.token_embedding.weight.detach()[used])
    else:
        start_from_words(model, goals, tokens, rows, table)
    with torch.no_grad():
        model.text_projection.copy_(directions)
    trained = [*(text[name] for name in text if name != "text_projection"), table]
    optimiser = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    chance = np.full(len(words), (1 - config["known"]) / max(len(words) - kept, 1))
    chance[:kept] = config["known"] * np.sqrt(icons.prior) / np.sqrt(icons.prior).sum()
    generator = np.random.default_rng(config["seed"])
    seen = 0.0
    for step in range(config["steps"]):
        for group in optimiser.param_groups:
            group["lr"] = config["rate"] * min(1, (step + 1) / 100) * (1 - step / config["steps"])
        drawn = generator.choice(len(words), config["batch"], p=chance / chance.sum())
        # One template a step, so that a batch is only as long as its own.
        kind = 0 if generator.random() < 0.45 else generator.integers(len(TEMPLATES))
        tokens = tokenizer([TEMPLATES[kind].format(words[i]) for i in drawn])
        features = text_features(model, tokens, rows, table)
        goal = goals[torch.from_numpy(drawn)]
        near = (features * goal).sum(1)
        # Beside the distance, the choice among all captions: what a classification asks for.
        wanted = (20 * goal @ goals[:kept].T).softmax(-1)
        choice = F.cross_entropy(20 * features @ goals[:kept].T, wanted)
        apart = (features - goal).square() @ heavy
        loss = (1 - near).mean() + apart.mean() + 0.3 * choice
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        seen = (
            0.98 * seen + 0.02 * float(near.detach().mean())
            if step
            else float(near.detach().mean())
        )
        if step % 100 == 0:
            logging.info(
                "text step %d of %d, cosine with the goal %.3f", step, config["steps"], seen
            )
    # Tokens that no word of ours has say nothing: they get the mean.
    embedding = table.detach().mean(0, keepdim=True).repeat(len(rows), 1)
    embedding[used] = table.detach()
    state = {name: value.detach().clone() for name, value in text.items()}
    state |= {"token_embedding.weight": embedding, "picture_length": torch.tensor(length)}
    torch.save(state, options.out)

    with torch.no_grad():
        for template in ("{}", "a {}.", "point cloud depth map of a {}."):
            tokens = tokenizer([template.format(w) for w in words[:kept]])
            features = torch.cat(
                [text_features(model, part, rows, table) for part in tokens.split(512)]
            )
            close = (features * goals[:kept]).sum(1).mean()
            first = (features @ goals[:kept].T).argmax(1).eq(torch.arange(kept)).float().mean()
            logging.info(
                json.dumps(
                    dict(
                        template=template,
                        cosine=round(float(close), 4),
                        found=round(float(first), 4),
                    )
                )
            )


if __name__ == "__main__":
    main()
