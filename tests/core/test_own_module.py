import numpy as np
import pytest
import torch
from own_modules import write_modules

from pointclip.classification.adapters.method import load_method, settings_of
from pointclip.core.errors import UserError
from pointclip.core.own_module import load_own
from pointclip.data.read_split import read_split
from pointclip.encoders.encoder import load_encoder
from pointclip.projection.projection import get_projection


@pytest.fixture
def folder(tmp_path):
    write_modules(tmp_path)
    return tmp_path


def test_a_module_is_loaded_once_and_again_from_another_file(folder, tmp_path):
    first = load_own(folder / "my_method.py", "fit", "logits")
    assert load_own(folder / "my_method.py") is first
    write_modules(tmp_path / "other")
    assert load_own(tmp_path / "other" / "my_method.py") is not first


def test_what_is_no_module_or_lacks_something_is_a_sentence(folder):
    with pytest.raises(UserError, match=r"The module 'none.py' is no Python file\."):
        load_own("none.py")
    with pytest.raises(UserError, match="does not define render"):
        load_own(folder / "my_method.py", "render")


def test_a_method_of_the_users(folder):
    name = str(folder / "my_method.py")
    assert settings_of(name, {"power": 2.0}).power == 2
    assert callable(load_method(name).fit)
    with pytest.raises(UserError, match=r"cannot be set up: .*'pover'"):
        settings_of(name, {"pover": 2.0})


def test_a_projection_of_the_users(folder):
    module = str(folder / "my_projection.py")
    projection = get_projection(module=module, views="ring-3", parameters={"gain": 0.5})
    points = np.random.default_rng(0).uniform(-1, 1, (2, 50, 3)).astype(np.float32)
    depth = projection(points)
    assert isinstance(depth, torch.Tensor) and depth.shape == (2, 3, 32, 32)
    assert not projection.has_dots
    assert projection.name == "my_projection" and len(projection.view_names) == 3
    assert set(depth.unique().tolist()) <= {0, 0.5, 1}
    with pytest.raises(UserError, match="of projection 'my_projection' 'distance'"):
        get_projection(module=module, distance=2)


def test_a_projection_that_renders_another_shape_is_told(folder):
    path = folder / "flat_projection.py"
    path.write_text((folder / "my_projection.py").read_text().replace(".clip(0, 1)", "[0]"))
    with pytest.raises(UserError, match=r"must render finite values of shape \(1, 4, 32, 32\)"):
        get_projection(module=str(path))(np.zeros((1, 3, 3), np.float32))


def test_a_backbone_of_the_users(folder):
    encoder = load_encoder({"module": str(folder / "my_backbone.py"), "polarity": "invert"}, "cpu")
    assert encoder.dim == 16 and encoder.logit_scale == pytest.approx(10)
    assert encoder.encode_images(torch.rand(2, 3, 40, 40)).shape == (2, 3, 16)
    assert len(encoder.weights_sha256) == 64


def test_a_reader_of_the_users(folder):
    points = np.random.default_rng(0).normal(size=(3, 20, 3)).astype(np.float32)
    np.savez(folder / "all.npz", test_points=points, test_label=np.arange(3))
    entry = {"module": str(folder / "my_reader.py"), "reader": "my_reader", "points": 10, "up": "z"}
    split = read_split(entry, folder / "all.npz", "test")
    (chunk,) = split.chunks
    assert split.classes == ["ball", "plate", "stick"]
    np.testing.assert_array_equal(chunk.points[:, :, 1], points[:, :10, 2])
