"""Choose samples for the largest gain, in blocks of a pool that may be large."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlresample._utils.containers import row_slices

_ROWS = 8192  # of a block
_CANDIDATES = 2048  # looked at in each step
_TAKEN = -1.0  # below any gain
_ROUNDING = 1e-9  # a bound may be above its gain by the order in which the same terms are added


class Groups:
    """How many samples each group of a pool still has room for."""

    def __init__(self, group: NDArray[np.int64], room: int) -> None:
        self.group = group
        self.room = np.full(int(group.max(initial=0)) + 1, room, dtype=np.int64)
        self._by_group = np.argsort(group, kind="stable")
        self._ends = np.bincount(group, minlength=len(self.room)).cumsum()

    def take(self, sample: int) -> NDArray[np.int64]:
        """Take a sample, and return the samples that can no longer be taken."""
        of_sample = self.group[sample]
        self.room[of_sample] -= 1
        if self.room[of_sample] > 0:
            return np.array([sample])
        start = self._ends[of_sample - 1] if of_sample else 0
        return self._by_group[start : self._ends[of_sample]]

    def first_with_room(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the samples of an order that there is room for if it is followed."""
        group = self.group[order]
        by_group = np.argsort(group, kind="stable")
        sizes = np.bincount(group, minlength=len(self.room))
        starts = np.repeat(sizes.cumsum() - sizes, sizes)
        rank = np.empty(len(order), dtype=np.int64)
        rank[by_group] = np.arange(len(order)) - starts
        return order[rank < self.room[group]]


class Chosen(NamedTuple):
    """Samples in the order in which they were chosen."""

    indices: NDArray[np.int64]
    gains: NDArray[np.float64]
    classes: NDArray[np.int64]  # which contributes most to each gain; -1 for none


def fill_quotas(
    scores: NDArray[np.floating],
    quotas: NDArray[np.float64],
    left: NDArray[np.float64],
    n: int,
    is_free: NDArray[np.bool_],
    groups: Groups | None,
) -> Chosen:
    """Choose up to `n` samples greedily for the gain sum_c min(q_c, sum of p_ic over the chosen).

    What is `left` of the quotas at the start is what samples chosen before leave. The marginal
    gain of sample i is sum_c min(p_ic, left_c), which only falls while samples are chosen. So a
    gain computed earlier is a bound, and only the samples of the largest bounds need a second
    look. (M. Minoux, "Accelerated greedy algorithms for maximizing submodular set functions",
    1978.) Quotas that are filled are filled again, until no sample brings any gain.
    """
    wanted = np.flatnonzero(quotas > 0)
    quotas, left = quotas[wanted], left[wanted]
    bounds = np.where(is_free, _gains(scores, wanted, left), _TAKEN)
    of_all = None  # the gains of all samples if no quota is filled
    chosen: list[tuple[int, float, int]] = []
    n_stale = _CANDIDATES
    while len(chosen) < n:
        candidates, outside = _largest(bounds, _CANDIDATES)
        rows = scores[np.ix_(candidates, wanted)].astype(np.float64)
        is_open = bounds[candidates] > _TAKEN
        n_before = len(chosen)
        while len(chosen) < n:
            parts = np.minimum(rows, left)  # min(p_ic, left_c)
            gains = np.where(is_open, parts.sum(axis=1), _TAKEN)
            best = int(gains.argmax())
            if gains[best] <= 0 or gains[best] < outside * (1 - _ROUNDING):
                break
            sample = int(candidates[best])
            chosen.append((sample, float(gains[best]), int(wanted[parts[best].argmax()])))
            left = np.maximum(left - rows[best], 0)
            closed = np.array([sample]) if groups is None else groups.take(sample)
            bounds[closed] = _TAKEN
            is_open = bounds[candidates] > _TAKEN
        bounds[candidates] = gains
        if len(chosen) > n_before:
            n_stale = _CANDIDATES
        elif left.any() and bounds.max() > 0:  # many gains have fallen
            n_stale *= 4
            stale, _ = _largest(bounds, n_stale)
            stale = stale[bounds[stale] > 0]
            bounds[stale] = _gains(scores, wanted, left, stale)
        elif np.array_equal(left, quotas) or not (bounds > _TAKEN).any():
            break
        else:
            left = quotas
            of_all = _gains(scores, wanted, left) if of_all is None else of_all
            bounds = np.where(bounds > _TAKEN, of_all, _TAKEN)
    indices, of_chosen, classes = zip(*chosen, strict=True) if chosen else ((), (), ())
    return Chosen(
        np.array(indices, dtype=np.int64), np.array(of_chosen), np.array(classes, dtype=np.int64)
    )


def _gains(
    scores: NDArray[np.floating],
    wanted: NDArray[np.int64],
    left: NDArray[np.float64],
    samples: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Compute the gain of each sample, or of some, by itself."""
    is_open = left > 0
    wanted, left = wanted[is_open], left[is_open]
    n = len(scores) if samples is None else len(samples)
    gains = np.empty(n)
    for rows in row_slices(n, _ROWS):
        block = scores[rows] if samples is None else scores[samples[rows]]
        gains[rows] = np.minimum(block[:, wanted], left).sum(axis=1)
    return gains


def _largest(values: NDArray[np.float64], n: int) -> tuple[NDArray[np.int64], float]:
    """Return where the n largest values are, ascending, and the largest of the others."""
    if n >= len(values):
        return np.arange(len(values)), -np.inf
    order = np.argpartition(values, len(values) - n - 1)
    return np.sort(order[-n:]), float(values[order[-n - 1]])


def expected_multipliers(
    scores: NDArray[np.floating], class_multipliers: NDArray[np.float64], background: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Compute the expected largest multiplier of each sample, its classes taken as independent.

    E[max of m_c over the classes of i] = sum over c, by falling m_c, of m_c p_ic times the
    probability of none of the classes before, plus the background's for none at all. The class
    that contributes most is returned as well.
    """
    order = np.argsort(-class_multipliers, kind="stable")
    multipliers = class_multipliers[order]
    values, main = np.empty(len(scores)), np.empty(len(scores), dtype=np.int64)
    for rows in row_slices(len(scores), _ROWS):
        p = scores[rows][:, order].astype(np.float64)
        none = np.cumprod(1 - p, axis=1)
        first = p.copy()  # the probability that c is the class of the largest multiplier
        first[:, 1:] *= none[:, :-1]
        parts = multipliers * first
        values[rows] = parts.sum(axis=1) + background * none[:, -1]
        main[rows] = order[parts.argmax(axis=1)]
    return values, main
