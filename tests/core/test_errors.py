import pytest

from pointclip.core.errors import UserError, choose


def test_a_choice_is_returned_or_refused_with_what_is_allowed():
    assert choose("a", ("a", "b"), "letter") == "a"
    with pytest.raises(UserError, match=r"^Unknown letter 'c': choose one of a, b\.$"):
        choose("c", iter(["a", "b"]), "letter")
