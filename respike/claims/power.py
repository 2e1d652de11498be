"""Power registered from pilot seeds, smallest decidable margin, seeds that would decide.

The spread of k pilot seeds is enlarged to its upper 80 % bound, s_u = s sqrt((k-1)/chi2(.2)):
the plug-in value reaches the planned power in only 46-63 % of designs, s_u in 85-89 %.
SE(n) = sqrt(s_u^2/n + c).
"""

import math
from functools import cache

from scipy.optimize import brentq
from scipy.stats import chi2, nct
from scipy.stats import t as student

from respike.claims.estimate import LEVEL, Estimate, Region

POWER = 0.80
MOST_SEEDS = 10_000


def upper_sd(sd: float, pilots: int) -> float:
    """Upper 80 % bound of a standard deviation estimated from `pilots` seeds."""
    return sd * math.sqrt((pilots - 1) / chi2.ppf(0.2, pilots - 1))


def power(region: Region, effect: float, se: float, df: float, level: float = LEVEL) -> float:
    """Chance of the right verdict if the true value is `effect`.

    Inside the region that is `holds`, outside `differs`; on its edge nothing is right: 0.
    """
    crossed = student.ppf(1 - level, df)
    if region.low < effect < region.high:
        sides = [effect - region.low, region.high - effect]
        misses = sum(1 - nct.sf(crossed, df, side / se) for side in sides if side < math.inf)
        return float(max(0.0, 1.0 - misses))
    gap = max(region.low - effect, effect - region.high)
    return float(nct.sf(crossed, df, gap / se)) if gap > 0 else 0.0


@cache
def decidable(df: float, sides: int = 1, level: float = LEVEL, wanted: float = POWER) -> float:
    """Smallest margin, in standard errors, that is decided with 80 % power.

    Args:
        df: degrees of freedom.
        sides: 1 for a direction or a bound, 2 for `within`.
        level: one-sided level.
        wanted: the power, where it is not 80 %.
    """
    crossed = student.ppf(1 - level, df)
    one_side = 1 - (1 - wanted) / sides
    return float(brentq(lambda x: nct.sf(crossed, df, x) - one_side, 0.0, 100.0))


def interval_se(estimate: Estimate, share: float = 1.0) -> float:
    """Standard error that the interval shows: half of it, in t quantiles.

    That is `estimate.se`, save for a rate near 0 or 1, whose interval is wider.
    """
    low, high = estimate.bounds(share)
    crossed = student.ppf(1 - estimate.level * share, estimate.df)
    return float((high - low) / 2 / crossed)


def seeds_needed(estimate: Estimate, region: Region) -> int | None:
    """Seeds that would decide with 80 % power if the truth is what was measured.

    Only the variance over seeds falls with more of them.

    Returns:
        The least number, at most MOST_SEEDS; None where no number would, because test items
        or the paper's own spread are too noisy, or the estimate sits on the edge.
    """
    value, seed = float(estimate.value), float(estimate.seed_variance)
    gap, edge = min((abs(value - edge), edge) for edge in region if math.isfinite(edge))
    fixed = max(0.0, float(estimate.error_at(edge)) ** 2 - seed / estimate.n)

    def decides(n):
        need = student.ppf(1 - estimate.level, n - 1) + student.ppf(POWER, n - 1)
        return gap > need * math.sqrt(seed / n + fixed)

    if not decides(MOST_SEEDS):
        return None
    low, high = 2, MOST_SEEDS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle + 1, high)
    return low
