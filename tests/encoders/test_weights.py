import json

import pytest

from pointclip.catalog.backbones import resolve_backbone
from pointclip.core.errors import UserError
from pointclip.encoders.weights import find_weights, read_manifest, sha256, write_manifest


ENTRY = resolve_backbone({"model": "RN50", "name": "mine", "pretrained": "x"})


def put(path, content=b"weights"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_folders_are_searched_in_order_the_entrys_own_first(tmp_path):
    assert find_weights(ENTRY, tmp_path / "a", None) is None
    last = put(tmp_path / "b" / "mine.pt")
    assert find_weights(ENTRY, tmp_path / "a", tmp_path / "b") == last
    first = put(tmp_path / "a" / "mine" / "any.bin")
    assert find_weights(ENTRY, tmp_path / "a", tmp_path / "b") == first
    safer = put(tmp_path / "a" / "mine" / "any.safetensors")
    assert find_weights(ENTRY, tmp_path / "a", tmp_path / "b") == safer
    own = {**ENTRY, "weights_dir": str(tmp_path / "b")}
    assert find_weights(own, tmp_path / "a") == last


def test_a_variant_is_found_under_the_name_of_the_backbone_it_varies(tmp_path):
    variant = resolve_backbone({"base": "rn50", "name": "rn50_clip", "mean_std": "clip"})
    shared = put(tmp_path / "rn50" / "open_clip_model.safetensors")
    assert find_weights(variant, tmp_path) == shared
    own = put(tmp_path / "rn50_clip" / "open_clip_model.safetensors")
    assert find_weights(variant, tmp_path) == own


def test_a_file_that_the_entry_names_is_the_only_one(tmp_path):
    put(tmp_path / "mine.pt")
    named = {**ENTRY, "weights": str(tmp_path / "mine.safetensors")}
    with pytest.raises(UserError, match=r"weights file of backbone 'mine' .* does not exist"):
        find_weights(named, tmp_path)
    file = put(tmp_path / "mine.safetensors")
    assert find_weights(named) == file
    embedded = find_weights(resolve_backbone("iconclip"))
    assert embedded is not None and embedded.name == "iconclip.safetensors"


def test_a_manifest_names_a_file_inside_its_folder_or_elsewhere(tmp_path):
    inside, outside = put(tmp_path / "mine" / "x.bin"), put(tmp_path / "else" / "y.bin")
    for path, named in ((inside, "x.bin"), (outside, str(outside))):
        write_manifest(path, tmp_path, "mine", "a test", sha256(path))
        manifest = tmp_path / "mine" / "weights.json"
        assert json.loads(manifest.read_text())["file"] == named
        assert read_manifest(manifest).samefile(path)
        found = find_weights(ENTRY, tmp_path)
        assert found is not None and found.samefile(path)


def test_a_checksum_that_is_not_the_expected_one_writes_no_manifest(tmp_path):
    path = put(tmp_path / "mine" / "x.bin")
    with pytest.raises(UserError, match=r"has the sha256 .*, not 0000"):
        write_manifest(path, tmp_path, "mine", "a test", "0" * 64)
    assert not (tmp_path / "mine" / "weights.json").exists()


def test_a_manifest_that_promises_what_is_not_there_is_refused(tmp_path):
    path = put(tmp_path / "mine" / "x.bin")
    write_manifest(path, tmp_path, "mine", "a test", sha256(path))
    path.write_bytes(b"other")
    with pytest.raises(UserError, match=r"x.bin is missing or not 7 bytes long: delete"):
        find_weights(ENTRY, tmp_path)
    (tmp_path / "mine" / "weights.json").write_text("{}")
    with pytest.raises(UserError, match="is damaged: delete it and fetch again"):
        find_weights(ENTRY, tmp_path)
