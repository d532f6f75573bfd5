"""Metric depth on tiny random networks, which are loaded as the published ones are."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F


pytest.importorskip("transformers")

from tiny_depth import save_depth_network

from pointclip.core.errors import UserError
from pointclip.registration.dense.metric_depth import load_depth_network


KINDS = ("zoe", "zoe_nk", "depth_anything", "depth_pro")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    for kind in (*KINDS, "relative", "depth_pro_no_fov"):
        save_depth_network(folder / kind, kind)
    return folder


@pytest.fixture(scope="module")
def networks(folder):
    return {kind: load_depth_network(folder / kind, device="cpu") for kind in KINDS}


@pytest.fixture(scope="module")
def photo():
    coarse = torch.rand(1, 3, 6, 9, generator=torch.Generator().manual_seed(0))
    smooth = F.interpolate(coarse, (60, 90), mode="bicubic").clamp(0, 1)[0]
    return (smooth.permute(1, 2, 0) * 255).byte().numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_gives_metres_at_the_photos_size(networks, photo, kind):
    estimate = networks[kind].estimate(photo)
    assert estimate.depth.shape == (60, 90) and estimate.depth.dtype == np.float32
    assert np.isfinite(estimate.depth).all() and (estimate.depth > 0).all()
    assert np.ptp(estimate.depth) > 1e-3
    assert (estimate.focal is not None) == (kind == "depth_pro")


@pytest.mark.parametrize("kind", ["zoe", "zoe_nk"])
def test_zoe_pads_flips_and_averages_as_released(networks, photo, kind):
    network = networks[kind]
    image = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    rows, columns = int(3 * (60 / 2) ** 0.5), int(3 * (90 / 2) ** 0.5)
    padded = F.pad(image, (columns, columns, rows, rows), mode="reflect")
    depths = []
    for flipped in (False, True):
        shown = padded.flip(-1) if flipped else padded
        # The side that needs the smaller change decides (64 of 92 rows, 96 of 130 columns).
        shown = F.interpolate(shown, (64, 96), mode="bilinear", align_corners=True)
        with torch.inference_mode():
            depth = network._model((shown - 0.5) / 0.5).predicted_depth
        depths.append(depth.flip(-1) if flipped else depth)
    depth = F.interpolate(
        torch.stack(depths).mean(0)[None], padded.shape[-2:], mode="bicubic", align_corners=False
    )
    wanted = depth[0, 0, rows:-rows, columns:-columns]
    found = torch.from_numpy(network.estimate(photo).depth)
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["zoe", "zoe_nk"])
def test_the_mirror_image_has_the_mirrored_depth(networks, photo, kind):
    depth = networks[kind].estimate(photo).depth
    mirrored = networks[kind].estimate(np.ascontiguousarray(photo[:, ::-1])).depth
    np.testing.assert_allclose(mirrored[:, ::-1], depth, atol=1e-4, rtol=1e-4)


def test_zoe_sees_sides_that_are_multiples_of_32(networks, photo):
    seen = []
    handle = networks["zoe"]._model.register_forward_pre_hook(
        lambda _, args: seen.append(args[0].shape)
    )
    networks["zoe"].estimate(photo)
    handle.remove()
    assert [shape[-2] % 32 or shape[-1] % 32 for shape in seen] == [0, 0]


def test_depth_anything_sees_the_published_size(networks, photo):
    seen = []
    handle = networks["depth_anything"]._model.register_forward_pre_hook(
        lambda _, args: seen.append(tuple(args[0].shape[-2:]))
    )
    # 640x480 becomes 686x518 (width x height), 540x360 becomes 518x350.
    networks["depth_anything"].estimate(np.zeros((480, 640, 3), np.uint8))
    networks["depth_anything"].estimate(np.zeros((360, 540, 3), np.uint8))
    handle.remove()
    assert seen == [(518, 686), (350, 518)]


def test_depth_anything_stays_below_its_largest_depth(networks, photo):
    assert networks["depth_anything"].estimate(photo).depth.max() <= 20


def test_depth_pro_takes_a_known_focal_length(networks, photo):
    network = networks["depth_pro"]
    near, far = (network.estimate(photo, focal) for focal in (50.0, 100.0))
    assert near.focal == pytest.approx(50, rel=1e-5)
    inside = (near.depth < 1e3) & (near.depth > 1e-3)
    assert inside.mean() > 0.2
    np.testing.assert_allclose(far.depth[inside] / near.depth[inside], 2, rtol=1e-3)


def test_depth_pro_estimates_a_focal_length_that_gives_the_same_depth(networks, photo):
    alone = networks["depth_pro"].estimate(photo)
    told = networks["depth_pro"].estimate(photo, alone.focal)
    np.testing.assert_allclose(told.depth, alone.depth, rtol=1e-4)


def test_without_its_estimate_depth_pro_needs_the_intrinsics(folder, photo):
    network = load_depth_network(folder / "depth_pro_no_fov", device="cpu")
    with pytest.raises(UserError, match="give the intrinsics"):
        network.estimate(photo)
    assert network.estimate(photo, 80.0).focal == pytest.approx(80, rel=1e-5)


def test_a_network_without_unit_is_refused(folder):
    with pytest.raises(UserError, match="no unit"):
        load_depth_network(folder / "relative", device="cpu")


def test_folders_that_hold_no_such_network_are_refused(folder, tmp_path):
    with pytest.raises(UserError, match=r"config\.json is missing"):
        load_depth_network(tmp_path, device="cpu")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match="no network that estimates depth") as caught:
        load_depth_network(tmp_path, device="cpu")
    assert "\n" not in str(caught.value)
    (tmp_path / "config.json").write_bytes((folder / "zoe/config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(UserError, match="no network that estimates depth"):
        load_depth_network(tmp_path, device="cpu")


def test_a_missing_package_is_named(folder, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"pip install 'pointclip\[registration\]'"):
        load_depth_network(folder / "zoe", device="cpu")
