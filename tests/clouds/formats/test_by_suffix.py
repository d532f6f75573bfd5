import numpy as np
import pytest
from cloud_files import GOOD, POINTS, write, write_h5

from pointclip.clouds.formats.by_suffix import FORMATS
from pointclip.clouds.mesh import Mesh


# Suffix -> a good file of the format.
FILES = {"." + name.rpartition(".")[2].lower(): content for name, content in GOOD.items()}
FILES[".hdf5"] = write_h5


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_suffix_has_a_reader_of_its_format(suffix, tmp_path):
    path = write(tmp_path / f"a{suffix}", FILES[suffix])
    found = FORMATS[suffix](path, 1 if suffix in (".h5", ".hdf5") else 0, np.random.default_rng(0))
    if isinstance(found, Mesh):
        assert found.triangles.shape[1] == 3 and found.triangles.max() < len(found.vertices)
    else:
        np.testing.assert_allclose(found.points, POINTS, atol=1e-4)


def test_suffixes_are_written_small_as_those_of_files_are_compared():
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in FORMATS)
