import json
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest
from cloud_files import BOX, POINTS, gltf

from pointclip.clouds.isolation import READER, Reader
from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError


PLAIN = {"points": None, "index": 0, "seed": 0, "colored": False}


@pytest.fixture
def clouds(tmp_path):
    paths = [tmp_path / f"{i}.npy" for i in range(8)]
    for i, path in enumerate(paths):
        np.save(path, POINTS + i)
    return paths


def test_one_process_reads_many_files(clouds):
    load_cloud(clouds[0])
    process = READER.process
    for i, path in enumerate(clouds):
        np.testing.assert_array_equal(load_cloud(path), POINTS + i)
    assert READER.process is process


def test_the_environment_of_the_caller_does_not_matter(clouds, monkeypatch):
    READER.stop()
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.chdir(clouds[0].parent)
    assert load_cloud("0.npy").shape == POINTS.shape
    monkeypatch.chdir("/")  # the process that reads stays where it was
    assert load_cloud(os.path.relpath(clouds[1], "/")).shape == POINTS.shape


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_was_ended_is_started_again(clouds, end):
    load_cloud(clouds[0])
    READER.process.send_signal(end)
    READER.process.wait()
    np.testing.assert_array_equal(load_cloud(clouds[1]), POINTS + 1)


def test_threads_get_their_own_answers(clouds):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(load_cloud, clouds * 5))
    for i, cloud in enumerate(found):
        np.testing.assert_array_equal(cloud, POINTS + i % len(clouds))


def read_in_a_fork(path, answers):
    answers.put((load_cloud(path), READER.process.pid))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_starts_a_process_of_its_own(clouds):
    load_cloud(clouds[0])
    ours = READER.process.pid
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=read_in_a_fork, args=(clouds[1], answers))
    child.start()
    cloud, theirs = answers.get(timeout=60)
    child.join()
    np.testing.assert_array_equal(cloud, POINTS + 1)
    assert theirs != ours
    np.testing.assert_array_equal(load_cloud(clouds[2]), POINTS + 2)
    assert READER.process.pid == ours


def test_an_interrupted_read_leaves_no_answer_for_the_next(clouds, tmp_path):
    large = tmp_path / "large.xyz"
    large.write_bytes(b"1 2 3\n" * 10**6)
    timer = threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT))
    load_cloud(clouds[0])
    timer.start()
    with pytest.raises((KeyboardInterrupt, UserError)):
        while True:
            load_cloud(large)
    timer.join()
    np.testing.assert_array_equal(load_cloud(clouds[1]), POINTS + 1)


def test_a_warning_about_a_file_reaches_the_caller(tmp_path, caplog):
    path = tmp_path / "cut.xyz"
    path.write_bytes(b"1 2 3\n4 5 6\n7 8 9")
    load_cloud(path)
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has no line end after its last line: it may be cut short."
    ]
    caplog.clear()
    path.write_bytes(b"1 2 3\n4 5 6\n7 8 9\n")
    load_cloud(path)
    assert not caplog.records


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (signal.SIGPROF, "it takes longer than 6 s, too long for a file of 728 bytes"),
        (signal.SIGABRT, r"its reader crashed \(SIGABRT\)"),
    ],
)
def test_how_the_process_ended_is_the_reason(clouds, monkeypatch, end, reason):
    reader = Reader()
    reader.arrays(clouds[0], **PLAIN)

    def ask(request):
        reader.process.send_signal(end)
        reader.process.wait()

    monkeypatch.setattr(reader, "_ask", ask)
    with pytest.raises(UserError, match=reason):
        reader.arrays(clouds[0], **PLAIN)


def test_many_warnings_about_a_file_are_few(tmp_path, caplog):
    content = json.loads(gltf(BOX))
    content["meshes"] = [
        {"primitives": [{"attributes": {"POSITION": 0, "COLOR_0": 90 + i}, "indices": 1}]}
        for i in range(50)
    ]
    content["nodes"] = [{"mesh": i} for i in range(50)]
    (tmp_path / "a.gltf").write_text(json.dumps(content))
    load_cloud(tmp_path / "a.gltf")
    assert 1 <= len(caplog.records) <= 3


@pytest.mark.parametrize("name", ["missing.ply", "a\0b.ply", "a" * 300 + ".ply", "folder.ply"])
def test_a_name_that_cannot_be_opened_is_one_sentence(tmp_path, name):
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(UserError, match="Cannot read"):
        load_cloud(tmp_path / name)
    assert READER.process.poll() is None


def test_no_process_is_left_behind(clouds):
    reader = Reader()
    reader.arrays(Path(clouds[0]), **PLAIN)
    process = reader.process
    assert reader.stop() == 0
    assert process.poll() == 0


def no_data(f):
    f["data"] = h5py.SoftLink("/other")


def in_another_file(f):
    f["data"] = h5py.ExternalLink("secret.h5", "/data")


def raw_in_another_file(f):
    f.create_dataset("data", (3,), "u1", external=[("secret.h5", 0, 3)])


def seen_in_another_file(f):
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource("secret.h5", "data", (3,))
    f.create_virtual_dataset("data", layout)


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        (lambda f: None, "no data set 'data'"),
        (no_data, "no data set 'data'"),
        (in_another_file, "no data set 'data'"),
        (raw_in_another_file, "'data' lies in another file"),
        (seen_in_another_file, "'data' lies in another file"),
        (lambda f: f.create_group("data"), "'data' is no array of numbers"),
        (lambda f: f.update(data=["a", "b"]), "'data' is no array of numbers"),
    ],
)
def test_what_is_read_of_an_hdf5_file_is_its_own(tmp_path, fill, reason):
    with h5py.File(tmp_path / "secret.h5", "w") as f:
        f["data"] = np.ones(3, np.float32)
    with h5py.File(tmp_path / "a.h5", "w") as f:
        fill(f)
    with pytest.raises(UserError, match=reason):
        READER.arrays(tmp_path / "a.h5", names=["data"])


def test_arrays_come_back_as_they_are(tmp_path):
    arrays = {"a": np.arange(6, dtype=">i2").reshape(2, 3), "b": np.ones((2, 0)), "c": np.eye(2)}
    with h5py.File(tmp_path / "a.h5", "w") as f:
        f.update(arrays)
    found = READER.arrays(tmp_path / "a.h5", names=list(arrays))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
