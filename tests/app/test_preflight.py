import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY

from pointclip.app import preflight
from pointclip.config import experiments
from pointclip.core.errors import UserError


@pytest.fixture
def config(monkeypatch):
    """The paper's config on a machine where nothing is and nothing can be reached."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(REPOSITORY)
    config = preflight.read_config("config/paper.yaml")
    return config | {"results": "no/results", "resources": "no/resources"}


def report(config, path="config/paper.yaml"):
    return preflight.report(path, config, experiments.resolve(config), 1e9)


def test_the_size_of_a_full_run_is_that_of_the_table(config):
    assert report(config).startswith("A full run takes 144.3 GB in 1301 jobs (")
    assert "A full run" not in report(config, "mine.yaml")


def test_all_that_is_missing_is_named(config, tmp_path):
    here = tmp_path / "h5_files.zip"
    here.touch()
    config["datasets"]["scanobjectnn_obj_only"]["urls"] = [str(here)]
    for name in ("modelnet10", "modelnet40"):
        config["datasets"][name]["urls"] = ["http://127.0.0.1:1/a.zip"]
    config["weights_dir"] = str(tmp_path)
    (tmp_path / "rn50.safetensors").touch()
    text = report(config)
    for name in ("modelnet10", "modelnet40"):
        assert f"The data set '{name}' is missing and nothing answers at its URLs: name" in text
    assert "The data set 'scanobjectnn" not in text
    assert "backbone 'rn50' are missing" not in text
    place = Path("no/resources/weights/rn101/open_clip_model.safetensors")
    assert "put the file open_clip_model.safetensors (timm/resnet101_clip.openai on" in text
    assert f"at {place}." in text
    assert text.count("The weights of backbone") == 18
    assert "1.0 GB are free" in text


def test_a_url_too_long_for_a_file_name_is_asked_not_looked_up(config):
    long = f"127.0.0.1:1/{'a' * 300}.zip"
    config["datasets"]["modelnet40"]["urls"] = [f"http://{long}", f"s3://{long}"]
    assert "The data set 'modelnet40' is missing" in report(config)


def test_networks_that_are_missing_are_named(config, tmp_path):
    (tmp_path / "config.json").touch()
    config["networks"] = {
        "zoe_n": {"description": "as published"},
        "controlnet_depth_freereg": {"description": "by hand"},
        "mine": {"kind": "metric_depth", "path": str(tmp_path)},
    }
    text = report(config)
    assert "The network 'zoe_n' is missing and" in text
    assert f"into {Path('no/resources/networks/zoe_n')}" in text
    assert "put control_v11f1p_sd15_depth_ft.pth (from the links to Google Drive" in text
    assert "'mine'" not in text


def test_the_default_config_needs_nothing(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    config = preflight.read_config("config/config.yaml")
    text = report(config, "config/config.yaml")
    assert text.endswith("Nothing is missing.\n")


def test_a_config_that_is_none_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.chdir(REPOSITORY)
    (tmp_path / "wrong.yaml").write_text("divice: cpu\n")
    with pytest.raises(UserError, match="Unknown key 'divice'"):
        preflight.read_config(tmp_path / "wrong.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(UserError, match="must be a mapping of keys to values"):
        preflight.read_config(tmp_path / "list.yaml")
    command = [sys.executable, "-m", "pointclip.app.preflight", str(tmp_path / "none.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path / 'none.yaml'} does not exist.\n"
