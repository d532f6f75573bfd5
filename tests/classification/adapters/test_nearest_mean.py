import torch
from few_shot_data import CLASSES, features, task

from pointclip.catalog.adapters import NearestMean
from pointclip.classification.adapters import nearest_mean


def test_logits_are_cosines_with_the_centred_class_means() -> None:
    one, x = task(seeds=(4,)), features(range(CLASSES), 3)
    (state,) = nearest_mean.fit(one, NearestMean())
    ours = nearest_mean.logits(state, x, one.prototypes, 10.0)[0]

    def unit(a: torch.Tensor) -> torch.Tensor:
        return a / a.norm(dim=-1, keepdim=True)

    def flat(a: torch.Tensor) -> torch.Tensor:
        return unit(a.double()).flatten(1) / 2  # four views

    shots, labels = flat(one.features[one.shot_index[0]]), one.labels[0]
    means = unit(torch.stack([shots[labels == k].mean(0) for k in range(CLASSES)]))
    centre = means.mean(0)
    expected = 10 * unit(flat(x) - centre) @ unit(means - centre).T
    torch.testing.assert_close(ours.double(), expected, rtol=1e-4, atol=1e-4)


def test_the_text_is_not_used() -> None:
    one, x = task(seeds=(4,)), features(range(CLASSES), 3)
    (state,) = nearest_mean.fit(one, NearestMean())
    with_text = nearest_mean.logits(state, x, one.prototypes, 10.0)
    assert torch.equal(nearest_mean.logits(state, x, -one.prototypes, 10.0), with_text)
