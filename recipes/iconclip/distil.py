"""Fit open_clip's text tower to the prototypes: many templates around every caption, and WordNet's
nouns beside them.

The prototypes live in `embed_dim` dimensions, the text tower reaches only as many as its width; so
they are first cut to the directions in which picture features differ most. Words without icons get
the vector that the map from sentence embeddings gives them, so that an unknown word lands near its
meaning.
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
from names import SEEN, WordNet
from torch import Tensor
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
        and (SEEN | {"noun.Tops": 1.0}).get(wordnet.synsets[senses[0]][0], 0.0) >= 0.5
    ]
    return sorted(found, key=lambda lemma: (-len(wordnet.senses[lemma]), lemma))[:most]


def text_features(model: torch.nn.Module, tokens: Tensor, rows: Tensor, table: Tensor) -> Tensor:
    """open_clip's encode_text on the shortest sequence that holds the batch.

    (The rest of the context is padding.) `table` holds the used rows of the token embedding, and
    `rows` says where each token is in it: Adam over all 49,408 rows would take as long as the rest.
    """
    length = int((tokens != 0).sum(1).max())
    x = table[rows[tokens[:, :length]]] + model.positional_embedding[:length]
    x = model.ln_final(model.transformer(x, attn_mask=model.attn_mask[:length, :length]))
    return x[torch.arange(len(x)), tokens.argmax(1)] @ model.text_projection


@torch.no_grad()
def start_from_words(
    model: torch.nn.Module, goals: Tensor, tokens: Tensor, rows: Tensor, table: Tensor
) -> None:
    """Begin as a bag of words: tokens by ridge regression on the goals, the first layer averages
    them.

    `goals` (N, C) belong to `tokens` (N, L). A random start needs ten times the steps.
    """
    width = table.shape[1]
    basis = torch.linalg.svd(goals - goals.mean(0), full_matrices=False)[2][:width]  # (width, C)
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
    wanted = goals @ basis.T
    # Ridge regression by conjugate gradients, all columns at once.
    back = counts.T.contiguous().to_sparse_csr()
    residual = back @ wanted
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
    model.text_projection.copy_(basis)
    first = model.transformer.resblocks[0].attn
    first.in_proj_weight[: 2 * width].mul_(0.1)
    first.in_proj_weight[2 * width :].copy_(torch.eye(width))
    first.out_proj.weight.copy_(2 * torch.eye(width))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--targets", type=Path, required=True)
    parser.add_argument("--wordnet", type=Path, required=True)
    parser.add_argument(
        "--nouns", type=Path, required=True, help="cache of the nouns' embeddings (npz)"
    )
    parser.add_argument("--start", type=Path, help="text weights to start from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    config = yaml.safe_load(options.config.read_text())["text"]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(config["seed"])

    data = np.load(options.targets / "targets.npz")
    names, kept = data["names"], int(data["kept"])
    wordnet = WordNet(options.wordnet)
    if not options.nouns.exists():
        extra = nouns(wordnet, set(names), config["nouns"])
        np.savez(options.nouns, names=np.array(extra), embeddings=sentence_embeddings(extra))
    cache = np.load(options.nouns)

    state = torch.load(options.checkpoint, map_location="cpu", weights_only=True)["prototypes"]
    mean, weight, bias, own = (state[k] for k in ("mean", "map.weight", "map.bias", "own"))
    embeddings = torch.from_numpy(np.load(options.targets / "embeddings.npy"))
    plain = F.linear(
        torch.cat([embeddings, torch.from_numpy(cache["embeddings"])]) - mean, weight, bias
    )
    plain[:kept] += own
    goals = F.normalize(plain, dim=-1)
    # The tower reaches only `width` directions: aim at the goals' main ones, not at all of them.
    width = json.loads(options.model.read_text())["text_cfg"]["width"]
    weights = torch.from_numpy(np.sqrt(data["prior"] / data["prior"].mean())).float()[:, None]
    basis = torch.linalg.svd(weights * goals[:kept], full_matrices=False)[2][:width]
    goals = F.normalize(goals @ basis.T @ basis, dim=-1)
    words = [str(name) for name in np.concatenate([names, cache["names"]])]

    open_clip.add_model_config(options.model)
    model = open_clip.create_model(options.model.stem, load_weights=False)
    tokenizer = open_clip.get_tokenizer(options.model.stem)
    whole = tokenizer(words)[:, :24]
    used = torch.unique(torch.cat([whole.flatten(), tokenizer(TEMPLATES).flatten()]))
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
        start_from_words(model, goals, whole, rows, table)
    trained = [*text.values(), table]
    optimiser = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.0, betas=(0.9, 0.98), fused=True)
    chance = np.full(len(words), (1 - config["known"]) / max(len(words) - kept, 1))
    prior = np.sqrt(data["prior"])
    chance[:kept] = config["known"] * prior / prior.sum()
    generator = np.random.default_rng(config["seed"])
    seen = 0.0
    for step in range(config["steps"]):
        for group in optimiser.param_groups:
            group["lr"] = config["rate"] * min(1, (step + 1) / 100) * (1 - step / config["steps"])
        drawn = generator.choice(len(words), config["batch"], p=chance / chance.sum())
        # One template a step, so that a batch is only as long as its own.
        kind = 0 if generator.random() < 0.45 else generator.integers(len(TEMPLATES))
        tokens = tokenizer([TEMPLATES[kind].format(words[i]) for i in drawn])
        features = F.normalize(text_features(model, tokens, rows, table), dim=-1)
        goal = goals[torch.from_numpy(drawn)]
        near = (features * goal).sum(1)
        # Beside the distance, the choice among all captions: what a classification asks for.
        known = torch.from_numpy(drawn < kept)
        choice = F.cross_entropy(
            20 * features[known] @ goals[:kept].T, torch.from_numpy(drawn)[known]
        )
        loss = (1 - near).mean() + 0.3 * choice
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
    torch.save(state | {"token_embedding.weight": embedding}, options.out)

    with torch.no_grad():
        for template in ("{}", "a {}.", "point cloud depth map of a {}."):
            tokens = tokenizer([template.format(w) for w in words[:kept]])
            features = torch.cat(
                [
                    F.normalize(text_features(model, part, rows, table), dim=-1)
                    for part in tokens.split(512)
                ]
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
