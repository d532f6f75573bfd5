import contextlib
import json
import math
import random

import pytest
import torch
from few_shot_data import CLASSES, features, task
from safetensors.torch import load_file, save_file

from pointclip.classification.adapters.method import load_method
from pointclip.classification.few_shot.adapter_file import read_adapter, write_adapter
from pointclip.classification.few_shot.train import train
from pointclip.core.errors import UserError
from pointclip.core.tensors import read_tensors, write_tensors


PARTS = {"projection": {"base": "pointclip_v2"}, "backbone": {"base": "rn50"}, "prompts": "v2"}


@pytest.fixture(scope="module")
def one():
    return task()


@pytest.fixture(scope="module")
def state(one):
    return train("nearest_mean", one)["plain"]


@pytest.fixture
def path(one, state, tmp_path):
    path = tmp_path / "a.safetensors"
    write_adapter(state, one, path, "nearest_mean", "plain", PARTS)
    return path


def rewrite(path, drop=(), tensors=None, **about):
    given, known = read_tensors(path)
    given = {name: tensor for name, tensor in given.items() if name not in drop}
    write_tensors({**given, **(tensors or {})}, path, **{**known, **about})


def test_what_is_written_is_read(path, one, state):
    adapter = read_adapter(path)
    assert (adapter.method, adapter.protocol) == ("nearest_mean", "plain")
    assert adapter.seeds == [1, 2, 3] and adapter.views == 4 and adapter.logit_scale == 100
    assert adapter.classes == [f"class_{label}" for label in range(CLASSES)]
    assert adapter.unchecked_parts == PARTS
    assert adapter.state.keys() == state.keys()
    assert all(torch.equal(adapter.state[name], state[name]) for name in state)
    x = features(range(CLASSES), 3)
    expected = load_method("nearest_mean").logits(state, x, one.prototypes, 100.0)
    assert torch.equal(adapter.logits(x), expected)


def test_temperatures_belong_to_seeds(path):
    adapter = read_adapter(path)
    assert len(adapter.temperatures) == 3
    assert adapter.only(2).temperatures == adapter.temperatures[1:2]
    rewrite(path, temperatures=[])
    assert read_adapter(path).temperatures == []
    for bad in ([1.0], [1.0, 1.0, float("nan")], [1, 1, 1e9], "111"):
        rewrite(path, temperatures=bad)
        with pytest.raises(UserError, match="are not 3 numbers from"):
            read_adapter(path)


def test_one_seed_is_the_first_or_the_one_asked_for(path):
    adapter, x = read_adapter(path), features(range(CLASSES), 3)
    for seed, row in ((None, 0), (1, 0), (3, 2)):
        torch.testing.assert_close(adapter.only(seed).logits(x)[0], adapter.logits(x)[row])
    with pytest.raises(UserError, match="has no seed 4: choose one of 1, 2, 3"):
        adapter.only(4)


def test_a_file_of_no_seed_says_so(one, tmp_path):
    path = tmp_path / "none.safetensors"
    write_adapter(None, one, path, "nearest_mean", "validation")
    adapter = read_adapter(path)
    assert adapter.seeds == [] and adapter.state == {}
    with pytest.raises(UserError, match="holds no adapter: its protocol does not exist"):
        adapter.only(None)


@pytest.mark.parametrize(
    "about",
    [
        *({"seeds": value} for value in (3, None, [1.5], [True], ["1"], [2**63])),
        *({"views": value} for value in ("x", 0, -1, 2.0, True, 10**9)),
        *({"classes": value} for value in (None, [], "abc", [1], ["a", "a"])),
        *({"logit_scale": value} for value in (0, -1.0, math.nan, math.inf, "100", None)),
        {"method": ["nearest_mean"]},
        {"protocol": None},
    ],
    ids=str,
)
def test_metadata_out_of_range_is_no_adapter(path, about):
    rewrite(path, **about)
    with pytest.raises(UserError, match="is not an adapter of pointclip: it does not say what"):
        read_adapter(path)


@pytest.mark.parametrize("key", ["weights", "backbone", "hub", "model_config", "code"])
def test_metadata_that_no_adapter_has_is_refused(path, key):
    rewrite(path, **{key: "evil.pt"})
    with pytest.raises(UserError, match=f"Unknown key in the metadata of .* '{key}': choose one"):
        read_adapter(path)


def test_unknown_methods_and_protocols_are_named(path):
    rewrite(path, method="os")
    with pytest.raises(UserError, match=r"Unknown few-shot method in .*a\.safetensors 'os'"):
        read_adapter(path)
    rewrite(path, method="tip", protocol="best")
    with pytest.raises(UserError, match=r"Unknown protocol in .*a\.safetensors 'best'"):
        read_adapter(path)


@pytest.mark.parametrize(
    "tensors",
    [
        {"means": torch.zeros(2, 5, 64)},
        {"means": torch.tensor(1.0)},
        {"extra": torch.zeros(0)},
        {"prototypes": torch.zeros(4, 16)},
        {"prototypes": torch.zeros(5)},
    ],
    ids=lambda tensors: f"{next(iter(tensors))}{tuple(next(iter(tensors.values())).shape)}",
)
def test_tensors_that_fit_neither_seeds_nor_classes_are_named(path, tensors):
    rewrite(path, tensors=tensors)
    with pytest.raises(UserError, match=f"The tensor '{next(iter(tensors))}' in the adapter"):
        read_adapter(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"drop": ["centre"]},
        {"tensors": {"centre": torch.zeros(3, 0)}},
        {"tensors": {"centre": torch.zeros(3, 7, 7)}},
        {"method": "inter_view"},
        {"method": "tip"},
    ],
    ids=str,
)
def test_a_state_of_another_method_or_shape_is_a_sentence(path, changes):
    rewrite(path, **changes)
    adapter = read_adapter(path)
    with pytest.raises(UserError, match=r"does not hold what .* needs .* train it again"):
        adapter.logits(features(range(CLASSES), 3))


def test_deep_metadata_is_a_sentence(path):
    deep = "[" * 200_000 + "]" * 200_000
    save_file(load_file(path), path, metadata={"pointclip": deep})
    with pytest.raises(UserError, match="is not a readable safetensors file"):
        read_adapter(path)


def test_a_flipped_bit_is_told_and_never_read(path):
    whole, first = path.read_bytes(), read_adapter(path)
    rng = random.Random(0)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            read = read_adapter(path)
        except UserError:
            continue
        assert (read.seeds, read.classes, read.logit_scale, read.unchecked_parts) == (
            *(first.seeds, first.classes, first.logit_scale, first.unchecked_parts),
        )
        assert all(torch.equal(read.state[name], first.state[name]) for name in first.state)
        assert torch.equal(read.prototypes, first.prototypes)


def test_bytes_changed_at_random_end_in_a_sentence(path):
    """Without the checksum, as a stranger would write it."""
    tensors, about = read_tensors(path)
    save_file(tensors, path, metadata={"pointclip": json.dumps(about)})
    assert read_adapter(path).seeds == [1, 2, 3]
    whole = path.read_bytes()
    head, x = 8 + int.from_bytes(whole[:8], "little"), features(range(CLASSES), 3)
    rng = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(head)] = rng.randrange(256)
        path.write_bytes(damaged)
        with contextlib.suppress(UserError):
            adapter = read_adapter(path)
            assert adapter.logits(x).shape == (len(adapter.seeds), CLASSES, CLASSES)
