"""Layers of frames on disk, and features from them: by the axes of a pair or of all frames."""

import numpy as np
import pandas as pd
import pytest
import torch


pytest.importorskip("diffusers")
pytest.importorskip("transformers")

from tiny_diffusion import make_controlnet, save_stable_diffusion

from pointclip.core.checksum import seal_h5
from pointclip.core.store import new_h5, open_h5
from pointclip.registration.camera import make_camera
from pointclip.registration.dense.diffusion_weights import load_networks
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.layer_stages import (
    has_layers,
    pair_features,
    read_layers,
    write_layers,
    write_shared_features,
)
from pointclip.registration.side import Seen
from pointclip.registration.side_file import read_keypoints, write_problem, write_side


ENTRY = {
    "family": "diffusion",
    "prompt": "",
    "layers": [0, 4, 6],
    "timestep": 150,
    "mode": "fast",
    "steps": 20,
    "guidance": 5.0,
    "seed": 12345,
    "dimensions": 8,
}
PAIRS = pd.DataFrame(
    [("room/1-2", "room", 1, 2, 0.5), ("room/1-3", "room", 1, 3, 0.5)],
    columns=["pair", "scene", "query", "target", "overlap"],
)
NAMES = ["query/room/1", "target/room/2", "target/room/3"]


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    save_stable_diffusion(folder / "sd")
    make_controlnet().save_pretrained(folder / "controlnet")
    return load_networks(folder / "sd", folder / "controlnet", device="cpu")


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    """A photo and two depth maps of 40x30 pixels."""
    path, rng = tmp_path_factory.mktemp("frames") / "frames.h5", np.random.default_rng(0)
    camera = make_camera([40.0, 40.0, 19.5, 14.5], 40, 30)
    uv = np.stack(np.meshgrid(np.arange(0, 40, 5), np.arange(0, 30, 5)), -1).reshape(-1, 2)
    keypoints = Keypoints(uv.astype(np.int64), np.zeros((len(uv), 3)), camera)
    with new_h5(path) as file:
        for name in NAMES:
            color = depth = None
            if name.startswith("query"):
                color = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
            else:
                depth = rng.uniform(1, 4, (30, 40)).astype(np.float32)
            write_side(file, name, Seen(camera, color, depth), keypoints, None)
    return path


@pytest.fixture(scope="module")
def small(networks):
    """The model sees 64 in place of 512 pixels on the short side."""
    from pointclip.registration import layer_stages
    from pointclip.registration.dense import diffusion_frames

    patch = pytest.MonkeyPatch()
    patch.setattr(diffusion_frames, "resized_size", lambda width, height: (128, 64))
    yield layer_stages
    patch.undo()


@pytest.fixture(scope="module")
def layers(small, networks, frames, tmp_path_factory):
    path = tmp_path_factory.mktemp("layers") / "layers.h5"
    write_layers(PAIRS, frames, networks, ENTRY, "indoor", path)
    return path


def test_every_side_has_its_layers(layers):
    with open_h5(layers) as file:
        assert has_layers(file)
        for name in NAMES:
            shapes = {layer: tuple(of.shape) for layer, of in read_layers(file, name).items()}
            assert shapes == {0: (32, 1, 2), 4: (32, 2, 4), 6: (32, 4, 8)}


def test_layers_do_not_depend_on_the_other_frames(small, networks, frames, layers, tmp_path):
    write_layers(PAIRS[1:], frames, networks, ENTRY, "indoor", tmp_path / "fewer.h5")
    with open_h5(layers) as all_frames, open_h5(tmp_path / "fewer.h5") as fewer:
        assert NAMES[1] not in fewer
        for layer, values in read_layers(fewer, NAMES[2]).items():
            torch.testing.assert_close(values, read_layers(all_frames, NAMES[2])[layer])


def test_layers_do_not_depend_on_the_batch(small, networks, frames, layers, tmp_path, monkeypatch):
    monkeypatch.setattr(small, "BATCH", {"cpu": 4})
    calls = []
    for side, encode in small.ENCODE.items():

        def counted(networks, images, seeds, settings, side=side, encode=encode):
            calls.append((side, len(images)))
            return encode(networks, images, seeds, settings)

        monkeypatch.setitem(small.ENCODE, side, counted)
    write_layers(PAIRS, frames, networks, ENTRY, "indoor", tmp_path / "batch.h5")
    assert calls == [("query", 1), ("target", 2)]
    with open_h5(layers) as one_by_one, open_h5(tmp_path / "batch.h5") as batched:
        for name in NAMES:
            for layer, values in read_layers(batched, name).items():
                wanted = read_layers(one_by_one, name)[layer]
                torch.testing.assert_close(values, wanted, atol=1e-4, rtol=1e-4)


def test_half_precision_is_stored_as_it_is(small, folder_of_half, frames, tmp_path):
    write_layers(PAIRS[:1], frames, folder_of_half, ENTRY, "indoor", tmp_path / "layers.h5")
    with open_h5(tmp_path / "layers.h5") as file:
        assert file[NAMES[0]]["layer6"].dtype == np.float32
        values = read_layers(file, NAMES[0])[6]
        assert torch.equal(values, values.bfloat16().float())


@pytest.fixture(scope="module")
def folder_of_half(tmp_path_factory):
    folder = tmp_path_factory.mktemp("half")
    save_stable_diffusion(folder / "sd")
    make_controlnet().save_pretrained(folder / "controlnet")
    return load_networks(folder / "sd", folder / "controlnet", "cpu", precision="bf16")


def test_axes_of_a_pair_depend_on_the_partner_and_shared_ones_do_not(frames, layers, tmp_path):
    write_shared_features(PAIRS, frames, layers, ENTRY, tmp_path / "features.h5")
    with open_h5(layers) as file, open_h5(frames) as seen:
        keypoints = [read_keypoints(seen, name) for name in NAMES]
        first = pair_features(file, (NAMES[0], NAMES[1]), (keypoints[0], keypoints[1]), 8)
        second = pair_features(file, (NAMES[0], NAMES[2]), (keypoints[0], keypoints[2]), 8)
    assert first[0].shape == (48, 24) and first[0].dtype == np.float32
    assert not np.allclose(np.abs(first[0]), np.abs(second[0]), atol=1e-3)
    with open_h5(tmp_path / "features.h5") as file:
        assert not has_layers(file)
        features = {name: file[name]["features"][:] for name in NAMES}
    assert all(of.shape == (48, 24) for of in features.values())
    # A lone pair's shared axes are the pair's.
    write_shared_features(PAIRS[:1], frames, layers, ENTRY, tmp_path / "pair.h5")
    with open_h5(tmp_path / "pair.h5") as file:
        np.testing.assert_allclose(file[NAMES[0]]["features"][:], first[0], atol=1e-5)


def test_a_frame_with_a_problem_keeps_it(small, networks, frames, tmp_path):
    import shutil

    shutil.copy(frames, tmp_path / "frames.h5")
    import h5py

    with h5py.File(tmp_path / "frames.h5", "a") as file:
        del file[NAMES[2]]
        write_problem(file, NAMES[2], "It is dark.")
    seal_h5(tmp_path / "frames.h5")
    write_layers(PAIRS, tmp_path / "frames.h5", networks, ENTRY, "indoor", tmp_path / "layers.h5")
    shared = tmp_path / "features.h5"
    write_shared_features(PAIRS, tmp_path / "frames.h5", tmp_path / "layers.h5", ENTRY, shared)
    with open_h5(shared) as file:
        assert file[NAMES[2]].attrs["problem"] == "It is dark."
        assert "features" in file[NAMES[1]]
