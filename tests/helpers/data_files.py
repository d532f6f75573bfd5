"""Data sets written in the layouts that are read: ModelNet's, ScanObjectNN's, folders."""

import json

import h5py
import numpy as np


RNG = np.random.default_rng(0)


def write_modelnet(folder, classes=("bed", "chair", "sofa"), sizes=(5, 3), points=64):
    """The published layout, with several files a split and lists of someone's paths."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "shape_names.txt").write_text("\n".join(classes) + "\n")
    written = {}
    for split in ("train", "test"):
        names = []
        for i, size in enumerate(sizes):
            name = f"ply_data_{split}{i}.h5"
            data = RNG.normal(size=(size, points, 3)).astype(np.float32)
            label = RNG.integers(0, len(classes), (size, 1)).astype(np.uint8)
            ids = [f"{classes[k]}/{classes[k]}_{i}{j}.ply" for j, k in enumerate(label[:, 0])]
            with h5py.File(folder / name, "w") as f:
                f["data"], f["label"] = data, label
            (folder / f"ply_data_{split}_{i}_id2file.json").write_text(json.dumps(ids))
            names.append(f"data/someones/folder/{name}")
            written.setdefault(split, []).append((data, label[:, 0], ids))
        (folder / f"{split}_files.txt").write_text("\n".join(names) + "\n")
    return written


def write_scanobjectnn(folder, sizes=(4, 3)):
    for variant in ("main_split", "main_split_nobg"):
        (folder / "h5_files" / variant).mkdir(parents=True)
        for part, size in zip(("training", "test"), sizes, strict=True):
            for stem in ("objectdataset", "objectdataset_augmentedrot_scale75"):
                data = RNG.normal(5, size=(size, 32, 3)).astype(np.float32)
                mask = np.where(np.arange(32) < 20, -1, 7) * np.ones((size, 1), int)
                with h5py.File(folder / "h5_files" / variant / f"{part}_{stem}.h5", "w") as f:
                    f["data"], f["mask"] = data, mask
                    f["label"] = np.arange(size) + 10


def write_folder(root, suffix="npy"):
    for name in ("chair", "Table"):
        for split, count in (("train", 11), ("test", 2)):
            (root / name / split).mkdir(parents=True)
            for i in range(count):
                points = np.full((8, 3), i) + np.eye(8, 3) * 2
                np.save(root / name / split / f"{name}_{i}.{suffix}", points)
    (root / "chair" / "train" / "notes.md").write_text("not a cloud")


def write_shapenetpart(folder):
    """The published HDF5 files, with few points: two airplanes and a bag a split."""
    folder.mkdir(parents=True, exist_ok=True)
    for split in ("train", "test"):
        with h5py.File(folder / f"ply_data_{split}0.h5", "w") as f:
            f["data"] = RNG.normal(size=(3, 64, 3)).astype(np.float32)
            f["label"] = np.array([[0], [0], [1]], np.uint8)
            f["pid"] = np.array([[0], [3], [5]], np.uint8) + np.zeros((1, 64), np.uint8)


def write_modelnet40c(folder, labels, points=64):
    """One corruption of test shapes with these labels."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "data_shear_1.npy", RNG.normal(size=(len(labels), points, 3)))
    np.save(folder / "label.npy", np.array(labels)[:, None])
