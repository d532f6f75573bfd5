import logging
from types import SimpleNamespace

import pytest
import torch

from pointclip.core.errors import UserError
from pointclip.core.job import job, pick_device, progress
from pointclip.core.store import open_h5


@pytest.fixture
def snakemake(tmp_path):
    threads = torch.get_num_threads()
    yield SimpleNamespace(
        rule="encode",
        log=[tmp_path / "encode.log"],
        threads=threads,
        input=[str(tmp_path / "results/a.h5"), str(tmp_path / "own.h5")],
        config={"results": str(tmp_path / "results")},
    )
    logging.captureWarnings(False)
    for handler in logging.root.handlers[:]:
        if isinstance(handler, logging.FileHandler):
            logging.root.removeHandler(handler)
            handler.close()


def test_a_job_logs_its_progress_and_its_time(snakemake):
    with job(snakemake) as log:
        log.info("hello")
        assert list(progress([[1, 2], [3]], total=3, step=2, desc="encode")) == [[1, 2], [3]]
    text = snakemake.log[0].read_text()
    assert "hello" in text
    assert "encode: 3 shapes in" in text
    assert "encode took" in text


@pytest.mark.parametrize("error", [UserError("No class 'chiar'."), OSError(28, "No space left")])
def test_bad_input_and_a_full_disk_end_with_one_sentence(snakemake, capsys, error):
    with pytest.raises(SystemExit) as exit_, job(snakemake):
        raise error
    assert exit_.value.code == 1
    assert capsys.readouterr().err == f"encode: {error}\n"
    assert "Traceback" not in snakemake.log[0].read_text()


@pytest.mark.parametrize(("name", "deleted"), [("results/a.h5", True), ("own.h5", False)])
def test_a_damaged_result_is_deleted_but_no_file_of_the_user(
    snakemake, tmp_path, capsys, name, deleted
):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"junk")
    with pytest.raises(SystemExit), job(snakemake), open_h5(path):
        pass
    assert path.exists() != deleted
    assert ("it is deleted; run again" if deleted else "delete it and") in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(snakemake):
    with pytest.raises(ZeroDivisionError), job(snakemake):
        _ = 1 / 0
    assert "Traceback" in snakemake.log[0].read_text()


def test_devices_are_picked_by_name_and_refused_in_a_sentence():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type in {"cuda", "mps", "cpu"}
    with pytest.raises(UserError, match="Device 'abacus' is not available here: choose auto"):
        pick_device("abacus")
