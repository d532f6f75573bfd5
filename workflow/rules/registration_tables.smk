"""Tables and ablations of registration.

In: <out>/registration/scores.parquet; for an ablation, all that its registrations are scored by.
Out: <out>/tables/registration*, <out>/ablations.
"""

REGISTRATION_ABLATIONS = {
    name: registrations.ablation_runs(config, name)
    for name in config["registration_ablations"]
}


wildcard_constraints:
    registration_ablation=one_of(REGISTRATION_ABLATIONS),


rule registration_table:
    input:
        "<out>/registration/scores.parquet",
    output:
        csv=shown(
            "tables/registration.csv",
            category="Registration",
            table="registration",
            form="CSV",
        ),
        md="<out>/tables/registration.md",
        txt="<out>/tables/registration.txt",
        html=shown(
            "tables/registration.html",
            category="Registration",
            table="registration",
            form="page",
        ),
        released="<out>/tables/registration_released.csv",
        scenes=shown(
            "tables/registration_scenes.html",
            category="Registration",
            table="registration per scene",
            form="page",
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
        figure=shown(
            "ablations/{registration_ablation}.svg",
            "registration_ablation",
            category="Registration",
            ablation="{registration_ablation}",
            form="plot",
        ),
        table=shown(
            "ablations/{registration_ablation}.html",
            "registration_ablation",
            category="Registration",
            ablation="{registration_ablation}",
            form="table",
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
