"""The frozen networks of registration: fetched once, their checksums recorded.

In: what the config says of a network. Out: a record of where its files lie.
"""


wildcard_constraints:
    network="|".join(map(re.escape, REGISTRATION_ENTRIES["networks"])) or "(?!)",


# Who describes frames: a family by itself; layers, for pairs to find axes in; or shared axes.
FAMILIES = {
    name: features["entry"]
    for name, features in REGISTRATION_ENTRIES["features"].items()
    if features["entry"]
}
DIFFUSION = [name for name, entry in FAMILIES.items() if entry["family"] == "diffusion"]
SHARED = [name for name in DIFFUSION if FAMILIES[name]["axes"] == "shared"]


def dense_parts(wildcards):
    """The features or layers of the families that are fused; none for random matches."""
    found = []
    for part in REGISTRATION_ENTRIES["features"][wildcards.features]["parts"]:
        features = REGISTRATION_ENTRIES["features"][part]
        if features["dimensions"][0]:
            found.append(
                file("layers", pairs=wildcards.pairs, features=features["layers_of"])
            )
        else:
            found.append(file("dense", pairs=wildcards.pairs, features=part))
    return found


def network_record(name):
    """What says where the files of a network lie."""
    return f"<resources>/networks/{name}/weights.json"


def networks_of(*keys):
    """The networks that a family names under these keys."""
    return lambda wildcards: [
        network_record(FAMILIES[wildcards.features][key])
        for key in keys
        if key in FAMILIES[wildcards.features]
    ]


def estimated_depth(wildcards):
    """The depth of the photos, if a network estimates it; shared by sets of the same photos."""
    entry = REGISTRATION_ENTRIES["pairs"][wildcards.pairs]
    if not entry["depth_network"]:
        return {}
    axes = {"pairs": entry["depth_of"], "network": entry["depth_network"]}
    return {"estimated": file("estimated_depth", **axes)}


rule network:
    output:
        # Written last; the files themselves may lie anywhere, and this says where.
        "<resources>/networks/{network}/weights.json",
    log:
        "<logs>/networks/{network}.log",
    conda:
        "../../environment.yml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(240),
    params:
        network=lambda wildcards: REGISTRATION_ENTRIES["networks"][wildcards.network],
    script:
        "../../scripts/network.py"
