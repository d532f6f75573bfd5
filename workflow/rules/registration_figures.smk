"""Figures of registration.

In: <out>/registration/scores.parquet; for pictures, frames, matches, poses and the truth.
Out: <out>/figures/registration.
"""


rule registration_pictures:
    input:
        unpack(pictured),
    output:
        matches=report(
            "<out>/figures/registration/{pairs}/matches.png",
            caption="../report/registration_matches.rst",
            category="Registration",
            labels={"pairs": "{pairs}", "figure": "Matches"},
        ),
        overlay=report(
            "<out>/figures/registration/{pairs}/overlay.png",
            caption="../report/registration_overlay.rst",
            category="Registration",
            labels={"pairs": "{pairs}", "figure": "Cloud projected into the photo"},
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
        recall=report(
            "<out>/figures/registration/{pairs}/recall_curve.svg",
            caption="../report/registration_recall_curve.rst",
            category="Registration",
            labels={"pairs": "{pairs}", "figure": "Registration recall by threshold"},
        ),
        overlap=report(
            "<out>/figures/registration/{pairs}/error_overlap.svg",
            caption="../report/registration_error_overlap.rst",
            category="Registration",
            labels={"pairs": "{pairs}", "figure": "Pose error by overlap"},
        ),
    localrule: True
    params:
        run=lookup_in(REGISTRATION_HEADLINES, "pairs"),
        entry=entry_in("pairs", "pairs"),
    script:
        "../../scripts/registration_curves.py"
