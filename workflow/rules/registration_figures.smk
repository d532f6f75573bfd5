"""Figures of registration.

In: <out>/registration/scores.parquet; for pictures, frames, matches, poses and the truth.
Out: <out>/figures/registration.
"""


rule registration_pictures:
    input:
        unpack(pictured),
    output:
        matches=shown(
            "figures/registration/{pairs}/matches.png",
            "registration_matches",
            category="Registration",
            pairs="{pairs}",
            figure="Matches",
        ),
        overlay=shown(
            "figures/registration/{pairs}/overlay.png",
            "registration_overlay",
            category="Registration",
            pairs="{pairs}",
            figure="Cloud projected into the photo",
        ),
    localrule: True
    params:
        run=lookup_in(REGISTRATION_HEADLINES, "pairs"),
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/registration_pictures.py"


rule registration_curves:
    input:
        "<out>/registration/scores.parquet",
    output:
        recall=shown(
            "figures/registration/{pairs}/recall_curve.svg",
            "registration_recall_curve",
            category="Registration",
            pairs="{pairs}",
            figure="Registration recall by threshold",
        ),
        overlap=shown(
            "figures/registration/{pairs}/error_overlap.svg",
            "registration_error_overlap",
            category="Registration",
            pairs="{pairs}",
            figure="Pose error by overlap",
        ),
    localrule: True
    params:
        run=lookup_in(REGISTRATION_HEADLINES, "pairs"),
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/registration_curves.py"
