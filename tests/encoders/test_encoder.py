import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from tiny import save_model, tiny_backbone

from pointclip.catalog.backbones import BACKBONES, resolve_backbone
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import fetch_weights, load_encoder
from pointclip.encoders.weights import find_weights


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="module")
def entry(tmp_path_factory):
    return tiny_backbone(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def encoder(entry):
    return load_encoder(entry, device="cpu")


def test_features_have_the_shape_of_the_depth_maps(encoder):
    assert encoder.name == "tiny"
    assert encoder.image_size == (32, 32)
    assert encoder.dim == 16
    assert encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-4)
    depth = torch.rand(3, 2, 40, 30)
    features = encoder.encode_images(depth)
    assert features.shape == (3, 2, 16)
    assert features.dtype == torch.float32
    torch.testing.assert_close(encoder.encode_images(depth[1, 1]), features[1, 1])
    assert encoder.encode_images(torch.empty(0, 2, 32, 32)).shape == (0, 2, 16)


def test_batches_do_not_change_features(encoder, monkeypatch):
    depth = torch.rand(10, 32, 32)
    whole = encoder.encode_images(depth)
    monkeypatch.setattr(encoder, "batch", 3)
    torch.testing.assert_close(encoder.encode_images(depth), whole)


def test_sentences_become_features(encoder):
    features = encoder.encode_texts(["a chair", "a table"])
    assert features.shape == (2, 16)
    assert not torch.allclose(features[0], features[1])
    assert encoder.encode_texts([]).shape == (0, 16)


def test_mean_and_std_belong_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    clip = load_encoder({**entry, "mean_std": "clip"}, device="cpu")
    half = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}
    own = load_encoder({**entry, "mean_std": half}, device="cpu")
    torch.testing.assert_close(own.encode_images(depth), encoder.encode_images(2 * depth - 1))
    assert not torch.allclose(clip.encode_images(depth), encoder.encode_images(depth))


def test_polarity_belongs_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    inverted = load_encoder({**entry, "polarity": "invert"}, device="cpu")
    torch.testing.assert_close(inverted.encode_images(1 - depth), encoder.encode_images(depth))


def test_precision_belongs_to_the_entry(entry, encoder):
    depth = torch.rand(2, 32, 32)
    half = load_encoder({**entry, "precision": "bf16"}, device="cpu")
    assert half.encode_images(depth).dtype == torch.float32
    torch.testing.assert_close(
        half.encode_images(depth), encoder.encode_images(depth), atol=0.05, rtol=0.05
    )


def test_the_table_repeats_what_open_clip_knows():
    import open_clip

    for name, entry in BACKBONES.items():
        if "hub" in entry:
            published = open_clip.get_pretrained_cfg(entry["model"], entry["pretrained"])
            assert published["hf_hub"] == entry["hub"] + "/", name
            assert resolve_backbone(name)["name"] == name


def test_an_entry_builds_on_a_built_in_one():
    entry = resolve_backbone({"base": "rn50", "mean_std": "clip", "name": "rn50_clip"})
    assert (entry["model"], entry["mean_std"], entry["name"]) == ("RN50", "clip", "rn50_clip")


@pytest.mark.parametrize(
    ("backbone", "sentence"),
    [
        ("rn51", "Unknown backbone 'rn51': choose one of .*rn50"),
        ({"base": "rn50", "colour": 1}, "Unknown key 'colour'"),
        ({"base": "rn50", "mean_std": "nice"}, "Unknown mean_std of backbone 'rn50' 'nice'"),
        ({"pretrained": "openai"}, "neither 'model' nor 'base'"),
        ({"model": "RN50", "weights": "none.pt"}, "'none.pt' does not exist"),
    ],
)
def test_a_wrong_entry_is_told_in_one_sentence(backbone, sentence):
    with pytest.raises(UserError, match=sentence):
        load_encoder(backbone, device="cpu")


def test_a_model_that_open_clip_does_not_know(entry):
    with pytest.raises(UserError, match="open_clip knows no model 'none'"):
        load_encoder({**entry, "model": "none"}, device="cpu")


@pytest.mark.parametrize("name", ["rn50", "dfn_h_14"])
def test_missing_weights_without_a_network_name_file_and_place_at_once(tmp_path, offline, name):
    start = time.monotonic()
    with pytest.raises(UserError) as caught:
        load_encoder(name, device="cpu", weights_dir=tmp_path)
    assert time.monotonic() - start < 5
    assert str(tmp_path / name / "open_clip_model.safetensors") in str(caught.value)
    assert BACKBONES[name]["hub"] in str(caught.value)


def test_a_hub_that_never_answers_is_given_up_soon(tmp_path, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        start = time.monotonic()
        with pytest.raises(UserError, match=r"127\.0\.0\.1:\d+ cannot be reached"):
            load_encoder("rn50", device="cpu", weights_dir=tmp_path)
        assert time.monotonic() - start < 5


def test_weights_of_another_model_or_cut_short_are_told(entry, tmp_path):
    other = tiny_backbone(tmp_path, image_size=16)
    with pytest.raises(UserError, match="does not hold the weights of"):
        load_encoder({**entry, "weights": _without(other["weights"], tmp_path)}, device="cpu")
    for name in ("cut.safetensors", "cut.pt", "cut.bin"):
        cut = tmp_path / name
        cut.write_bytes(Path(entry["weights"]).read_bytes()[:1000])
        with pytest.raises(UserError, match="cut short or damaged"):
            load_encoder({**entry, "weights": str(cut)}, device="cpu")


def _without(path, folder):
    from safetensors.torch import load_file, save_file

    state = load_file(path)
    state.pop("text_projection")
    save_file(state, folder / "less.safetensors")
    return str(folder / "less.safetensors")


def test_a_pickle_is_never_run(entry, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'ran'}",)

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match="does not hold the weights"):
        load_encoder({**entry, "weights": str(tmp_path / "evil.pt")}, device="cpu")
    assert not (tmp_path / "ran").exists()


def test_other_forms_of_checkpoints_give_the_same_features(entry, encoder, tmp_path):
    from safetensors.torch import load_file

    depth = torch.rand(2, 32, 32)
    torch.save({"state_dict": load_file(entry["weights"])}, tmp_path / "tiny.pt")
    again = load_encoder({**entry, "weights": str(tmp_path / "tiny.pt")}, device="cpu")
    torch.testing.assert_close(again.encode_images(depth), encoder.encode_images(depth))


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
    assert find_weights("tiny", target).samefile(path)
    assert load_encoder(named, "cpu", target).dim == 16
    with pytest.raises(UserError, match="has the sha256"):
        fetch_weights({**named, "sha256": "0" * 64}, target, user)
    own = {**named, "weights_dir": str(user)}
    assert fetch_weights(own, tmp_path / "else").samefile(path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rn50", "vit_b_32"])
def test_real_architectures_run_on_random_weights(name, tmp_path, monkeypatch):
    import open_clip

    monkeypatch.setattr(
        "pointclip.encoders.encoder.must_reach_hub", lambda *_: pytest.fail("asks the hub")
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = open_clip.create_model(BACKBONES[name]["model"], load_weights=False)
    (tmp_path / name).mkdir()
    save_model(model, tmp_path / name / "open_clip_model.safetensors")
    encoder = load_encoder(name, "cpu", tmp_path)
    assert encoder.image_size == (224, 224)
    depth = torch.rand(2, 128, 128)
    assert encoder.encode_images(depth).shape == (2, encoder.dim)
    assert encoder.dim == open_clip.get_model_config(BACKBONES[name]["model"])["embed_dim"]
    assert encoder.encode_texts(["point cloud of a big chair."]).shape == (1, encoder.dim)


def test_weights_as_openai_publishes_them_are_read(entry, encoder, tmp_path):
    class Published(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    published = Published()
    for name, value in encoder._model.state_dict().items():
        *path, leaf = name.split(".")
        module = published
        for part in path:
            if not hasattr(module, part):
                module.add_module(part, torch.nn.Module())
            module = getattr(module, part)
        module.register_buffer(leaf, value.clone())
    published.register_buffer("context_length", torch.tensor(32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(published, torch.zeros(1)).save(str(tmp_path / "tiny.pt"))
    again = load_encoder({**entry, "weights": str(tmp_path / "tiny.pt")}, device="cpu")
    depth = torch.rand(2, 32, 32)
    torch.testing.assert_close(again.encode_images(depth), encoder.encode_images(depth))


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


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as a download of a file takes; of `damaged` it announces a wrong hash."""

    files: dict[str, bytes]
    damaged = "/some/damaged/resolve/main/open_clip_pytorch_model.bin"

    def do_HEAD(self):
        content = self.files.get(self.path)
        self.send_response(404 if content is None and self.path != "/" else 200)
        if content is None:
            self.send_header("X-Error-Code", "EntryNotFound")
        else:
            digest = hashlib.sha256(content).hexdigest()
            self.send_header("ETag", f'"{"f" * 64 if self.path == self.damaged else digest}"')
            self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        return content

    def do_GET(self):
        self.wfile.write(self.do_HEAD() or b"")

    def log_message(self, *_):
        pass


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
    files = {"/some/tiny/resolve/main/open_clip_model.safetensors": content, Hub.damaged: content}
    handler = type("Handler", (Hub,), {"files": files})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        # A process of its own: the hub's address is read once, at import.
        run = subprocess.run(
            [sys.executable, "-c", HUB_TEST, entry["model_config"], tmp_path / "weights"],
            env={
                **{k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"},
                "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "HF_HOME": str(tmp_path / "home"),
                "HF_HUB_DISABLE_XET": "1",
            },
            capture_output=True,
            text=True,
        )
        server.shutdown()
    dim, sentence = run.stdout.splitlines()
    assert dim == "16", run.stderr
    manifest = json.loads((tmp_path / "weights/tiny/weights.json").read_text())
    assert manifest["file"] == "open_clip_model.safetensors"
    assert f"not {'f' * 64}: it is damaged" in sentence
    assert not [path for path in (tmp_path / "weights/damaged").glob("*") if path.is_file()]
