"""Ensembles on the real DAG: our logits blended with a file of another model's."""

import numpy as np
import pandas as pd
from project import Project, with_ensemble

from pointclip.core.store import read_parquet, write_parquet


def write_theirs(project: Project, sure: float = 99.0) -> None:
    """A model that knows every label, by the data set's own ids."""
    labels, ids = (
        pd.concat(
            read_parquet(project.path(f"results/{kind}/three/{split}.parquet"))
            for split in ("train", "test")
        )
        for kind in ("labels", "ids")
    )
    logits = sure * np.eye(3, dtype=np.float32)[labels["label"]]
    frame = pd.DataFrame(logits, columns=["ball", "plate", "stick"])
    write_parquet(frame.assign(id=ids["source_id"].to_numpy()), project.path("theirs.parquet"))


def test_blended_scores_stand_in_the_table_and_weights_see_no_test_label(project: Project) -> None:
    write_theirs(project)
    project.configure(**with_ensemble())
    planned = project.dry_run("results/tables/accuracy.csv")
    assert planned.jobs == {
        **{"tune_blend_zero_shot": 1, "tune_blend_few_shot": 1, "score": 1, "accuracy": 1},
        **{"blend_zero_shot": 1, "blend_zero_shot_validation": 1},
        **{"blend_few_shot": 1, "blend_few_shot_validation": 1},
    }
    outputs = [file for files in planned.outputs.values() for file in files]
    tuned = [file for file in outputs if file.endswith("blend_weights.parquet")]
    assert len(tuned) == 2
    assert "results/labels/three/test.parquet" not in planned.ancestors(tuned)
    outcome = project.snakemake("results/tables/accuracy.csv")
    assert outcome.code == 0, outcome.text
    table = pd.read_csv(project.path("results/tables/accuracy.csv"))
    blended = table[table["method"].str.endswith("+theirs")]
    assert blended.groupby(["method", "protocol"]).size().to_dict() == {
        **{("short+theirs", "plain"): 2, ("short+theirs", "validation"): 2},
        **{("zero_shot+theirs", "plain"): 1, ("zero_shot+theirs", "validation"): 1},
    }
    assert (blended["accuracy"] == 100).all()


def test_a_bad_file_is_a_sentence(project: Project) -> None:
    project.configure(**with_ensemble(file="none.npz"))
    outcome = project.dry_run()
    assert outcome.code != 0
    assert "The file 'none.npz' of the ensemble 'theirs' does not exist." in outcome.text
    write_theirs(project, sure=np.nan)
    project.configure(**with_ensemble())
    target = "results/ensemble/theirs/zero_shot/three/small/v1_few_shot/tiny/plain/logits.h5"
    outcome = project.snakemake(target)
    assert outcome.code != 0 and "Traceback" not in outcome.text
    assert "theirs.parquet holds logits that are NaN or infinite." in outcome.text
