import json
from pathlib import Path

import pytest


def test_lists(run):
    for command, name in [
        ("models", "iconclip"),
        ("projections", "pointclip_v2"),
        ("prompts", "v1_zero_shot"),
        ("data", "furniture"),
    ]:
        code, out, _ = run(command)
        assert code == 0
        assert name in out
        code, out, _ = run(command, "--json")
        assert all(" " not in key for line in out.splitlines() for key in json.loads(line))


@pytest.mark.parametrize("content", ["- a list", "datasets: [x]", "datasets: {x: , y: {path: }}"])
def test_the_configs_of_other_programs_are_passed_over(run, tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/a.yaml").write_text(content)
    code, out, err = run("data")
    if content.startswith("-"):
        assert code == 2 and "config/a.yaml must be a mapping of keys to values." in err
    else:
        assert code == 0 and "furniture" in out
