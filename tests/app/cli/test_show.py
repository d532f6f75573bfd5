import json
import re


def test_show_writes_one_page(run, bad):
    code, out, err = run("show", bad, "--classes", "ball,box", "--backbone", "tiny")
    assert code == 1
    assert out == "pointclip.html\n"
    assert len(err.splitlines()) == 2
    page = (bad.parent / "pointclip.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert [item["name"] for item in data["items"]] == ["ball.off", "box.ply"]
    assert len(data["items"][0]["views"]) == 10
    assert "backbone tiny" in data["made"]


def test_show_needs_no_classes(run, shapes):
    code, _, _ = run("show", shapes / "ball.off", "--projection", "pointclip_zs", "-o", "a.html")
    assert code == 0
    assert '"classes":null' in (shapes.parent / "a.html").read_text()


def test_show_draws_a_picture(run, shapes):
    code, out, _ = run("show", shapes, "--classes", "ball,box", "--backbone", "tiny", "-o", "s.png")
    assert (code, out) == (0, "s.png\n")
    assert (shapes.parent / "s.png").read_bytes().startswith(b"\x89PNG")


def test_show_refuses_other_formats(run, shapes):
    code, _, err = run("show", shapes, "-o", "sheet.doc")
    assert code == 2
    assert "use .html, .png, .pdf or .svg" in err
