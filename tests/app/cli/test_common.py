import re
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pointclip.app.cli import app


def test_help_has_examples_and_needs_nothing_heavy():
    code = (
        "import sys; sys.argv = ['pointclip', '--help']\n"
        "from pointclip.app.cli import app\n"
        "try: app()\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'pandas', 'open_clip', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "pointclip show chair.ply" in done.stdout


@pytest.mark.parametrize("command", ["show", "classify", "train"])
def test_each_command_says_its_examples_and_exit_codes(run, command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"$ pointclip {command}" in out
    assert re.search(r"Exit codes: 0 .* 1 .* 2 ", " ".join(out.split()))


def test_no_color_and_pipes_have_no_escapes(run, shapes, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    _, out, _ = run("classify", shapes, "--classes", "ball,box", "--backbone", "tiny")
    assert "\x1b" not in out


def test_completion_knows_the_names(monkeypatch):
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "pointclip classify --projection point")
    monkeypatch.setenv("_POINTCLIP_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "pointclip classify --projection point")
    monkeypatch.setenv("COMP_CWORD", "3")
    result = CliRunner().invoke(app, [], prog_name="pointclip")
    assert "pointclip_v2" in result.output
