"""The sparse network: against the released one, and every layer against a dense convolution."""

import pickle
from collections import OrderedDict

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from places import GOLDEN

from pointclip.catalog.registration import FEATURES
from pointclip.core.errors import UserError
from pointclip.registration.camera import make_camera
from pointclip.registration.dense import fcgf
from pointclip.registration.dense.fcgf import ResUNetBN2C, encode_cloud, voxelise
from pointclip.registration.dense.fcgf_weights import load_fcgf
from pointclip.registration.dense.sparse import Convolution, Grid
from pointclip.registration.describe import Describer
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.side import Seen


NARROW = {"down": (4, 6, 8, 10), "up": (8, 7, 5, 6), "outputs": 6, "size": 5}


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "freereg.npz") as file:
        return {key: file[key] for key in file.files if key.startswith("fcgf/")}


@pytest.fixture(scope="module")
def state(golden):
    start = "fcgf/state/"
    return {
        key.removeprefix(start): torch.from_numpy(value)
        for key, value in golden.items()
        if key.startswith(start)
    }


@pytest.fixture
def checkpoint(state, tmp_path):
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "narrow.pth")
    return tmp_path / "narrow.pth"


@pytest.mark.parametrize(("side", "of"), [("query", "rgb"), ("target", "depth")])
def test_it_gets_as_many_points_as_in_the_release(side, of, monkeypatch):
    """Edges are left out of the photo's cloud alone."""
    with np.load(GOLDEN / "freereg.npz") as file:
        depth = file["pair/rgb_depth_m"] if of == "rgb" else file["pair/depth_mm"] / 1000
        camera = make_camera(file[f"pair/{of}_K"], *map(int, file[f"pair/{of}_size_wh"]))
        uv = file[f"pair/{of}_uv"].astype(np.int64)
        wanted = int(file[f"transfer/{of}_n_points_before"])
    sizes = []

    def encode_cloud(network, cloud, voxel):
        sizes.append(len(cloud))
        return np.arange(1), np.ones((1, 2), np.float32)

    monkeypatch.setattr(fcgf, "encode_cloud", encode_cloud)
    describer = Describer(FEATURES["fcgf"], lambda: None)
    seen = Seen(camera, None, depth.astype(np.float32), (0.01, 5.0), edge_limit=0.2)
    getattr(describer, side)(seen, Keypoints(uv, np.zeros((len(uv), 3)), camera))
    assert sizes == [wanted]


@pytest.fixture
def coordinates():
    """A third of the cells of a box that has negative corners of no multiple of 8."""
    box = torch.cartesian_prod(*[torch.arange(-5, 9)] * 3)
    chosen = torch.randperm(len(box), generator=torch.Generator().manual_seed(0))
    return box[chosen[: len(box) // 3]]


def dense(features, coordinates, low, side):
    """Features of voxels as a dense grid (1, channel, z, y, x); all others are zero."""
    grid = torch.zeros(1, features.shape[1], side, side, side)
    x, y, z = (coordinates - low).T
    grid[0, :, z, y, x] = features.T
    return grid


def taken(grid, coordinates, low):
    x, y, z = (coordinates - low).T
    return grid[0, :, z, y, x].T


def random_layer(*args, **kwargs):
    layer = Convolution(*args, **kwargs)
    generator = torch.Generator().manual_seed(1)
    layer.kernel.data = torch.randn(layer.kernel.shape, generator=generator)
    if layer.bias is not None:
        layer.bias.data = torch.randn(layer.bias.shape, generator=generator)
    return layer.requires_grad_(False)


def test_the_released_network_gives_the_same_features(golden, checkpoint):
    network, voxel = load_fcgf(checkpoint), float(golden["fcgf/voxel"])
    kept, features = encode_cloud(network, golden["fcgf/points"], voxel)
    assert kept.tolist() == golden["fcgf/selected"].tolist()
    np.testing.assert_allclose(features, golden["fcgf/features"], atol=1e-4, rtol=0)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, rtol=1e-5)


def test_voxels_keep_their_first_point_in_the_order_of_points(golden):
    kept, coordinates = voxelise(golden["fcgf/points"], float(golden["fcgf/voxel"]))
    assert kept.tolist() == golden["fcgf/selected"].tolist()
    assert coordinates.tolist() == golden["fcgf/coordinates"].tolist()


@pytest.mark.parametrize("size", [3, 5, 7])
def test_a_convolution_is_the_dense_one_at_the_voxels(coordinates, size):
    grid, layer = Grid(coordinates), random_layer(2, 3, size)
    places = grid.coordinates(1)
    assert sorted(places.tolist()) == sorted(coordinates.tolist())
    features = torch.randn(len(places), 2, generator=torch.Generator().manual_seed(2))
    kernel = layer.kernel.reshape(size, size, size, 2, 3).permute(4, 3, 0, 1, 2)
    wanted = F.conv3d(dense(features, places, -5, 14), kernel, padding=size // 2)
    found = layer(features, grid, 1, 1)
    torch.testing.assert_close(found, taken(wanted, places, -5), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_strided_convolution_is_the_dense_one_with_stride_two(coordinates, stride):
    grid, layer = Grid(coordinates), random_layer(2, 3)
    fine, coarse = grid.coordinates(stride), grid.coordinates(2 * stride)
    floor = torch.div(fine, 2 * stride, rounding_mode="floor") * 2 * stride
    assert sorted(coarse.tolist()) == sorted(floor.unique(dim=0).tolist())
    features = torch.randn(len(fine), 2, generator=torch.Generator().manual_seed(2))
    kernel = layer.kernel.reshape(3, 3, 3, 2, 3).permute(4, 3, 0, 1, 2)
    # In units of the finer stride; the box begins at an even place.
    wanted = F.conv3d(dense(features, fine // stride, -8, 20), kernel, stride=2, padding=1)
    found = layer(features, grid, stride, 2 * stride)
    torch.testing.assert_close(
        found, taken(wanted, coarse // stride // 2, -4), atol=1e-4, rtol=1e-4
    )


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_transposed_convolution_is_the_dense_one(coordinates, stride):
    grid, layer = Grid(coordinates), random_layer(2, 3, up=True)
    fine, coarse = grid.coordinates(stride), grid.coordinates(2 * stride)
    features = torch.randn(len(coarse), 2, generator=torch.Generator().manual_seed(2))
    kernel = layer.kernel.reshape(3, 3, 3, 2, 3).permute(3, 4, 0, 1, 2)
    wanted = F.conv_transpose3d(
        dense(features, coarse // stride // 2, -4, 10),
        kernel,
        stride=2,
        padding=1,
        output_padding=1,
    )
    found = layer(features, grid, 2 * stride, stride)
    torch.testing.assert_close(found, taken(wanted, fine // stride, -8), atol=1e-4, rtol=1e-4)


def test_a_kernel_of_one_is_a_linear_map(coordinates):
    grid, layer = Grid(coordinates), random_layer(2, 3, 1, bias=True)
    features = torch.rand(len(coordinates), 2)
    found = layer(features, grid, 1, 1)
    torch.testing.assert_close(found, features @ layer.kernel + layer.bias)


def test_features_come_in_the_order_of_the_voxels_and_move_by_eight(checkpoint, coordinates):
    network = load_fcgf(checkpoint)
    features = network(coordinates)
    torch.testing.assert_close(network(coordinates.flip(0)), features.flip(0))
    # All strides divide 8: such a step changes nothing.
    torch.testing.assert_close(network(coordinates + torch.tensor([8, -16, 800])), features)


@pytest.mark.parametrize(("size", "count"), [(7, 8_760_384), (5, 8_753_408)])
def test_the_published_sizes_have_the_published_keys(size, count):
    network = ResUNetBN2C(size=size)
    assert len(network.state_dict()) == 129
    # The published count holds weights only: no running means, variances and counters.
    assert sum(parameter.numel() for parameter in network.parameters()) == count
    shapes = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert shapes["conv1.kernel"] == (size**3, 1, 32)
    assert shapes["conv4_tr.kernel"] == (27, 256, 128)
    assert shapes["conv3_tr.kernel"] == (27, 256, 64)
    assert shapes["conv2_tr.kernel"] == (27, 128, 64)
    assert shapes["conv1_tr.kernel"] == (96, 64)
    assert shapes["final.bias"] == (1, 32)
    assert shapes["block4_tr.norm2.bn.running_var"] == (128,)


class EasyDict(dict):
    """As easydict's, which the published checkpoints hold: items are attributes too."""

    def __init__(self, **items):
        for key, value in items.items():
            setattr(self, key, value)

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        super().__setitem__(name, value)


@pytest.mark.parametrize("zipped", [False, True])
def test_a_published_checkpoint_is_read_without_running_anything(
    state, tmp_path, zipped, monkeypatch
):
    import sys
    from types import ModuleType

    module = ModuleType("easydict")
    module.EasyDict = EasyDict
    monkeypatch.setattr(EasyDict, "__module__", "easydict")
    monkeypatch.setitem(sys.modules, "easydict", module)
    content = {
        "epoch": 100,
        "state_dict": OrderedDict(state),
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1, "params": [0, 1]}]},
        "config": EasyDict(model="ResUNetBN2C", normalize_feature=True, conv1_kernel_size=5),
        "best_val": -np.inf,
        "best_val_metric": "feat_match_ratio",
    }
    path = tmp_path / "2019-08-19_06-17-41.pth"
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    monkeypatch.delitem(sys.modules, "easydict")
    network = load_fcgf(path)
    torch.testing.assert_close(network.conv1.kernel, state["conv1.kernel"])


def test_safetensors_are_read_too(state, checkpoint, tmp_path, coordinates):
    from safetensors.torch import save_file

    save_file(state, tmp_path / "narrow.safetensors")
    again = load_fcgf(tmp_path / "narrow.safetensors")
    assert torch.equal(again(coordinates), load_fcgf(checkpoint)(coordinates))


class Hostile:
    def __reduce__(self):
        return print, ("run",)


def test_files_of_strangers_are_refused_in_one_sentence(state, tmp_path, capsys):
    path = tmp_path / "weights.pth"
    with pytest.raises(UserError, match="does not exist"):
        load_fcgf(path)
    path.write_bytes(pickle.dumps(Hostile()))
    with pytest.raises(UserError, match="no readable checkpoint") as caught:
        load_fcgf(path)
    assert "\n" not in str(caught.value)
    torch.save({"state_dict": state, "config": Hostile()}, path)
    with pytest.raises(UserError, match="no readable checkpoint"):
        load_fcgf(path)
    assert capsys.readouterr().out == ""
    torch.save([1, 2], path)
    with pytest.raises(UserError, match="no state dict"):
        load_fcgf(path)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("block3.conv2.kernel", lambda value: None),
        ("block3.conv2.kernel", lambda value: value[:, :2]),
        ("conv1.kernel", lambda value: None),
        ("other.kernel", lambda value: torch.zeros(1)),
    ],
)
def test_another_networks_weights_are_refused(state, tmp_path, key, change):
    changed = dict(state)
    changed[key] = change(state.get(key))
    torch.save(changed, tmp_path / "other.pth")
    with pytest.raises(UserError, match="no network ResUNetBN2C") as caught:
        load_fcgf(tmp_path / "other.pth")
    assert key in str(caught.value)


def test_clouds_that_fit_no_grid_are_refused():
    with pytest.raises(UserError, match="not finite"):
        voxelise(np.array([[0.0, np.nan, 0]]), 0.1)
    with pytest.raises(UserError, match="2000000 voxels wide"):
        Grid(torch.tensor([[0, 0, 0], [0, 2_000_000, 0]]))


def test_an_empty_cloud_has_no_features(checkpoint):
    kept, features = encode_cloud(load_fcgf(checkpoint), np.empty((0, 3)), 0.1)
    assert kept.shape == (0,) and features.shape == (0, 6)


def test_a_single_voxel_has_a_feature(checkpoint):
    kept, features = encode_cloud(load_fcgf(checkpoint), np.full((4, 3), -1e6), 0.1)
    assert kept.tolist() == [0]
    np.testing.assert_allclose(np.linalg.norm(features), 1, rtol=1e-5)
