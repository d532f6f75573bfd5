import subprocess
from pathlib import Path

from pointclip.report.run_info import commit, describe, page, stage_seconds


HEADER = "s\th:m:s\tmax_rss\tmax_vms\n"


def repository(path: Path) -> Path:
    for words in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"],
    ):
        subprocess.run(["git", "-C", str(path), *words], check=True)
    return path


def test_commit_tells_whether_files_differ(tmp_path: Path) -> None:
    repository(tmp_path)
    assert len(commit(tmp_path)) == 40
    (tmp_path / "a").write_text("a")
    assert len(commit(tmp_path)) == 40  # untracked
    subprocess.run(["git", "-C", str(tmp_path), "add", "a"], check=True)
    assert commit(tmp_path).endswith(" with changes")


def test_commit_without_a_repository(tmp_path: Path) -> None:
    assert commit(tmp_path / "none") == "not known (no git repository here)"


def test_seconds_are_summed_by_stage(tmp_path: Path) -> None:
    (tmp_path / "encode").mkdir()
    (tmp_path / "encode" / "a.tsv").write_text(HEADER + "2.5\t0:00:02\t100.0\t1\n")
    (tmp_path / "encode" / "b.tsv").write_text(HEADER + "4.0\t0:00:04\t300.0\t1\n")
    (tmp_path / "tables.tsv").write_text(HEADER + "0.5\t0:00:00\t-\t-\n")
    frame = stage_seconds(sorted(tmp_path.rglob("*.tsv")), tmp_path)
    assert frame["stage"].tolist() == ["encode", "tables"]
    assert frame["jobs"].tolist() == [2, 1]
    assert frame["seconds"].tolist() == [6.5, 0.5]
    assert frame["longest job (s)"].tolist() == [4.0, 0.5]
    assert frame["peak memory (MB)"].tolist()[0] == 300.0


def test_an_incomplete_benchmark_is_not_counted(tmp_path: Path) -> None:
    whole = HEADER + "4.0\t0:00:04\t300.0\t500.0\n"
    for number, end in enumerate((0, 5, 20, len(whole))):
        (tmp_path / "encode").mkdir(exist_ok=True)
        (tmp_path / "encode" / f"{number}.tsv").write_text(whole[:end])
    frame = stage_seconds(sorted(tmp_path.rglob("*.tsv")), tmp_path)
    assert frame["seconds"].tolist() == [4.0]


def test_the_page_holds_everything(tmp_path: Path) -> None:
    facts = describe("cpu", tmp_path)
    assert facts["device"] == "cpu" and "snakemake" in facts
    config = {"name": "<b>", "datasets": {"furniture": {"points": 1024}}}
    seconds = stage_seconds([], tmp_path)
    html = page(facts, config, seconds)
    assert "&lt;b&gt;" in html and "<b>" not in html and "points: 1024" in html
    assert "<th>device</th><td>cpu</td>" in html
