import pytest
from few_shot_data import task

from pointclip.app.adapter_parts import choose_parts
from pointclip.classification.few_shot.adapter_file import read_adapter, write_adapter
from pointclip.classification.few_shot.train import train
from pointclip.classification.few_shot.trained_with import describe
from pointclip.core.errors import UserError


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    one = task()
    state = train("nearest_mean", one)["plain"]

    def written(backbone="rn50", prompts="v2"):
        path = tmp_path_factory.mktemp("adapter") / "a.safetensors"
        parts = describe("pointclip_v2", backbone, prompts)
        write_adapter(state, one, path, "nearest_mean", "plain", parts)
        return read_adapter(path)

    return written


def test_without_an_adapter_the_given_parts_stay() -> None:
    assert choose_parts(None, {"projection": None, "backbone": "rn50"}) == {"backbone": "rn50"}


def test_what_is_given_comes_before_what_the_adapter_states(write) -> None:
    parts = choose_parts(write(), {"projection": "pointclip_fs", "backbone": None})
    assert parts == {"projection": "pointclip_fs", "backbone": {"base": "rn50"}, "prompts": "v2"}


def test_a_backbone_that_is_not_built_in_has_to_be_given(write) -> None:
    adapter = write({"model": "RN50", "weights": "mine.safetensors", "name": "mine"}, "words.yaml")
    with pytest.raises(UserError, match="the backbone 'mine', which is not built in: give that"):
        choose_parts(adapter, {"backbone": None})
    mine = {"model": "RN50", "weights": "mine.safetensors"}
    parts = choose_parts(adapter, {"backbone": mine})
    assert parts["backbone"] == mine and parts["prompts"] == "words"
