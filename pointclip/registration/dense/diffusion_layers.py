"""Reads layers of Stable Diffusion's U-Net by hooks on public modules of diffusers.

Layer 0 is the middle block, layer k decoder block k of the original model (1-12).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor

from pointclip.core.errors import UserError


class Enough(Exception):
    """The last layer that is asked for has been read: the rest of the U-Net need not run."""


class Layers:
    """Reads layers of a U-Net by hooks on its public modules.

    Raises:
        UserError: if it has no such layer.
    """

    def __init__(self, unet: Any, layers: Sequence[int]) -> None:
        per_block = len(unet.up_blocks[0].resnets)
        count = per_block * len(unet.up_blocks)
        for layer in layers:
            if not 0 <= layer <= count:
                raise UserError(f"The diffusion model has no layer {layer}: it has 0-{count}.")
        if not layers:
            raise UserError("No layer of the diffusion model is asked for.")
        self.unet, self.layers, self.per_block = unet, tuple(layers), per_block

    @contextmanager
    def hooked(self) -> Iterator[dict[int, Tensor]]:
        seen: dict[int, Tensor] = {}
        last = max(self.layers)

        def keep(layer: int, output: Any) -> None:
            seen[layer] = output[0] if isinstance(output, tuple) else output
            if layer == last:
                raise Enough

        handles = []
        for layer in set(self.layers):
            if layer == 0:
                # diffusers adds the control after its middle block: the next block's input has it.
                handles.append(
                    self.unet.up_blocks[0].register_forward_pre_hook(
                        lambda _, args, kwargs: keep(0, kwargs.get("hidden_states", *args[:1])),
                        with_kwargs=True,
                    )
                )
            else:
                handles.append(
                    self._module(layer).register_forward_hook(
                        lambda _, __, output, layer=layer: keep(layer, output)
                    )
                )
        try:
            yield seen
        finally:
            for handle in handles:
                handle.remove()

    def _module(self, layer: int) -> Any:
        """Decoder block k of the original model, of which diffusers makes several in one."""
        index, inner = divmod(layer - 1, self.per_block)
        block = self.unet.up_blocks[index]
        if inner == self.per_block - 1:
            return block  # with its upsampler
        attentions = getattr(block, "attentions", None)
        return (attentions or block.resnets)[inner]
