"""What `all` asks for: every file of the rules that write for people, and what a killed job lost."""

from itertools import product


def made_by(rule, **values):
    """All files that a rule writes; its wildcards have these values, one or each of several.

    Each is asked for by name: Snakemake does not miss one that a killed job was to make beside
    another.
    """
    lists = [[one] if isinstance(one, str) else list(one) for one in values.values()]
    return [
        path.apply_wildcards(dict(zip(values, own)))
        for own in product(*lists)
        for path in rule.output
    ]


def classified(wildcards):
    """What people read of classification, if the config asks for any."""
    if not RUNS:
        return []
    found = [
        *made_by(rules.accuracy),
        *made_by(rules.published_numbers),
        *made_by(rules.paper_table, table=config["tables"]),
        *made_by(rules.ablation, ablation=config["ablations"]),
        *made_by(rules.few_class_batches, batches=config["few_class_batches"]),
        *made_by(rules.comparison, dataset=COMPARED),
        *made_by(rules.corruption_figures, dataset=CORRUPTED_BASES),
    ]
    if COMPARED:
        found += made_by(rules.ranking)
    if CORRUPTED_BASES:
        found += made_by(rules.corruption)
    if CHECKS:
        found += made_by(rules.reference_checks)
    for name, kinds in HEADLINES.items():
        found += made_by(rules.confusion, dataset=name, kind=kinds)
        if "few_shot" in kinds:
            found += made_by(rules.shots_curve, dataset=name)
    for name, projections in MONTAGES.items():
        found += made_by(rules.montage, dataset=name, projection=projections)
        if len(projections) > 1:
            found += made_by(rules.compare_projections, dataset=name)
    if config["calibration"]:
        found += made_by(rules.calibrate)
        found += made_by(rules.reliability, dataset=HEADLINES)
    return found


def registered(wildcards):
    """What people read of registration, if the config asks for any."""
    if not REGISTERS:
        return []
    names = REGISTRATION_ABLATIONS
    found = made_by(rules.registration_ablation, registration_ablation=names)
    if REGISTRATIONS:
        found += made_by(rules.registration_table)
        found += made_by(rules.registration_pictures, pairs=REGISTRATION_HEADLINES)
        found += made_by(rules.registration_curves, pairs=REGISTRATION_HEADLINES)
    if REGISTRATION_PUBLISHED:
        found += made_by(rules.registration_published)
    return found


def segmented(wildcards):
    """What people read of part segmentation, if the config asks for any."""
    if not PART_RUNS:
        return []
    return [
        *made_by(rules.parts_table),
        *made_by(rules.parts_figure, part_dataset=PART_HEADLINES),
    ]


def missing_intermediates(wildcards):
    """What a killed job was to renew is missed only if it is asked for by name."""
    return [
        f"<results>/{path}" for path in targets.missing_intermediates(config, ENTRIES)
    ]
