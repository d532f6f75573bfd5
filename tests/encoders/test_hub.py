import json
import socket
from pathlib import Path

import pytest
from local_hub import run_with_hub

from pointclip.catalog.backbones import BACKBONES, resolve_backbone
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import load_encoder
from pointclip.encoders.hub import Probe, fetch_weights
from pointclip.encoders.weights import find_weights


@pytest.mark.parametrize("name", ["rn50", "dfn_h_14"])
def test_missing_weights_without_a_network_name_file_and_place(tmp_path, offline, name):
    with pytest.raises(UserError) as caught:
        load_encoder(name, device="cpu", weights_dir=tmp_path)
    assert str(tmp_path / name / "open_clip_model.safetensors") in str(caught.value)
    assert BACKBONES[name]["hub"] in str(caught.value)


def test_a_hub_that_never_answers_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(Probe.__init__, "__defaults__", (0.2,))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        with pytest.raises(UserError, match=r"127\.0\.0\.1:\d+ cannot be reached"):
            load_encoder("rn50", device="cpu", weights_dir=tmp_path)


def test_weights_are_found_in_a_folder_and_recorded(entry, tmp_path, offline, caplog):
    user, target = tmp_path / "user", tmp_path / "target"
    named = {k: v for k, v in entry.items() if k != "weights"}
    with pytest.raises(UserError, match="are missing"):
        fetch_weights(named, target, user)
    (user / "tiny").mkdir(parents=True)
    (user / "tiny" / "open_clip_model.safetensors").symlink_to(entry["weights"])
    path = fetch_weights(named, target, user)
    manifest = json.loads((target / "tiny" / "weights.json").read_text())
    assert len(manifest["sha256"]) == 64
    assert "recorded" in caplog.text
    assert find_weights(resolve_backbone(named), target).samefile(path)
    assert load_encoder(named, "cpu", target).dim == 16
    with pytest.raises(UserError, match="has the sha256"):
        fetch_weights({**named, "sha256": "0" * 64}, target, user)
    own = {**named, "weights_dir": str(user)}
    assert fetch_weights(own, tmp_path / "else").samefile(path)


def test_a_variant_of_a_built_in_backbone_shares_its_weights(tmp_path, offline):
    variant = {"base": "rn50", "name": "rn50_clip", "mean_std": "clip"}
    with pytest.raises(UserError) as caught:
        fetch_weights(variant, tmp_path)
    place = tmp_path / "rn50" / "open_clip_model.safetensors"
    assert str(place) in str(caught.value)
    place.parent.mkdir()
    place.write_bytes(b"weights")
    assert fetch_weights(variant, tmp_path) == place
    manifest = json.loads((tmp_path / "rn50_clip" / "weights.json").read_text())
    assert manifest["file"] == str(place)


HUB_TEST = """
import logging, sys
from pointclip.encoders.encoder import load_encoder
from pointclip.core.errors import UserError
logging.basicConfig(level=logging.WARNING)
for name in ("tiny", "damaged"):
    entry = {"name": name, "model": "tiny32", "model_config": sys.argv[1], "hub": f"some/{name}"}
    try:
        print(load_encoder({**entry, "pretrained": "x"}, "cpu", sys.argv[2]).dim)
    except UserError as error:
        print(error)
"""


@pytest.mark.slow
def test_weights_are_fetched_from_a_hub_and_checked(entry, tmp_path):
    content = Path(entry["weights"]).read_bytes()
    # The name that is asked for first, and the second.
    files = {
        "/some/tiny/resolve/main/open_clip_model.safetensors": content,
        "/some/damaged/resolve/main/open_clip_pytorch_model.bin": content,
    }
    words = entry["model_config"], tmp_path / "weights"
    run = run_with_hub(files, tmp_path / "home", HUB_TEST, *words)
    dim, sentence = run.stdout.splitlines()
    assert dim == "16", run.stderr
    manifest = json.loads((tmp_path / "weights/tiny/weights.json").read_text())
    assert manifest["file"] == "open_clip_model.safetensors"
    assert f"not {'f' * 64}: it is damaged" in sentence
    assert not [path for path in (tmp_path / "weights/damaged").glob("*") if path.is_file()]
