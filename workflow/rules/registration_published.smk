"""Our registrations beside the published numbers of the same pairs.

In: <out>/tables/registration_released.csv, config/published.csv.
Out: <out>/tables/registration_published.{csv,md,html}.
"""

import csv

with open(PUBLISHED, encoding="utf-8") as published_table:
    published_pairs = {row["dataset"] for row in csv.DictReader(published_table)}
# Whether any set of pairs of this config has a published number.
REGISTRATION_PUBLISHED = any(run["pairs"] in published_pairs for run in REGISTRATIONS)


rule registration_published:
    input:
        ours="<out>/tables/registration_released.csv",
        published=PUBLISHED,
    output:
        csv="<out>/tables/registration_published.csv",
        md="<out>/tables/registration_published.md",
        html=shown(
            "tables/registration_published.html",
            category="Registration",
            table="published numbers",
            form="page",
        ),
    localrule: True
    script:
        "../../scripts/registration_published.py"
