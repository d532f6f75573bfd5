"""Learn parts from a few labelled train shapes of every class, and predict those of test shapes."""

from pointclip.core.job import job
from pointclip.core.store import read_parquet
from pointclip.data.shots import seeds_of, shot_ids
from pointclip.segmentation.few_shot import few_shot
from pointclip.segmentation.part_adapter import write_part_adapter
from pointclip.segmentation.part_set import read_part_set


with job(snakemake):
    files, params = snakemake.input, snakemake.params
    sampled = read_parquet(files.shots)
    ids = shot_ids(sampled, int(snakemake.wildcards.shots))
    test = read_part_set(files.clouds)
    probes = few_shot(
        test,
        files.test,
        read_part_set(files.train_clouds),
        files.train,
        files.train_labels,
        dict(zip(seeds_of(sampled), ids.tolist(), strict=True)),
        params.segmenter,
        snakemake.output.predicted,
    )
    write_part_adapter(
        snakemake.output.adapter,
        probes,
        test.parts,
        params.segmenter["features"],
        params.about,
    )
