import subprocess
import sys
from pathlib import Path

import pytest
from places import REPOSITORY
from pointclip.config.disk_use import DEPTH, estimate, known

from pointclip.catalog.projections import PROJECTIONS
from pointclip.config import experiments, preflight
from pointclip.core.errors import UserError
from pointclip.projection.projection import get_projection


@pytest.fixture
def config(monkeypatch):
    """The paper's config on a machine where nothing is and nothing can be reached."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(REPOSITORY)
    config = preflight.read_config("config/paper.yaml")
    return config | {"results": "no/results", "resources": "no/resources"}


def used(config):
    return estimate(config, experiments.resolve(config))


def test_the_estimate_follows_the_config(config):
    whole = used(config)
    assert all(size > 0 for size in whole.values())
    assert whole["weights"] == pytest.approx(18.1e9, rel=0.01)  # each backbone once
    assert used(config | {"keep_depth": False}) == whole | {"depth": 0}
    # Few-shot grows with its seeds, all else stays.
    fewer = used(config | {"sampling": config["sampling"] | {"seeds": [1]}, "ablations": {}})
    more = used(config | {"sampling": config["sampling"] | {"seeds": [1, 2]}, "ablations": {}})
    grown = {name for name in whole if more[name] > fewer[name]}
    assert grown == {"adapters", "bank", "logits"}
    assert more["adapters"] == 2 * fewer["adapters"]


def test_sizes_are_those_of_real_files(config):
    entries = experiments.resolve(config)
    assert known(entries, "modelnet40_p128") == known(entries, "modelnet40")
    assert known(entries, "scanobjectnn_pb_t50_rs").test == 2882
    assert {name: get_projection(name).views for name in PROJECTIONS} == {
        name: views for name, (_, views) in DEPTH.items()
    }
    few = [{**config["few_shot"][0], "datasets": ["modelnet40"], "backbones": ["rn101"]}]
    few[0] |= {"shots": [16], "protocols": ["plain"]}
    one = used(config | {"few_shot": few, "zero_shot": [], "ablations": {}, "tables": {}})
    assert one["features"] == 12308 * 10 * 512 * 2
    assert one["adapters"] == pytest.approx(5 * 4 * 21 * 512**2)


def test_a_data_set_of_the_user_s_is_not_counted(config, tmp_path):
    mine = {"reader": "folder", "path": str(tmp_path)}
    config["datasets"] |= {"mine": mine}
    config["zero_shot"] = [{**config["zero_shot"][0], "datasets": ["mine"]}]
    text, _ = preflight.report(config, experiments.resolve(config), 1e12)
    assert "Not counted, since their size is not known: mine." in text


def test_all_that_is_missing_is_named(config, tmp_path):
    here = tmp_path / "h5_files.zip"
    here.touch()
    config["datasets"]["scanobjectnn_obj_only"]["urls"] = [str(here)]
    for name in ("modelnet10", "modelnet40"):
        config["datasets"][name]["urls"] = ["http://127.0.0.1:1/a.zip"]
    config["weights_dir"] = str(tmp_path)
    (tmp_path / "rn50.safetensors").touch()
    text, ready = preflight.report(config, experiments.resolve(config), 1e9)
    assert not ready
    for name in ("modelnet10", "modelnet40"):
        assert f"The data set '{name}' is missing and nothing answers at its URLs: name" in text
    assert "The data set 'scanobjectnn" not in text
    assert "backbone 'rn50' are missing" not in text
    place = Path("no/resources/weights/rn101/open_clip_model.safetensors")
    assert "put the file open_clip_model.safetensors (timm/resnet101_clip.openai on" in text
    assert f"at {place}." in text
    assert text.count("The weights of backbone") == 11
    assert "1.0 GB are free, too few for what is still to come; the largest part is" in text


def test_the_default_config_needs_nothing(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    config = preflight.read_config("config/config.yaml")
    text, ready = preflight.report(config, experiments.resolve(config), 1e12)
    assert ready and text.endswith("Nothing is missing.\n")


def test_a_config_that_is_none_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.chdir(REPOSITORY)
    (tmp_path / "wrong.yaml").write_text("divice: cpu\n")
    with pytest.raises(UserError, match="Unknown key 'divice'"):
        preflight.read_config(tmp_path / "wrong.yaml")
    (tmp_path / "list.yaml").write_text("- a\n")
    with pytest.raises(UserError, match="must be a mapping of keys to values"):
        preflight.read_config(tmp_path / "list.yaml")
    command = [sys.executable, "-m", "pointclip.config.preflight", str(tmp_path / "none.yaml")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == f"{tmp_path / 'none.yaml'} does not exist.\n"
