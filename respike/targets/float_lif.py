"""The same network in float64: what the integer core is compared with, spike by spike.

Source: the LIF node of SpikingJelly (Fang et al. 2023, doi 10.1126/sciadv.adi1480) with
decay_input off: v <- v - v / tau + x; fire where v >= threshold; reset to 0 or by the
threshold. Sums run in ascending index with one rounding a term, so that the result does not
depend on the CPU's matrix library.
"""

import numpy as np

from respike.targets.network import Layer, LifNetwork


def lif(current: np.ndarray, tau_steps: float, threshold: float, reset: str) -> np.ndarray:
    """Spikes of neurons that share no connection.

    Args:
        current: input [N, T, C].
        tau_steps: membrane time constant.
        threshold: of every neuron.
        reset: `zero` or `subtract`.

    Returns:
        uint8 [N, T, C].
    """
    v = np.zeros((current.shape[0], current.shape[2]))
    spikes = np.zeros(current.shape, dtype=np.uint8)
    for t in range(current.shape[1]):
        v = v - v / tau_steps + current[:, t]
        fires = v >= threshold
        v = np.where(fires, 0.0, v) if reset == "zero" else v - threshold * fires
        spikes[:, t] = fires
    return spikes


def drive(layer: Layer, source: np.ndarray) -> np.ndarray:
    """W x + b, summed in ascending index of the input.

    Args:
        layer: with weight [out, in].
        source: [N, T, in].

    Returns:
        float64 [N, T, out].
    """
    n_items, n_steps, n_in = source.shape
    rows = source.reshape(n_items * n_steps, n_in)
    total = np.zeros((len(rows), len(layer.weight)))
    for j in range(n_in):
        active = np.flatnonzero(rows[:, j])
        if len(active):
            total[active] += rows[active, j, None] * layer.weight[:, j]
    return (total + layer.bias).reshape(n_items, n_steps, -1)


def run(network: LifNetwork, frames: np.ndarray) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Run a network on integer inputs.

    Args:
        network: float network; its input_shift scales the inputs.
        frames: integers [N, T, C], or [N, C] applied at every step.

    Returns:
        One uint8 [N, T, C] for each spiking layer, and logits float64 [N, K].
    """
    still = frames.ndim == 2
    source = (frames[:, None] if still else frames) / (1 << network.input_shift)
    spikes = []
    for layer in network.layers:
        current = drive(layer, source)
        if current.shape[1] == 1:
            current = np.repeat(current, network.time_steps, axis=1)
        fired = lif(current, network.tau_steps, network.threshold, network.reset)
        spikes.append(fired)
        source = fired.astype(np.float64)
    return tuple(spikes), _mean(drive(network.readout, source))


def _mean(logits: np.ndarray) -> np.ndarray:
    total = np.zeros_like(logits[:, 0])
    for t in range(logits.shape[1]):
        total = total + logits[:, t]
    return total / logits.shape[1]
