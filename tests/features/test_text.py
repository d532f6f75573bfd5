import numpy as np
import torch

from pointclip.core.store import read_parquet
from pointclip.features.prompts import load_prompts
from pointclip.features.text import encode_text


def test_a_prototype_is_the_mean_over_sentences(encoder, tmp_path):
    prompts = load_prompts("depth_templates")
    classes = ["tv_stand", "chair"]
    encode_text(classes, prompts, encoder, tmp_path / "t.parquet", "modelnet40")
    frame = read_parquet(tmp_path / "t.parquet")
    assert list(frame["class"]) == classes
    assert list(frame["sentences"][0]) == prompts.sentences("tv_stand", "modelnet40")
    said = torch.nn.functional.normalize(encoder.encode_texts(prompts.sentences("chair")), dim=1)
    expected = torch.nn.functional.normalize(said.mean(0), dim=0)
    np.testing.assert_allclose(frame["feature"][1], expected, atol=1e-6)
    assert frame.attrs["logit_scale"] == encoder.logit_scale
    assert frame.attrs["prompts"] == "depth_templates"
    assert frame.attrs["weights_sha256"] == encoder.weights_sha256
