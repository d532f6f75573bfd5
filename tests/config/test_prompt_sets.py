from pathlib import Path

import pytest

from pointclip.catalog.backbones import BACKBONES, resolve_backbone
from pointclip.catalog.point_backbones import POINT_BACKBONES
from pointclip.config.prompt_sets import BUILT_IN, prompt_files, prompt_sets
from pointclip.config.resolve import resolve_prompts
from pointclip.core.errors import UserError
from pointclip.features.prompts import load_prompts


def test_the_sets_of_the_package_are_files_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert set(prompt_sets()) == {path.stem for path in BUILT_IN.glob("*.yaml")}
    for path in prompt_sets().values():
        assert path.is_file() and path.resolve().is_relative_to(BUILT_IN.resolve())


def test_the_package_holds_the_set_of_every_built_in_backbone() -> None:
    wanted = {resolve_backbone(name)["prompts"] for name in [*BACKBONES, *POINT_BACKBONES]}
    assert wanted <= {path.stem for path in BUILT_IN.glob("*.yaml")}


def test_a_projects_own_set_comes_first_for_library_and_workflow_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "config" / "prompts"
    own.mkdir(parents=True)
    for name in ("photo", "mine"):
        (own / f"{name}.yaml").write_text("templates: ['my {}.']\n")
        assert load_prompts(name).sentences("chair") == ["my chair."]
        (file,) = resolve_prompts({"prompts": {}}, name)["files"]
        assert Path(file).samefile(own / f"{name}.yaml")


def test_prompts_of_either_suffix_name_their_sentences(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    for name in ("a.yaml", "a.yml"):
        (tmp_path / name).write_text("sentences: s.json")
        assert prompt_files(tmp_path / name) == [
            str(tmp_path / name),
            str(tmp_path / "s.json"),
        ]
    (tmp_path / "a.yaml").write_text("sentences: [")
    with pytest.raises(UserError, match="is not valid YAML"):
        prompt_files(tmp_path / "a.yaml")
