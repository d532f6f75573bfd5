import pytest
import torch
import torch.nn.functional as F
from released_methods import golden, near, tensor

from pointclip.classification.adapters import ape


SHOTS, TEXT, TEST = (tensor(f"shared/{name}") for name in ("support", "text", "test"))
LABELS = tensor("shared/support_labels")


def test_channels_are_the_released_ones():
    scores = ape.channel_scores(TEXT, SHOTS, LABELS, 0.5, 0.5)
    near(scores, "ape/criterion")
    assert scores.topk(16).indices.tolist() == golden("ape/channels").tolist()
    near(-ape.channel_scores(TEXT, SHOTS, LABELS, 1.0, 0.0), "ape/similarity")


@pytest.mark.parametrize("name", ["start", "searched"])
def test_logits_are_the_released_ones(name):
    channels = tensor("ape/channels")
    keys, text = (F.normalize(x[:, channels], dim=-1) for x in (SHOTS, TEXT))
    near(keys, "ape/keys_refined")
    weight = ape.divergence(keys, text, LABELS)
    near(weight, "ape/divergence")
    alpha, beta, gamma = (float(golden(f"ape/{name}/{n}")) for n in ("alpha", "beta", "gamma"))
    state = {
        "channels": channels[None],
        "keys": keys[None],
        "divergence": weight[None],
        "values": F.one_hot(LABELS, 6).double()[None],
    }
    near(
        tensor("shared/zero_shot_logits") + alpha * ape.cache_logits(state, TEST, beta, gamma)[0],
        f"ape/{name}/test_logits",
    )


def test_one_class_has_no_best_channel():
    assert (ape.channel_scores(TEXT[:1], SHOTS[:4], LABELS[:4], 0.5, 0.5) == 0).all()
    assert torch.isfinite(ape.divergence(SHOTS[:4], TEXT[:1], LABELS[:4])).all()
