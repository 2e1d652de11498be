"""Exact-grid training a second time: NumPy, products of matrices in int64, no torch."""

import numpy as np

WEIGHT_BITS, GRADIENT_BITS, INPUT_BITS = 18, 24, 8


def whole(values, bits):
    """Values times 2^bits, which must be whole numbers."""
    scaled = values * 2.0**bits
    assert (scaled == np.rint(scaled)).all()
    return scaled.astype(np.int64)


def product(a, a_bits, b, b_bits):
    """a @ b in integers."""
    return (whole(a, a_bits) @ whole(b, b_bits)).astype(np.float64) / 2.0 ** (a_bits + b_bits)


def rounded(values, bits):
    return np.rint(values * 2.0**bits) / 2.0**bits


def forward(weights, x, steps, kept, threshold):
    """Membranes and spikes of each hidden layer, mean logits; x is [T, N, F]."""
    below, bits, membranes, spikes = x, INPUT_BITS, [], []
    for weight in weights[:-1]:
        v = np.zeros((x.shape[1], len(weight)))
        h, s = [], []
        for t in range(steps):
            charged = v * kept + product(below[t], bits, weight.T, WEIGHT_BITS)
            s.append(np.where(charged >= threshold, 1.0, 0.0))
            h.append(charged)
            v = np.where(charged >= threshold, 0.0, charged)
        membranes.append(h)
        spikes.append(s)
        below, bits = s, 0
    logits = [product(below[t], bits, weights[-1].T, WEIGHT_BITS) for t in range(steps)]
    total = logits[0]
    for more in logits[1:]:
        total = total + more
    return membranes, spikes, total / steps


def gradients(weights, x, label, steps, kept=0.5, threshold=1.0, alpha=10.0):
    """Gradient of each weight, loss and mean logits."""
    membranes, spikes, score = forward(weights, x, steps, kept, threshold)
    error = score - np.eye(score.shape[1])[label]
    squares = whole(rounded(error * error, GRADIENT_BITS), GRADIENT_BITS)
    loss = int(squares.sum()) / 2.0**GRADIENT_BITS / len(label)
    delta = [rounded(error * 2 / len(label) / steps, GRADIENT_BITS)] * steps
    found = []
    for place in range(len(weights) - 1, -1, -1):
        below = spikes[place - 1] if place else x
        bits = 0 if place else INPUT_BITS
        total = sum(
            whole(delta[t].T, GRADIENT_BITS) @ whole(below[t], bits) for t in range(steps)
        )
        found.append(total.astype(np.float64) / 2.0 ** (GRADIENT_BITS + bits))
        if place == 0:
            break
        later, back = np.zeros_like(membranes[place - 1][0]), [None] * steps
        for t in reversed(range(steps)):
            distance = membranes[place - 1][t] - threshold
            slope = 1 / (distance * distance * alpha + 1)
            arriving = product(delta[t], GRADIENT_BITS, weights[place], WEIGHT_BITS)
            later = arriving * slope + later * kept * (1 - spikes[place - 1][t])
            back[t] = rounded(later, GRADIENT_BITS)
        delta = back
    return found[::-1], loss, score


class Adam:
    """Kingma and Ba 2014, algorithm 1, then every weight to its grid."""

    def __init__(self, weights):
        self.weights = weights
        self.m = [np.zeros_like(w) for w in weights]
        self.v = [np.zeros_like(w) for w in weights]
        self.one, self.two = 1.0, 1.0

    def step(self, found, rate):
        self.one, self.two = self.one * 0.9, self.two * 0.999
        for i, g in enumerate(found):
            self.m[i] = self.m[i] * 0.9 + g * (1 - 0.9)
            self.v[i] = self.v[i] * 0.999 + g * g * (1 - 0.999)
            root = np.sqrt(self.v[i] / (1 - self.two))
            moved = self.weights[i] - self.m[i] / (1 - self.one) / (root + 1e-8) * rate
            self.weights[i] = rounded(moved, WEIGHT_BITS)
