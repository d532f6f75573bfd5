import numpy as np
import pandas as pd
import pytest

from pointclip.classification.ensembles.external_logits import read_logits
from pointclip.classification.ensembles.own_model import write_own_logits
from pointclip.classification.zero_shot import combine, per_view_logits
from pointclip.core.errors import UserError
from pointclip.core.store import new_h5, write_parquet


def test_logits_of_a_backbone_are_read_as_another_models(tmp_path):
    rng = np.random.default_rng(0)
    features = rng.normal(size=(7, 1, 5)).astype(np.float16)
    prototypes = rng.normal(size=(3, 5)).astype(np.float32)
    ids = [f"test/{i:06d}" for i in range(7)]
    shards = [tmp_path / "test-0.h5", tmp_path / "test-1.h5"]
    for path, part in zip(shards, (slice(0, 4), slice(4, 7)), strict=True):
        with new_h5(path, weights_sha256="a") as f:
            f["features"], f["id"] = features[part], np.array(ids[part], dtype="S")
    classes = ["ball", "plate", "stick"]
    frame = pd.DataFrame({"class": classes, "feature": list(prototypes)})
    about = {"logit_scale": 20.0, "weights_sha256": "a"}
    write_parquet(frame, tmp_path / "text.parquet", **about)
    write_own_logits(shards, tmp_path / "text.parquet", tmp_path / "out.parquet")
    expected = combine(per_view_logits(features, prototypes, 20.0))
    wanted = [5, 0, 3]
    found = read_logits(tmp_path / "out.parquet", np.array(ids)[wanted], classes[::-1])
    np.testing.assert_allclose(found, expected[wanted][:, ::-1], rtol=1e-5)
    write_parquet(frame, tmp_path / "text.parquet", **(about | {"weights_sha256": "b"}))
    with pytest.raises(UserError, match="weights_sha256"):
        write_own_logits(shards, tmp_path / "text.parquet", tmp_path / "out.parquet")
