import numpy as np
import pytest
from places import GOLDEN


@pytest.fixture(scope="session")
def golden():
    """What FreeReg's released functions computed, by step/name."""
    with np.load(GOLDEN / "freereg.npz") as file:
        skip = ("fcgf", "ddim", "pca")
        kept = [key for key in file.files if not key.startswith(skip) or key.endswith("_map")]
        return {key: file[key] for key in kept}
