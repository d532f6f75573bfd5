"""Depth in metres from one photo: transformers' networks behind one call, from local folders.

- ZoeDepth (NYU, KITTI or both), as FreeReg uses it: reflect padding, and the mean of the image and
  its mirror image.
- Depth Anything V2, its metric models.
- Depth Pro, which also estimates the focal length, or takes a known one.

Depth of another network can be given as a file instead (see `pairs`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from pointclip.core.errors import UserError
from pointclip.core.job import pick_device


EXTRA = "pip install 'pointclip[registration]'"
ZOE_MULTIPLE = 32  # of the sides that ZoeDepth sees; transformers' own default is a slip (1/32)
DEPTH_ANYTHING_SIZE, DEPTH_ANYTHING_MULTIPLE = 518, 14


@dataclass(frozen=True)
class Estimate:
    """Of one photo.

    Attributes:
        depth: metres along the optical axis, at the photo's size.
        focal: focal length in pixels of the photo's width, where the network estimates it or was
            told; else None.
    """

    depth: Float32[np.ndarray, "height width"]
    focal: float | None = None


class DepthNetwork:
    """A frozen network that estimates metric depth.

    Attributes:
        kind: `zoedepth`, `depth_anything` or `depth_pro`.
    """

    def __init__(self, model: Any, processor: Any, device: torch.device) -> None:
        self.kind: str = model.config.model_type
        self._model = model.to(device).eval().requires_grad_(False)
        self._processor = processor
        self._device = device

    @torch.inference_mode()
    def estimate(
        self, photo: UInt8[np.ndarray, "height width 3"], focal: float | None = None
    ) -> Estimate:
        """Metric depth of one photo.

        Args:
            focal: known focal length in pixels; only Depth Pro makes use of it.
        """
        return ESTIMATORS[self.kind](self, photo, focal)

    def outputs(self, photo: UInt8[np.ndarray, "height width 3"]) -> Any:
        """The network's own outputs for a photo that its processor has prepared."""
        # A copy, since photos read from files may not be written to, which torch warns of.
        pixels = self._processor(
            images=np.array(photo), input_data_format="channels_last", return_tensors="pt"
        )
        return self._model(pixels.pixel_values.to(self._device, self._model.dtype))

    def finish(self, outputs: Any, **sizes: Any) -> dict[str, Any]:
        return self._processor.post_process_depth_estimation(outputs, **sizes)[0]


def _zoe(
    network: DepthNetwork, photo: UInt8[np.ndarray, "height width 3"], focal: float | None
) -> Estimate:
    # One by one: of a batch, the network with two heads would choose one head for all.
    outputs = network.outputs(photo)
    mirrored = network.outputs(photo[:, ::-1])
    result = network.finish(outputs, source_sizes=[photo.shape[:2]], outputs_flipped=mirrored)
    return Estimate(_array(result["predicted_depth"]), focal)


def _depth_anything(
    network: DepthNetwork, photo: UInt8[np.ndarray, "height width 3"], focal: float | None
) -> Estimate:
    result = network.finish(network.outputs(photo), target_sizes=[photo.shape[:2]])
    return Estimate(_array(result["predicted_depth"]), focal)


def _depth_pro(
    network: DepthNetwork, photo: UInt8[np.ndarray, "height width 3"], focal: float | None
) -> Estimate:
    outputs = network.outputs(photo)
    if focal is not None:
        angle = 2 * np.degrees(np.arctan(photo.shape[1] / (2 * focal)))
        outputs.field_of_view = torch.full(
            (1,), float(angle), device=outputs.predicted_depth.device
        )
    elif outputs.field_of_view is None:
        raise UserError(
            "This Depth Pro has no part that estimates the focal length: give the intrinsics."
        )
    result = network.finish(outputs, target_sizes=[photo.shape[:2]])
    return Estimate(_array(result["predicted_depth"]), float(result["focal_length"]))


ESTIMATORS: dict[str, Callable[[DepthNetwork, Any, float | None], Estimate]] = {
    "zoedepth": _zoe,
    "depth_anything": _depth_anything,
    "depth_pro": _depth_pro,
}


def _array(depth: Tensor) -> Float32[np.ndarray, "height width"]:
    return depth.float().cpu().numpy()


def load_depth_network(
    folder: str | Path, device: str | torch.device = "auto", precision: str = "fp32"
) -> DepthNetwork:
    """Load a network from a folder as it comes from the hub: config, safetensors, preprocessor.

    Args:
        precision: `fp32` (as released) or `fp16`.

    Raises:
        UserError: if the package or a file is missing, or the network gives no depth in metres.
    """
    try:
        import transformers
    except ImportError as error:
        raise UserError(f"Metric depth needs another package ({error.name}): {EXTRA}") from error
    transformers.utils.logging.disable_progress_bar()
    folder = Path(folder)
    if not (folder / "config.json").is_file():
        raise UserError(f"{folder} holds no network: its config.json is missing.")
    try:
        model = transformers.AutoModelForDepthEstimation.from_pretrained(
            str(folder),
            local_files_only=True,
            use_safetensors=True,
            dtype={"fp32": torch.float32, "fp16": torch.float16}[precision],
        )
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{folder} holds no network that estimates depth: {reason}") from error
    kind = model.config.model_type
    if kind not in ESTIMATORS:
        raise UserError(
            f"{folder} holds a network of kind '{kind}', which is not one of "
            f"{', '.join(ESTIMATORS)}."
        )
    if kind == "depth_anything" and model.config.depth_estimation_type != "metric":
        raise UserError(
            f"{folder} holds a Depth Anything whose depth has no unit: take a metric model."
        )
    return DepthNetwork(model, _processor(transformers, folder, kind), pick_device(str(device)))


def _processor(transformers: Any, folder: Path, kind: str) -> Any:
    """What prepares photos: as the folder says, or as the networks were published."""
    own = folder / "preprocessor_config.json"
    classes = {
        "zoedepth": (transformers.ZoeDepthImageProcessor, {}),
        "depth_anything": (
            transformers.DPTImageProcessor,
            {
                "size": {"height": DEPTH_ANYTHING_SIZE, "width": DEPTH_ANYTHING_SIZE},
                "keep_aspect_ratio": True,
                "ensure_multiple_of": DEPTH_ANYTHING_MULTIPLE,
            },
        ),
        "depth_pro": (transformers.DepthProImageProcessor, {}),
    }
    processor, defaults = classes[kind]
    fixed = {"ensure_multiple_of": ZOE_MULTIPLE, "do_pad": True} if kind == "zoedepth" else {}
    if own.is_file():
        return processor.from_pretrained(str(folder), local_files_only=True, **fixed)
    return processor(**defaults, **fixed)
