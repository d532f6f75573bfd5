"""docs/parts.md shows what the kept results of config/parts.yaml hold."""

import runpy

import pytest
from places import REPOSITORY


SCRIPT = runpy.run_path(str(REPOSITORY / "docs/write_parts.py"))


def test_the_tables_of_the_page_are_those_of_the_results() -> None:
    page = SCRIPT["PAGE"].read_text()
    assert SCRIPT["write"](page, *SCRIPT["kept"]()) == page
    # A header, a rule and a row at least between every pair of markers.
    assert all(found[0].count("\n|") > 2 for found in SCRIPT["MARKED"].finditer(page))


def test_a_marker_without_a_table_is_an_error() -> None:
    with pytest.raises(KeyError, match="ablation: nothing"):
        SCRIPT["write"]("<!-- ablation: nothing -->\n\n<!-- end -->", *SCRIPT["kept"]())
