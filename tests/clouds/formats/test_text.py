import logging

import numpy as np
import pytest

from pointclip.clouds.formats import text
from pointclip.clouds.formats.text import line_blocks, numbers, read_text
from pointclip.core.errors import UserError


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "a.xyz").write_bytes(content)
        return read_text(tmp_path / "a.xyz", 0, np.random.default_rng(0)).points

    return read


def test_columns_are_found_by_name_else_they_are_the_first_three(read):
    expected = [[1, 2, 3], [4, 5, 6]]
    for content in (
        b"1 2 3 9\n4 5 6 9\n",
        b'"Z";"a";"X";"Y"\n3;9;1;2\n6;9;4;5\n',
        b"//X Y Z\n1,2,3\n4,5,6 # the end\n",
        b"a title\n\n2\n1\t2\t3\r\n4\t5\t6\r\n",
        b"1|2|3\n4|5|6",
    ):
        np.testing.assert_array_equal(read(content), expected)


def test_a_count_that_is_not_reached_is_told(read):
    assert len(read(b"2\n1 2 3\n4 5 6\n")) == 2
    with pytest.raises(UserError, match="announces 3 points, but holds 2"):
        read(b"3\n1 2 3\n4 5 6\n")


def blocks(path, content):
    path.write_bytes(content)
    with path.open("rb") as f:
        return list(line_blocks(f))


def test_lines_come_in_blocks_whatever_their_number(monkeypatch, tmp_path):
    monkeypatch.setattr(text, "BLOCK", 10)
    lines = [b"%d" % i for i in range(100)]
    found = blocks(tmp_path / "a", b"\n".join(lines) + b"\n")
    assert len(found) > 20
    assert b"\n".join(found).split(b"\n") == lines


def test_a_line_without_an_end_is_told(caplog, tmp_path):
    for content, warnings in ((b"1 2\n3 4\n", 0), (b"1 2\n3 4", 1), (b"1 2\n \r\0", 0)):
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            blocks(tmp_path / "a", content)
        assert len(caplog.records) == warnings


def test_numbers_are_all_numbers_or_none():
    np.testing.assert_array_equal(numbers(b"1,2;3\t-4e2 | nan"), [1, 2, 3, -400, np.nan])
    assert numbers(b" \n").shape == (0,)
    for content in (b"1 2 x", b"1 2 3 0x10", b"1,,\xff"):
        with pytest.raises(UserError, match="something else where numbers"):
            numbers(content)
