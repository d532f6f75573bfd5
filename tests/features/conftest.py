import pytest
from shape_files import write_clouds
from tiny import tiny_backbone

from pointclip.encoders.encoder import load_encoder
from pointclip.projection.projection import get_projection


@pytest.fixture(scope="package")
def encoder(tmp_path_factory):
    return load_encoder(tiny_backbone(tmp_path_factory.mktemp("tiny")), device="cpu")


@pytest.fixture(scope="package")
def projection():
    return get_projection("pointclip_zs", size=24)


@pytest.fixture(scope="package")
def clouds(tmp_path_factory):
    return write_clouds(tmp_path_factory.mktemp("clouds") / "train.h5")
