"""A short form of `make attack`: some inputs of each kind, and all end as they should."""

import random
import signal
import time
from collections import Counter
from functools import partial

import attack
import harness
import pytest


INPUTS = {"configs": 4, "hostile servers": 8, "clouds .laz": 4}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", attack.SUITES)
def test_an_input_is_read_or_refused_in_one_sentence(tmp_path, name):
    case, count = attack.SUITES[name](tmp_path), INPUTS.get(name, 12)
    found = Counter(case(random.Random(f"test {number}")) for number in range(count))
    assert found.keys() <= {"read", "sentence"}, found


@pytest.mark.filterwarnings("default")
def test_what_hangs_ends_the_process_or_raises_is_counted(monkeypatch, capsys):
    monkeypatch.setattr(harness, "HANG", 0.3)
    # Killed and not aborted, which would print the whole stack.
    kill = partial(signal.raise_signal, signal.SIGKILL)
    ends = [lambda: "read", kill, lambda: time.sleep(9), lambda: 1 / 0, lambda: "sentence"]

    def suite(folder):
        return lambda rng: ends[rng.randrange(len(ends))]()

    expected = Counter(random.Random(f"0 {i}").randrange(len(ends)) for i in range(8))
    table = harness.attack(suite, 8)
    kinds = ("read", "abort", "hang", "traceback", "sentence")
    assert table == {"tried": 8, **{kind: expected[i] for i, kind in enumerate(kinds)}}
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_every_suite_gets_its_part_of_the_inputs():
    counts = {name: attack.count_of(name, 50_000) for name in attack.SUITES}
    assert 49_990 <= sum(counts.values()) <= 50_010
    assert counts["one flipped bit: features"] == 300
