import numpy as np
import pytest
import torch
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st
from places import GOLDEN

from pointclip.core.errors import UserError
from pointclip.encoders.preprocess import to_input
from pointclip.projection.projection import get_projection
from pointclip.segmentation.back_project import (
    fill_unseen,
    input_positions,
    look_up,
    scrambled,
    smooth_maps,
    to_points,
)
from pointclip.segmentation.scores import shape_scores


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "partseg.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def released():
    return get_projection("pointclip_v2_parts")


def cells_of(golden, shape):
    cells = torch.from_numpy(golden["tokens"][shape].astype(np.float32))
    return rearrange(cells, "view (row column) channel -> view channel row column", row=14)


def test_rotations_are_the_released_ones(golden, released):
    assert np.abs(released.rotations - golden["rotations"].transpose(0, 2, 1)).max() < 1e-5


@pytest.mark.parametrize("name", ["straight", "released"])
def test_pixels_and_seen_equal_the_release(golden, released, name):
    found = look_up(released, golden["points"])
    pixels, seen = found.pixels, found.seen
    if name == "released":
        pixels, seen = pixels[..., ::-1], found.seen_transposed
    assert (pixels + 20 == golden[f"pixel_{name}"]).all()
    # Points in one voxel overwrite each other in undefined order in the release.
    assert (seen == golden[f"seen_{name}"].astype(bool)).mean() > 0.9995


def test_depth_maps_equal_the_release(golden, released):
    images = look_up(released, golden["points"]).images[:, [0, 5, 8]]
    theirs = golden["image_views_0_5_8"].astype(np.float32)[:, :, 20:204, 20:204]
    assert np.abs(images - theirs).max() < 0.005


def test_looking_up_changes_no_depth_map(golden):
    projection = get_projection("elevated_ring")
    images = look_up(projection, golden["points"]).images
    assert (images == projection.render_numpy(golden["points"])).all()


@settings(max_examples=25)
@given(
    st.integers(3, 200),
    st.integers(0, 10_000),
    st.sampled_from(["pointclip_v2", "elevated_ring", "contour", "pointclip_v2_parts"]),
)
def test_every_point_lies_on_the_object_in_every_view(count, seed, name):
    points = np.random.default_rng(seed).standard_normal((1, count, 3)).astype(np.float32)
    points *= np.random.default_rng(seed + 1).uniform(0.01, 1, 3).astype(np.float32)
    found = look_up(get_projection(name), points)
    rows, columns = found.pixels[0, ..., 0], found.pixels[0, ..., 1]
    views = np.arange(len(rows))[:, None]
    assert (found.images[0][views, rows, columns] < 1).all()
    assert found.seen[0].any()


def test_the_released_look_up_misses_the_object(golden, released):
    found = look_up(released, golden["points"])
    place = tuple(np.moveaxis(found.pixels[..., ::-1], -1, 0))
    shape, view = np.indices(found.seen.shape)[:2]
    assert (found.images[shape, view, *place] < 1).mean() < 0.8


def test_a_point_behind_a_wall_is_not_seen_from_the_front():
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 40)] * 2), -1).reshape(-1, 2)
    wall = np.c_[grid, np.full(len(grid), -1)]
    points = np.concatenate([wall, [[0, 0, 1]]]).astype(np.float32)[None]
    seen = look_up(get_projection("elevated_ring"), points).seen[0]
    assert seen[:, :-1].any(0).all()
    assert 0 < seen[:, -1].sum() < 10  # from behind, and not from all sides


@pytest.mark.parametrize("lookup", ["released", "straight"])
@pytest.mark.parametrize("layout", ["released", "tokens"])
@pytest.mark.parametrize("shape", [0, 1])
def test_all_combinations_of_both_faults_equal_the_release(golden, lookup, layout, shape):
    cells = cells_of(golden, shape)
    if layout == "released":
        cells = scrambled(cells)
    pixels = golden[f"pixel_{lookup}"][shape].astype(np.int64) - 20
    positions = input_positions(pixels, 184, 224, released=True)
    assert (positions == golden[f"pixel_cropped_{lookup}"][shape]).all()
    features = to_points(
        cells,
        torch.from_numpy(positions),
        torch.from_numpy(golden[f"seen_{lookup}"][shape].astype(bool)),
        224,
        window=6,
        weights=torch.from_numpy(golden["view_weights"][shape]),
        unit=False,
    )
    parts = 4 - shape
    logits = 100 * features.numpy() @ golden["text"][:parts].astype(np.float32).T
    name = f"lookup_{lookup}_layout_{layout}_{shape}"
    assert np.abs(logits - golden[f"point_logits_{name}"]).max() < 0.02  # theirs: half precision
    predicted = logits.argmax(1)
    assert (predicted == golden[f"pred_{name}"]).mean() > 0.999
    scores = shape_scores(predicted, golden["labels"][shape].astype(np.int64), range(parts))
    accuracy, iou = golden[f"acc_iou_{name}"]
    assert scores["accuracy"] == pytest.approx(accuracy, abs=0.06)
    assert scores["iou"] == pytest.approx(iou, abs=0.06)


def test_scrambling_is_the_released_reading(golden):
    for shape in (0, 1):
        read = rearrange(scrambled(cells_of(golden, shape)), "v c row col -> v (row col) c")
        assert (read.numpy() == golden["tokens_as_released_read"][shape]).all()


def test_the_mean_window_equals_the_release(golden):
    text = torch.from_numpy(golden["text"].astype(np.float32))
    for shape in (0, 1):
        logits = torch.from_numpy(golden["map_view0"][shape])[None]
        smoothed = smooth_maps(logits, 6)[0]
        assert torch.allclose(
            smoothed, torch.from_numpy(golden["map_smoothed_view0"][shape]), atol=1e-4
        )
    assert smooth_maps(text[None, None], 0) is not None
    assert torch.equal(smooth_maps(logits, 0), logits)


def test_positions_follow_the_resize():
    corners = np.array([[0, 0], [109, 109]])
    assert (input_positions(corners, 110, 224) == [[0, 0], [223, 223]]).all()
    shrunk = input_positions(corners, 110, 55)
    assert np.allclose(shrunk, [[-0.25, -0.25], [54.25, 54.25]])


@pytest.mark.parametrize(("side", "size"), [(110, 224), (184, 224), (110, 55), (128, 96)])
def test_positions_follow_what_the_encoder_does(side, size):
    """A ramp of column numbers, resized as the encoder resizes, reads its own column there."""
    ramp = torch.arange(side, dtype=torch.float32).expand(1, side, side)
    resized = to_input(ramp, (size, size))[0, 0, 0].numpy()
    columns = np.arange(2, side - 2)
    pixels = np.stack([columns, columns], axis=-1)
    positions = input_positions(pixels, side, size)[:, 1]
    np.testing.assert_allclose(np.interp(positions, np.arange(size), resized), columns, atol=0.2)


def test_a_map_of_positions_reads_back_the_positions():
    """Cells that hold the place of their own centre are read as the place of the point."""
    size, cells = 224, 14
    centre = (torch.arange(cells) + 0.5) * size / cells - 0.5
    maps = torch.stack(torch.meshgrid(centre, centre, indexing="ij"))[None]
    inside = torch.rand(1, 50, 2, generator=torch.Generator().manual_seed(0)) * 200 + 10
    read = to_points(maps, inside, torch.ones(1, 50, dtype=torch.bool), size, unit=False)
    assert torch.allclose(read, inside[0], atol=1e-2)


def test_weights_and_views_that_do_not_see_count():
    maps = torch.stack([torch.full((2, 3, 3), value) for value in (1.0, 10.0)])
    positions, seen = torch.zeros(2, 2, 2), torch.tensor([[True, False], [True, True]])
    read = to_points(maps, positions, seen, 9, weights=torch.tensor([0.5, 2.0]), unit=False)
    assert read.tolist() == [[20.5, 20.5], [20.0, 20.0]]


def test_unseen_points_take_the_nearest_label():
    points = np.array([[0, 0, 0], [1, 0, 0], [0.9, 0, 0]], np.float32)
    filled = fill_unseen(points, np.array([4, 7, 0]), np.array([True, True, False]))
    assert filled.tolist() == [4, 7, 7]


def test_dots_cannot_be_looked_up():
    with pytest.raises(UserError, match="'pointclip_zs' renders dots"):
        look_up(get_projection("pointclip_zs"), np.zeros((1, 4, 3), np.float32))
