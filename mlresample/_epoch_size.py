"""An epoch of a given size: solving for the target count."""

from bisect import bisect_left
from dataclasses import dataclass
from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mlresample._indicators import Indicator


def solve_target_count(
    indicator: Indicator,
    epoch_size: float,
    *,
    power: float,
    floor: float,
    cap: float,
) -> float:
    """Find the target count whose expected epoch has `epoch_size` samples."""
    whole = isinstance(epoch_size, Integral)
    if whole and epoch_size < indicator.n_classes:
        raise ValueError(
            f"epoch_size={epoch_size} is a number of samples and smaller than the number of "
            f"classes, {indicator.n_classes}. For a multiple of the samples write a float: 1.0 "
            f"for once."
        )
    budget = float(epoch_size) if whole else epoch_size * indicator.n_samples
    curve = _EpochSizeCurve.of(indicator, float(power), floor, cap)
    smallest, largest = curve.limits()
    if not smallest * (1 - 1e-9) <= budget <= largest * (1 + 1e-9):
        kind = "" if whole else " (a float: times the samples)"
        raise ValueError(
            f"epoch_size={epoch_size}{kind} cannot be met: with floor={floor}, cap={cap} and "
            f"power={power} an epoch has between {np.ceil(smallest):,.0f} and "
            f"{np.floor(largest):,.0f} samples ({smallest / indicator.n_samples:.3g} to "
            f"{largest / indicator.n_samples:.3g} times the {indicator.n_samples:,} of y)."
        )
    target_count = curve.solve(budget)
    if not abs(curve(target_count) - budget) <= 1e-6 * budget:
        raise ValueError(f"epoch_size={epoch_size} cannot be solved for with power={power}.")
    return target_count


@dataclass(frozen=True)
class _EpochSizeCurve:
    """Expected epoch size as a function of the target count t.

    A sample's multiplier depends only on its rarest class, so that
    E(t) = n_0 + sum_n K_n clip((t / n) ** power, floor, cap), K_n being the number of samples
    whose rarest class has count n, and n_0 of those without a class.
    """

    counts: NDArray[np.float64]  # n, distinct
    sizes: NDArray[np.int64]  # K_n
    n_without: int
    power: float
    floor: float
    cap: float

    @classmethod
    def of(cls, indicator: Indicator, power: float, floor: float, cap: float) -> Self:
        distinct, rarity = np.unique(-indicator.class_counts, return_inverse=True)
        ranks = (rarity + 1).astype(np.min_scalar_type(len(distinct)))
        rarest = np.bincount(indicator.row_maximum(ranks), minlength=len(distinct) + 1)
        occurs = distinct < 0
        counts = -distinct[occurs].astype(np.float64)
        return cls(counts, rarest[1:][occurs], int(rarest[0]), power, floor, cap)

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def __call__(self, target_count: float) -> float:
        rule = (target_count / self.counts) ** self.power
        return float(self.n_without + self.sizes @ np.clip(rule, self.floor, self.cap))

    def limits(self) -> tuple[float, float]:
        """Smallest and largest size within floor and cap."""
        n_with = int(self.sizes.sum())
        if self.power == 0:
            return float(self.n_without + n_with), float(self.n_without + n_with)
        return self.n_without + self.floor * n_with, self.n_without + self.cap * n_with

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def solve(self, size: float) -> float:
        """Smallest t with E(t) = size, among those where E rises; exact but for rounding.

        E never falls, and between the t at which a class leaves the floor or reaches the cap it
        is a + b t ** power.
        """
        if self.power == 0:
            return float(self.counts.min())
        leaves_floor, reaches_cap = (
            self.counts * np.float64(bound) ** (1 / self.power) for bound in (self.floor, self.cap)
        )
        breaks = np.unique(np.concatenate([leaves_floor, reaches_cap[np.isfinite(reaches_cap)]]))
        k = bisect_left(breaks, size * (1 - 1e-9), key=self)
        if k == 0:
            return float(breaks[0])
        left, right = breaks[k - 1], breaks[k] if k < len(breaks) else np.inf
        rising = (leaves_floor <= left) & (reaches_cap >= right)
        # E(t) = E(left) + b (t ** power - left ** power), with t in units that do not overflow.
        unit = left if left > 0 else self.counts.min()
        b = (self.sizes[rising] * (unit / self.counts[rising]) ** self.power).sum()
        t_power = (left / unit) ** self.power + (size - self(left)) / b
        return float(min(unit * t_power ** (1 / self.power), right))
