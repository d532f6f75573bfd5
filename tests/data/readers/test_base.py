from pathlib import Path

import numpy as np
import pytest

from pointclip.core.errors import UserError
from pointclip.data.readers.base import (
    CHUNK,
    Chunk,
    damage_told,
    find_one,
    lines,
    natural_order,
    row_chunks,
)


def test_rows_of_a_chunk_keep_what_belongs_together() -> None:
    points = np.arange(18, dtype=np.float32).reshape(3, 2, 3)
    colors = np.arange(18, dtype=np.uint8).reshape(3, 2, 3)
    some = Chunk(points, np.array([5, 6, 7]), ["a", "b", "c"], colors).rows([2, 0])
    assert some.source_ids == ["c", "a"] and some.label.tolist() == [7, 5]
    assert (some.points == points[[2, 0]]).all() and (some.colors == colors[[2, 0]]).all()
    assert Chunk(points, np.arange(3), ["a", "b", "c"]).rows([1]).colors is None


def test_row_chunks_hold_every_row_once() -> None:
    rows = np.arange(2 * CHUNK + 1)
    parts = list(row_chunks(rows))
    assert [len(part) for part in parts] == [CHUNK, CHUNK, 1]
    assert (np.concatenate(parts) == rows).all()


def test_a_file_is_found_up_to_three_folders_below(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no file names\.txt"):
        find_one(tmp_path, "names.txt")
    deep = tmp_path / "a/b/c/names.txt"
    deep.parent.mkdir(parents=True)
    deep.write_text("chair\n\n  table \n")
    assert find_one(tmp_path, "names.txt") == deep
    assert lines(deep) == ["chair", "table"]
    near = tmp_path / "a/names.txt"
    near.touch()
    assert find_one(tmp_path, "names.txt") == near


def test_names_are_ordered_as_people_count() -> None:
    names = ["chair_10.off", "chair_2.off", "bed_1.off"]
    assert sorted(map(Path, names), key=natural_order) == [Path(names[i]) for i in (2, 1, 0)]


def test_damage_is_one_sentence_and_a_users_error_stays_as_it_is() -> None:
    told = r"data\.h5 is damaged.*KeyError 'label'"
    with pytest.raises(UserError, match=told), damage_told(Path("data.h5")):
        raise KeyError("label")
    with pytest.raises(UserError, match=r"^Asked too much\.$"), damage_told(Path("data.h5")):
        raise UserError("Asked too much.")
