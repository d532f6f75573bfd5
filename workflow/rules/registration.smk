"""From photos and clouds to features of their key-points, once for every frame.

In: scenes in FreeReg's layout: a folder of the user's, an archive, or the embedded frames.
Out: pairs, frames, dense features.
"""


rule fetch_scenes:
    output:
        # Written last: a broken download is resumed.
        "<resources>/frames/{pairs}/manifest.json",
    localrule: True
    resources:
        runtime=per_attempt(240),
    params:
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/fetch_scenes.py"


rule list_pairs:
    input:
        scenes,
    output:
        file("pairs"),
    localrule: True
    params:
        entry=entry_in("pairs", "pairs"),
        # All that is read of the scenes comes after this: it runs again with what is in them.
        contents=lambda wildcards: contents(
            REGISTRATION_ENTRIES["pairs"][wildcards.pairs]
        ),
    script:
        "../../scripts/list_pairs.py"


rule see_frames:
    input:
        unpack(estimated_depth),
        pairs=file("pairs"),
    output:
        file("frames"),
    resources:
        runtime=per_attempt(120),
    params:
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/see_frames.py"


rule describe_frames:
    input:
        unpack(dense_encoder_files),
        pairs=file("pairs"),
        frames=file("frames"),
        networks=networks_of("network"),
    output:
        file("dense"),
    wildcard_constraints:
        features=one_of([name for name in FAMILIES if name not in DIFFUSION]),
    resources:
        gpu=GPU,
        runtime=per_attempt(240),
    params:
        features=entry_in("features", "features"),
        backbone=encoder_entry,
    script:
        "../../scripts/describe_frames.py"
