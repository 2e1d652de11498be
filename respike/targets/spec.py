"""Every choice of an integer spiking core that can change a spike, stated and hashed.

Source: the fields are those found to change spikes when two emulators of one chip were
compared (Loihi, Xylo; Davies et al. 2018, doi 10.1109/MM.2018.112130359). Formats such as
NIR (arXiv:2311.14641) leave them open, so they stand here, beside the network.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from itertools import permutations

from respike.core.errors import RespikeError, did_you_mean

STEPS = ("decay", "add", "fire", "reset")
CHOICES = {
    "weight_scale": ("layer", "network"),
    "rounding": ("nearest-even", "nearest-up", "floor", "zero"),
    "overflow": ("saturate", "wrap"),
    "overflow_at": ("add", "step"),
    "decay_rounding": ("floor", "zero", "nearest-up"),
    "order": tuple("-".join(order) for order in permutations(STEPS)),
    "compare": (">=", ">"),
    "reset": ("zero", "subtract"),
}
RANGES = {
    "weight_bits": (2, 16),
    "membrane_bits": (4, 32),
    "readout_bits": (4, 32),
    "decay_shift": (1, 15),
    "delay_steps": (0, 8),
}


@dataclass(frozen=True)
class HwSpec:
    """One integer core. Signed two's complement registers throughout.

    Attributes:
        weight_bits: width of a weight; largest value 2^(bits-1)-1, smallest its negative.
        weight_scale: a weight w is stored as w * 2^shift; one shift for each `layer` or
            one for the whole `network`, in either case the largest that fits.
        rounding: how w * 2^shift, a bias and a threshold become integers.
        membrane_bits: width V of the membrane register, from -2^(V-1) to 2^(V-1)-1.
        overflow: `saturate` at the end of the range or `wrap` around, in membrane and readout.
        overflow_at: applied after each `add` of one synapse, or once a `step` on the sum.
            The bias is the first add, then the inputs in ascending index; a graded
            input adds its product at once.
        decay_shift: k of the leak v - v / 2^k, so that tau is 2^k steps.
        decay_rounding: of v / 2^k: `floor` (arithmetic shift), `zero` or `nearest-up`.
        order: of the four actions within one step, joined by "-".
        compare: a neuron fires where v `>=` or `>` threshold.
        reset: of the neurons whose last comparison fired: v to `zero` or v - threshold.
        delay_steps: steps between a spike or input and its add; 0 is the same step.
        readout_bits: width of the readout's accumulators, which neither leak nor fire.
    """

    weight_bits: int
    weight_scale: str
    rounding: str
    membrane_bits: int
    overflow: str
    overflow_at: str
    decay_shift: int
    decay_rounding: str
    order: str
    compare: str
    reset: str
    delay_steps: int
    readout_bits: int

    def __post_init__(self) -> None:
        """Refuse a value outside CHOICES and RANGES with a sentence that names it."""
        for name, allowed in CHOICES.items():
            given = getattr(self, name)
            if given not in allowed:
                near = did_you_mean(given, allowed) if isinstance(given, str) else ""
                raise RespikeError(
                    f"target setting {name} is {given!r}.{near} Allowed: {', '.join(allowed)}"
                )
        for name, (low, high) in RANGES.items():
            given = getattr(self, name)
            whole = isinstance(given, int) and not isinstance(given, bool)
            if not whole or not low <= given <= high:
                raise RespikeError(
                    f"target setting {name} is {given!r}; "
                    f"it must be a whole number from {low} to {high}"
                )
        if self.decay_shift >= self.membrane_bits:
            raise RespikeError(
                f"target setting decay_shift is {self.decay_shift}; it must be smaller than "
                f"membrane_bits, {self.membrane_bits}, or nothing leaks"
            )

    @property
    def steps(self) -> tuple[str, ...]:
        """The four actions of a step in their order."""
        return tuple(self.order.split("-"))

    @property
    def weight_max(self) -> int:
        """Largest weight; the smallest is its negative."""
        return 2 ** (self.weight_bits - 1) - 1

    @property
    def membrane_max(self) -> int:
        """Largest value of a membrane; the smallest is one below its negative."""
        return 2 ** (self.membrane_bits - 1) - 1

    def check_threshold(self, layer: str, threshold: int) -> None:
        """Refuse a threshold that a membrane of this width can never meet.

        Raises:
            RespikeError: threshold below 1 or out of reach under `compare`.
        """
        reach = self.membrane_max - (self.compare == ">")
        if not 1 <= threshold <= reach:
            raise RespikeError(
                f"{layer}: the integer threshold is {threshold}; a {self.membrane_bits}-bit "
                f"membrane under '{self.compare}' meets thresholds from 1 to {reach}. "
                "Raise membrane_bits, or lower weight_bits so that weights are stored smaller"
            )

    def to_json(self) -> str:
        """Canonical text: sorted keys, no spaces."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "HwSpec":
        """Read what to_json wrote.

        Raises:
            RespikeError: a field is missing or unknown, or a value is not allowed.
        """
        given = json.loads(text)
        known = {field.name for field in fields(cls)}
        if set(given) != known:
            wrong = sorted(set(given) ^ known)
            raise RespikeError(
                f"hardware specification: fields {', '.join(wrong)} are missing or unknown; "
                f"allowed and required: {', '.join(sorted(known))}"
            )
        return cls(**given)

    @property
    def hash(self) -> str:
        """First 16 hex digits of the sha256 of to_json."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]
