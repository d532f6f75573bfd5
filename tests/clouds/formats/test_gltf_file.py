import base64
import json
import struct

import numpy as np
import pytest

from pointclip.clouds.formats.gltf_file import GltfFile
from pointclip.core.errors import UserError


def container(folder, data=b"", name="a.gltf", **content):
    uri = "data:application/octet-stream;base64," + base64.b64encode(data).decode()
    whole = {"buffers": [{"uri": uri}], **content}
    (folder / name).write_text(json.dumps(whole))
    return GltfFile(folder / name)


def accessor(folder, data, view=None, **about):
    about = {"bufferView": 0, "type": "SCALAR", **about}
    return container(
        folder, data, bufferViews=[{"buffer": 0, **(view or {})}], accessors=[about]
    ).array(0)


@pytest.mark.parametrize(
    ("component", "kind"),
    [(5120, "<i1"), (5121, "<u1"), (5122, "<i2"), (5123, "<u2"), (5125, "<u4"), (5126, "<f4")],
)
@pytest.mark.parametrize(("name", "width"), [("SCALAR", 1), ("VEC2", 2), ("VEC3", 3), ("VEC4", 4)])
def test_arrays_of_every_type_and_width_are_read(tmp_path, component, kind, name, width):
    rows = np.arange(3 * width).reshape(3, width).astype(kind)
    found = accessor(tmp_path, rows.tobytes(), componentType=component, type=name, count=3)
    np.testing.assert_array_equal(found, rows)


def test_offsets_add_up_and_a_stride_passes_over_what_lies_between(tmp_path):
    data = struct.pack("<2x4s HHxx HHxx HH", b"head", 1, 2, 3, 4, 5, 6)
    view = {"byteOffset": 2, "byteStride": 6}
    about = {"componentType": 5123, "type": "VEC2", "count": 3, "byteOffset": 4}
    np.testing.assert_array_equal(accessor(tmp_path, data, view, **about), [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(UserError, match="longer than its data"):
        accessor(tmp_path, data[:-1], view, **about)


def test_normalised_integers_lie_between_minus_one_and_one(tmp_path):
    given = np.array([-128, -127, 0, 127], "<i1").tobytes()
    about = {"componentType": 5120, "count": 4}
    found = accessor(tmp_path, given, normalized=True, **about)
    np.testing.assert_array_equal(found[:, 0], [-1, -1, 0, 1])
    plain = accessor(tmp_path, given, **about)
    np.testing.assert_array_equal(plain[:, 0], [-128, -127, 0, 127])
    unsigned = accessor(tmp_path, b"\x00\xff", componentType=5121, count=2, normalized=True)
    np.testing.assert_array_equal(unsigned[:, 0], [0, 1])


def test_an_empty_array_needs_no_data(tmp_path):
    assert len(accessor(tmp_path, b"", componentType=5126, count=0, type="VEC3")) == 0


@pytest.mark.parametrize(
    "change", [{"count": -1}, {"count": 1.5}, {"byteOffset": -4}, {"byteOffset": "4"}]
)
def test_sizes_that_are_no_counts_are_refused(tmp_path, change):
    with pytest.raises((UserError, TypeError)):
        accessor(tmp_path, bytes(99), **{"componentType": 5126, "count": 1, **change})


def test_an_image_is_the_part_of_its_view_or_a_file_of_its_own(tmp_path):
    (tmp_path / "a b.png").write_bytes(b"of a file")
    images = [{"bufferView": 0}, {"uri": "a%20b.png"}]
    textures = [{"source": 1}, {"source": 0}]
    views = [{"buffer": 0, "byteOffset": 2, "byteLength": 3}]
    file = container(tmp_path, b"xxabcxx", images=images, textures=textures, bufferViews=views)
    assert file.image(0) == b"of a file" and file.image(1) == b"abc"


def test_only_an_extension_that_changes_no_numbers_may_be_required(tmp_path):
    container(tmp_path, extensionsRequired=["KHR_mesh_quantization"])
    needed = ["KHR_mesh_quantization", "EXT_meshopt_compression"]
    with pytest.raises(UserError, match="needs the extension EXT_meshopt_compression: save it"):
        container(tmp_path, extensionsRequired=needed)


def test_a_glb_begins_with_its_name(tmp_path):
    with pytest.raises(UserError, match="does not begin with 'glTF'"):
        container(tmp_path, name="a.glb")


def test_a_file_that_many_buffers_name_is_read_once(tmp_path, monkeypatch):
    (tmp_path / "a.bin").write_bytes(b"abcd")
    counted = []
    monkeypatch.setattr("pointclip.clouds.formats.gltf_file.BUDGET.add", counted.append)
    file = container(tmp_path, buffers=[{"uri": "a.bin"}, {"uri": "./a.bin"}, {"uri": "a.bin"}])
    assert file.buffers == [b"abcd"] * 3 and counted == [4]
