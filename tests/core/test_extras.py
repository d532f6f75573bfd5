import pytest

from pointclip.core.errors import UserError
from pointclip.core.extras import require


def test_a_library_that_is_missing_is_told_with_its_extra():
    require("numpy", "workflow", "This")
    with pytest.raises(UserError, match=r"A probe needs nothing_here: pip install 'poi.*\[x\]'"):
        require("nothing_here", "x", "A probe")
