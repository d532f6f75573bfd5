"""Input functions and params of networks.smk and registration*.smk."""

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


REGISTRATIONS = registrations.runs(config)
REGISTERS = bool(REGISTRATIONS or config["registration_ablations"])


wildcard_constraints:
    **{
        axis: one_of(REGISTRATION_ENTRIES[section])
        for axis, section in registrations.AXES.items()
    },


def entry_in(section, axis):
    """A resolved entry of registration."""
    return lambda wildcards: REGISTRATION_ENTRIES[section][wildcards[axis]]


def scenes(wildcards):
    """What says that the archive of a set of pairs is unpacked; a user's folder is no input."""
    fetched = REGISTRATION_ENTRIES["pairs"][wildcards.pairs]["fetched"]
    return f"<resources>/frames/{fetched}/manifest.json" if fetched else []


def dense_encoder_files(wildcards):
    """What the backbone of a family is loaded from, if it has one."""
    entry = REGISTRATION_ENTRIES["features"][wildcards.features]["entry"]
    if "backbone" not in entry:
        return {}
    backbone = ENTRIES["backbones"][entry["backbone"]]
    manifest = f"<resources>/weights/{backbone['fetched']}/weights.json"
    return {"weights": manifest} | backbone["files"]


def encoder_entry(wildcards):
    entry = REGISTRATION_ENTRIES["features"][wildcards.features]["entry"]
    name = entry.get("backbone")
    return ENTRIES["backbones"][name]["entry"] if name else {}


def scored_files(runs):
    """All that the score of these registrations reads, by kind, each file once."""
    found = {
        kind: list(dict.fromkeys(file(kind, **run) for run in runs))
        for kind in ("matches", "poses")
    }
    names = list(dict.fromkeys(run["pairs"] for run in runs))
    for kind in ("pairs", "frames", "truth"):
        found[kind] = [file(kind, pairs=name) for name in names]
    return found


REGISTRATION_HEADLINES = registrations.headlines(config)


def pictured(wildcards):
    """What the pictures of a set of pairs show: its headline."""
    run = REGISTRATION_HEADLINES[wildcards.pairs]
    return {
        kind: file(kind, **run)
        for kind in ("pairs", "frames", "matches", "poses", "truth")
    }
