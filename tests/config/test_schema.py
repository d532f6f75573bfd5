import pytest
import yaml
from places import REPOSITORY

from pointclip.catalog.projections import PROJECTIONS
from pointclip.catalog.protocols import PROTOCOLS
from pointclip.config import schema
from pointclip.core.errors import UserError


SCHEMA = yaml.safe_load(schema.SCHEMA.read_text())


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"divice": 1}, "Unknown key 'divice' in the config: choose one of name, results,"),
        ({"train_threads": 0}, "'0' is not allowed for train_threads: the minimum is 1."),
        ({"device": "gpu"}, "'gpu' is not allowed for device"),
        ({"datasets": {"x": {"size": 1}}}, "Unknown key 'size' in datasets.x: choose one of"),
        ({"datasets": {"X Y": {}}}, "'X Y' is not allowed for datasets: An id is"),
        ({"few_shot": [{}]}, "The key 'datasets' is missing in few_shot.0."),
        (
            {"adapters": {"x": {"ratio": "half"}}},
            "'half' is not allowed for adapters.x.ratio: give number or boolean or array or null.",
        ),
        ({"zero_shot": [{}]}, "The key 'datasets' is missing in zero_shot."),
        (
            {"samplings": {"x": {"seeds": [1, 1]}}},
            "'[1, 1]' is not allowed for samplings.x.seeds: [1, 1] has",
        ),
        (
            {"samplings": {"x": {"seeds": [2**70]}}},
            f"'{2**70}' is not allowed for samplings.x.seeds.0: the maximum is 4294967295.",
        ),
        ({"datasets": {"..": {}}}, "'..' is not allowed for datasets: An id is"),
        ({"name": ".."}, "'..' is not allowed for name"),
        (
            {"datasets": {"x": {"shards": 10**9}}},
            "'1000000000' is not allowed for datasets.x.shards: the maximum is 100000.",
        ),
        ({"keep_depth": "yes"}, "'yes' is not allowed for keep_depth: give boolean."),
        (
            {"ablations": {"x": {"base": {"shots": "4"}, "vary": {"dataset": ["a"]}}}},
            "'4' is not allowed for ablations.x.base.shots: give integer.",
        ),
        (
            {"ablations": {"x": {"base": {}, "vary": {"protocol": ["validate"]}}}},
            "'validate' is not allowed for ablations.x.vary.protocol.0: choose one of plain,",
        ),
        (
            {"tables": {"accuracy": {"rows": [], "columns": "shots"}}},
            "'accuracy' is not allowed for tables: An id is made of",
        ),
    ],
)
def test_a_schema_error_is_one_sentence(config: dict, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        schema.validate(config)
    told = str(error.value)
    assert told.startswith(sentence)
    assert "\n" not in told and told.endswith(".")


def test_the_home_folder_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    config = {"datasets": {"x": {"reader": "folder", "path": "~/scans"}}, "weights_dir": "~/clip"}
    config["datasets"]["x"]["urls"] = ["~/x.zip", "https://x.org/~ada/x.zip"]
    schema.validate(config)
    assert config["weights_dir"] == "/home/ada/clip"
    assert config["datasets"]["x"] == {
        **{"reader": "folder", "path": "/home/ada/scans"},
        "urls": ["/home/ada/x.zip", "https://x.org/~ada/x.zip"],
    }


@pytest.mark.parametrize("name", ["config", "paper", "offline"])
def test_our_configs_are_valid(name: str) -> None:
    config = yaml.safe_load((REPOSITORY / f"config/{name}.yaml").read_text())
    schema.validate(config)
    assert config["train_threads"] == 1  # a default of the schema's


def test_the_schema_and_its_page_describe_every_key() -> None:
    page = (REPOSITORY / "config/README.md").read_text()
    for name, key in SCHEMA["properties"].items():
        assert "description" in key and "default" in key, name
        assert f"`{name}`" in page, name
    for section in ("dataset", "projection", "backbone", "adapter", "network"):
        for name, key in SCHEMA["$defs"][section]["properties"].items():
            assert "description" in key, name
            assert f"`{name}`" in page, name
    parameters = {key for entry in PROJECTIONS.values() for key in entry} - {"method"}
    assert parameters <= set(SCHEMA["$defs"]["projection"]["properties"])
    assert list(PROTOCOLS) == SCHEMA["$defs"]["protocol"]["enum"]


def test_a_config_with_experiments_of_its_own_inherits_no_other_task(tmp_path):
    block = {"pairs": ["hololens"], "features": ["fpfh"], "solvers": ["kabsch"]}
    for own, kept in (({"zero_shot": []}, []), ({"device": "cpu"}, [block])):
        file = tmp_path / "mine.yaml"
        file.write_text(yaml.safe_dump(own), encoding="utf-8")
        config = {"registration": [block], **own}
        schema.validate(config, [file])
        assert config["registration"] == kept
    config = {"registration": [block]}
    schema.validate(config)
    assert config["registration"] == [block]
