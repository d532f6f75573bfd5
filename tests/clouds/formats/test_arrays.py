import io
import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointclip.clouds.formats.arrays import read_h5, read_npy, read_npz
from pointclip.clouds.mesh import BLOCK
from pointclip.core.errors import UserError


POINTS = np.random.default_rng(0).normal(size=(40, 3))
COLORS = np.random.default_rng(1).integers(1, 256, (40, 3)).astype(np.uint8)
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("arrays")


def npy(path, array, index=0):
    np.save(path, array)
    return read_npy(path, index, RNG)


@settings(max_examples=40)
@given(
    kind=st.sampled_from(["<f8", ">f8", "<f4", "f2", ">i4", "u1", "<i2"]),
    shape=st.one_of(
        st.tuples(st.integers(0, 9), st.integers(3, 7)),
        st.tuples(st.integers(1, 4), st.integers(0, 9), st.integers(3, 7)),
    ),
    fortran=st.booleans(),
    seed=st.integers(0, 99),
)
def test_any_array_of_numbers_gives_the_first_three_columns(kind, shape, fortran, seed, folder):
    rng = np.random.default_rng(seed)
    array = rng.integers(0, 100, shape).astype(kind)
    index = int(rng.integers(shape[0])) if len(shape) == 3 else 0
    array = np.asfortranarray(array) if fortran else array
    expected = (array[index] if len(shape) == 3 else array)[:, :3].astype(np.float64)
    np.testing.assert_array_equal(npy(folder / "a.npy", array, index).points, expected)


def test_a_cloud_longer_than_a_block_keeps_its_order(tmp_path):
    rows = np.arange(3 * (BLOCK + 7), dtype=np.float32).reshape(-1, 3)
    np.testing.assert_array_equal(npy(tmp_path / "a.npy", rows).points, rows)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((4, 2)), "not (N, 3) or (clouds, N, 3)"),
        (np.zeros((2, 2, 2, 3)), "not (N, 3) or (clouds, N, 3)"),
        (np.zeros((4, 3), complex), "complex128, not numbers"),
        (np.zeros((4, 3), bool), "bool, not numbers"),
        (np.zeros((4, 3), np.longdouble), "not numbers"),
        (np.zeros((4, 3), [("x", "f4")]), "not numbers"),
    ],
)
def test_what_cannot_be_points_is_refused(tmp_path, array, sentence):
    with pytest.raises(UserError) as caught:
        npy(tmp_path / "a.npy", array)
    assert sentence in str(caught.value)


def test_a_cloud_beyond_the_last_is_refused(tmp_path):
    for index in (2, -1):
        with pytest.raises(UserError, match=f"it holds 2 clouds, so there is no cloud {index}"):
            npy(tmp_path / "a.npy", np.zeros((2, 4, 3)), index)


@pytest.mark.parametrize("fortran", [False, True])
def test_an_array_that_is_cut_short_is_refused(tmp_path, fortran):
    path = tmp_path / "a.npy"
    np.save(path, np.asfortranarray(POINTS) if fortran else POINTS)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="cut short"):
        read_npy(path, 0, RNG)


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return read_npz(path, 0, RNG)


def test_the_array_with_the_best_known_name_is_read_whatever_its_place(tmp_path):
    others = {"a_label": np.zeros((40, 3)), "data": POINTS + 1, "xyz": POINTS + 2}
    for name in ("points", "Points", "PC"):
        found = npz(tmp_path / "a.npz", **others, **{name: POINTS})
        np.testing.assert_array_equal(found.points, POINTS)
    unknown = npz(tmp_path / "a.npz", b=POINTS + 1, a=POINTS)
    np.testing.assert_array_equal(unknown.points, POINTS)


def test_colours_beside_the_points_are_scaled_to_one(tmp_path):
    for name in ("colors", "color", "rgb"):
        found = npz(tmp_path / "a.npz", points=POINTS, **{name: COLORS})
        np.testing.assert_allclose(found.colors, COLORS / 255)


@pytest.mark.parametrize("count", [39, 41])
def test_another_number_of_colours_than_of_points_is_refused(tmp_path, count):
    with pytest.raises(UserError, match="another number of colours than of points"):
        npz(tmp_path / "a.npz", points=POINTS, colors=np.ones((count, 3)))


def test_a_member_with_a_wrong_checksum_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", points=POINTS)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[data.index(POINTS.tobytes()) + 8] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(zipfile.BadZipFile, match="CRC"):
        read_npz(tmp_path / "a.npz", 0, RNG)


def test_an_archive_without_arrays_is_refused(tmp_path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "no array")
    (tmp_path / "a.npz").write_bytes(archive.getvalue())
    with pytest.raises(UserError, match="it holds no arrays"):
        read_npz(tmp_path / "a.npz", 0, RNG)


def h5(path, write):
    with h5py.File(path, "w") as file:
        write(file)
    return read_h5(path, 0, RNG)


def test_a_data_set_is_found_in_its_group_with_the_colours_beside_it(tmp_path):
    def write(file):
        file["other/colors"] = COLORS[::-1]
        file["train/points"], file["train/rgb"], file["train/label"] = POINTS, COLORS, np.ones(40)

    found = h5(tmp_path / "a.h5", write)
    np.testing.assert_array_equal(found.points, POINTS)
    np.testing.assert_allclose(found.colors, COLORS / 255)


def test_integer_points_are_multiplied_by_their_scale(tmp_path):
    def write(file):
        file["points"] = np.round(POINTS * 1000).astype(np.int16)
        file["points"].attrs["scale"] = 1e-3

    np.testing.assert_allclose(h5(tmp_path / "a.h5", write).points, POINTS, atol=5.1e-4)


def test_points_of_another_file_are_not_followed(tmp_path):
    (tmp_path / "secret.bin").write_bytes(POINTS.tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["points"] = POINTS

    def external(file):
        secret = [(str(tmp_path / "secret.bin"), 0, POINTS.nbytes)]
        file.create_dataset("points", POINTS.shape, POINTS.dtype, external=secret)

    def virtual(file):
        layout = h5py.VirtualLayout(POINTS.shape, POINTS.dtype)
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "points", POINTS.shape)
        file.create_virtual_dataset("points", layout)

    def link(file):
        file["points"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "points")

    sentences = {external: "in another file", virtual: "in another file", link: "holds no array"}
    for write, sentence in sentences.items():
        with pytest.raises(UserError, match=sentence):
            h5(tmp_path / "a.h5", write)


def test_a_data_set_that_no_file_of_its_size_can_hold_is_refused(tmp_path):
    with pytest.raises(UserError, match="more points than a file of its size"):
        h5(
            tmp_path / "a.h5",
            lambda file: file.create_dataset("points", (10**9, 3), "f8", chunks=(1024, 3)),
        )
