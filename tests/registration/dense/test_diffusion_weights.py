"""Loading from local folders and files: in all layouts, and clear about what is wrong."""

import shutil

import numpy as np
import pytest
import torch


pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from tiny_diffusion import make_controlnet, original_layout, save_stable_diffusion

from pointclip.core.errors import UserError
from pointclip.registration.dense.diffusion import encode_depths
from pointclip.registration.dense.diffusion_settings import Settings
from pointclip.registration.dense.diffusion_weights import load_networks


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    save_stable_diffusion(folder / "sd")
    make_controlnet().save_pretrained(folder / "controlnet")
    return folder


@pytest.fixture
def changed(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "networks")
    return tmp_path / "networks"


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_controlnet_of_the_original_layout_is_converted(folder, tmp_path, wrapped):
    """As FreeReg's fine-tuned weights come: one file, the names of the original release."""
    original = make_controlnet()
    state = original_layout(original.state_dict())
    assert len(state) == len(original.state_dict())
    path = tmp_path / "control_v11f1p_sd15_depth_ft.pth"
    torch.save({"state_dict": state} if wrapped else state, path)
    loaded = load_networks(folder / "sd", path, device="cpu").controlnet
    for key, value in original.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_half_precision_weights_alone_are_enough(folder, changed):
    from diffusers import UNet2DConditionModel

    unet = UNet2DConditionModel.from_pretrained(changed / "sd/unet").half()
    shutil.rmtree(changed / "sd/unet")
    unet.save_pretrained(changed / "sd/unet", variant="fp16")
    networks = load_networks(changed / "sd", changed / "controlnet", device="cpu")
    assert networks.unet.dtype == torch.float32
    image = np.zeros((1, 64, 64), np.uint8)
    features = encode_depths(networks, image, [0], Settings(mode="fast"))
    assert features[0].dtype == torch.float32
    reduced = load_networks(changed / "sd", changed / "controlnet", "cpu", precision="bf16")
    features = encode_depths(reduced, image, [0], Settings(mode="fast"))
    assert features[0].dtype == torch.bfloat16 and features[0].isfinite().all()


def test_a_missing_part_is_named(changed):
    shutil.rmtree(changed / "sd/vae")
    with pytest.raises(UserError, match="no folder 'vae'"):
        load_networks(changed / "sd", changed / "controlnet", device="cpu")


def test_weights_that_could_run_code_are_not_read(changed):
    path = changed / "sd/unet/diffusion_pytorch_model.safetensors"
    path.rename(path.with_suffix(".bin"))
    with pytest.raises(UserError, match=r"holds no \.safetensors"):
        load_networks(changed / "sd", changed / "controlnet", device="cpu")


@pytest.mark.parametrize("broken", ["cut", "other", "pickle", "missing"])
def test_a_damaged_controlnet_is_one_sentence(folder, tmp_path, broken):
    path = tmp_path / "controlnet.pth"
    if broken == "cut":
        torch.save(original_layout(make_controlnet().state_dict()), path)
        path.write_bytes(path.read_bytes()[:20_000])
    elif broken == "other":
        torch.save({"weight": torch.zeros(3)}, path)
    elif broken == "pickle":
        torch.save({"state_dict": {}, "run": np.float64}, path)
    with pytest.raises(UserError, match=r"controlnet\.pth") as caught:
        load_networks(folder / "sd", path, device="cpu")
    assert "\n" not in str(caught.value)


def test_an_unknown_precision_is_refused(folder):
    with pytest.raises(UserError, match="auto, fp32, fp16, bf16"):
        load_networks(folder / "sd", folder / "controlnet", "cpu", precision="int8")


def test_a_missing_package_is_named(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(UserError, match=r"pip install 'pointclip\[registration\]'"):
        load_networks(folder / "sd", folder / "controlnet", device="cpu")
