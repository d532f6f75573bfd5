from dataclasses import replace

import pytest
import torch
from few_shot_data import task
from released_methods import golden, near, tensor

from pointclip.catalog.adapters import Timo
from pointclip.classification.adapters import gda, timo
from pointclip.core.errors import UserError


IMAGES = timo.class_means(tensor("shared/support"), tensor("shared/support_labels"), 6)
SENTENCES = tensor("shared/sentences")
TEST = tensor("shared/test")


def test_matches_are_the_released_ones():
    near(IMAGES, "timo/image_prototypes")
    near(timo.matches(IMAGES, SENTENCES), "timo/matching_score")
    near(timo.guide_text(IMAGES, SENTENCES, 50.0), "timo/text_guided")


def test_extra_samples_are_the_released_ones():
    extra, labels = timo.guide_images(IMAGES, SENTENCES, 3)
    near(extra, "timo/extra_vectors")
    assert labels.tolist() == golden("timo/extra_labels").tolist()


def test_logits_are_the_released_ones():
    for name, count, gamma in (("timo", 3, 50.0), ("timo_s", 1, 5.0)):
        extra, labels = timo.guide_images(IMAGES, SENTENCES, count)
        x = torch.cat([extra, tensor("shared/support_vecs")])
        labels = torch.cat([labels, tensor("shared/support_vecs_labels")])
        weight, bias = gda.discriminant(x, labels, 6)
        near(weight, f"{name}/W")
        near(bias, f"{name}/b")
        text = timo.guide_text(IMAGES, SENTENCES, gamma)
        near(tensor(f"{name}/alpha") * TEST @ text.T + TEST @ weight + bias, f"{name}/test_logits")


def test_sentences_start_over_when_more_are_asked_for():
    extra, labels = timo.guide_images(IMAGES, SENTENCES, 5)
    assert extra.shape == (30, 32) and labels.bincount().tolist() == [5] * 6
    torch.testing.assert_close(extra[3:5], extra[:2])


def test_search_is_no_worse_than_the_plain_form():
    one = task(seeds=(1, 2))
    (state,) = timo.fit(one, Timo())
    truth = one.validation_labels
    accuracy = []
    for p in (Timo(), Timo(search=True, gammas=(5.0, 50.0))):
        found = timo.tune(one, state, one.validation, truth, p)
        scores = timo.logits(found, one.validation, one.prototypes, one.logit_scale)
        accuracy.append((scores.argmax(-1) == truth).float().mean(-1))
    assert (accuracy[0] > 0.5).all() and (accuracy[1] > 0.5).all()


def test_sentences_are_asked_for():
    with pytest.raises(UserError, match="every sentence"):
        list(timo.fit(replace(task(), sentences=None), Timo()))
