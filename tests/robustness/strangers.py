"""Other files of strangers: archives, logits, adapters, configs, prompts, frames, data sets."""

import json
import random
import shutil
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import data_files
import few_shot_data
import numpy as np
import yaml
from harness import Case, Suite, told
from mutate import BINARY, TEXT, Change, edit, json_value, mutate, zip_member
from own_files import _adapter
from PIL import Image
from places import REPOSITORY
from scenes import pose, write_scene

from pointclip.app.class_lists import read_classes
from pointclip.catalog.registration import PAIRS, SETTINGS
from pointclip.classification.ensembles.external_logits import read_logits
from pointclip.classification.few_shot import trained_with
from pointclip.classification.few_shot.adapter_file import read_adapter
from pointclip.config import experiments, part_experiments, registrations, schema
from pointclip.core.files import read_yaml
from pointclip.core.store import open_h5, read_parquet
from pointclip.core.tensors import read_tensors, write_tensors
from pointclip.data.corrupt import corrupt_split
from pointclip.data.download import unpack
from pointclip.data.prepare import prepare
from pointclip.data.prepare_parts import prepare_parts
from pointclip.data.readers.frames import find_scenes
from pointclip.encoders.tensors import read_tensors as encoder_tensors
from pointclip.evaluation.reference_checks import read_checkpoint
from pointclip.features.prompts import load_prompts, read_sentences
from pointclip.registration import frame_stages
from pointclip.registration.dense.fcgf_weights import load_fcgf
from pointclip.registration.pairs import read_pose
from pointclip.registration.prepare import see_query, see_target


def archives(folder: Path) -> Case:
    """Zips of a data set, unpacked as after a download; nothing may land beside the folder."""
    source = folder / "source"
    data_files.write_folder(source)
    shutil.make_archive(str(folder / "good"), "zip", source)
    good = (folder / "good.zip").read_bytes()
    inner = folder / "inner"

    def case(rng: random.Random) -> str:
        shutil.rmtree(inner, ignore_errors=True)
        inner.mkdir()
        change = rng.choice((*BINARY, zip_member))
        (inner / "a.zip").write_bytes(change(good, rng))

        def outside() -> bool:
            return {path.name for path in inner.iterdir()} != {"a.zip", "out"}

        return told(lambda: unpack(inner / "a.zip", inner / "out", _is_cloud), outside)

    return case


def _is_cloud(path: PurePosixPath) -> bool:
    return path.suffix == ".npy"


def logits(suffix: str, folder: Path) -> Case:
    """Another model's logits."""
    ids, classes = [f"test/{i:06d}" for i in range(30)], ["bed", "chair", "sofa"]
    values = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32)
    good = few_shot_data.write_external(folder / f"a{suffix}", ids, classes, values).read_bytes()
    path = folder / f"changed{suffix}"

    def case(rng: random.Random) -> str:
        data, change = mutate(path.name, good, rng)
        path.write_bytes(data)
        found: list[Any] = []

        def silent() -> bool:  # NPZ has a checksum of every array; Parquet of others has none
            wrong = not np.array_equal(found[0], values)
            return suffix == ".npz" and change in ("flip", "cut") and wrong

        return told(lambda: found.append(read_logits(path, np.array(ids), classes)), silent)

    return case


def adapters(folder: Path) -> Case:
    """Adapters with other bytes, or with other metadata under a right checksum."""
    path = _adapter(folder)
    good, (tensors, about) = path.read_bytes(), read_tensors(path)
    x = few_shot_data.features(np.arange(few_shot_data.CLASSES), 3)

    def case(rng: random.Random) -> str:
        if rng.random() < 0.5:
            path.write_bytes(rng.choice(BINARY)(good, rng))
        else:
            try:
                changed = json.loads(json_value(json.dumps(about).encode(), rng))
                write_tensors(tensors, path, **changed)
            except (TypeError, ValueError):  # what cannot be written is no file
                path.write_bytes(edit(good, rng))

        def read() -> None:
            adapter = read_adapter(path)
            if adapter.seeds:
                adapter.only(None).logits(x)
            if adapter.unchecked_parts:
                trained_with.check(adapter.unchecked_parts, path, adapter.views)

        return told(read)

    return case


def checkpoints(folder: Path) -> Case:
    """Weights of networks, as torch and as safetensors save them."""
    import torch
    from safetensors.torch import save_file

    state = {"fusion_ratio": torch.ones(6), "a.weight": torch.ones(4, 3), "a.bias": torch.ones(4)}
    torch.save({"state_dict": state, "epoch": 3}, folder / "a.pt")
    torch.save(state, folder / "b.bin", _use_new_zipfile_serialization=False)
    save_file(state, folder / "c.safetensors")
    good = {path.name: path.read_bytes() for path in folder.iterdir()}

    def case(rng: random.Random) -> str:
        name = rng.choice(sorted(good))
        path = folder / f"changed{Path(name).suffix}"
        path.write_bytes(rng.choice(BINARY)(good[name], rng))
        read = rng.choice((encoder_tensors, load_fcgf, read_checkpoint))
        return told(lambda: read(path))

    return case


def configs(folder: Path) -> Case:
    """Configs with other values and other text."""
    good = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(good).encode()
    path = folder / "config.yaml"

    def case(rng: random.Random) -> str:
        if rng.random() < 0.7:
            changed = json.loads(json_value(json.dumps(good).encode(), rng))
            path.write_text(yaml.safe_dump(changed), encoding="utf-8")
        else:
            path.write_bytes(rng.choice(TEXT)(text, rng))
        return told(lambda: resolve(read_yaml(path)))

    return case


def resolve(config: dict[str, Any]) -> None:
    """What the Snakefile does with a config before it makes the DAG."""
    schema.validate(config)
    entries = experiments.resolve(config)
    registrations.resolve(config, entries["backbones"])
    for kind in experiments.KINDS:
        experiments.runs(config, kind)
    experiments.ensemble_runs(config)
    for name in config["ablations"]:
        experiments.ablation_runs(config, name)
    part_experiments.resolve_parts(config)
    part_experiments.part_runs(config)


def texts(folder: Path) -> Case:
    """Prompt sets, sentences and lists of classes."""
    own = {
        "p.yaml": b"templates: ['a {}.', 'the {}']\nnames: {sofa: couch}\ndescription: x\n",
        "s.json": b'{"chair": ["a chair.", "one chair"], "table": "a table"}',
        "s.tsv": b"chair\ta chair.\ntable\ta table.\n",
        "c.txt": b"chair\ntable\nnight stand\n",
        "c.json": b'["chair", "table"]',
    }
    bomb = b"".join(b"a%d: &a%d [%s]\n" % (i, i, b"*a%d, " % (i - 1) * 9) for i in range(1, 12))
    readers = {"p": load_prompts, "s": read_sentences, "c": read_classes}

    def case(rng: random.Random) -> str:
        name = rng.choice(sorted(own))
        path = folder / name
        change = json_value if path.suffix == ".json" and rng.random() < 0.5 else rng.choice(TEXT)
        data = change(own[name], rng)
        if path.suffix == ".yaml" and rng.random() < 0.1:
            data = (
                b"a0: &a0 [x]\n" + bomb + rng.choice((b"", b"templates: *a11\n", b"b: &b [*b]\n"))
            )
        path.write_bytes(data)
        return told(lambda: readers[name[0]](path))

    return case


def frames(folder: Path) -> Case:
    """A scene of photos, depth maps, poses, intrinsics and a list of pairs, one of them changed."""
    scene = write_scene(folder / "room", [pose(), pose(6, (0.15, 0, 0.1))])
    np.save(scene / "query/0.npy", np.ones((120, 160), np.float32))
    Image.open(scene / "query/1.color.png").save(scene / "query/1.color.jpg")
    (scene / "query/1.color.png").unlink()
    entry = {**SETTINGS["indoor"], **PAIRS, "path": str(scene), "query_depth": "query/{id}.npy"}
    good = {path: path.read_bytes() for path in scene.rglob("*") if path.is_file()}

    def case(rng: random.Random) -> str:
        changed = rng.choice(sorted(good))
        change: Change = rng.choice(TEXT if changed.suffix == ".txt" else BINARY)
        changed.write_bytes(change(good[changed], rng))
        found = find_scenes(scene)[0]
        frame = int(changed.name[0]) if changed.name[0].isdigit() else 0
        try:
            if changed.name == "overlap.txt":
                return told(lambda: frame_stages.table_of_pairs(entry))
            if "pose" in changed.name:
                return told(lambda: read_pose(found, frame))
            if "depth" in changed.name:
                return told(lambda: see_target(found, frame, entry))
            return told(lambda: see_query(found, frame, entry | {"query_depth": _depth(changed)}))
        finally:
            changed.write_bytes(good[changed])

    return case


def _depth(changed: Path) -> str:
    return "query/{id}.npy" if changed.suffix == ".npy" else "none"


def data_sets(folder: Path) -> Case:
    """Published data sets of which one file is changed, prepared as a job does it."""
    sets, made = folder / "sets", folder / "made"
    data_files.write_modelnet(sets / "modelnet_h5")
    data_files.write_scanobjectnn(sets / "scanobjectnn_h5")
    data_files.write_shapenetpart(sets / "shapenetpart")
    names = ("clouds.h5", "labels.parquet", "ids.parquet")
    base = [folder / "base" / name for name in names]
    prepare({"reader": "modelnet_h5"}, sets / "modelnet_h5", "test", *base)
    data_files.write_modelnet40c(sets / "modelnet40c", read_parquet(base[1])["label"])
    good = {path: path.read_bytes() for path in sets.rglob("*") if path.is_file()}
    out = [made / name for name in names]
    dropped = {"background": "drop"}

    def write(reader: str) -> None:
        source = sets / reader
        if reader == "modelnet40c":
            given = {"name": "shear", "severity": 1, "seed": 0, "files": str(source)}
            return corrupt_split(*base, given, *out)
        for split in ("train", "test"):
            if reader == "shapenetpart":
                prepare_parts({"reader": reader}, source, split, *out[:2])
            else:
                prepare({"reader": reader, **dropped}, source, split, *out)

    def silent() -> bool:
        with open_h5(out[0]) as f:
            clouds = f["points"][:]
            return clouds.ndim != 3 or clouds.shape[2] != 3 or not np.isfinite(clouds).all()

    def case(rng: random.Random) -> str:
        changed = rng.choice(sorted(good))
        changed.write_bytes(mutate(changed.name, good[changed], rng)[0])
        try:
            return told(lambda: write(changed.relative_to(sets).parts[0]), silent)
        finally:
            changed.write_bytes(good[changed])

    return case


SUITES: dict[str, Suite] = {
    **{
        "archives": archives,
        "adapters": adapters,
        "configs": configs,
        "checkpoints": checkpoints,
        "frames": frames,
    },
    **{"prompts, sentences, classes": texts, "published data sets": data_sets},
    **{f"logits {suffix}": partial(logits, suffix) for suffix in (".npz", ".parquet")},
}
