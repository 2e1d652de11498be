"""A trained network as tensors and one description, and back again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from respike.core.errors import DamagedFile
from respike.core.parts import make
from respike.structure.masks import Tensors


def weights(network: torch.nn.Module) -> Tensors:
    """Layer name -> weight: the connections that structure learning counts."""
    return {name: layer.weight for name, layer in network.layers.items()}


def parameters(network: torch.nn.Module) -> Tensors:
    """`<layer>.weight`, and `<layer>.bias` where there is one: all that is trained."""
    found = {}
    for name, layer in network.layers.items():
        found[f"{name}.weight"] = layer.weight
        if layer.bias is not None:
            found[f"{name}.bias"] = layer.bias
    return found


def build(
    network: str | dict, neuron: str | dict | None, inputs: int, classes: int, rng
) -> torch.nn.Module:
    """Make a network from the names and settings of its parts.

    Args:
        network: part of kind network, as a study writes it.
        neuron: part of kind neuron, or None for a network that does not spike.
        inputs: number of inputs F.
        classes: number of classes.
        rng: stream the weights are drawn from.
    """
    maker = None if neuron is None else make("neuron", neuron)
    return make("network", network, inputs, classes, maker, rng)


def pack(network: torch.nn.Module, masks: Tensors) -> dict[str, np.ndarray]:
    """Tensors of the model file: float32 weights and biases, uint8 masks (1 = live)."""
    found = {
        name: np.array(p.detach().numpy(), dtype=np.float32)
        for name, p in parameters(network).items()
    }
    for name, mask in masks.items():
        found[f"{name}.mask"] = mask.numpy().astype(np.uint8)
    return found


def unpack(
    tensors: Mapping[str, np.ndarray], description: Mapping[str, Any]
) -> tuple[torch.nn.Module, Tensors]:
    """Make the network that a model file describes.

    Args:
        tensors: what `pack` gave.
        description: the file's metadata; `network`, `neuron` and `sizes` are used.

    Returns:
        The network with these weights, and its masks.

    Raises:
        DamagedFile: the description is not one of ours, or a tensor is missing or has
            another shape than the description says.
    """
    try:
        neuron = description["neuron"]
        sizes = description["sizes"]
        network = build(
            description["network"],
            None if neuron is None else neuron["part"],
            sizes[0],
            sizes[-1],
            np.random.Generator(np.random.PCG64(0)),
        )
        with torch.no_grad():
            for name, parameter in parameters(network).items():
                parameter.copy_(torch.from_numpy(np.array(tensors[name], dtype=np.float32)))
        masks = {
            name: torch.from_numpy(np.array(tensors[f"{name}.mask"], dtype=bool))
            for name in network.layers
        }
        for name, weight in weights(network).items():
            if masks[name].shape != weight.shape:
                raise ValueError(f"mask of {name} has shape {tuple(masks[name].shape)}")
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise DamagedFile(
            f"the model file does not fit its own description: {error}; rerun the stage that"
            " wrote it"
        ) from None
    return network, masks
