import json

import pytest

from pointclip.config.prompt_sets import BUILT_IN, prompt_sets
from pointclip.core.errors import UserError
from pointclip.features.prompts import load_prompts


def test_v1_is_as_released_with_its_fixed_article():
    assert load_prompts("v1_zero_shot").sentences("airplane") == [
        "point cloud depth map of a airplane."
    ]
    assert load_prompts("v1_few_shot").sentences("night_stand", "modelnet40") == [
        "point cloud of a big night stand."
    ]


def test_every_built_in_set_says_something_about_every_class():
    assert {"v1_zero_shot", "v1_few_shot", "v2", "depth_templates"} <= set(prompt_sets())
    for name in (path.stem for path in BUILT_IN.glob("*.yaml")):
        prompts = load_prompts(name)
        assert prompts.description
        sentences = prompts.sentences("tv_stand", "modelnet40")
        assert sentences and not any("{" in said or "_" in said for said in sentences)


def test_the_ensemble_is_large_distinct_and_uses_spoken_names():
    prompts = load_prompts("depth_templates")
    sentences = prompts.sentences("tv_stand", "modelnet40")
    assert len(set(sentences)) == len(sentences) >= 60
    assert "a depth map of a TV stand." in sentences
    assert "a depth map of an airplane." in prompts.sentences("airplane")
    assert "a depth map of a tv stand." in prompts.sentences("tv_stand", "furniture")


def test_sentence_files_are_json_or_tsv_and_join_the_templates(tmp_path):
    said = {"night_stand": ["A small table.", "It stands by a bed."], "sofa": "A soft seat."}
    (tmp_path / "said.json").write_text(json.dumps(said))
    (tmp_path / "said.tsv").write_text("Night stand\tA small table.\n\nsofa\tA soft seat.\n")
    (tmp_path / "both.yaml").write_text("templates: ['a {}.']\nsentences: said.json\n")
    assert load_prompts(tmp_path / "said.json").sentences("night_stand") == said["night_stand"]
    assert load_prompts(tmp_path / "said.tsv").sentences("night_stand") == ["A small table."]
    assert load_prompts(tmp_path / "both.yaml").sentences("sofa") == ["a sofa.", "A soft seat."]
    with pytest.raises(UserError, match="no sentence about 'desk'"):
        load_prompts(tmp_path / "said.json").sentences("desk")


def test_class_names_are_overridden_per_data_set(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("templates: ['{}']\nclass_names: {shop: {tv_stand: TV table}}\n")
    prompts = load_prompts(path)
    assert prompts.sentences("tv_stand", "shop") == ["TV table"]
    assert prompts.sentences("tv_stand", "modelnet40") == ["tv stand"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.yaml", "templates: 'a {}'", "must be a list of sentences"),
        ("a.yaml", "templates: ['a chair']", "has no {} for the class name"),
        ("a.yaml", "template: ['a {}']", "Unknown key 'template'"),
        ("a.yaml", "templates: [", "not valid YAML"),
        ("a.yaml", "- a {}", "must be a mapping"),
        ("a.yaml", "description: nothing", "neither templates nor sentences"),
        ("a.yaml", "sentences: none.json", "none.json does not exist"),
        ("a.yaml", "sentences: [1]", "must be the name of a JSON or TSV file"),
        ("a.yaml", "1: a\ntemplate: b", "Unknown key '1'"),
        ("a.yaml", "templates: ['{}']\nclass_names: {a: b}", "must map data sets"),
        ("a.json", "{", "not valid JSON"),
        ("a.json", "[1]", "must be of the form"),
        ("a.json", '{"chair": 3}', "no list of sentences under 'chair'"),
        ("a.json", '{"chair": [3]}', "no sentence under 'chair'"),
        ("a.tsv", "chair", "Line 1"),
        ("a.tsv", "\xff", "not a readable UTF-8"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_in_one_sentence(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(UserError, match=sentence):
        load_prompts(tmp_path / name)


def test_an_unknown_set_lists_the_known_ones():
    with pytest.raises(UserError, match=r"Unknown prompt set 'v3': choose one of .*v1_zero_shot"):
        load_prompts("v3")
