"""Tables are the same on CPUs with and without AVX-512."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from places import REPOSITORY

from pointclip.core.instructions import environment


# What each library is told to leave out, so that this machine is one without AVX-512.
WITHOUT_AVX512 = {
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL",
    "OPENBLAS_CORETYPE": "Haswell",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX512BW",
}
# Few-shot training on noise, whose accuracy a last bit can change.
CODE = """
import sys
import numpy as np
import torch
from few_shot_data import task
from pointclip.classification.few_shot.train import accuracies, train
from pointclip.classification.adapters import inter_view

torch.set_num_threads(1)
one = task(shots=4)
state = train("inter_view", one, epochs=40)["plain"]
logits = inter_view.logits(state, one.features, one.prototypes, 100.0)
labels = torch.arange(len(one.features)) % len(one.classes)
table = accuracies(inter_view, state, one, one.features, labels)
np.savez(sys.argv[1], logits=logits, table=table)
"""


def run(folder: Path, **variables: str) -> dict[str, np.ndarray]:
    path = folder / f"{len(variables)}.npz"
    known = {k: v for k, v in os.environ.items() if k not in {**environment(), **WITHOUT_AVX512}}
    places = {"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{REPOSITORY / 'tests/helpers'}"}
    command = [sys.executable, "-W", "ignore", "-c", CODE, path]
    subprocess.run(command, env=known | places | variables, check=True)
    with np.load(path) as found:
        return dict(found)


@pytest.mark.skipif(
    not environment() or "GenuineIntel" not in Path("/proc/cpuinfo").read_text(),
    reason="MKL promises equal results on Intel's CPUs with AVX2 only",
)
def test_tables_are_the_same_without_avx512(tmp_path):
    here, elsewhere = (run(tmp_path, **environment(), **more) for more in ({}, WITHOUT_AVX512))
    for name in ("table", "logits"):
        np.testing.assert_array_equal(here[name], elsewhere[name], err_msg=name)


def test_a_cpu_without_avx2_is_left_as_it_is(tmp_path):
    (tmp_path / "cpuinfo").write_text("flags : fpu sse2 avx\n")
    assert environment(tmp_path / "cpuinfo") == {}
    assert environment(tmp_path / "nowhere") == {}
    (tmp_path / "cpuinfo").write_text("flags : fpu sse2 avx avx2 fma\n")
    assert environment(tmp_path / "cpuinfo")["MKL_CBWR"] == "AVX2"
