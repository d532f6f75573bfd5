"""The stages of the DAG that diffusion features add: layers of every frame, and axes for them.

Layers are encoded once for a frame, in the precision of the networks, however its axes are chosen
later: `shared` axes give features that any partner can use; those of a pair are found when the pair
is matched (see `pair_stages`).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.core.job import progress
from pointclip.core.store import new_h5, open_h5
from pointclip.registration.dense.diffusion import encode_depths, encode_photos
from pointclip.registration.dense.diffusion_frames import at_keypoints, photo_image, target_image
from pointclip.registration.dense.diffusion_latents import Networks
from pointclip.registration.dense.diffusion_settings import PROMPTS, Settings, frame_seed
from pointclip.registration.dense.pca import Axes, Moments, axes_of
from pointclip.registration.keypoints import Keypoints
from pointclip.registration.side import Seen
from pointclip.registration.side_file import (
    check_frame,
    check_some,
    frames_of,
    group_name,
    problem_of,
    problem_told,
    read_keypoints,
    read_seen,
    write_array,
    write_problem,
)


Layers = dict[int, Tensor]
Entry = Mapping[str, Any]
Image = UInt8[np.ndarray, "height width *rgb"]
ENCODE = {"query": encode_photos, "target": encode_depths}
# Frames that a type of device encodes at once; one a time on all others, where it saves nothing.
BATCH = {"cuda": 4}


def settings_of(entry: Entry, scene: str) -> Settings:
    """How an entry's diffusion features are taken; without a prompt, that of the kind of scene."""
    return Settings(
        prompt=entry["prompt"] or PROMPTS[scene],
        layers=tuple(entry["layers"]),
        timestep=entry["timestep"],
        mode=entry["mode"],
        steps=entry["steps"],
        guidance=entry["guidance"],
    )


def write_layers(
    pairs: pd.DataFrame,
    frames: str | Path,
    networks: Networks,
    entry: Entry,
    scene: str,
    path: str | Path,
) -> None:
    """The diffusion model's layers of every frame and side.

    Raises:
        UserError: if no frame at all can be used, or a layer does not exist.
    """
    settings, wanted = settings_of(entry, scene), frames_of(pairs)
    with open_h5(frames) as seen, new_h5(path, layers=list(settings.layers)) as file:
        images = _images(seen, progress(wanted, len(wanted), unit="frame"), file)
        for side, batch in _alike(images, BATCH.get(networks.device.type, 1)):
            seeds = [frame_seed(entry["seed"], name) for name, _ in batch]
            shown = np.stack([image for _, image in batch])
            layers = ENCODE[side](networks, shown, seeds, settings)
            for index, (name, _) in enumerate(batch):
                group = file.create_group(name)
                for layer, of_all in layers.items():
                    values = of_all[index]
                    # numpy has no bfloat16.
                    exact = values.float() if values.dtype == torch.bfloat16 else values
                    write_array(group, f"layer{layer}", exact.numpy())
        check_some(file, len(wanted))


def _images(
    seen: Any, wanted: Iterable[tuple[str, str, int]], file: Any
) -> Iterator[tuple[str, str, Image]]:
    """Side, name and image of every frame that can be used; of the others, `file` gets why."""
    for side, scene, frame in wanted:
        name = group_name(side, scene, frame)
        with problem_told(file, name):
            check_frame(seen, name)
            yield side, name, _image(read_seen(seen, name), side)


def _image(seen: Seen, side: str) -> Image:
    if side == "query":
        if seen.color is None:
            raise UserError("Diffusion features of a query need a photo.")
        return photo_image(seen.color)
    if seen.depth is None:
        raise UserError("Diffusion features of a target need a depth map.")
    return target_image(seen.depth)


def _alike(
    images: Iterator[tuple[str, str, Image]], size: int
) -> Iterator[tuple[str, list[tuple[str, Image]]]]:
    """Side, and names and images of one side and size that follow each other, `size` at most."""
    for (side, _), run in groupby(images, key=lambda of: (of[0], of[2].shape)):
        named = ((name, image) for _, name, image in run)
        while batch := list(islice(named, size)):
            yield side, batch


def read_layers(file: Any, name: str) -> Layers:
    """The layers of one frame and side."""
    group = file[name]
    return {int(key.removeprefix("layer")): torch.from_numpy(group[key][:]) for key in group}


def has_layers(file: Any) -> bool:
    """Whether a file holds layers, which become features only pair by pair."""
    return "layers" in file.attrs


def pair_features(
    file: Any, names: tuple[str, str], keypoints: tuple[Keypoints, Keypoints], dimensions: int
) -> tuple[Float32[np.ndarray, "query channel"], Float32[np.ndarray, "target channel"]]:
    """Features of a pair's two sides by the axes of the pair, as released."""
    layers = [read_layers(file, name) for name in names]
    axes = axes_of(layers, dimensions)
    query, target = (
        _sample(of, axes, points) for of, points in zip(layers, keypoints, strict=True)
    )
    return query, target


def write_shared_features(
    pairs: pd.DataFrame, frames: str | Path, layers: str | Path, entry: Entry, path: str | Path
) -> None:
    """Features of every frame and side by axes fitted to all of them at once."""
    wanted = [group_name(*frame) for frame in frames_of(pairs)]
    with open_h5(frames) as seen, open_h5(layers) as encoded:
        usable = [name for name in wanted if not problem_of(encoded, [name])]
        moments: dict[int, Moments] = {}
        for name in usable:
            for layer, values in read_layers(encoded, name).items():
                moments.setdefault(layer, Moments(len(values))).add(values)
        axes = {layer: one.axes(entry["dimensions"]) for layer, one in moments.items()}
        with new_h5(path, family=entry["family"]) as file:
            for name in wanted:
                if sentence := problem_of(encoded, [name]):
                    write_problem(file, name, sentence)
                    continue
                features = _sample(read_layers(encoded, name), axes, read_keypoints(seen, name))
                write_array(file.create_group(name), "features", features)


def _sample(
    layers: Layers, axes: Mapping[int, Axes], keypoints: Keypoints
) -> Float32[np.ndarray, "keypoint channel"]:
    camera = keypoints.camera
    return at_keypoints(layers, axes, keypoints.uv, camera.width, camera.height)
