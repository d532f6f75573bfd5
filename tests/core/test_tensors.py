import os

import pytest
import torch

from pointclip.core.errors import UserError
from pointclip.core.tensors import read_tensors, write_tensors


def test_a_file_is_open_to_whom_the_umask_says(tmp_path):
    before = os.umask(0o027)
    try:
        write_tensors({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    finally:
        os.umask(before)
    assert (tmp_path / "a.safetensors").stat().st_mode & 0o777 == 0o640


def test_tensors_keep_values_and_metadata(tmp_path):
    tensors = {"weight": torch.arange(6.0).reshape(2, 3).T, "ratio": torch.tensor(0.5)}
    write_tensors(tensors, tmp_path / "a.safetensors", seeds=[1, 2], method="inter_view")
    back, metadata = read_tensors(tmp_path / "a.safetensors")
    assert metadata == {"seeds": [1, 2], "method": "inter_view"}
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)
    os.truncate(tmp_path / "a.safetensors", 20)
    with pytest.raises(UserError, match="not a readable safetensors file"):
        read_tensors(tmp_path / "a.safetensors")


@pytest.mark.parametrize("old", [b"inter_view", b"\0\0\x80?"])
def test_a_changed_value_is_told(tmp_path, old):
    path = tmp_path / "a.safetensors"
    write_tensors({"weight": torch.arange(6.0)}, path, method="inter_view")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(old, old[:-1] + b"@"))
    with pytest.raises(UserError, match="is damaged: it does not fit its own checksum"):
        read_tensors(path)


def test_files_of_others_need_no_checksum(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.arange(6.0)}, tmp_path / "a.safetensors")
    tensors, metadata = read_tensors(tmp_path / "a.safetensors")
    assert tensors["weight"].tolist() == [0, 1, 2, 3, 4, 5] and metadata == {}
