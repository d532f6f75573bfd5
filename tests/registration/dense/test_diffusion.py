"""Diffusion features on tiny random networks, which are loaded as the real ones are."""

import warnings

import numpy as np
import pytest
import torch


pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from tiny_diffusion import make_controlnet, save_stable_diffusion

from pointclip.core.errors import UserError
from pointclip.registration.dense import diffusion
from pointclip.registration.dense.diffusion import encode_depths, encode_photos
from pointclip.registration.dense.diffusion_latents import make_scheduler
from pointclip.registration.dense.diffusion_layers import Enough, Layers
from pointclip.registration.dense.diffusion_settings import (
    ADDED_PROMPT,
    NEGATIVE_PROMPT,
    Settings,
    frame_seed,
)
from pointclip.registration.dense.diffusion_weights import load_networks


CHANNELS = {0: 32, 1: 32, 4: 32, 6: 32, 7: 16, 9: 16, 12: 16}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    save_stable_diffusion(folder / "sd")
    make_controlnet().save_pretrained(folder / "controlnet")
    return folder


@pytest.fixture(scope="module")
def networks(folder):
    return load_networks(folder / "sd", folder / "controlnet", device="cpu")


@pytest.fixture(scope="module")
def photos():
    return np.random.default_rng(0).integers(0, 256, (2, 64, 128, 3), dtype=np.uint8)


def calls_of(module):
    """Counts the calls of a module and keeps their arguments."""
    seen = []
    handle = module.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args, kwargs)), with_kwargs=True
    )
    return seen, handle


def test_layers_have_the_shapes_of_the_released_ones(networks, photos):
    settings = Settings(layers=tuple(CHANNELS))
    features = encode_photos(networks, photos, [0, 1], settings)
    # As 8x11, 16x22, 32x44 of an image of 512x704: a 64th, a 32nd, a 16th; from layer 9 an 8th.
    cell = {0: 64, 1: 64, 4: 32, 6: 16, 7: 16, 9: 8, 12: 8}
    for layer, values in features.items():
        assert values.shape == (2, CHANNELS[layer], 64 // cell[layer], 128 // cell[layer])
        assert values.isfinite().all() and values.std() > 0


@pytest.mark.slow
def test_at_full_size_the_three_layers_have_the_released_shapes():
    """The architecture of Stable Diffusion 1.5, without memory for its weights."""
    from diffusers import UNet2DConditionModel

    with torch.device("meta"):
        unet = UNet2DConditionModel(cross_attention_dim=768, attention_head_dim=8)
    assert sum(parameter.numel() for parameter in unet.parameters()) == 859_520_964
    layers = Layers(unet, (0, 4, 6))
    with layers.hooked() as seen, torch.device("meta"), pytest.raises(Enough):
        unet(torch.empty(1, 4, 64, 88), 150, encoder_hidden_states=torch.empty(1, 77, 768))
    outputs = {layer: tuple(values.shape[1:]) for layer, values in seen.items()}
    assert outputs == {0: (1280, 8, 11), 4: (1280, 16, 22), 6: (1280, 32, 44)}


def test_layers_are_the_blocks_of_the_original_decoder_in_order(networks, photos):
    """Each layer is what the next block of the original model reads, before the skip is added."""
    layers = tuple(range(13))
    features = encode_photos(networks, photos[:1], [0], Settings(layers=layers))
    seen = []
    resnets = [resnet for block in networks.unet.up_blocks for resnet in block.resnets]
    handles = [
        resnet.register_forward_pre_hook(lambda _, args: seen.append(args[0])) for resnet in resnets
    ]
    encode_photos(networks, photos[:1], [0], Settings(layers=(12,)))
    for handle in handles:
        handle.remove()
    for layer, joined in enumerate(seen):
        torch.testing.assert_close(features[layer], joined[:, : features[layer].shape[1]])


def test_on_a_depth_map_layer_0_holds_the_control(networks, photos):
    settings = Settings(mode="fast", layers=(0,))
    outputs = {}
    handles = [
        networks.unet.mid_block.register_forward_hook(
            lambda _, __, output: outputs.update(middle=output)
        ),
        networks.controlnet.register_forward_hook(
            lambda _, __, output: outputs.update(control=output[1])
        ),
    ]
    found = encode_depths(networks, photos[..., 0], [0, 1], settings)[0]
    for handle in handles:
        handle.remove()
    assert outputs["control"].abs().max() > 1e-3
    torch.testing.assert_close(found, outputs["middle"] + outputs["control"])


def test_released_latents_are_those_of_the_pipeline_of_diffusers(networks, photos, monkeypatch):
    from diffusers import StableDiffusionControlNetPipeline
    from PIL import Image

    settings, seed, taken = Settings(mode="released"), 7, []
    image = photos[0, :, :64, 0]
    denoise = diffusion.denoise
    monkeypatch.setattr(
        diffusion, "denoise", lambda *args: taken.append(denoise(*args)) or taken[0]
    )
    encode_depths(networks, image[None], [seed], settings)
    pipeline = StableDiffusionControlNetPipeline(
        vae=networks.vae,
        text_encoder=networks.text_encoder,
        tokenizer=networks.tokenizer,
        unet=networks.unet,
        controlnet=networks.controlnet,
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    latents = []
    pipeline(
        settings.prompt + ADDED_PROMPT,
        Image.fromarray(np.repeat(image[..., None], 3, axis=-1)),
        negative_prompt=NEGATIVE_PROMPT,
        num_inference_steps=20,
        guidance_scale=5.0,
        eta=1.0,
        generator=torch.Generator().manual_seed(seed),
        output_type="latent",
        callback_on_step_end=lambda _, __, ___, kwargs: latents.append(kwargs["latents"]) or {},
    )
    torch.testing.assert_close(taken[0], latents[16], atol=1e-4, rtol=1e-4)


def test_released_runs_seventeen_guided_steps_and_one_reading(networks, photos):
    unet, unet_handle = calls_of(networks.unet)
    control, control_handle = calls_of(networks.controlnet)
    decoder, decoder_handle = calls_of(networks.vae.decoder)
    encode_depths(networks, photos[..., 0], [0, 1], Settings())
    for handle in (unet_handle, control_handle, decoder_handle):
        handle.remove()
    steps = [args[1] for args, _ in unet]
    assert steps == [*range(951, 150, -50), 150] == [args[1] for args, _ in control]
    assert [len(args[0]) for args, _ in unet] == [4] * 17 + [2]
    hint = control[-1][1]["controlnet_cond"]
    np.testing.assert_allclose(hint[:, 1], photos[..., 0] / 255.0, rtol=1e-6)
    assert not decoder


def test_fast_reads_once_and_stops_after_the_last_layer(networks, photos):
    unet, unet_handle = calls_of(networks.unet)
    later, later_handle = calls_of(networks.unet.up_blocks[2])
    encode_depths(networks, photos[..., 0], [0, 1], Settings(mode="fast"))
    encode_photos(networks, photos, [0, 1], Settings())
    unet_handle.remove()
    later_handle.remove()
    assert [args[1] for args, _ in unet] == [150, 150]
    assert not later


def test_a_photos_latent_is_sampled_scaled_and_noised(networks, photos):
    unet, handle = calls_of(networks.unet)
    encode_photos(networks, photos[:1], [3], Settings())
    handle.remove()
    generator = torch.Generator().manual_seed(3)
    pixels = torch.from_numpy(photos[:1]).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.inference_mode():
        posterior = networks.vae.encode(pixels).latent_dist
    shape = posterior.mean.shape[1:]
    latent = posterior.mean + posterior.std * torch.randn(shape, generator=generator)
    alpha = float(make_scheduler().alphas_cumprod[150])
    noise = torch.randn(shape, generator=generator)
    wanted = alpha**0.5 * 0.18215 * latent + (1 - alpha) ** 0.5 * noise
    torch.testing.assert_close(unet[0][0][0], wanted, atol=1e-4, rtol=1e-4)


def test_features_depend_on_the_frame_alone(networks, photos):
    for encode, images in ((encode_photos, photos), (encode_depths, photos[..., 0])):
        settings = Settings(mode="fast")
        both = encode(networks, images, [5, 6], settings)
        second = encode(networks, images[1:], [6], settings)
        for layer in settings.layers:
            torch.testing.assert_close(both[layer][1:], second[layer], atol=1e-4, rtol=1e-4)
        other = encode(networks, images[1:], [7], settings)
        assert not torch.allclose(other[0], second[0], atol=1e-3)


def test_every_frame_and_side_has_its_own_seed():
    seeds = {frame_seed(seed, scene, side) for seed in (0, 1) for scene in "ab" for side in "cd"}
    assert len(seeds) == 8 and max(seeds) < 2**56
    assert frame_seed(0, "a", "bc") != frame_seed(0, "ab", "c")
    assert frame_seed(12345, "office", "3") == frame_seed(12345, "office", "3")


def test_the_prompt_is_padded_to_what_the_model_takes(networks, photos):
    unet, handle = calls_of(networks.unet)
    encode_depths(networks, photos[..., 0], [0, 1], Settings(mode="fast"))
    handle.remove()
    text = unet[0][1]["encoder_hidden_states"]
    assert text.shape == (2, 77, 24)
    ids = networks.tokenizer(
        Settings().prompt + ADDED_PROMPT, padding="max_length", max_length=77, return_tensors="pt"
    ).input_ids
    with torch.inference_mode():
        torch.testing.assert_close(text[:1], networks.text_encoder(ids).last_hidden_state)


def test_no_warning_is_left_by_loading(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_networks(folder / "sd", folder / "controlnet", device="cpu")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"layers": (0, 13)}, "no layer 13: it has 0-12"),
        ({"layers": ()}, "No layer"),
        ({"timestep": 1000}, "time-step 1000"),
        ({"mode": "slow"}, "released, fast"),
    ],
)
def test_impossible_settings_are_refused(networks, photos, change, sentence):
    with pytest.raises(UserError, match=sentence):
        encode_photos(networks, photos, [0, 1], Settings(**change))
