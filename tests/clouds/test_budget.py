"""Small files that ask for much: each ends in one sentence or a cloud, within its budget."""

import io
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from cloud_files import BOX, gltf, write_las

from pointclip.clouds.budget import memory_limit, time_limit
from pointclip.clouds.isolation import READER
from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError


def zeros(count):
    """`count` MB of zeros as a zlib stream, without having them in memory."""
    packer = zlib.compressobj(9)
    head = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = (count << 20) % 65521 << 16 | 1
    return head + block * (count - 1) + b"\x03\x00" + struct.pack(">I", checksum)


def pipe(path):
    os.mkfifo(path.with_name("pipe"))
    path.write_bytes(gltf(BOX, buffers=[{"uri": "pipe"}]))


def device(path):
    path.with_name("zero").symlink_to("/dev/zero")
    path.write_bytes(gltf(BOX, buffers=[{"uri": "zero"}]))


def many_children(path):
    nodes = [{"children": list(range(1, 1_500_001))}, *[{}] * 1_500_000]
    path.write_bytes(gltf(BOX, nodes=nodes))


def one_child_often(path):
    path.write_bytes(gltf(BOX, nodes=[{"children": [1] * 1_500_000}, {"mesh": 0}]))


def nodes_on_one_mesh(path):
    """20,000 nodes that show 500,000 points each."""
    data = np.random.default_rng(0).normal(size=(500_000, 3)).astype("<f4").tobytes()
    path.with_name("b.bin").write_bytes(data)
    path.write_bytes(
        gltf(
            BOX,
            buffers=[{"uri": "b.bin"}],
            bufferViews=[{"buffer": 0}],
            accessors=[{"bufferView": 0, "componentType": 5126, "count": 500_000, "type": "VEC3"}],
            meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "mode": 0}]}],
            nodes=[{"mesh": 0}] * 20_000,
            scenes=[{"nodes": list(range(20_000))}],
        )
    )


def buffers_on_one_file(path):
    path.with_name("b.bin").write_bytes(bytes(10 << 20))
    path.write_bytes(gltf(BOX, buffers=[{"uri": "b.bin"}] * 12_000))


def large_chunk(path, megabytes=960):
    with h5py.File(path, "w") as f:
        rows = megabytes * (1 << 20) // 24
        f.create_dataset("data", (rows, 3), "f8", chunks=(rows, 3), compression="gzip")
        f["data"].id.write_direct_chunk((0, 0), zeros(megabytes))
        f["other"] = np.zeros(1 << 15)


def chunk_of_few_rows(path):
    """Of 960 MB in one chunk, the data set says that it has three rows."""
    with h5py.File(path, "w") as f:
        chunk = (960 * (1 << 20) // 24, 3)
        f.create_dataset("data", (3, 3), "f8", chunks=chunk, compression="gzip", maxshape=(None, 3))
        f["data"].id.write_direct_chunk((0, 0), zeros(960))


def chunk_that_grows(path):
    """A chunk that announces 24 kB, and unpacks to 4 GB."""
    with h5py.File(path, "w") as f:
        f.create_dataset("data", (1000, 3), "f8", chunks=(1000, 3), compression="gzip")
        f["data"].id.write_direct_chunk((0, 0), zeros(4096))


def absurd_shape(path):
    with h5py.File(path, "w") as f:
        f.create_dataset("data", (10**12, 2048, 3), "f4", chunks=(1, 2048, 3))


def many_small_chunks(path):
    """400 MB that are nowhere, in three million chunks."""
    with h5py.File(path, "w") as f:
        f.create_dataset("data", (10**8,), "f4", chunks=(32,))


def large_polygon(path):
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 3\n" + "".join(
        f"property float {axis}\n" for axis in "xyz"
    )
    header += "element face 1\nproperty list uint int vertex_indices\nend_header\n"
    corners = np.tile(np.arange(3, dtype="<i4"), 10**7 // 3)
    data = np.eye(3, dtype="<f4").tobytes() + struct.pack("<I", len(corners)) + corners.tobytes()
    path.write_bytes(header.encode() + data)


def large_layer(path):
    """The first of the layers of compressed points announces 4 GB: lazrs aborts its process."""
    write_las(path, 6, "1.4")
    data = bytearray(path.read_bytes())
    (start,) = struct.unpack_from("<I", data, 96)
    # The place of the table of chunks, the first point, the number of points, the sizes of layers.
    struct.pack_into("<I", data, start + 8 + 30 + 4, 2**32 - 1)
    path.write_bytes(data)


def npz_of_zeros(path, fortran):
    """1 GB of points in 1 MB."""
    shape = ((1024 << 20) // 24, 3)
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": fortran, "shape": shape}
    )
    npy = header.getvalue()
    blocks = zeros(1024)[2:-6]
    packed = b"\x00" + struct.pack("<HH", len(npy), len(npy) ^ 0xFFFF) + npy + blocks + b"\x03\x00"
    size = len(npy) + (1024 << 20)
    sizes = struct.pack("<III", 0, len(packed), size)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes
    local += struct.pack("<HH", 10, 0) + b"points.npy" + packed
    central = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes
    central += struct.pack("<HHHHHII", 10, 0, 0, 0, 0, 0, 0) + b"points.npy"
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
    path.write_bytes(local + central + end)


BOMBS = {
    "pipe.gltf": (pipe, "'pipe', which is no file"),
    "device.gltf": (device, "'zero', outside of its folder"),
    "children.gltf": (many_children, "0 points"),
    "child.gltf": (one_child_often, None),
    "nodes.gltf": (nodes_on_one_mesh, "more than 9.. MB of memory"),
    "buffers.gltf": (buffers_on_one_file, "no area"),
    "chunk.h5": (large_chunk, "damaged"),
    "polygon.ply": (large_polygon, None),
    "layer.laz": (large_layer, "its reader crashed"),
    "rows.npz": (lambda path: npz_of_zeros(path, False), "damaged"),
    "columns.npz": (lambda path: npz_of_zeros(path, True), "more than 9.. MB of memory"),
}


def spent():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize("name", BOMBS)
def test_a_small_file_that_asks_for_much_is_cheap(tmp_path, name):
    write_file, sentence = BOMBS[name]
    path = tmp_path / name
    write_file(path)
    size = sum(
        file.stat().st_size
        for file in tmp_path.iterdir()
        if file.is_file() and not file.is_symlink()
    )
    READER.stop()
    before = spent()
    try:
        assert load_cloud(path).shape == (2048, 3)
        assert sentence is None
    except UserError as error:
        assert re.search(sentence, str(error))
    # A process that was ended counts as a child's, with its peak; one that lives has its own.
    assert peak_memory() < 1e9 + size
    READER.stop()
    assert spent() - before < 10


ARRAYS = {
    "chunk": (large_chunk, "it announces 960 MB, too much for 1[0-9]* bytes"),
    "few rows": (chunk_of_few_rows, "damaged|more than 9.. MB of memory"),
    "chunk that grows": (chunk_that_grows, "damaged|more than 9.. MB of memory"),
    "shape": (absurd_shape, "it announces 23437500000 MB"),
    "small chunks": (many_small_chunks, "memory allocation failed"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ARRAYS)
def test_a_small_file_of_a_published_set_is_cheap(tmp_path, name):
    write_file, sentence = ARRAYS[name]
    path = tmp_path / "ply_data_train0.h5"
    write_file(path)
    READER.stop()
    before = spent()
    with pytest.raises(UserError, match=sentence):
        READER.arrays(path, names=["data"])
    assert peak_memory() < 1e9 + path.stat().st_size
    READER.stop()
    assert spent() - before < 10


def peak_memory():
    """Bytes of the process that reads; 0 if it has ended, which the system did at its limit."""
    if READER.process is None or not Path("/proc").is_dir():
        return 0
    status = Path(f"/proc/{READER.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) << 10


def test_limits_grow_with_the_file():
    assert memory_limit(0) < 1e9
    assert memory_limit(10**9) - memory_limit(0) == 8 * 10**9
    assert time_limit(10**8) == time_limit(0) + 100


def test_a_process_ends_when_its_time_is_up():
    code = (
        "from pointclip.clouds import budget; budget.SECONDS = 0.05; budget.BUDGET.start(0)\n"
        "while True: pass"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == -signal.SIGPROF


def test_memory_beyond_the_limit_is_refused_and_a_second_file_adds_to_it():
    code = (
        "from pointclip.clouds.budget import BUDGET; import numpy as np; BUDGET.start(0)\n"
        "try: np.ones(1 << 27)\n"
        "except MemoryError: BUDGET.add(1 << 27); print(np.ones(1 << 27).size)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert run.stdout.split() == [b"134217728"]


def test_after_a_file_that_ends_its_reader_the_next_one_is_read(tmp_path):
    large_layer(tmp_path / "bad.laz")
    write_las(tmp_path / "good.laz")
    for _ in range(2):
        with pytest.raises(UserError, match="its reader crashed"):
            load_cloud(tmp_path / "bad.laz")
        assert load_cloud(tmp_path / "good.laz").shape == (50, 3)
