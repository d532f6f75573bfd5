import few_shot_data
import numpy as np
import pandas as pd
import pytest

from pointclip.core import store
from pointclip.features.sentences import read_sentences


def test_sentences_come_back_as_unit_vectors_with_their_length(tmp_path):
    paths = few_shot_data.write_files(tmp_path)
    sentences, norm = read_sentences(paths["text"])
    np.testing.assert_allclose(sentences, few_shot_data.sentences(), atol=1e-6)
    assert norm == pytest.approx(10, rel=1e-5)


def test_every_class_gives_as_many_as_the_one_with_the_fewest(tmp_path):
    two, three = np.eye(3)[:2], np.eye(3)
    frame = pd.DataFrame(
        {
            "class": ["a", "b"],
            "feature": [[1.0, 0, 0]] * 2,
            "sentence_features": [three.ravel(), 2 * two.ravel()],
        }
    )
    store.write_parquet(frame, tmp_path / "text.parquet", logit_scale=100.0)
    sentences, norm = read_sentences(tmp_path / "text.parquet")
    np.testing.assert_array_equal(sentences, np.stack([two, two]))
    assert norm == pytest.approx(7 / 5)
