"""Networks of the config: built in, varied, and one's own."""

import pytest

from pointclip.config import schema
from pointclip.config.resolve import resolve_network
from pointclip.core.errors import UserError


def resolved(name: str, networks: dict) -> dict:
    config = {"networks": networks}
    schema.validate(config)
    return resolve_network(config, name)


def test_a_built_in_network_needs_no_entry():
    entry = resolved("zoe_n", {})
    assert entry["name"] == "zoe_n" and entry["hub"] == "Intel/zoedepth-nyu"


def test_a_variant_keeps_what_it_does_not_change(tmp_path):
    networks = {"local": {"base": "zoe_n", "path": str(tmp_path), "description": "mine"}}
    entry = resolved("local", networks)
    assert entry["path"] == str(tmp_path) and entry["kind"] == "metric_depth"
    assert entry["name"] == "local" and "description" not in entry


@pytest.mark.parametrize(
    ("networks", "sentence"),
    [
        ({"mine": {"kind": "depth"}}, "choose one of stable_diffusion"),
        ({"mine": {"hup": "x"}}, "Unknown key 'hup'"),
        ({"mine": {"path": "/nowhere"}}, "needs a base"),
        (
            {"mine": {"base": "fcgf_kitti", "path": "/nowhere"}},
            "The path ./nowhere. of the",
        ),
        ({"mine": {"base": "fcgf"}}, "Unknown base of network 'mine' 'fcgf'"),
    ],
)
def test_a_wrong_entry_is_one_sentence(networks, sentence):
    with pytest.raises(UserError, match=sentence):
        resolved("mine", networks)
