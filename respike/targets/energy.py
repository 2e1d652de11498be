"""Energy of counted operations as an interval over published models, never one number.

Chips differ in node, memory and in what they call a synaptic operation: the table orders
magnitudes, it measures nothing of the network at hand. A chip that is not in a source is
not in the table (Loihi 2 is printed there without a value).
"""

from dataclasses import dataclass

from respike.core.errors import RespikeError

TABLE_3 = (
    "Tang et al. 2023, Front. Neurosci. 17:1187252, PMC10326429, table 3 "
    "(it says that the operation varies between applications)"
)
HOROWITZ = "Horowitz 2014, doi 10.1109/ISSCC.2014.6757323, as used by SpikingJelly's op_counter"
LEMAIRE = "Lemaire et al. 2022, arXiv:2210.13107, as used by SpikingJelly's op_counter"
MEMORY_PJ_PER_BYTE = 24.96  # 3.12 pJ a bit, 45 nm; SpikingJelly's op_counter, simple model


@dataclass(frozen=True)
class Model:
    """Price of one operation.

    Attributes:
        name: of the chip or of the arithmetic.
        kind: `chip`, where an operation includes its memory, or `arithmetic`, without.
        synop_pj: an add caused by a spike.
        mac_pj: a multiply-add; a chip's is its synop.
        source: where the numbers stand.
    """

    name: str
    kind: str
    synop_pj: float
    mac_pj: float
    source: str


def _chip(name: str, synop_pj: float) -> Model:
    return Model(name, "chip", synop_pj, synop_pj, TABLE_3)


MODELS = (
    _chip("loihi", 23.6),
    _chip("truenorth", 2.5),  # 26 pJ in other places: quote the source with the number
    _chip("tianjic", 1.54),
    _chip("odin", 12.7),
    _chip("reckon", 5.3),
    _chip("neuronflow", 20.0),
    _chip("ubrain", 26.0),
    _chip("spinnaker", 45.0),
    _chip("spinnaker2", 10.0),
    _chip("seneca", 2.8),
    Model("45nm-float32", "arithmetic", 0.9, 4.6, HOROWITZ),
    Model("45nm-int32", "arithmetic", 0.1, 3.2, LEMAIRE),
    Model("45nm-int8", "arithmetic", 0.03, 0.23, HOROWITZ),
)
FLOAT_MODEL = "45nm-float32"


@dataclass(frozen=True)
class Traffic:
    """Bytes moved for one item, if nothing is cached.

    Attributes:
        weights: one weight read for each synaptic operation and multiply-add.
        state: one membrane read and one written for each neuron and step.
    """

    weights: float
    state: float


def model(name: str) -> Model:
    """The model of that name.

    Raises:
        RespikeError: none of that name.
    """
    for row in MODELS:
        if row.name == name:
            return row
    known = ", ".join(row.name for row in MODELS)
    raise RespikeError(f"no energy model named '{name}'. Known: {known}")


def compute_nj(row: Model, synops: float, graded: float) -> float:
    """Energy of the operations of one item [nJ]; a chip is charged one synop a graded one."""
    return (synops * row.synop_pj + graded * row.mac_pj) / 1000


def traffic(synops: float, graded: float, updates: int, weight_bits: int, state_bits: int):
    """Bytes one item moves: a weight a synaptic operation, the state twice an update."""
    return Traffic((synops + graded) * weight_bits / 8, 2 * updates * state_bits / 8)


def memory_nj(moved: Traffic) -> float:
    """Energy of moving those bytes at 45 nm [nJ]."""
    return (moved.weights + moved.state) * MEMORY_PJ_PER_BYTE / 1000


def report(
    synops: float,
    graded: float,
    updates: int,
    connections: int,
    weight_bits: int,
    membrane_bits: int,
) -> dict[str, float | str | list]:
    """Energy of one item under every model, as flat metrics.

    Args:
        synops: adds caused by spikes, mean over items.
        graded: multiply-adds caused by inputs, mean over items.
        updates: neuron updates.
        connections: stored connections: multiply-adds of one pass without spikes.
        weight_bits: width of a weight.
        membrane_bits: width of a membrane.

    Returns:
        `energy_nj_low` and `_high` with the model at either end; `energy_models`,
        `energy_kinds` (a chip's price includes its memory), `energy_nj` and
        `energy_sources` row by row. With the float prices of 45 nm: `ann_energy_nj` of one
        pass through the same connections without spikes, `energy_over_ann`, and the rule
        behind it: where all inputs are spikes, they pay while `steps_times_activity`, the
        uses of a connection, is below `break_even`. With the memory of 45 nm: `memory_nj`,
        `ann_memory_nj` (weights of equal width, each read once) and the memory's share of
        the total under float and integer adds.

    Raises:
        RespikeError: no connection.
    """
    if connections < 1:
        message = "the network stores no connection, so it has no energy to compare"
        raise RespikeError(message)
    rows = {row.name: compute_nj(row, synops, graded) for row in MODELS}
    low, high = min(rows, key=rows.get), max(rows, key=rows.get)
    price, whole = model(FLOAT_MODEL), model("45nm-int8" if weight_bits <= 8 else "45nm-int32")
    ann = connections * price.mac_pj / 1000
    memory = memory_nj(traffic(synops, graded, updates, weight_bits, membrane_bits))
    shares = {
        "float": memory / (memory + rows[price.name]) if memory else 0.0,
        "integer": memory / (memory + rows[whole.name]) if memory else 0.0,
    }
    return {
        "energy_nj_low": rows[low],
        "energy_nj_high": rows[high],
        "energy_low_model": low,
        "energy_high_model": high,
        "energy_models": list(rows),
        "energy_kinds": [row.kind for row in MODELS],
        "energy_nj": list(rows.values()),
        "energy_sources": [row.source for row in MODELS],
        "ann_energy_nj": ann,
        "energy_over_ann": rows[price.name] / ann,
        "steps_times_activity": (synops + graded) / connections,
        "break_even": price.mac_pj / price.synop_pj,
        "memory_nj": memory,
        "ann_memory_nj": connections * weight_bits / 8 * MEMORY_PJ_PER_BYTE / 1000,
        "memory_share_float": shares["float"],
        "memory_share_integer": shares["integer"],
    }
