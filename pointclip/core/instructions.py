"""Which instructions of a CPU the libraries use: the same ones on every machine, or tables differ.

Libraries choose kernels by the CPU. Other kernels add in another order, and float32 rounds
otherwise: the encoder's features differ by 4e-6 (2 of 10,000 change their last bit in float16), and
250 epochs of `inter_view` make logits of up to 0.16 out of it, so that now and then a shape gets
another class. With AVX2, which x86 CPUs have since 2013, results are equal to the bit on Intel's
CPUs with and without AVX-512 (measured; `tests/core/test_instructions.py`). MKL has such a promise
for Intel's CPUs only: on others, and on ARM, `inter_view` may give a shape or two another class.
"""

from pathlib import Path


_AVX2 = {
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own kernels
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # convolutions
    "MKL_CBWR": "AVX2",  # matrix products: Conditional Numerical Reproducibility
}


def environment(cpu: Path = Path("/proc/cpuinfo")) -> dict[str, str]:
    """What a process must find in its environment; nothing where the CPU has no AVX2.

    Args:
        cpu: what Linux says of the CPU; other systems have no such file.
    """
    try:
        known = cpu.read_text(encoding="utf-8", errors="replace").split()
    except OSError:
        return {}
    return dict(_AVX2) if "avx2" in known else {}
