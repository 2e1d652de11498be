"""A spiking network, mean field, belief propagation and Gibbs on random graphs.

Source: arXiv:1902.08411 claims inference on arbitrary binary fields; the graphs (trees,
rings, sparse, complete), their size and the normal couplings and biases are ours.
"""

from collections.abc import Callable

import numpy as np

from respike.core.errors import RespikeError
from respike.inference import belief_propagation, exact, gibbs, mean_field, spiking
from respike.inference.fields import STRUCTURES, GraphField, random_graphs
from respike.inference.outcome import Outcome

TRACED_STEPS = 400
OTHER = 0.1  # two solutions are two where some marginal differs by more
ITEMS_PER_SEED = 1_000_000  # each seed draws graphs of its own, so their ids differ


def build(
    *,
    coupling: float,
    bias: float = 0.5,
    nodes: int = 10,
    graphs: int = 100,
    structures: list[str] = STRUCTURES,
    population: int = 20,
    tau_steps: float = 20.0,
    steps: int = 6000,
    burn_in: int = 200,
    sweeps: int = 500,
) -> Callable[..., Outcome]:
    """Make the experiment.

    Args:
        coupling: standard deviation of an edge's J.
        bias: standard deviation of a variable's h.
        nodes: variables of a graph.
        graphs: number of graphs, dealt to the structures in turn.
        structures: of tree, ring, sparse, complete.
        population: neurons of each variable in the second network; the first has one.
        tau_steps: membrane time constant.
        steps: steps whose spikes count.
        burn_in: steps before them.
        sweeps: of the Gibbs sampler; a fifth as many before them do not count.

    Returns:
        experiment(stream, seed, data); data are not used.

    Raises:
        RespikeError: no graph, or a population of fewer than two.
    """
    if graphs < 1 or population < 2:
        raise RespikeError(
            f"random-graphs has graphs {graphs} and population {population}; "
            "it needs at least 1 graph and a population of 2"
        )

    def experiment(stream, seed: int, data=None) -> Outcome:
        field = random_graphs(list(structures), graphs, nodes, coupling, bias, stream("graphs"))
        timing = {"tau_steps": tau_steps, "steps": steps, "burn_in": burn_in}
        many = f"snn{population}"
        mf, bp = mean_field.fixed_point(field), belief_propagation.marginals(field)
        one, pop = (
            spiking.run(field, stream(f"spikes.{n}"), neurons=n, **timing)
            for n in (1, population)
        )
        found = {
            "exact": exact.marginals(field),
            "half": np.full_like(field.bias, 0.5),
            "mf": mf.probability,
            "bp": bp.probability,
            "gibbs": gibbs.marginals(
                field, stream("gibbs"), sweeps=sweeps, burn_in=sweeps // 5
            ),
            "snn1": one.probability,
            many: pop.probability,
        }
        own = {name: nearest_solution(field, found[name]) for name in ("snn1", many)}
        predictions = {
            "item": seed * ITEMS_PER_SEED + np.arange(graphs),
            "structure": np.arange(graphs) % len(structures),
            **{f"error_{n}_exact": error(p, found["exact"]) for n, p in _but(found, "exact")},
            **{f"error_{n}_mf": error(found[n], found["mf"]) for n in ("half", "snn1", many)},
            **{f"error_{n}_own": error(found[n], solution) for n, solution in own.items()},
            **{
                f"other_{n}": np.abs(solution - found["mf"]).max(axis=1) > OTHER
                for n, solution in own.items()
            },
            "mf_converged": mf.converged,
            "bp_converged": bp.converged,
        }
        trace = {
            "spikes.single": one.raster[:TRACED_STEPS].astype(np.uint8),
            "share.population": pop.raster[:TRACED_STEPS].astype(np.float32),
            **{f"marginal.{name}": p[: len(structures)] for name, p in found.items()},
        }
        return Outcome(predictions, _numbers(predictions, structures), trace)

    return experiment


def error(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Mean over variables of the absolute difference of P(x = 1), for each graph [G]."""
    return np.abs(one - other).mean(axis=1)


def nearest_solution(field: GraphField, probability: np.ndarray) -> np.ndarray:
    """The mean-field solution that the mean-field dynamics reach from given marginals."""
    return mean_field.fixed_point(field, start=2 * probability - 1).probability


def _but(found: dict, name: str):
    return [(key, value) for key, value in found.items() if key != name]


def _numbers(predictions: dict, structures) -> dict:
    """Means of every error and of other solutions, and the same for each structure."""
    kinds = predictions["structure"]
    found = {"graphs": len(kinds), "structures": list(structures)}
    for name in ("mf_converged", "bp_converged"):
        found[f"{name}_share"] = float(predictions[name].mean())
    for name, values in predictions.items():
        if name.startswith(("error_", "other_")):
            found[name] = float(values.mean())
            found[f"{name}.by_structure"] = [
                float(values[kinds == k].mean()) if (kinds == k).any() else None
                for k in range(len(structures))
            ]
    return found
