import pytest
import torch
from tiny import save_model, tiny_backbone

from pointclip.catalog.backbones import resolve_backbone
from pointclip.core.errors import UserError
from pointclip.encoders.encoder import load_encoder
from pointclip.encoders.tensors import read_tensors
from pointclip.encoders.text_tower import (
    TextFeatures,
    TextTower,
    build_text_tower,
    load_text_tower,
    write_text_features,
)


CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 8},
    "text_cfg": {"context_length": 32, "width": 64, "heads": 1, "layers": 2},
}
SENTENCES = ["a chair.", "a 3D model of a table.", ""]


@pytest.fixture(scope="module")
def open_clip():
    return pytest.importorskip("open_clip")


@pytest.mark.parametrize("custom", [False, True], ids=["CLIP", "EVA's text tower"])
@pytest.mark.parametrize("quick_gelu", [False, True])
def test_features_are_those_of_the_whole_model(custom, quick_gelu, open_clip, tmp_path):
    torch.manual_seed(0)
    kind = open_clip.CustomTextCLIP if custom else open_clip.CLIP
    model = kind(**CONFIG, quick_gelu=quick_gelu).eval()
    save_model(model, tmp_path / "model.safetensors")
    stored = read_tensors(tmp_path / "model.safetensors")
    tower = build_text_tower(open_clip, CONFIG, quick_gelu, stored, tmp_path)
    tokenizer = open_clip.SimpleTokenizer(context_length=32)
    ours = TextTower(tower, tokenizer, torch.device("cpu"))
    with torch.inference_mode():
        theirs = model.encode_text(tokenizer(SENTENCES))
    torch.testing.assert_close(ours.encode_texts(SENTENCES), theirs)
    assert ours.dim == 16
    assert ours.encode_texts([]).shape == (0, 16)


def test_another_models_file_gets_one_sentence(open_clip, tmp_path):
    tensors = {"visual.proj": torch.zeros(3)}
    with pytest.raises(UserError, match=r"holds no text tower: no tensor .* 'token_embedding"):
        build_text_tower(open_clip, CONFIG, False, tensors, tmp_path)
    model = open_clip.CLIP(**CONFIG)
    wider = CONFIG | {"embed_dim": 24}
    with pytest.raises(UserError, match=r"1 of its .* tensors .* first 'text_projection'"):
        build_text_tower(open_clip, wider, False, model.state_dict(), tmp_path)


def test_the_tower_of_a_backbone_is_loaded_from_the_same_file(tmp_path):
    entry = tiny_backbone(tmp_path)
    tower = load_text_tower(resolve_backbone(entry), "cpu")
    whole = load_encoder(entry, "cpu")
    torch.testing.assert_close(tower.encode_texts(SENTENCES), whole.encode_texts(SENTENCES))


def test_features_in_a_file_answer_for_their_tower(tmp_path):
    tower = load_text_tower(resolve_backbone(tiny_backbone(tmp_path)), "cpu")
    path = tmp_path / "texts.parquet"
    write_text_features([*SENTENCES, SENTENCES[0]], tower, "tiny", path)
    stored = TextFeatures(path)
    assert (stored.dim, stored.tower) == (tower.dim, "tiny")
    ours = stored.encode_texts(SENTENCES[::-1])
    torch.testing.assert_close(ours, tower.encode_texts(SENTENCES[::-1]))
    with pytest.raises(UserError, match=r"no feature of 1 of 2 sentences, first 'a lamp.'"):
        stored.encode_texts([SENTENCES[0], "a lamp."])
