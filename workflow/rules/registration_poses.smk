"""From features of key-points to matches and camera poses, and their scores.

In: pairs, frames, dense features; the truth, a file that only scores and figures read.
Out: matches, poses, <out>/registration/scores.parquet.
"""


rule match_pairs:
    input:
        pairs=file("pairs"),
        frames=file("frames"),
        dense=dense_parts,
    output:
        file("matches"),
    params:
        features=entry_in("features", "features"),
    script:
        "../../scripts/match_pairs.py"


rule solve_poses:
    input:
        pairs=file("pairs"),
        frames=file("frames"),
        dense=dense_parts,
        matches=file("matches"),
    output:
        file("poses"),
    resources:
        runtime=per_attempt(120),
    params:
        entry=entry_in("pairs", "pairs"),
        features=entry_in("features", "features"),
        solver=entry_in("solvers", "solver"),
    script:
        "../../scripts/solve_poses.py"


rule read_truth:
    input:
        pairs=file("pairs"),
        frames=file("frames"),
    output:
        file("truth"),
    params:
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/read_truth.py"


rule score_registration:
    input:
        **scored_files(REGISTRATIONS),
    output:
        "<out>/registration/scores.parquet",
    params:
        runs=REGISTRATIONS,
        entries=REGISTRATION_ENTRIES["pairs"],
    script:
        "../../scripts/score_registration.py"
