"""What `all` asks for: the files that people read, and what a killed job lost."""


def missing_intermediates(wildcards):
    """What a killed job was to renew is missed only if it is asked for by name."""
    return [
        f"<results>/{path}" for path in targets.missing_intermediates(config, ENTRIES)
    ]


# What people read, file by file: Snakemake does not miss one that a killed job was to make beside
# another.
ACCURACY = [
    "accuracy.csv",
    "accuracy.md",
    "accuracy.txt",
    "accuracy.html",
    "headline.html",
]
CALIBRATED = ["calibration.csv", "calibration.html"] if config["calibration"] else []
REGISTERED = [f"registration{end}" for end in (".csv", ".md", ".txt", ".html")]
REGISTERED += [
    f"registration_{end}" for end in ("released.csv", "scenes.csv", "scenes.html")
]


def classified(wildcards):
    """What people read of classification, if the config asks for any."""
    if not RUNS:
        return []
    return [
        *collect(
            "<out>/tables/{file}", file=[*ACCURACY, *CALIBRATED, "published.html"]
        ),
        *collect("<out>/{file}", file=COMPARISONS),
        *collect(
            "<out>/tables/{table}.{kind}",
            table=config["tables"],
            kind=["csv", "tex", "html"],
        ),
        *collect("<out>/figures/{figure}", figure=FIGURES),
        *collect(
            "<out>/ablations/{ablation}.{kind}",
            ablation=config["ablations"],
            kind=["csv", "svg", "html", "md"],
        ),
        *collect("<out>/checks/{check}.md", check=CHECKS),
    ]


def registered(wildcards):
    """What people read of registration, if the config asks for any."""
    if not REGISTERS:
        return []
    ablations = collect(
        "<out>/ablations/{name}.{kind}",
        name=REGISTRATION_ABLATIONS,
        kind=["csv", "svg", "html"],
    )
    if not REGISTRATIONS:
        return ablations
    figures = collect("<out>/figures/{figure}", figure=REGISTRATION_FIGURES)
    tables = collect("<out>/tables/{file}", file=REGISTERED)
    if REGISTRATION_PUBLISHED:
        tables.append("<out>/tables/registration_published.csv")
    return [*tables, *figures, *ablations]
