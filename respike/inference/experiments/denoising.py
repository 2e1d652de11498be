"""Noisy binary pictures of real handwritten digits, restored by six methods.

Source: image denoising is the application of arXiv:1902.08411; its pictures are not ours
(we take 8 x 8 digits, enlarged), and the coupling J is ours: the value with the best
mean-field accuracy on tuning seeds. The flip chance is known to every method alike.
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.core.errors import RespikeError
from respike.inference import gibbs, icm, mean_field, spiking
from respike.inference.denoising import binary_pictures, correct_percent, flipped, posterior
from respike.inference.outcome import Outcome

TRACED_ITEMS = 3
TRACED_STEPS = 200


def build(
    *,
    flip: float,
    coupling: float = 0.7,
    images: int = 16,
    upscale: int = 4,
    levels: int = 16,
    population: int = 20,
    tau_steps: float = 20.0,
    steps: int = 300,
    burn_in: int = 100,
    sweeps: int = 200,
) -> Callable[..., Outcome]:
    """Make the experiment.

    Args:
        flip: chance that a pixel's sign is changed.
        coupling: J between neighbours.
        images: pictures, drawn from the data without repetition.
        upscale: side of the square that one pixel of the data becomes.
        levels: greatest value of a pixel of the data.
        population: neurons of each pixel in the second network; the first has one.
        tau_steps: membrane time constant.
        steps: steps whose spikes count.
        burn_in: steps before them.
        sweeps: of the Gibbs sampler; a fifth as many before them do not count.

    Returns:
        experiment(stream, seed, data); data hold `image` and `item`.

    Raises:
        RespikeError: no image, a population of fewer than two.
    """
    if images < 1 or population < 2:
        raise RespikeError(
            f"denoising has images {images} and population {population}; "
            "it needs at least 1 image and a population of 2"
        )

    def experiment(stream, seed: int, data: Mapping[str, np.ndarray]) -> Outcome:
        places = chosen(data, images, stream("images"))
        picture = binary_pictures(data["image"][places], upscale, levels)
        noisy = flipped(picture, flip, stream("noise"))
        field = posterior(noisy, flip, coupling)
        timing = {"tau_steps": tau_steps, "steps": steps, "burn_in": burn_in}
        mf = mean_field.fixed_point(field, dt_tau=0.5, tolerance=1e-4)
        one, pop = (
            spiking.run(field, stream(f"spikes.{n}"), neurons=n, **timing)
            for n in (1, population)
        )
        found = {
            "noisy": (noisy + 1) / 2,
            "icm": (icm.modes(field, noisy) + 1) / 2,
            "mf": mf.probability,
            "gibbs": gibbs.marginals(
                field, stream("gibbs"), sweeps=sweeps, burn_in=sweeps // 5
            ),
            "snn1": one.probability,
            f"snn{population}": pop.probability,
        }
        predictions = {
            "item": data["item"][places].astype(np.int64),
            **{f"correct_{name}": correct_percent(p, picture) for name, p in found.items()},
            **{
                f"error_{name}_mf": np.abs(found[name] - mf.probability).mean(axis=(1, 2))
                for name in ("snn1", f"snn{population}")
            },
            "mf_converged": mf.converged,
        }
        means = {k: float(v.mean()) for k, v in predictions.items() if k != "item"}
        trace = {f"picture.{name}": _grey(p) for name, p in found.items()}
        trace["picture.clean"] = _grey((picture + 1) / 2)
        trace["item"] = predictions["item"][:TRACED_ITEMS]
        trace["spikes.single"] = one.raster[:TRACED_STEPS, ::upscale].astype(np.uint8)
        return Outcome(
            predictions, {"images": images, "pixels": picture[0].size, **means}, trace
        )

    return experiment


def chosen(data: Mapping[str, np.ndarray] | None, images: int, rng) -> np.ndarray:
    """Places of the pictures drawn.

    Raises:
        RespikeError: no image data, or fewer pictures than asked for.
    """
    if data is None or "image" not in data:
        message = "denoising needs a data set with images; add dataset: digits to the variant"
        raise RespikeError(message)
    if images > len(data["image"]):
        raise RespikeError(
            f"denoising asks for {images} images; the data have {len(data['image'])}"
        )
    return rng.choice(len(data["image"]), images, replace=False)


def _grey(probability: np.ndarray) -> np.ndarray:
    return np.rint(255 * probability[:TRACED_ITEMS]).astype(np.uint8)
