"""The embedded encoder: as shipped, through the ordinary path, clear about broken files."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from places import GOLDEN, REPOSITORY

import pointclip
from pointclip.core.errors import UserError
from pointclip.data.read_split import read_split
from pointclip.encoders.encoder import Encoder, load_encoder
from pointclip.features.prompts import load_prompts
from pointclip.projection.projection import get_projection


ASSETS = Path(pointclip.__file__).parent / "assets"
RELEASED = GOLDEN / "iconclip.npz"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("iconclip", device="cpu")


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(RELEASED) as file:
        return dict(file)


def test_is_small_and_loads_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [ASSETS / "iconclip" / name for name in ("iconclip.json", "iconclip.safetensors")]
    assert sum(file.stat().st_size for file in files) <= 24e6
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("asks the network"))
    assert load_encoder("iconclip", device="cpu").dim == 128


def test_features_are_those_that_were_shipped(
    encoder: Encoder, golden: dict[str, np.ndarray]
) -> None:
    images = encoder.encode_images(torch.from_numpy(golden["drawings"]).float())
    texts = encoder.encode_texts([str(sentence) for sentence in golden["sentences"]])
    for found, stored in ((images, "image_features"), (texts, "text_features")):
        assert found.dtype == torch.float32
        wanted = torch.from_numpy(golden[stored])
        assert found.shape == wanted.shape
        unit, unit_wanted = F.normalize(found, dim=-1), F.normalize(wanted, dim=-1)
        torch.testing.assert_close(unit, unit_wanted, atol=1e-4, rtol=0)


def test_features_do_not_depend_on_the_batch(
    encoder: Encoder, golden: dict[str, np.ndarray]
) -> None:
    drawings = torch.from_numpy(golden["drawings"]).float()
    alone = torch.cat([encoder.encode_images(drawing[None]) for drawing in drawings])
    torch.testing.assert_close(alone, encoder.encode_images(drawings), atol=1e-4, rtol=1e-4)


def test_knows_a_dozen_embedded_shapes(encoder: Encoder, golden: dict[str, np.ndarray]) -> None:
    split = read_split({"reader": "furniture"}, ASSETS / "furniture" / "furniture.h5", "test")
    points = np.concatenate([chunk.points[:, :1024] for chunk in split.chunks])[golden["shapes"]]
    prompts = load_prompts("iconclip")
    sentences = [prompts.sentences(name) for name in split.classes]
    prototypes = F.normalize(
        torch.stack([F.normalize(encoder.encode_texts(s), dim=-1).mean(0) for s in sentences]),
        dim=-1,
    )
    depth = get_projection("pointclip_v2")(torch.from_numpy(points).float())
    cosines = F.normalize(encoder.encode_images(depth), dim=-1) @ prototypes.T
    assert cosines.mean(1).argmax(1).tolist() == golden["predicted"].tolist()


def test_words_of_one_meaning_lie_together(encoder: Encoder) -> None:
    words = F.normalize(
        encoder.encode_texts(["sofa", "couch", "airplane", "plane", "guitar"]), dim=-1
    )
    cosines = words @ words.T
    assert cosines[0, 1] > cosines[0, [2, 4]].max()
    assert cosines[2, 3] > cosines[2, [0, 4]].max()


@pytest.mark.parametrize("broken", ["truncated", "other", "empty"])
def test_broken_weights_are_one_clear_sentence(broken: str, tmp_path: Path) -> None:
    shipped = ASSETS / "iconclip" / "iconclip.safetensors"
    path = tmp_path / "iconclip.safetensors"
    if broken == "truncated":
        path.write_bytes(shipped.read_bytes()[:1_000_000])
    elif broken == "other":
        from safetensors.torch import save_file

        save_file({"logit_scale": torch.tensor(1.0)}, path)
    else:
        path.touch()
    with pytest.raises(UserError, match=r"iconclip\.safetensors") as error:
        load_encoder({"base": "iconclip", "weights": str(path)}, device="cpu")
    assert "\n" not in str(error.value)


def test_the_card_names_these_weights() -> None:
    from hashlib import sha256

    digest = sha256((ASSETS / "iconclip" / "iconclip.safetensors").read_bytes()).hexdigest()
    assert digest in (ASSETS / "iconclip" / "CARD.md").read_text()


@pytest.mark.skipif(shutil.which("npm") is None, reason="the recipe fetches by npm")
def test_the_recipe_plans_its_steps() -> None:
    root = REPOSITORY
    command = [
        "-m",
        "snakemake",
        "-s",
        "recipes/iconclip/Snakefile",
        "-n",
        "--forceall",
        "--cores",
        "1",
    ]
    run = subprocess.run([sys.executable, *command], cwd=root, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for rule in ("fetch", "draw_icons", "choose_targets", "train_images", "fit_text", "export"):
        assert rule in run.stdout
