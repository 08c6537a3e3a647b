"""Learn a rule, solving for the target count if its epoch is to have a given size."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.class_table import ClassOrder, ClassTable
from mlresample._rule.counts import ClassCounts, effective_counts
from mlresample._rule.multipliers import Learned, learn_multipliers
from mlresample._rule.parameters import RuleParameters


def learn_by_table(
    counts: ClassCounts,
    table_of: Callable[[ClassOrder], ClassTable],
    parameters: RuleParameters,
    column_name: Any = None,
) -> Learned:
    """Learn the class multipliers; an epoch size needs the class table of the class counts."""
    solved = None
    if parameters.epoch_size is not None:
        effective = effective_counts(counts, parameters.instance_aware)
        by_count = table_of(ClassOrder.of(-effective, counts.class_counts, merge_ties=True))
        solved = solve_target_count(by_count, effective, parameters)
    return learn_multipliers(counts, parameters, solved=solved, column_name=column_name)


def solve_target_count(
    table: ClassTable, class_counts: NDArray[np.int64], parameters: RuleParameters
) -> float:
    """Find the target count whose expected epoch has ``parameters.epoch_size`` samples.

    The table's order is that of the class counts, of which its sizes are all that matters.
    """
    n_samples, epoch_size = table.n_samples, parameters.epoch_size
    n_classes = len(class_counts)
    power, floor, cap = parameters.power, parameters.floor, parameters.cap
    whole = isinstance(epoch_size, Integral)
    if whole and epoch_size < n_classes:
        raise ValueError(
            f"epoch_size={epoch_size} is a number of samples and smaller than the number of "
            f"classes, {n_classes}. For a multiple of the samples, pass a float: 1.0 "
            f"for once."
        )
    budget = float(epoch_size) if whole else epoch_size * n_samples
    counts = class_counts[table.order.classes].astype(np.float64)
    constant = parameters.background * int(table.sizes[0]) + table.n_undecided
    curve = _EpochSizeCurve(counts, table.class_sizes, constant, power, floor, cap)
    smallest, largest = curve.limits()
    smallest = max(smallest, 0.5)  # which is rounded to a single sample
    inside = smallest * (1 - 1e-9) <= budget <= largest * (1 + 1e-9)
    if inside:
        target_count = curve.solve(budget)
        if abs(curve(target_count) - budget) <= 1e-6 * budget:
            return target_count
    kind = "" if whole else " (a float: a multiple of the samples)"
    between = (
        f"with floor={floor}, cap={cap} and power={power} an epoch has between "
        f"{np.ceil(smallest):,.0f} and {np.floor(largest):,.0f} samples "
        f"({smallest / n_samples:.3g} to {largest / n_samples:.3g} times the {n_samples:,} of y)"
    )
    if not inside:
        raise ValueError(f"epoch_size={epoch_size}{kind} cannot be met: {between}.")
    raise ValueError(
        f"epoch_size={epoch_size}{kind} cannot be solved for: {between}, but with powers and "
        f"floors this extreme, floats are too coarse to reach every size in between."
    )


@dataclass(frozen=True)
class _EpochSizeCurve:
    """Expected epoch size as a function of the target count t.

    A sample's multiplier depends only on its rarest class, so that
    E(t) = b n_0 + u + sum_n K_n clip((t / n) ** power, floor, cap), K_n being the number of
    samples whose rarest class has count n, n_0 that of samples without a class, b their
    multiplier, and u the number of undecided samples, which are seen once.
    """

    counts: NDArray[np.float64]  # n, distinct
    sizes: NDArray[np.int64]  # K_n
    constant: float  # b n_0 + u
    power: float
    floor: float
    cap: float

    @np.errstate(over="ignore", under="ignore", invalid="ignore")
    def __call__(self, target_count: float) -> float:
        rule = (target_count / self.counts) ** self.power
        return float(self.constant + self.sizes @ np.clip(rule, self.floor, self.cap))

    def limits(self) -> tuple[float, float]:
        """Return the smallest and the largest size within floor and cap."""
        n_with = int(self.sizes.sum())
        if self.power == 0:
            return self.constant + n_with, self.constant + n_with
        return self.constant + self.floor * n_with, self.constant + self.cap * n_with

    @np.errstate(all="ignore")
    def solve(self, size: float) -> float:
        """Return the smallest t with E(t) = size where E rises; exact except for rounding.

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
        # E(t) = E(left) + b (t ** power - left ** power), with t in units whose power neither
        # overflows nor vanishes.
        rarest = self.counts.min()
        unit = left if (left / rarest) ** self.power > 1e-300 else rarest
        b = (self.sizes[rising] * (unit / self.counts[rising]) ** self.power).sum()
        t_power = (left / unit) ** self.power + (size - self(left)) / b
        return float(min(unit * t_power ** (1 / self.power), right))
