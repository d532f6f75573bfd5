import pytest
from tiny import tiny_backbone

from pointclip.encoders.encoder import load_encoder


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="package")
def entry(tmp_path_factory):
    return tiny_backbone(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="package")
def encoder(entry):
    return load_encoder(entry, device="cpu")
