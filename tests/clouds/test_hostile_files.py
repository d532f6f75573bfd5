"""Files that are nearly right, under every suffix: each is a cloud or one sentence.

More than the suite tries, by hand: `python tests/test_hostile_files.py 20000`.
"""

import faulthandler
import resource
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import trimesh
from cloud_files import BOX, CLOUDS, gltf, write, write_h5
from hypothesis import strategies as st

from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError


SEEDS = {
    **CLOUDS,
    "a.h5": write_h5,
    "box.off": BOX.export(file_type="off").encode(),
    "box.obj": BOX.export(file_type="obj").encode(),
    "box.stl": BOX.export(file_type="stl"),
    "ascii.stl": BOX.export(file_type="stl_ascii").encode(),
    "box.ply": BOX.export(file_type="ply"),
    "face.ply": trimesh.exchange.ply.export_ply(BOX, encoding="ascii"),
    "box.glb": BOX.export(file_type="glb"),
    "box.gltf": gltf(BOX),
}
# What breaks readers: signs, sizes, other numbers, other structure.
TOKENS = [
    *(b"-1", b"0", b"4294967295", b"99999999999999999999", b"1e30", b"nan", b"-inf", b"1e999"),
    *(b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\0\0\0\0", b"\0\0\0\x80", b"\x01\0\0\0"),
    *(b"[", b"{", b"}", b"null", b'"', b"\n", b"\r", b" ", b"#", b"\0", b"(", b"x" * 5000),
]


@st.composite
def hostile(draw) -> tuple[str, list]:
    """A seed's name and what to change in it: (place, bytes to drop, bytes to put there)."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    put = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=8))
    change = st.tuples(st.floats(0, 1), st.integers(0, 40), put)
    head = st.tuples(st.floats(0, 0.2), st.integers(0, 8), put)
    cut = st.tuples(st.floats(0, 1), st.just(1 << 30), st.just(b""))
    return name, draw(st.lists(st.one_of(change, head, head, cut), min_size=1, max_size=4))


def changed(data: bytes, changes: list) -> bytes:
    for place, drop, put in changes:
        at = int(place * len(data))
        data = data[:at] + put + data[at + drop :]
    return data


class Folder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seeds = {name: write(folder / name, SEEDS[name]).read_bytes() for name in SEEDS}

    def outcome(self, name: str, changes: list) -> str:
        path = self.folder / f"changed{Path(name).suffix}"
        path.write_bytes(changed(self.seeds[name], changes))
        try:
            cloud = load_cloud(path, 64)
        except UserError as error:
            assert "\n" not in str(error)
            assert len(str(error)) < 500
            assert str(path) in str(error)
            cause = error.__cause__
            return "sentence" if isinstance(cause, UserError) else type(cause).__name__
        assert cloud.shape == (64, 3)
        assert cloud.dtype == np.float32
        assert np.isfinite(cloud).all()
        return "cloud"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return Folder(tmp_path_factory.mktemp("hostile"))


@pytest.mark.slow
@hypothesis.settings(max_examples=2000, deadline=None, derandomize=True, database=None)
@hypothesis.given(hostile())
def test_a_changed_file_is_a_cloud_or_a_sentence(folder, case):
    folder.outcome(*case)


def main(count: int) -> None:
    """Try `count` inputs, each in 20 s of work and 4 GB, and say what came out."""
    faulthandler.enable()
    faulthandler.register(signal.SIGVTALRM, chain=True)
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Folder(Path(name))

        @hypothesis.settings(max_examples=count, deadline=None, database=None)
        @hypothesis.given(hostile())
        def run(case):
            signal.setitimer(signal.ITIMER_VIRTUAL, 20)
            kind = folder.outcome(*case)
            outcomes[kind] += 1
            if kind not in ("cloud", "sentence"):
                outcomes[f"{Path(case[0]).suffix} {kind}"] += 1
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

        run()
    sys.stdout.write(f"{sum(outcomes.values())} inputs: {dict(outcomes)}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
