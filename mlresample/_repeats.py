"""Sample multipliers become whole repeats, repeats become indices; the only randomness."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDINGS = {"stratified", "bernoulli", "nearest"}


def draw_repeats(
    levels: NDArray[Any],
    level_multipliers: NDArray[np.float64],
    epoch_size: int,
    random_state: np.random.RandomState,
    rounding: str = "stratified",
) -> NDArray[np.int64]:
    """Round each sample's multiplier down or up to whole repeats."""
    if rounding == "nearest":
        return np.floor(level_multipliers + 0.5).astype(np.int64)[levels]
    whole = np.floor(level_multipliers)
    fraction = level_multipliers - whole
    repeats = whole.astype(np.int64)[levels]
    undecided = np.flatnonzero((fraction > 0)[levels])
    if len(undecided) == 0:
        return repeats
    if rounding == "bernoulli":
        up = random_state.uniform(size=len(undecided)) < fraction[levels[undecided]]
        repeats[undecided[up]] += 1
        return repeats
    level_sizes = np.bincount(levels, minlength=len(level_multipliers))
    n_extra = epoch_size - int(level_sizes @ whole.astype(np.int64))
    extra = share_extra_copies(level_sizes * fraction, n_extra, random_state.uniform())
    # Shuffled rows, sorted by level: the first extra[l] of level l are a random choice of it.
    undecided = random_state.permutation(undecided)
    undecided = undecided[np.argsort(levels[undecided], kind="stable")]
    sizes = np.where(fraction > 0, level_sizes, 0)
    runs = np.column_stack([extra, sizes - extra]).ravel()
    repeats[undecided[np.repeat(np.arange(len(runs)) % 2 == 0, runs)]] += 1
    return repeats


def share_extra_copies(
    shares: NDArray[np.float64], n_extra: int, start: float
) -> NDArray[np.int64]:
    """Round the levels' shares s_l to whole numbers k_l that add up to n_extra = round(sum s).

    Systematic sampling: with C_l the running sum of the shares and one random start u in
    [0, 1), k_l = floor(C_l + u) - floor(C_(l-1) + u), so that k_l is s_l rounded down or up,
    and s_l on average. Before, the shares are moved by n_extra - sum(s) in all (half a sample
    at the most), each as far as it has room to its own next whole number.
    """
    whole = np.floor(shares)
    fraction = shares - whole
    gap = n_extra - whole.sum() - fraction.sum()
    room = np.where(fraction > 0, 1 - fraction, 0) if gap > 0 else fraction
    if gap:
        fraction = fraction + gap * room / room.sum()
    # Only fractions are summed up, and the end is set to the whole number that it is.
    total = n_extra - whole.sum()
    running = np.cumsum(fraction)
    running[running > total - 1e-9] = total
    steps = np.floor(np.concatenate([[0.0], running]) + start)
    return (whole + np.diff(steps)).astype(np.int64)


def repeats_to_indices(repeats: NDArray[np.int64]) -> NDArray[np.int64]:
    """List the kept originals in order, then the copies."""
    kept = np.flatnonzero(repeats)
    copied = np.flatnonzero(repeats > 1)
    return np.concatenate([kept, np.repeat(copied, repeats[copied] - 1)])
