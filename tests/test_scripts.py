"""A job pays for what its script imports: a second and more for torch, again for open_clip."""

import ast
import subprocess
import sys

from places import REPOSITORY


SCRIPTS = REPOSITORY / "scripts"
HEAVY = {"torch", "open_clip", "numba", "sklearn"}
# What encodes or learns. All others read, count, plot and write.
NEEDS_TORCH = {
    *("encode", "encode_augmented", "encode_points", "encode_augmented_points", "encode_text"),
    *("reference_checks", "train", "train_released", "describe_frames"),
    *("encode_patches", "segment", "segment_few_shot", "encode_layers", "estimate_depth"),
    "share_axes",
}


# What has kernels for the CPU: of depth maps, of view weights, and of registration.
NEEDS_NUMBA = {
    *("project", "zero_shot_validation", "zero_shot_released", "see_frames", "list_pairs"),
    *("match_pairs", "read_truth", "solve_poses", "score_registration"),
    *("registration_ablation", "registration_pictures"),
}


def imported(names: list[str]) -> set[str]:
    """The heavy modules that the imports of some scripts bring with them."""
    statements = [
        ast.unparse(node)
        for name in names
        for node in ast.parse((SCRIPTS / f"{name}.py").read_text()).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    code = "\n".join([*statements, "import sys", f"print(*({HEAVY!r} & set(sys.modules)))"])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_counts_and_writes_imports_nothing_heavy() -> None:
    every = {path.stem for path in SCRIPTS.glob("*.py")}
    assert every > NEEDS_TORCH | NEEDS_NUMBA
    assert imported(sorted(every - NEEDS_TORCH - NEEDS_NUMBA)) == set()


def test_depth_maps_and_cosines_need_no_torch() -> None:
    assert imported(sorted(NEEDS_NUMBA)) == {"numba"}


def test_an_encoder_is_imported_only_to_encode() -> None:
    found = imported(["encode", "train"])
    assert "open_clip" not in found and "torch" in found
