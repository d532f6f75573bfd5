import re

from places import REPOSITORY

import pointclip


def test_the_readme_and_the_package_show_the_same_five_lines():
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    shown = re.findall(r"^>>> (.*)$", pointclip.__doc__, re.M)
    assert len(shown) == 5
    assert "\n".join(shown) in readme
