"""A stranger's code under every name that a file may have: none runs, and nothing is fetched."""

import io
import os
import pickle
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from pointclip.app.class_lists import read_classes
from pointclip.classification.ensembles.external_logits import read_logits
from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.clouds.labelled import load_labelled
from pointclip.clouds.load import load_cloud
from pointclip.core.errors import UserError
from pointclip.core.files import read_yaml
from pointclip.core.store import open_h5, read_parquet
from pointclip.data.corrupt import read_published
from pointclip.data.download import unpack
from pointclip.data.readers.frames import read_depth, read_matrix, read_pair_list, read_photo
from pointclip.encoders.tensors import read_tensors
from pointclip.encoders.text_tower import TextFeatures
from pointclip.features.prompts import load_prompts, read_sentences
from pointclip.registration.dense.fcgf_weights import load_fcgf


class Payload:
    """Runs a command where it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


def forms(command: str) -> dict[str, bytes]:
    """The payload as a pickle, in a torch file, in arrays of objects, and as a YAML tag."""
    payload, objects = Payload(command), np.array([Payload(command)] * 3, dtype=object)
    saved, array, arrays, packed = (io.BytesIO() for _ in range(4))
    torch.save({"state_dict": payload}, saved)
    np.save(array, objects, allow_pickle=True)
    names = ("points", "part", "id", "logits", "classes")
    np.savez(arrays, **dict.fromkeys(names, objects))
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../evil.py", "import os")
        archive.writestr("a.npy", array.getvalue())
    tag = f'!!python/object/apply:os.system ["{command}"]\n'
    return {
        **{"pickle": pickle.dumps(payload), "torch": saved.getvalue(), "npy": array.getvalue()},
        **{"npz": arrays.getvalue(), "zip": packed.getvalue(), "yaml": f"a: {tag}".encode()},
    }


IDS, CLASSES = np.array(["test/000000"]), ["chair"]
# Suffix -> what reads files with it.
PLACES: dict[str, list[Callable[[Path], Any]]] = {
    **{
        key: [load_cloud]
        for key in (".xyz", ".off", ".pcd", ".stl", ".obj", ".glb", ".las", ".laz")
    },
    ".ply": [load_cloud, load_labelled],
    ".npy": [load_cloud, lambda p: read_depth(p, 1), lambda p: read_published(p, "a", 1, IDS)],
    ".npz": [load_cloud, load_labelled, lambda p: read_logits(p, IDS, CLASSES)],
    ".h5": [load_cloud, lambda p: open_h5(p).__enter__(), lambda p: open_h5(p, True).__enter__()],
    ".parquet": [read_parquet, TextFeatures, lambda p: read_logits(p, IDS, CLASSES)],
    ".safetensors": [read_adapter, read_tensors],
    **{key: [read_tensors, load_fcgf] for key in (".pt", ".pth", ".bin", ".ckpt")},
    ".yaml": [read_yaml, load_prompts],
    ".json": [read_sentences, read_classes],
    ".tsv": [read_sentences],
    ".txt": [read_classes, read_pair_list, lambda p: read_matrix(p, 3, 3)],
    **{key: [read_photo] for key in (".png", ".jpg")},
    ".zip": [lambda p: unpack(p, p.parent / "out", lambda _: True)],
}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("suffix", PLACES)
def test_no_payload_runs_and_nothing_is_fetched(tmp_path, monkeypatch, suffix):
    ran = tmp_path / "ran"

    def refuse(*_: Any) -> None:
        raise AssertionError("the network is asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for form, content in forms(f"touch {ran}").items():
        path = tmp_path / "in" / f"{form}{suffix}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        for read in PLACES[suffix]:
            try:
                read(path)
            except UserError as error:
                assert "\n" not in str(error)
            assert not ran.exists(), (form, read)
    assert {path.name for path in tmp_path.iterdir()} == {"in"}


def test_the_payload_works(tmp_path):
    pickle.loads(forms(f"touch {tmp_path / 'ran'}")["pickle"])
    assert (tmp_path / "ran").exists()
