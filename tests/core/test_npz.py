import io
import zipfile

import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.core.npz import read_npz


def test_arrays_of_all_kinds_come_back(tmp_path):
    given = {
        **{"a": np.arange(6.0).reshape(2, 3), "columns": np.asfortranarray(np.eye(3, 4))},
        **{"names": np.array(["x", "yy"]), "none": np.empty((0, 3)), "one": np.array(5)},
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "a.npz", **given)
        found = read_npz(tmp_path / "a.npz")
        assert found.keys() == given.keys()
        for name in given:
            np.testing.assert_array_equal(found[name], given[name], strict=True)
    assert list(read_npz(tmp_path / "a.npz", ["a", "b"])) == ["a"]


def header(shape, descr="<f8"):
    written = io.BytesIO()
    about = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(written, about)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (header((10**12,)), "8000000000000 bytes is announced, but 0"),
        (header((-1, 3)) + bytes(24), "announced"),
        (header((1,), "|O") + bytes(8), "Python objects"),
        (header((2,))[:-5], ""),
        (b"no array", "magic"),
        (header((1 << 24,)) + bytes(1 << 27), "more than a file of its size"),
    ],
)
def test_what_is_no_array_is_one_sentence(tmp_path, content, reason):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("points.npy", content)
    with pytest.raises(UserError, match=f"damaged or no NPZ file.*{reason}") as caught:
        read_npz(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)
