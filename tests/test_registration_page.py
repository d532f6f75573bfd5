import importlib.util

from places import REPOSITORY


def test_the_tables_of_the_page_are_those_of_the_files():
    spec = importlib.util.spec_from_file_location(
        "write_registration", REPOSITORY / "docs/write_registration.py"
    )
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    page = script.PAGE.read_text("utf-8")
    assert script.filled(page) == page
    assert len(script.BLOCK.findall(page)) == 12
