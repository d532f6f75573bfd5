"""Files that are nearly right: seeded changes of a good file, some of any bytes, some of a format.

`mutate("box.glb", data, random.Random(7))` returns the changed bytes and the name of the change.
"""

import base64
import contextlib
import io
import json
import random
import re
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet as pq


# What breaks readers: signs, sizes, other numbers, other structure.
TOKENS = (
    *(b"-1", b"0", b"4294967295", b"99999999999999999999", b"1e30", b"nan", b"-inf", b"1e999"),
    *(b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80", b"\x01\0\0\0"),
    *(b"[", b"{", b"}", b"null", b'"', b"\n", b"\r", b" ", b"#", b"\0", b"(", b"x" * 5000),
)
SIZES = (0, 1, 3, 255, 65535, 10**6, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**64 - 1)
VALUES = (
    *(None, True, -1, 0, 1, 10**6, 10**12, 2**63, 1e308, float("nan"), "", "x" * 5000, "../a"),
    *("/dev/zero", "data:,", [], {}, [0] * 1000, [[]], {"a": {}}),
)
NUMBERS = (-1.0, 0.5, 1e9, 1e300, float("nan"), float("inf"))
Change = Callable[[bytes, random.Random], bytes]


def edit(data: bytes, rng: random.Random) -> bytes:
    """Replace a few bytes at one to four places by something else."""
    for _ in range(rng.randint(1, 4)):
        at = int(len(data) * rng.random() * rng.choice((0.2, 1)))
        put = rng.choice(TOKENS) if rng.random() < 0.7 else rng.randbytes(rng.randint(0, 8))
        data = data[:at] + put + data[at + rng.randint(0, rng.choice((8, 40))) :]
    return data


def flip(data: bytes, rng: random.Random) -> bytes:
    """Flip one bit."""
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def cut(data: bytes, rng: random.Random) -> bytes:
    """Keep the beginning."""
    return data[: rng.randrange(len(data))]


def repeat(data: bytes, rng: random.Random) -> bytes:
    """Write a part of the file several times."""
    start = rng.randrange(len(data))
    end = start + rng.randint(1, 200)
    return data[:end] + data[start:end] * rng.randint(1, 50) + data[end:]


def text_number(data: bytes, rng: random.Random) -> bytes:
    """Put a hostile number where one of the first numbers of a text stands."""
    numbers = list(re.finditer(rb"\d+", data[: 1 << 14]))
    if not numbers:
        return edit(data, rng)
    number = rng.choice(numbers[: rng.choice((8, len(numbers)))])
    put = str(rng.choice(SIZES)).encode() if rng.random() < 0.8 else rng.choice(TOKENS)
    return data[: number.start()] + put + data[number.end() :]


def binary_number(data: bytes, rng: random.Random) -> bytes:
    """Put a hostile integer of 2, 4 or 8 bytes at a place that is a multiple of 2."""
    size = rng.choice((2, 4, 8))
    at = int(len(data) * rng.random() * rng.choice((0.05, 0.3, 1))) & ~1
    value = (rng.choice(SIZES) & (1 << 8 * size) - 1).to_bytes(size, "little")
    return data[:at] + value + data[at + size :]


def json_value(data: bytes, rng: random.Random) -> bytes:
    """Replace one value of a JSON document, or remove it, or let it stand many times."""
    root = json.loads(data)
    places: list[tuple[Any, Any]] = []

    def walk(item: Any) -> None:
        keys = list(item) if isinstance(item, dict) else range(len(item))
        for key in keys:
            places.append((item, key))
            if isinstance(item[key], dict | list):
                walk(item[key])

    walk(root)
    for _ in range(rng.randint(1, 2)):
        holder, key = rng.choice(places)
        kind = rng.random()
        if kind < 0.2 and isinstance(holder, dict):
            holder.pop(key, None)
        elif kind < 0.3 and isinstance(holder, list):
            holder *= rng.choice((0, 2, 1000))
        elif isinstance(holder, dict) or key < len(holder):
            holder[key] = rng.choice(VALUES)
    return json.dumps(root).encode()


def base64_data(data: bytes, rng: random.Random) -> bytes:
    """Change the data that stand as base64 in a text."""
    packed = re.search(rb"base64,([A-Za-z0-9+/=]+)", data)
    if not packed:
        return edit(data, rng)
    content = rng.choice((edit, flip, cut, binary_number))(base64.b64decode(packed[1]), rng)
    return data[: packed.start(1)] + base64.b64encode(content) + data[packed.end(1) :]


def glb_json(data: bytes, rng: random.Random) -> bytes:
    """Replace a value in the JSON chunk of a GLB."""
    (length,) = struct.unpack_from("<I", data, 12)
    changed = json_value(data[20 : 20 + length], rng)
    rest = data[20 + length :]
    head = struct.pack(
        "<4sIIII", b"glTF", 2, 20 + len(changed) + len(rest), len(changed), 0x4E4F534A
    )
    return head + changed + rest


def zip_member(data: bytes, rng: random.Random) -> bytes:
    """Change the members of an archive and pack it again, so that its checksums are right."""
    packed = io.BytesIO()
    with (
        warnings.catch_warnings(action="ignore"),  # of names that stand twice
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(packed, "w") as new,
    ):
        for member in old.infolist():
            content = old.read(member)
            changes = (edit, flip, cut, text_number, binary_number) if content else (edit,)
            name = member.filename if rng.random() < 0.9 else rng.choice(("../a.npy", "a", "x.npy"))
            new.writestr(name, rng.choice(changes)(content, rng), rng.choice((0, 8, 12, 14)))
    return packed.getvalue()


def hdf5_array(data: bytes, rng: random.Random) -> bytes:
    """Replace a data set of an HDF5 file by one of another shape, type, size or place."""
    packed = io.BytesIO(data)
    with h5py.File(packed, "r+") as f:
        name = rng.choice([key for key in f if isinstance(f[key], h5py.Dataset)])
        old = f[name][()]
        del f[name]
        shape = tuple(
            rng.choice((n, n, n, 0, 1, n + 1, *(s for s in SIZES if s < 2**40)))
            for n in (old.shape, (*old.shape, 3), old.shape[1:] or (1,))[rng.randrange(3)]
        )
        layout = h5py.VirtualLayout(old.shape, old.dtype)
        layout[...] = h5py.VirtualSource("/etc/passwd", "a", old.shape)
        puts: tuple[Callable[[], object], ...] = (
            lambda: None,
            lambda: f.create_group(name),
            lambda: f.create_dataset(name, shape, old.dtype, chunks=(1,) * len(shape)),
            lambda: f.create_dataset(name, old.shape, old.dtype, external=[("/etc/passwd", 0, 8)]),
            lambda: f.create_virtual_dataset(name, layout),
            lambda: f.update({name: h5py.ExternalLink("/etc/passwd", "a")}),
            lambda: f.update({name: h5py.SoftLink(f"/{name}")}),
            lambda: f.update({name: np.resize(old, [min(n, 40) for n in shape])}),
            lambda: f.update({name: old.astype(rng.choice(("S3", "c8", "f2", ">f8", "u1", "?")))}),
            lambda: f.update({name: np.where(old == old.flat[0], rng.choice(NUMBERS), old)}),
        )
        with contextlib.suppress(ValueError):  # what HDF5 refuses to write
            rng.choice(puts)()
    return packed.getvalue()


def parquet_metadata(data: bytes, rng: random.Random) -> bytes:
    """Change what a Parquet file says of its table and of its columns' types."""
    table = pq.read_table(io.BytesIO(data))
    about = table.schema.metadata or {b"pandas": b'{"columns": [], "index_columns": []}'}
    about[b"pointclip.a"] = b'{"a": [1, 2]}'
    key = rng.choice(sorted(about))
    change = rng.choice((edit, cut, repeat, *[json_value] * (about[key][:1] in b"{[")))
    packed = io.BytesIO()
    table = table.replace_schema_metadata({**about, key: change(about[key], rng)})
    pq.write_table(table, packed)
    return packed.getvalue()


TEXT: tuple[Change, ...] = (edit, flip, cut, repeat, text_number)
BINARY: tuple[Change, ...] = (edit, flip, cut, repeat, text_number, binary_number)
CHANGES: dict[str, tuple[Change, ...]] = {
    **dict.fromkeys((".xyz", ".txt", ".csv", ".pts", ".obj", ".off"), TEXT),
    **dict.fromkeys((".ply", ".pcd", ".stl", ".npy", ".las", ".laz"), BINARY),
    ".h5": (*BINARY, hdf5_array, hdf5_array, hdf5_array),
    ".parquet": (*BINARY, parquet_metadata, parquet_metadata, parquet_metadata),
    ".gltf": (edit, cut, base64_data, base64_data, json_value, json_value, json_value),
    ".glb": (edit, flip, cut, binary_number, glb_json, glb_json),
    ".npz": (edit, flip, cut, binary_number, zip_member, zip_member),
}


def mutate(name: str, data: bytes, rng: random.Random) -> tuple[bytes, str]:
    """A changed copy of the file `name`, and which change it was."""
    change = rng.choice(CHANGES.get(Path(name).suffix.lower(), BINARY))
    return change(data, rng), change.__name__
