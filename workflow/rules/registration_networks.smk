"""What frozen networks add to registration: the depth of photos, and layers of a diffusion model.

In: frames and their pairs, networks. Out: results/registration: estimated depth, layers; features by
axes that all frames share.
"""


rule estimate_depth:
    input:
        pairs=file("pairs"),
        network=network_record("{network}"),
    output:
        file("estimated_depth"),
    resources:
        **heavy(240),
    params:
        entry=entry_in("pairs", "pairs"),
        network=lambda wildcards: wildcards.network,
    script:
        "../../scripts/estimate_depth.py"


rule encode_layers:
    input:
        pairs=file("pairs"),
        frames=file("frames"),
        networks=networks_of("stable_diffusion", "controlnet"),
    output:
        file("layers"),
    wildcard_constraints:
        features=one_of(DIFFUSION),
    threads: config["encode_threads"]
    resources:
        gpu=GPU,
        mem_mb=per_attempt(12000),
        runtime=per_attempt(1440),
    params:
        entry=lambda wildcards: FAMILIES[wildcards.features],
        scene=lambda wildcards: REGISTRATION_ENTRIES["pairs"][wildcards.pairs]["scene"],
    script:
        "../../scripts/encode_layers.py"


rule share_axes:
    input:
        pairs=file("pairs"),
        frames=file("frames"),
        layers=lambda wildcards: file(
            "layers",
            pairs=wildcards.pairs,
            features=REGISTRATION_ENTRIES["features"][wildcards.features]["layers_of"],
        ),
    output:
        file("dense"),
    wildcard_constraints:
        features=one_of(SHARED),
    resources:
        runtime=per_attempt(120),
    params:
        entry=lambda wildcards: FAMILIES[wildcards.features],
    script:
        "../../scripts/share_axes.py"
