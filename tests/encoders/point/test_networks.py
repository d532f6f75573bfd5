"""Networks against the outputs of the released classes, and files that are not theirs."""

import argparse
import pickle

import numpy as np
import pytest
import torch
from point_networks import (
    FULL,
    SMALL,
    golden,
    golden_cloud,
    published_tensors,
    recipe_network,
    recipe_values,
)
from safetensors.torch import save_file

from pointclip.core.errors import UserError
from pointclip.encoders.point.networks import NETWORKS, fill, load_network


def same(ours, released, tolerance):
    ours = ours.numpy()
    assert np.abs(ours - released).max() <= tolerance * np.abs(released).max()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


def test_the_recipe_gives_the_weights_of_the_golden_file():
    for recipe in ("w02", "fan"):
        for i, name in enumerate(golden()["recipe_check/keys"]):
            entry = next(k for k in golden()["openshape_b32/keys"] if k.startswith(f"{name} "))
            shape = tuple(int(n) for n in entry.split(" ")[1].split("x"))
            values = recipe_values(str(name), shape, recipe)
            assert np.array_equal(values.reshape(-1)[:6], golden()[f"recipe_check/{recipe}"][i])


@pytest.mark.parametrize("case", ["10k", "2k"])
@pytest.mark.parametrize("recipe", ["fan", "w02"])
@pytest.mark.parametrize("model", SMALL)
def test_small_networks_equal_the_released_ones(model, recipe, case, folder):
    network = recipe_network(model, folder, recipe)
    points, colors = golden_cloud(case)
    with torch.inference_mode():
        same(network(points, colors)[0], golden()[f"{model}/{recipe}/{case}/feature32"], 1e-5)
        exact = network.double()(points.double(), colors.double())
    same(exact[0], golden()[f"{model}/{recipe}/{case}/feature64"], 1e-10)


def check_full(model, folder, cases=("10k", "2k")):
    network = recipe_network(model, folder)
    classes: list[torch.Tensor] = []
    for block in network.blocks:
        block.register_forward_hook(lambda _, __, x: classes.append(x[0, 0, :16]))
    for case in cases:
        classes.clear()
        with torch.inference_mode():
            feature = network(*golden_cloud(case))[0]
        released = {
            name: golden()[f"{model}/fan/{case}/{name}"]
            for name in ("feature32", "cls_after_block")
        }
        same(feature, released["feature32"], 1e-5)
        same(torch.stack(classes), released["cls_after_block"], 1e-5)


def test_the_full_b32_equals_the_released_one(folder):
    check_full("openshape_b32", folder)


@pytest.mark.parametrize("model", ["openshape_l14", "openshape_g14", "uni3d_tiny", "ulip2_full"])
def test_full_networks_equal_the_released_ones(model, folder):
    check_full(model, folder, ["10k"])


@pytest.mark.slow
@pytest.mark.parametrize("model", ["uni3d_small", "uni3d_base", "uni3d_large"])
def test_large_networks_equal_the_released_ones(model, folder):
    check_full(model, folder)


@pytest.mark.parametrize("model", [name for name in FULL if name != "ulip2"])
def test_full_networks_have_the_released_parameters(model):
    """Every key and shape of the published files, the giant's too, without their memory."""
    from pointclip.encoders.point.networks import _state
    from pointclip.encoders.tensors import tensors_beside

    family, size = FULL[model]
    stored = {}
    with torch.device("meta"):
        network = family(size)
        for entry in golden()[f"{model}/keys"]:
            name, sizes = str(entry).split(" ")
            shape = () if sizes == "scalar" else tuple(int(n) for n in sizes.split("x"))
            stored[name] = torch.empty(shape)
    state, problems = _state(
        network,
        tensors_beside({key.removeprefix("ppat."): t for key, t in stored.items()}, network.anchor),
    )
    assert problems == []
    assert state.keys() == network.state_dict().keys()


def test_a_feature_does_not_depend_on_its_batch(folder):
    network = recipe_network("uni3d_mini_base", folder)
    points, colors = golden_cloud("2k")
    points = torch.cat([points, points.flip(1), points * 0.5])
    colors = torch.cat([colors, colors.flip(1), colors])
    with torch.inference_mode():
        together = network(points, colors)
        for i in range(3):
            same(network(points[i : i + 1], colors[i : i + 1])[0], together[i].numpy(), 1e-5)


@pytest.mark.parametrize(
    "mistake, moved",
    [
        (lambda p, c: (p, torch.full_like(c, 0.4)), 0.05),
        (lambda p, c: (p, c.flip(-1)), 0.05),
        (lambda p, c: (p[..., [0, 2, 1]], c), 0.05),
    ],
    ids=["grey", "red and blue exchanged", "y and z exchanged"],
)
def test_mistakes_in_the_input_are_seen(mistake, moved, folder):
    network = recipe_network("openshape_b32", folder)
    points, colors = golden_cloud("2k")
    released = golden()["openshape_b32/fan/2k/feature32"]
    with torch.inference_mode():
        feature = network(*mistake(points, colors))[0].numpy()
    assert np.abs(feature - released).max() > moved * np.abs(released).max()


@pytest.mark.parametrize("prefix", ["pc_encoder.", "state_dict.module.", "module.pc_encoder."])
def test_prefixes_of_published_files_do_not_matter(prefix, tmp_path):
    family, size = SMALL["openshape_small_proj"]
    tensors = published_tensors("openshape_small_proj")
    for name in list(tensors):
        tensors[prefix + name] = tensors.pop(name)
    save_file(tensors, tmp_path / "some.safetensors")
    with torch.device("meta"):
        network = family(size)
    network, scale = fill(network, "openshape_small_proj", tmp_path / "some.safetensors")
    assert scale is None
    with torch.inference_mode():
        feature = network(*golden_cloud("2k"))[0]
    same(feature, golden()["openshape_small_proj/fan/2k/feature32"], 1e-5)


def test_a_training_checkpoint_is_read_without_running_code(tmp_path):
    """As ULIP-2 publishes its weights: arguments, numpy numbers and an optimiser beside them."""
    family, size = SMALL["ulip2_mini"]
    tensors = published_tensors("ulip2_mini")
    tensors["logit_scale"] = torch.tensor(np.log(50.0))
    content = {
        "epoch": np.int64(3),
        "best": np.float64(0.5),
        "args": argparse.Namespace(lr=1e-3),
        "state_dict": {f"module.{k}": v for k, v in tensors.items()},
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1e-3}]},
    }
    path = tmp_path / "ulip2.pt"
    torch.save(content, path)
    with torch.device("meta"):
        network = family(size)
    network, scale = fill(network, "ulip2_mini", path)
    assert scale == pytest.approx(50)
    with torch.inference_mode():
        feature = network(*golden_cloud("2k"))[0]
    same(feature, golden()["ulip2_mini/fan/2k/feature32"], 1e-5)


def test_half_precision_files_are_read_in_single_precision(tmp_path):
    family, size = SMALL["uni3d_mini_base"]
    path = tmp_path / "uni3d.pt"
    halves = {k: v.half() for k, v in published_tensors("uni3d_mini_base").items()}
    torch.save({"module": halves}, path)
    with torch.device("meta"):
        network = family(size)
    network, scale = fill(network, "uni3d_mini_base", path)
    assert all(p.dtype == torch.float32 for p in network.parameters())
    assert scale is not None
    with torch.inference_mode():
        feature = network(*golden_cloud("2k"))[0]
    same(feature, golden()["uni3d_mini_base/fan/2k/feature32"], 0.02)


class Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_files_that_are_not_its_weights_get_one_sentence(tmp_path, capsys, monkeypatch):
    for name in SMALL:
        monkeypatch.setitem(NETWORKS, name, SMALL[name])

    def sentence(content, name="openshape_small"):
        path = tmp_path / "model.pt"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            torch.save(content, path)
        with pytest.raises(UserError) as caught:
            load_network(name, path)
        message = str(caught.value)
        assert str(path) in message
        assert "\n" not in message
        return message

    small = published_tensors("openshape_small")
    assert "no tensor in it is named 'point_encoder." in sentence(small, "uni3d_mini_base")
    fewer = dict(small)
    del fewer["transformer.layers.1.0.fn.to_qkv.weight"], fewer["lift.0.bias"]
    assert "2 of 45 tensors are missing, first 'lift.0.bias'" in sentence(fewer)
    other = small | {"lift.0.weight": torch.zeros(64, 67, 1)}
    assert "1 have another shape, first 'lift.0.weight' is 64x67x1, not 64x27" in sentence(other)
    other = {"state_dict": published_tensors("openshape_small_proj")}
    assert "2 belong to another network, first 'proj.weight'" in sentence(other)
    assert "no tensor in it is named" in sentence({"epoch": 3})
    assert "not the tensors of a network" in sentence([torch.zeros(2)])
    assert "an object of print, which is not read" in sentence({"args": Evil()})
    assert "damaged" in sentence(b"not a checkpoint")
    assert "damaged" in sentence(pickle.dumps({"a": 1}))
    whole = tmp_path / "whole.pt"
    torch.save(small, whole)
    assert "damaged" in sentence(whole.read_bytes()[:-1000])
    assert capsys.readouterr().out == ""
    with pytest.raises(UserError, match=r"gone\.pt does not exist"):
        load_network("openshape_b32", tmp_path / "gone.pt")
    with pytest.raises(UserError, match="Unknown 3D network 'uni4d': choose one of openshape_b32"):
        load_network("uni4d", whole)


def test_built_in_networks_load_by_name(tmp_path):
    save_file(published_tensors("openshape_b32"), tmp_path / "model.safetensors")
    network, _ = load_network("openshape_b32", tmp_path / "model.safetensors")
    assert network.size is NETWORKS["openshape_b32"][1]
    assert not network.training
    assert sum(p.numel() for p in network.parameters()) == 25_297_728
