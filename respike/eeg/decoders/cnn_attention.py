"""A small convolutional network with attention over the last second.

Source: the CNN-attention hybrid of arXiv 2603.27492 (abstract; its full text was not in our
reach, so layers, sizes and training are ours). Two causal-in-effect convolutions over a
window that ends at the decoded moment, one head-wise attention whose query is that moment,
and a linear layer. Dropout and weights are drawn from the given generator, none from torch.

The decoder is the mean of a few such networks, each of which leaves out a share of the
training blocks: their predictions of what they left out are what the sum with a template is
fitted on.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from respike.core.errors import RespikeError
from respike.eeg import filters
from respike.eeg.decoders import Fitted, unseen_error


class Windows(NamedTuple):
    """Signals of one stretch at its own pace [L, C], and the frames that windows end at."""

    signals: np.ndarray
    ends: np.ndarray
    offsets: np.ndarray

    def take(self, rows: np.ndarray) -> "Windows":
        """Those that end at some frames."""
        return Windows(self.signals, self.ends[rows], self.offsets)

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Windows [N, C, points]."""
        return self.signals[self.ends[rows][:, None] + self.offsets].transpose(0, 2, 1)


class Network(nn.Module):
    """Windows [N, C, points] -> outputs [N, D]."""

    def __init__(self, channels: int, outputs: int, width: int, heads: int):
        super().__init__()
        self.mix = nn.Conv1d(channels, width, 1)
        self.first = nn.Conv1d(width, width, 5)
        self.second = nn.Conv1d(width, width, 5)
        self.query = nn.Linear(width, width)
        self.keys = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(2 * width)
        self.out = nn.Linear(2 * width, outputs)
        self.heads = heads

    def forward(self, windows: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Outputs; `keep` [N, 2 width] is the scaled dropout mask of the last layer's input."""
        x = self.mix(windows)
        x = x + functional.pad(functional.gelu(self.first(x)), (4, 0))
        x = x + functional.pad(functional.gelu(self.second(x)), (4, 0))
        x = x.transpose(1, 2)
        n, points, width = x.shape
        now = x[:, -1]
        query = self.query(now).reshape(n, 1, self.heads, -1).transpose(1, 2)
        keys = self.keys(x).reshape(n, points, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, keys[0], keys[1])
        joined = self.norm(torch.cat([now, seen.reshape(n, width)], dim=1))
        return self.out(joined if keep is None else joined * keep)


class CnnAttention:
    """See `build`; the interface is described in respike/eeg/decoders."""

    def __init__(self, generator: np.random.Generator, **settings):
        self.generator = generator
        self.settings = settings
        self.window_s = settings["window_ms"] / 1000
        self.warm_up_s = self.window_s + 1.0

    def inputs(self, signal: np.ndarray, rate_hz: float, frames: np.ndarray) -> Windows:
        """Slow amplitudes and powers of one stretch, and where its windows end."""
        s = self.settings
        parts = [filters.slow(signal, rate_hz, *s["slow_hz"])]
        parts += [filters.log_power(signal, rate_hz, *band) for band in s["power_hz"]]
        step, span = filters.in_frames([s["point_ms"], s["window_ms"]], rate_hz)
        offsets = -np.arange(0, span, step)[::-1]
        return Windows(np.concatenate(parts, axis=1).astype(np.float32), frames, offsets)

    def fit(self, inputs: list[Windows], outputs: list[np.ndarray]) -> Fitted:
        """Train the members, each on all training blocks but its own share."""
        members = self.settings["members"]
        if not 2 <= members <= len(inputs):
            raise RespikeError(
                f"cnn-attention.members is {members}, with {len(inputs)} training blocks; each "
                f"member leaves a block out: it must be 2 or more, and as many blocks"
            )
        unseen: list[np.ndarray | None] = [None] * len(inputs)
        applied, curve, state = [], [], {}
        for m in range(members):
            held = range(m, len(inputs), members)
            kept = [i for i in range(len(inputs)) if i not in held]
            apply, rows, network = self._member(
                [inputs[i] for i in kept], [outputs[i] for i in kept]
            )
            for i in held:
                unseen[i] = apply(inputs[i])
            applied.append(apply)
            curve += [{"member": m, **row} for row in rows]
            state |= {f"{m}.{k}": v.numpy().copy() for k, v in network.state_dict().items()}

        def predict(windows: Windows) -> np.ndarray:
            return np.mean([apply(windows) for apply in applied], axis=0)

        error = unseen_error(unseen, outputs)
        curve.append({"member": members, "epoch": self.settings["epochs"], "loss": error})
        return Fitted(predict, unseen, curve, state)

    def _member(self, inputs: list[Windows], outputs: list[np.ndarray]):
        """One network: a function from windows to outputs, its curve, and itself."""
        centre, scale = _spread([w.signals[w.ends] for w in inputs])
        mean, spread = _spread(outputs)
        scaled = [w._replace(signals=(w.signals - centre) / scale) for w in inputs]
        truth = [((y - mean) / spread).astype(np.float32) for y in outputs]
        network = self._network(centre.shape[1], mean.shape[1])
        curve = self._train(network, scaled, truth)

        def apply(windows: Windows) -> np.ndarray:
            windows = windows._replace(signals=(windows.signals - centre) / scale)
            return _apply(network, windows).astype(float) * spread + mean

        return apply, curve, network

    def _network(self, channels: int, outputs: int) -> Network:
        s = self.settings
        if s["width"] % s["heads"]:
            raise RespikeError(
                f"cnn-attention.width {s['width']} is no multiple of heads {s['heads']}"
            )
        network = Network(channels, outputs, s["width"], s["heads"])
        with torch.no_grad():
            for name, tensor in network.named_parameters():
                if tensor.dim() > 1:  # uniform, variance 1 / (3 fan-in), as torch's own default
                    bound = 1 / np.sqrt(tensor[0].numel())
                    drawn = self.generator.uniform(-bound, bound, tuple(tensor.shape))
                    tensor.copy_(torch.from_numpy(drawn))
                else:
                    tensor.fill_(1.0 if name == "norm.weight" else 0.0)
        return network

    def _train(self, network: Network, windows: list[Windows], truth: list[np.ndarray]) -> list:
        s = self.settings
        block = np.repeat(np.arange(len(windows)), [len(y) for y in truth])
        row = np.concatenate([np.arange(len(y)) for y in truth])
        # neighbouring windows are nearly one: each epoch takes a random share of them
        each = len(row) // s["stride"]
        steps = s["epochs"] * -(-each // s["batch"])
        optimiser = torch.optim.AdamW(network.parameters(), s["rate"], weight_decay=s["decay"])
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
        curve = []
        for epoch in range(s["epochs"]):
            order = self.generator.permutation(len(row))[:each]
            losses = []
            for start in range(0, each, s["batch"]):
                rows = order[start : start + s["batch"]]
                x, y = _batch(windows, truth, block[rows], row[rows])
                shape = (len(y), 2 * s["width"])
                kept = self.generator.random(shape, dtype=np.float32) >= s["dropout"]
                keep = torch.from_numpy(kept.astype(np.float32) / (1 - s["dropout"]))
                loss = functional.mse_loss(
                    network(torch.from_numpy(x), keep), torch.from_numpy(y)
                )
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
            curve.append({"epoch": epoch, "loss": float(np.mean(losses))})
        return curve


def _spread(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    joined = np.concatenate(parts)
    return joined.mean(axis=0, keepdims=True), joined.std(axis=0, keepdims=True) + 1e-6


def _batch(windows, truth, block, row) -> tuple[np.ndarray, np.ndarray]:
    x, y = [], []
    for b in np.unique(block):
        rows = row[block == b]
        x.append(windows[b].at(rows))
        y.append(truth[b][rows])
    return np.ascontiguousarray(np.concatenate(x), dtype=np.float32), np.concatenate(y)


def _apply(network: Network, windows: Windows, batch: int = 1024) -> np.ndarray:
    found = []
    with torch.no_grad():
        for start in range(0, len(windows.ends), batch):
            x = windows.at(np.arange(start, min(start + batch, len(windows.ends))))
            x = np.ascontiguousarray(x, dtype=np.float32)
            found.append(network(torch.from_numpy(x)).numpy())
    return np.concatenate(found)


def build(
    generator: np.random.Generator,
    *,
    width: int = 32,
    heads: int = 4,
    window_ms: int = 1200,
    point_ms: int = 80,
    slow_hz: list = (0.1, 4.0),
    power_hz: list = ((8.0, 13.0), (16.0, 24.0)),
    epochs: int = 5,
    batch: int = 128,
    rate: float = 4e-3,
    decay: float = 0.05,
    dropout: float = 0.5,
    members: int = 3,
    stride: int = 2,
) -> CnnAttention:
    """Make the decoder.

    Args:
        generator: of weights, order and dropout.
        width: channels of the network.
        heads: of the attention.
        window_ms: how far back a window reaches.
        point_ms: distance of a window's points.
        slow_hz: band of the slow amplitudes.
        power_hz: bands whose logarithmic power is used.
        epochs: passes over the training windows; the last one's weights are kept.
        batch: windows a step.
        rate: peak learning rate of AdamW, cosine to 0.
        decay: weight decay.
        dropout: share of the last layer's inputs that is dropped.
        members: networks; each leaves out one of so many shares of the training blocks.
        stride: an epoch sees one in so many windows, drawn anew.
    """
    settings = {k: v for k, v in locals().items() if k != "generator"}
    return CnnAttention(generator, **settings)
