"""Files of networks: found, recorded, checked; offline, one sentence says what is missing."""

import hashlib
import json
import socket
import time

import pytest
from local_hub import run_with_hub, serving

from pointclip.catalog.networks import KINDS, NETWORKS, resolve_network
from pointclip.core.errors import UserError
from pointclip.registration.dense.network_files import fetch_network, network_path


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def place(folder, name):
    for file in NETWORKS[name]["files"]:
        path = folder / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.encode())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_says_where_it_comes_from(name):
    entry = resolve_network(name)
    assert entry["kind"] in KINDS and entry["files"] and entry["licence"]
    assert bool(entry["hub"]) != bool(entry["url"])


def test_a_hub_that_does_not_answer_is_given_up_in_seconds(tmp_path, monkeypatch):
    """A network that swallows all packets: nothing is refused, nothing comes back."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        start = time.perf_counter()
        with pytest.raises(UserError, match=f"{address} cannot be reached: put .* into"):
            fetch_network("zoe_n", tmp_path)
        assert time.perf_counter() - start < 5


@pytest.mark.parametrize("name", NETWORKS)
def test_without_a_hub_a_sentence_says_what_to_put_where(name, tmp_path, offline):
    start = time.perf_counter()
    with pytest.raises(UserError) as caught:
        fetch_network(name, tmp_path)
    assert time.perf_counter() - start < 5
    sentence = str(caught.value)
    assert str(tmp_path / name) in sentence and "licence" in sentence and "\n" not in sentence
    assert all(file in sentence for file in NETWORKS[name]["files"])


def test_files_that_are_there_are_taken_and_recorded(tmp_path, offline):
    place(tmp_path, "stable_diffusion_1_5")
    found = fetch_network("stable_diffusion_1_5", tmp_path)
    assert found == tmp_path / "stable_diffusion_1_5"
    manifest = json.loads((found / "weights.json").read_text())
    assert set(manifest["files"]) == set(NETWORKS["stable_diffusion_1_5"]["files"])
    about = manifest["files"]["unet/config.json"]
    assert about["sha256"] == hashlib.sha256(b"unet/config.json").hexdigest()
    assert manifest["licence"] == "CreativeML OpenRAIL-M"
    assert network_path("stable_diffusion_1_5", tmp_path) == found


def test_a_network_of_one_file_is_that_file(tmp_path, offline):
    place(tmp_path / "mine", "fcgf_kitti")
    found = fetch_network("fcgf_kitti", tmp_path / "here", tmp_path / "mine")
    assert found == tmp_path / "mine/fcgf_kitti" / NETWORKS["fcgf_kitti"]["files"][0]
    assert network_path("fcgf_kitti", tmp_path / "here") == found


def test_a_path_of_the_entry_goes_first(tmp_path, offline):
    (tmp_path / "zoe").mkdir()
    (tmp_path / "zoe/config.json").write_text("{}")
    entry = {"name": "mine", "kind": "metric_depth", "path": str(tmp_path / "zoe")}
    assert fetch_network(entry, tmp_path / "networks") == tmp_path / "zoe"
    assert network_path("mine", tmp_path / "networks") == tmp_path / "zoe"
    with pytest.raises(UserError, match="does not exist at"):
        fetch_network({**entry, "path": str(tmp_path / "other")}, tmp_path / "networks")


def test_a_wrong_checksum_is_refused(tmp_path, offline):
    place(tmp_path, "fcgf_3dmatch")
    file = NETWORKS["fcgf_3dmatch"]["files"][0]
    right = hashlib.sha256(file.encode()).hexdigest()
    fetch_network({"base": "fcgf_3dmatch", "sha256": {file: right}}, tmp_path)
    with pytest.raises(UserError, match=f"not {'0' * 64}"):
        fetch_network({"base": "fcgf_3dmatch", "sha256": {file: "0" * 64}}, tmp_path)


def test_a_file_that_has_gone_or_changed_is_noticed(tmp_path, offline):
    place(tmp_path, "fcgf_3dmatch")
    path = fetch_network("fcgf_3dmatch", tmp_path)
    path.write_bytes(b"shorter")
    with pytest.raises(UserError, match="bytes long"):
        network_path("fcgf_3dmatch", tmp_path)
    (path.parent / "weights.json").write_text("[]")
    with pytest.raises(UserError, match="damaged"):
        network_path("fcgf_3dmatch", tmp_path)
    with pytest.raises(UserError, match="is not in"):
        network_path("fcgf_kitti", tmp_path)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("zoe", "Unknown network 'zoe'"),
        ({"base": "zoe_n", "hup": "x"}, "Unknown key 'hup'"),
        ({"name": "x"}, "neither 'kind' nor 'base'"),
        ({"kind": "clip"}, "stable_diffusion, controlnet"),
    ],
)
def test_impossible_entries_are_refused(entry, sentence):
    with pytest.raises(UserError, match=sentence):
        resolve_network(entry)


def test_a_network_on_no_hub_is_fetched_from_its_url(tmp_path, monkeypatch):
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    content = b"weights" * 100
    pages = {"/file": content, "/page": b"<!DOCTYPE html><p>Too many downloads"}
    with serving(pages) as address:
        entry = {
            "name": "ft",
            "kind": "controlnet",
            "files": ["ft.pth"],
            "by_hand": "the README",
            "sha256": {"ft.pth": hashlib.sha256(content).hexdigest()},
        }
        found = fetch_network({**entry, "url": f"{address}/file"}, tmp_path)
        assert found == tmp_path / "ft/ft.pth" and found.read_bytes() == content
        wrong = {**entry, "sha256": {"ft.pth": "0" * 64}, "url": f"{address}/file"}
        with pytest.raises(UserError, match=r"Nothing could be fetched .* hash"):
            fetch_network(wrong, tmp_path / "other")
        unknown = {**entry, "sha256": {}, "url": f"{address}/page"}
        with pytest.raises(UserError, match="what came is a web page"):
            fetch_network(unknown, tmp_path / "page")
        assert not list((tmp_path / "page").rglob("weights.json"))


FETCH = """
import sys
from pointclip.core.errors import UserError
from pointclip.registration.dense.network_files import fetch_network, network_path
for name in ("whole", "damaged"):
    entry = {"name": name, "kind": "controlnet", "hub": f"some/{name}"}
    try:
        fetch_network({**entry, "files": ["config.json", "part/model.safetensors"]}, sys.argv[1])
        print(network_path(name, sys.argv[1]))
    except UserError as error:
        print(error)
"""


@pytest.mark.slow
def test_networks_are_fetched_from_a_hub_and_checked(tmp_path):
    files = {
        f"/some/{name}/resolve/main/{file}": file.encode() * 100
        for name in ("whole", "damaged")
        for file in ("config.json", "part/model.safetensors")
    }
    run = run_with_hub(files, tmp_path / "home", FETCH, tmp_path)
    whole, damaged = run.stdout.splitlines()
    assert whole == str(tmp_path / "whole"), run.stderr
    manifest = json.loads((tmp_path / "whole/weights.json").read_text())
    assert set(manifest["files"]) == {"config.json", "part/model.safetensors"}
    assert manifest["source"].endswith("/some/whole")
    assert "came damaged" in damaged
    assert not (tmp_path / "damaged/weights.json").exists()
