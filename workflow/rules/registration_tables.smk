"""Tables and ablations of registration.

In: <out>/registration/scores.parquet; for an ablation, all that its registrations are scored by.
Out: <out>/tables/registration*, <out>/ablations.
"""

REGISTRATION_ABLATIONS = {
    name: registrations.ablation_runs(config, name)
    for name in config["registration_ablations"]
}


wildcard_constraints:
    registration_ablation="|".join(map(re.escape, REGISTRATION_ABLATIONS)) or "(?!)",


rule registration_table:
    input:
        "<out>/registration/scores.parquet",
    output:
        csv=report(
            "<out>/tables/registration.csv",
            caption="../report/registration.rst",
            category="Registration",
            labels={"table": "registration", "form": "CSV"},
        ),
        md="<out>/tables/registration.md",
        txt="<out>/tables/registration.txt",
        html=report(
            "<out>/tables/registration.html",
            caption="../report/registration.rst",
            category="Registration",
            labels={"table": "registration", "form": "page"},
        ),
        released="<out>/tables/registration_released.csv",
        scenes=report(
            "<out>/tables/registration_scenes.html",
            caption="../report/registration_scenes.rst",
            category="Registration",
            labels={"table": "registration per scene", "form": "page"},
        ),
        scenes_csv="<out>/tables/registration_scenes.csv",
    localrule: True
    params:
        entries=REGISTRATION_ENTRIES["pairs"],
    script:
        "../../scripts/registration_table.py"


rule registration_ablation:
    input:
        unpack(
            lambda wildcards: scored_files(
                REGISTRATION_ABLATIONS[wildcards.registration_ablation]
            )
        ),
    output:
        csv="<out>/ablations/{registration_ablation}.csv",
        figure=report(
            "<out>/ablations/{registration_ablation}.svg",
            caption="../report/registration_ablation.rst",
            category="Registration",
            labels={"ablation": "{registration_ablation}", "form": "plot"},
        ),
        table=report(
            "<out>/ablations/{registration_ablation}.html",
            caption="../report/registration_ablation.rst",
            category="Registration",
            labels={"ablation": "{registration_ablation}", "form": "table"},
        ),
    localrule: True
    params:
        ablation=lambda wildcards: config["registration_ablations"][
            wildcards.registration_ablation
        ],
        runs=lookup_in(REGISTRATION_ABLATIONS, "registration_ablation"),
        entries=REGISTRATION_ENTRIES["pairs"],
    script:
        "../../scripts/registration_ablation.py"
