import os
from pathlib import Path

import pytest
import torch
from tiny import tiny_backbone

from pointclip.catalog.openai_checksums import OPENAI_CHECKSUMS
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import load_encoder
from pointclip.encoders.weights import sha256


# TorchScript is deprecated; strangers' files of it are not gone.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")


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


def test_torchscript_is_read_if_its_checksum_is_known(entry, encoder, tmp_path, monkeypatch):
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
    path = tmp_path / "tiny.pt"
    torch.jit.trace(published, torch.zeros(1)).save(str(path))
    with pytest.raises(UserError, match="is TorchScript"):
        load_encoder({**entry, "weights": str(path)}, device="cpu")
    monkeypatch.setitem(OPENAI_CHECKSUMS, sha256(path), "tiny")
    again = load_encoder({**entry, "weights": str(tmp_path / "tiny.pt")}, device="cpu")
    depth = torch.rand(2, 32, 32)
    torch.testing.assert_close(again.encode_images(depth), encoder.encode_images(depth))


def test_a_model_that_open_clip_does_not_know(entry):
    with pytest.raises(UserError, match="open_clip knows no model 'none'"):
        load_encoder({**entry, "model": "none"}, device="cpu")


class Payload(torch.nn.Module):
    """TorchScript that writes a file while it is loaded."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target
        self.read = 0

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.target, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.target = state[0]
        self.training = state[1]
        self.read = torch.from_file(self.target, True, 4).numel()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def test_torchscript_of_a_stranger_is_not_run(entry, tmp_path):
    written = tmp_path / "written"
    torch.jit.script(Payload(str(written))).save(str(tmp_path / "evil.pt"))
    # The attack works where the file is loaded as it is.
    torch.jit.load(str(tmp_path / "evil.pt"))
    assert written.exists()
    written.unlink()
    for name in ("evil.pt", "evil.bin", "evil.safetensors"):
        (tmp_path / name).write_bytes((tmp_path / "evil.pt").read_bytes())
        with pytest.raises(UserError) as caught:
            load_encoder({**entry, "weights": str(tmp_path / name)}, device="cpu")
        assert not written.exists()
        assert "\n" not in str(caught.value)
        if name != "evil.safetensors":
            assert "safetensors.torch.save_file(" in str(caught.value)


def test_a_zip_with_a_damaged_directory_is_one_sentence(entry, tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "tiny.pt")
    content = (tmp_path / "tiny.pt").read_bytes()
    for at, wrong in ((content.rindex(b"PK\x01\x02"), b"PK\x09\x09"), (-20, b"\xff" * 20)):
        damaged = bytearray(content)
        damaged[at : at + len(wrong) or None] = wrong
        (tmp_path / "tiny.pt").write_bytes(damaged)
        with pytest.raises(UserError, match="does not hold the weights") as caught:
            load_encoder({**entry, "weights": str(tmp_path / "tiny.pt")}, device="cpu")
        assert "\n" not in str(caught.value)
