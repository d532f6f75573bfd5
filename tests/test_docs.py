import re
import runpy

import pytest
from places import REPOSITORY

import pointclip


ROOT = REPOSITORY


def test_the_reference_is_that_of_the_docstrings():
    written = runpy.run_path(str(ROOT / "docs/write_api.py"))["page"]()
    assert (ROOT / "docs/api.md").read_text("utf-8") == written, "run `make docs`"


@pytest.mark.skipif(not (ROOT / "README.md").exists(), reason="there is no README")
def test_the_readme_and_the_package_show_the_same_five_lines():
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^>>> (.*)$", pointclip.__doc__, re.M)
    assert len(shown) == 5
    assert "\n".join(shown) in readme
