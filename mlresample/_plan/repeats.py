"""Sample multipliers become whole repeats, repeats become indices; all randomness is here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from mlresample._utils.containers import row_slices
from mlresample._utils.immutable import Immutable

ROUNDINGS = {"stratified", "bernoulli", "nearest"}

_CHUNK = 1 << 17  # samples, so many that a chunk stays in the processor's cache
_FEW_LEVELS = 1 << 12
_HISTOGRAM_BITS = 18  # at most so many bins, of eight bytes each, for all levels


def round_half_up(x: Any) -> Any:
    """Round to whole numbers, halves up; x + 0.5 would itself be rounded."""
    whole = np.floor(x)
    return whole + (x - whole >= 0.5)


def check_epoch_size(expected: float, of: str = "") -> None:
    """Refuse epochs without samples, or with more than can be counted."""
    of = f" {of}" if of else ""
    if not expected < 2**53:
        raise ValueError(f"The plan's epoch{of} would have {expected:.3g} samples: lower the cap.")
    if round_half_up(expected) == 0:
        raise ValueError(f"The plan's epoch{of} is empty: every sample is left out. Raise floor.")


class LevelFigures:
    """What follows from how many samples have which multiplier, wherever the samples are."""

    level_multipliers: NDArray[np.float64]  # distinct, ascending
    level_sizes: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Number of samples before resampling."""
        return int(self.level_sizes.sum())

    @cached_property
    def expected_epoch_size(self) -> float:
        """Sum of the sample multipliers."""
        return math.fsum(self.level_sizes * self.level_multipliers)

    @property
    def epoch_size(self) -> int:
        """Number of samples of a drawn epoch: the expected size, rounded, halves up."""
        return int(round_half_up(self.expected_epoch_size))


@dataclass(frozen=True, eq=False, repr=False)
class RepeatPlan(Immutable, LevelFigures):
    """How often each sample is seen, and epochs drawn from that; immutable.

    All samples of one level share a multiplier.

    Attributes
    ----------
    level_multipliers : ndarray of shape (n_levels,)
        Distinct multipliers, ascending.
    levels : ndarray of shape (n_samples,)
        Index of each sample's multiplier among them, a small unsigned integer.
    """

    level_multipliers: NDArray[np.float64]
    levels: NDArray[Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        # The sizes of the levels are counted only if the bounds leave a doubt.
        least, most = self.n_samples * self.level_multipliers[[0, -1]]
        if not most < 2**53 or least < 1:
            check_epoch_size(self.expected_epoch_size)

    @property
    def n_samples(self) -> int:
        """Number of samples before resampling."""
        return len(self.levels)

    @property
    def sample_multipliers(self) -> NDArray[np.float64]:
        """Times that each sample is seen per epoch, float64 of shape (n_samples,)."""
        return self.level_multipliers.take(self.levels)

    @cached_property
    def level_sizes(self) -> NDArray[np.int64]:  # type: ignore[override]
        """Number of samples of each level, of shape (n_levels,)."""
        n_levels = len(self.level_multipliers)
        sizes = np.zeros(n_levels, dtype=np.int64)
        for rows in row_slices(self.n_samples, max(_CHUNK, n_levels)):
            sizes += np.bincount(self.levels[rows], minlength=n_levels)  # in eight bytes each
        sizes.flags.writeable = False
        return sizes

    def draw_repeats(
        self,
        random_state: int | np.random.RandomState | None = None,
        *,
        rounding: str = "stratified",
    ) -> NDArray[np.int64]:
        """Round the sample multipliers to whole repeats.

        Parameters
        ----------
        random_state : int, RandomState instance or None, default=None
            An int gives the same repeats every time.
        rounding : {"stratified", "bernoulli", "nearest"}, default="stratified"
            "stratified" gives `epoch_size` samples in all, every time; "bernoulli" rounds each
            sample by itself, so that the size varies; "nearest" uses no randomness, and halves
            go up.

        Returns
        -------
        repeats : ndarray of shape (n_samples,)
            Times that each sample is seen in this epoch, int64.

        Examples
        --------
        >>> from mlresample import plan_resampling
        >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]])
        >>> plan.draw_repeats(0)
        array([1, 1, 1, 3])
        """
        return self._draw_small(check_random_state(random_state), rounding).astype(np.int64)

    def _draw_small(self, generator: np.random.RandomState, rounding: str) -> NDArray[Any]:
        """Draw the repeats in the smallest type that holds them: mostly one byte per sample."""
        if rounding not in ROUNDINGS:
            raise ValueError(f"rounding must be one of {sorted(ROUNDINGS)}, got {rounding!r}.")
        small = np.min_scalar_type(int(self.level_multipliers.max()) + 1)
        if rounding == "nearest":
            return round_half_up(self.level_multipliers).astype(small).take(self.levels)
        whole = np.floor(self.level_multipliers)
        fraction = np.where(self.level_sizes > 0, self.level_multipliers - whole, 0)
        if rounding == "bernoulli" and fraction.any():
            return _round_each(self, small, generator)
        repeats = whole.astype(small).take(self.levels)  # take is faster than indexing here
        if fraction.any():
            repeats += _choose_stratified(self, generator)
        return repeats

    def draw_indices(
        self,
        random_state: int | np.random.RandomState | None = None,
        *,
        rounding: str = "stratified",
        shuffle: bool = False,
    ) -> NDArray[np.int64]:
        """Draw an epoch as an index vector.

        Parameters
        ----------
        random_state : int, RandomState instance or None, default=None
            An int gives the same indices every time.
        rounding : {"stratified", "bernoulli", "nearest"}, default="stratified"
            As in :meth:`draw_repeats`.
        shuffle : bool, default=False
            Whether to put the indices in random order.

        Returns
        -------
        indices : ndarray of shape (epoch_size,)
            Rows of the data, int64: the kept originals in order, then the copies.

        Examples
        --------
        >>> from mlresample import plan_resampling
        >>> plan = plan_resampling([[1, 1], [1, 0], [1, 0], [1, 0]])
        >>> plan.draw_indices(0)
        array([0, 1, 2, 3, 0, 0])
        """
        generator: np.random.RandomState = check_random_state(random_state)
        indices = repeats_to_indices(self._draw_small(generator, rounding))
        if shuffle:
            generator.shuffle(indices)
        return indices


def _round_each(
    plan: RepeatPlan, small: np.dtype[Any], generator: np.random.RandomState
) -> NDArray[Any]:
    """Round each sample's multiplier up with its fraction as the probability.

    r rounded is the whole part of r + u, with u in [0, 1). Both are taken to eight bits, in
    fixed point; more bits matter only if the sum is one bit short of the next whole number.
    """
    fixed, rest = np.divmod(plan.level_multipliers * 256, 1)
    table = fixed.astype(np.min_scalar_type(int(fixed.max()) + 255))
    repeats = np.empty(plan.n_samples, dtype=small)
    for rows in row_slices(plan.n_samples, _CHUNK):
        levels = plan.levels[rows]
        total = table.take(levels)
        total += generator.randint(256, size=len(levels), dtype=np.uint8)
        close = np.flatnonzero(total & 255 == 255)
        repeats[rows] = total >> 8
        repeats[rows][close] += generator.uniform(size=len(close)) < rest.take(levels[close])
    return repeats


def _choose_stratified(plan: RepeatPlan, generator: np.random.RandomState) -> NDArray[np.bool_]:
    """Choose samples to round up, as many of each level as make the size what it should be."""
    extra = share_extra_copies(*_level_shares(plan), generator.uniform())
    n_numbers = min(256, 2 ** max(0, _HISTOGRAM_BITS - len(extra).bit_length()))
    if n_numbers > 1:
        return _choose_smallest(plan.levels, extra, n_numbers, generator)
    # So many levels that numbers would not help: all are shuffled, except levels whose samples
    # are all chosen, or none, such as levels of a single sample.
    undecided = (extra > 0) & (extra < plan.level_sizes)
    chosen = ((extra > 0) & ~undecided).take(plan.levels)
    rows = np.flatnonzero(undecided.take(plan.levels))
    sizes = np.where(undecided, plan.level_sizes, 0)
    chosen[choose_of_each(plan.levels, rows, sizes, np.minimum(extra, sizes), generator)] = True
    return chosen


def _choose_smallest(
    levels: NDArray[Any],
    extra: NDArray[np.int64],
    n_numbers: int,
    generator: np.random.RandomState,
) -> NDArray[np.bool_]:
    """Choose extra[l] random samples of each level l: those that draw the smallest numbers.

    Each draws one of a few numbers. A histogram of each level's numbers tells the last one to
    choose from; only samples that drew just that one need to be shuffled.
    """
    n_samples, n_levels = len(levels), len(extra)
    numbers = np.empty(n_samples, dtype=np.uint8)
    histogram = np.zeros(n_levels * n_numbers, dtype=np.int64)
    for rows in row_slices(n_samples, _CHUNK):
        numbers[rows] = generator.randint(n_numbers, size=rows.stop - rows.start, dtype=np.uint8)
        bins = levels[rows].astype(np.intp) * n_numbers + numbers[rows]
        histogram += np.bincount(bins, minlength=len(histogram))
    below = histogram.reshape(n_levels, n_numbers).cumsum(axis=1)
    last = np.minimum((below <= extra[:, np.newaxis]).sum(axis=1), n_numbers - 1)
    last_size = histogram[np.arange(n_levels) * n_numbers + last]
    missing = extra - below[np.arange(n_levels), last] + last_size

    chosen = np.empty(n_samples, dtype=np.bool_)
    bound = last.astype(np.uint8)
    at_last = []
    for rows in row_slices(n_samples, _CHUNK):
        bounds = bound.take(levels[rows])
        np.less(numbers[rows], bounds, out=chosen[rows])
        at_last.append(np.flatnonzero(numbers[rows] == bounds) + rows.start)
    undecided = np.concatenate(at_last)
    chosen[choose_of_each(levels, undecided, last_size, missing, generator)] = True
    return chosen


def choose_of_each(
    levels: NDArray[Any],
    rows: NDArray[np.int64],
    sizes: NDArray[np.int64],
    n_chosen: NDArray[np.int64],
    generator: np.random.RandomState,
) -> NDArray[np.int64]:
    """Choose n_chosen[l] at random of those rows, sizes[l] in number, that are of level l."""
    shuffled = generator.permutation(rows)
    by_level = shuffled[np.argsort(levels[shuffled], kind="stable")]
    runs = np.column_stack([n_chosen, sizes - n_chosen]).ravel()
    return by_level[np.repeat(np.arange(len(runs)) % 2 == 0, runs)]


def _level_shares(plan: RepeatPlan) -> tuple[NDArray[np.float64], int]:
    """Return the copies that the levels' fractions ask for, and how many there are in all."""
    whole = np.floor(plan.level_multipliers)
    shares = plan.level_sizes * (plan.level_multipliers - whole)
    return shares, plan.epoch_size - int(plan.level_sizes @ whole.astype(np.int64))


def share_extra_copies(
    shares: NDArray[np.float64], n_extra: int, start: float
) -> NDArray[np.int64]:
    """Round the levels' shares s_l to whole numbers k_l that add up to n_extra, sum(s) rounded.

    Systematic sampling: with C_l the running sum of the shares and one random start u in
    [0, 1), k_l = floor(C_l + u) - floor(C_(l-1) + u), so that k_l is s_l rounded down or up,
    and s_l on average. Before, the shares are moved so that they add up to n_extra.
    """
    whole, running = _move_shares(shares, n_extra)
    steps = np.minimum(np.floor(running + start), running[-1])
    return (whole + np.diff(steps)).astype(np.int64)


def _move_shares(
    shares: NDArray[np.float64], n_extra: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move shares so that they add up to n_extra; return whole parts and sums of the fractions.

    The shares are moved by n_extra - sum(s) in all (half a sample at the most), each as far as it
    has room to its own next whole number. The running sum of their fractions begins at 0.
    """
    whole = np.floor(shares)
    fraction = shares - whole
    gap = n_extra - whole.sum() - fraction.sum()
    room = np.where(fraction > 0, 1 - fraction, 0) if gap > 0 else fraction
    if gap:
        fraction = fraction + gap * room / room.sum()
    # Only fractions are summed up, and the end is set to the whole number that it is.
    total = n_extra - whole.sum()
    running = np.concatenate([[0.0], np.cumsum(fraction)])
    running[running > total - 1e-9] = total
    return whole, running


def expected_repeats(plan: RepeatPlan, rounding: str) -> NDArray[np.float64]:
    """Return the mean repeats of each level's samples over all draws, of shape (n_levels,).

    Those of stratified rounding differ a little from the multipliers: they add up to its size.
    """
    if rounding == "nearest":
        return np.asarray(round_half_up(plan.level_multipliers))
    if rounding == "bernoulli":
        return plan.level_multipliers
    whole, running = _move_shares(*_level_shares(plan))
    extra = (whole + np.diff(running)) / np.maximum(plan.level_sizes, 1)
    return np.asarray(np.floor(plan.level_multipliers) + extra)


def plan_of_multipliers(multipliers: NDArray[np.float64]) -> RepeatPlan:
    """Find the distinct sample multipliers, and the level of each sample among them."""
    distinct = np.unique(np.unique(multipliers) + 0.0)  # -0.0 is 0.0
    small = np.min_scalar_type(len(distinct))
    if len(distinct) > _FEW_LEVELS:
        return RepeatPlan(distinct, np.unique(multipliers, return_inverse=True)[1].astype(small))
    levels = np.empty(len(multipliers), dtype=small)
    for rows in row_slices(len(levels), _CHUNK):  # searching few is many times faster than sorting
        levels[rows] = np.searchsorted(distinct, multipliers[rows])
    return RepeatPlan(distinct, levels)


def repeats_to_indices(repeats: NDArray[Any]) -> NDArray[np.int64]:
    """List the kept originals in order, then the copies."""
    copied = np.flatnonzero(repeats > 1)
    copies = repeats.take(copied).astype(np.int64) - 1
    n_kept = np.count_nonzero(repeats)
    if n_kept < len(repeats):
        return np.concatenate([np.flatnonzero(repeats), np.repeat(copied, copies)])
    indices = np.arange(n_kept + copies.sum(), dtype=np.int64)
    indices[n_kept:] = np.repeat(copied, copies)
    return indices
