"""The frozen networks of registration: fetched once, their checksums recorded.

In: what the config says of a network. Out: a record of where its files lie.
"""


rule network:
    output:
        # Written last; the files themselves may lie anywhere, and this says where.
        "<resources>/networks/{network}/weights.json",
    resources:
        runtime=per_attempt(240),
    params:
        network=lambda wildcards: REGISTRATION_ENTRIES["networks"][wildcards.network],
    script:
        "../../scripts/network.py"
