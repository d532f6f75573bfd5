import json
import re
import webbrowser
from unittest.mock import Mock

import pytest


def test_show_writes_one_page(run, bad):
    code, out, err = run("show", bad, "--classes", "ball,box", "--backbone", "tiny")
    assert code == 1
    assert out == "pointclip.html\n"
    assert len(err.splitlines()) == 2
    page = (bad.parent / "pointclip.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert [item["name"] for item in data["items"]] == ["ball.off", "box.ply"]
    assert len(data["items"][0]["views"]) == 30
    assert "backbone tiny" in data["made"]


def test_show_needs_no_classes(run, shapes):
    code, _, _ = run("show", shapes / "ball.off", "--projection", "pointclip_zs", "-o", "a.html")
    assert code == 0
    assert '"classes":null' in (shapes.parent / "a.html").read_text()


def test_a_machine_without_a_browser_says_so_and_keeps_the_page(run, shapes, monkeypatch):
    monkeypatch.setattr("webbrowser.get", Mock(side_effect=webbrowser.Error))
    common = ("--projection", "pointclip_zs", "-o", "a.html", "--open")
    code, out, err = run("show", shapes / "ball.off", *common)
    assert (code, out) == (0, "a.html\n")
    assert "No browser was found to open 'a.html'." in err
    opened = Mock()
    monkeypatch.setattr("webbrowser.get", opened)
    run("show", shapes / "ball.off", *common)
    url = (shapes.parent / "a.html").absolute().as_uri()
    opened.return_value.open.assert_called_once_with(url)


def test_a_page_of_many_files_has_fewer_points_of_each(run, shapes, monkeypatch):
    monkeypatch.setattr("pointclip.app.cli.show.PAGE_POINTS", 6000)
    common = ("--classes", "ball,box", "--backbone", "tiny", "--points", "500")
    code, _, _ = run("show", shapes, *common, "-o", "few.html")
    assert code == 0
    data = json.loads(
        re.search(r'id="data">(.*?)</script>', (shapes.parent / "few.html").read_text(), re.S)[1]
    )
    for item in data["items"]:
        assert item["clip"] == 500
        assert len(item["points"]) == pytest.approx((6000 / len(data["items"]) + 500) * 8, abs=8)


def test_show_draws_a_picture(run, shapes):
    code, out, _ = run("show", shapes, "--classes", "ball,box", "--backbone", "tiny", "-o", "s.png")
    assert (code, out) == (0, "s.png\n")
    assert (shapes.parent / "s.png").read_bytes().startswith(b"\x89PNG")


def test_show_refuses_other_formats(run, shapes):
    code, _, err = run("show", shapes, "-o", "sheet.doc")
    assert code == 2
    assert "use .html, .png, .pdf or .svg" in err
