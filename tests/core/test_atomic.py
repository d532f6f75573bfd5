import os
import subprocess
import sys

import pytest

from pointclip.core.atomic import atomic, write_text


def test_atomic_leaves_nothing_behind_when_the_block_fails(tmp_path):
    target = tmp_path / "new" / "table.csv"
    with pytest.raises(RuntimeError), atomic(target) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []


def test_atomic_keeps_the_old_file_until_the_new_one_is_complete(tmp_path):
    target = tmp_path / "table.csv"
    write_text("old", target)
    with atomic(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
        assert partial.suffix == ".csv"
    assert target.read_text() == "new"


def test_a_killed_writer_leaves_no_file_under_the_final_name(tmp_path):
    target = tmp_path / "big.h5"
    code = (
        "import os, signal, sys; from pointclip.core import store\n"
        "with store.new_h5(sys.argv[1]) as f:\n"
        "    f['id'] = [b'a']; f.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code, target]).returncode < 0
    assert not target.exists()
    assert len(list(tmp_path.iterdir())) == 1
    write_text("content", target)
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    other = tmp_path / f".table.{os.getppid()}.partial.csv"
    other.write_text("half")
    write_text("whole", tmp_path / "table.csv")
    assert other.exists()


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    calls = []
    replace, fsync = os.replace, os.fsync
    monkeypatch.setattr(os, "replace", lambda *names: (calls.append("name"), replace(*names)))
    monkeypatch.setattr(os, "fsync", lambda file: (calls.append("disk"), fsync(file)))
    write_text("content", tmp_path / "a.csv")
    assert calls == ["disk", "name"]
