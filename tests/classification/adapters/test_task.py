from dataclasses import replace

import numpy as np
import pytest
import torch
from few_shot_data import features, task

from pointclip.classification.adapters.task import concatenate_views
from pointclip.core.errors import UserError


@pytest.mark.parametrize(
    ("field", "called"),
    [("features", "train"), ("augmented", "augmented"), ("validation", "validation")],
)
def test_nan_features_are_a_sentence(field, called):
    one = task()
    broken = getattr(one, field).clone()
    broken[..., 0, 1] = torch.nan
    count = int(broken[..., 0, 1].numel())
    with pytest.raises(UserError, match=f"{called} features hold {count} values that are NaN"):
        replace(one, **{field: broken})


def test_a_repeated_seed_is_a_sentence():
    with pytest.raises(UserError, match=r"A seed is listed twice in \[1, 1, 2\]"):
        replace(task(), seeds=[1, 1, 2])


def test_product_of_concatenations_is_the_mean_cosine():
    a, b = features(np.zeros(1, int), 3), features(np.ones(1, int), 4)
    mean = torch.cosine_similarity(a.float(), b.float(), dim=-1).mean()
    product = (concatenate_views(a) @ concatenate_views(b).T).squeeze()
    torch.testing.assert_close(product, mean)
