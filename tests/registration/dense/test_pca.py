"""Reduced layers of the diffusion model, against the released functions."""

import numpy as np
import pytest
import torch
from places import GOLDEN

from pointclip.core.errors import UserError
from pointclip.registration.dense.pca import Moments, axes_of, join_layers


LAYERS, SIDES = (0, 4, 6), ("rgb", "depth")


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "freereg.npz") as file:
        return {key: file[key] for key in file.files if key.split("/")[0] in ("pair", "pca")}


def layer_of(golden, side, layer):
    return torch.from_numpy(golden[f"pair/{side}_layer{layer}"])


def reduce_pair(golden):
    """The reduced layers of the golden pair, each axis turned as in the file."""
    reduced = {side: [] for side in SIDES}
    for layer in LAYERS:
        axes = axes_of([{layer: layer_of(golden, side, layer)} for side in SIDES], 8)[layer]
        found = {side: axes.project(layer_of(golden, side, layer)) for side in SIDES}
        wanted = torch.from_numpy(golden[f"pca/rgb_layer{layer}"])
        signs = (found["rgb"] * wanted).sum((1, 2)).sign()[:, None, None]
        for side in SIDES:
            reduced[side].append(found[side] * signs)
    return reduced


def test_layers_of_a_pair_are_reduced_as_in_the_release(golden):
    for side, layers in reduce_pair(golden).items():
        for layer, found in zip(LAYERS, layers, strict=True):
            wanted = torch.from_numpy(golden[f"pca/{side}_layer{layer}"])
            torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_layers_are_joined_as_in_the_release(golden):
    for side, layers in reduce_pair(golden).items():
        wanted = torch.from_numpy(golden[f"pca/{side}_map"])
        torch.testing.assert_close(join_layers(layers), wanted, atol=1e-4, rtol=0)


def test_shared_axes_are_those_of_all_cells_at_once(golden):
    """Sums over frames, against a singular value decomposition of everything stacked."""
    frames = [layer_of(golden, side, 6) for side in SIDES] + [layer_of(golden, "rgb", 4)]
    moments = Moments(24)
    for frame in frames:
        moments.add(frame)
    axes = moments.axes(5)
    cells = torch.cat([frame.flatten(1).T for frame in frames]).double()
    cells = cells / cells.norm(dim=1, keepdim=True)
    _, _, directions = torch.linalg.svd(cells - cells.mean(0), full_matrices=False)
    same = (axes.directions.T @ directions[:5].T).abs()
    torch.testing.assert_close(same, torch.eye(5, dtype=torch.float64), atol=1e-8, rtol=0)


def test_axes_do_not_depend_on_the_order_of_frames(golden):
    query, target = (layer_of(golden, side, 4) for side in SIDES)
    forth, back = axes_of([{4: query}, {4: target}], 8), axes_of([{4: target}, {4: query}], 8)
    torch.testing.assert_close(forth[4].directions, back[4].directions)


def test_half_precision_layers_are_reduced_in_full_precision(golden):
    query, target = (layer_of(golden, side, 4).half() for side in SIDES)
    found = axes_of([{4: query}, {4: target}], 8)[4].project(query)
    same = axes_of([{4: query.float()}, {4: target.float()}], 8)[4].project(query.float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, same)


@pytest.mark.parametrize("dimensions", [0, 25])
def test_more_dimensions_than_channels_are_refused(golden, dimensions):
    with pytest.raises(UserError, match="choose 1-24"):
        axes_of([{0: layer_of(golden, side, 0)} for side in SIDES], dimensions)


def test_with_fewer_cells_than_dimensions_the_rest_is_zero():
    axes = axes_of([{0: torch.rand(9, 1, 2)}, {0: torch.rand(9, 1, 1)}], 6)[0]
    torch.testing.assert_close(
        axes.directions.T @ axes.directions, torch.eye(6, dtype=torch.float64)
    )
    assert axes.project(torch.rand(9, 1, 2)).isfinite().all()
