"""Random resampling by the literature's rules: whole repeats, drawn from a target."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.counted import CountedFigures
from mlresample._plan.repeats import (
    RepeatPlan,
    choose_of_each,
    plan_of_multipliers,
    round_half_up,
    share_extra_copies,
)
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Rows, as_rows
from mlresample._reporting.text import repeats_text
from mlresample._rule.counts import check_some_class_occurs, imbalance_per_class
from mlresample._target.indicators import Indicator
from mlresample._target.label_sets import label_sets
from mlresample._utils.names import count_of, listed, plain

Verdicts = tuple[dict[str, Any], ...]


@dataclass(frozen=True, eq=False, repr=False)
class RandomPlan(CountedFigures, RepeatPlan):
    """Whole repeats that were drawn once, with the class counts before and after.

    It has no rule and no class multipliers. It prints as a report. Every epoch drawn from it has
    the same samples.
    """

    n_without_class: int
    method: str
    verdicts: Verdicts

    @classmethod
    def of(
        cls,
        indicator: Indicator,
        repeats: NDArray[np.int64],
        method: str,
        verdicts: Verdicts,
    ) -> "RandomPlan":
        """Count the classes of the repeated samples."""
        plan = plan_of_multipliers(repeats.astype(np.float64))
        resampled = indicator.weighted_class_counts(plan.level_multipliers, plan.levels)
        carries = indicator.row_maximum(np.ones(indicator.n_classes, dtype=np.uint8))
        is_lost = (indicator.class_counts > 0) & (resampled == 0)
        if is_lost.any():
            lost = indicator.classes[is_lost].tolist()
            text = f"No sample is left of {count_of(len(lost), 'class')}: {listed(lost)}."
            verdicts = (*verdicts, {"code": "lost", "text": text, "classes": lost})
        return cls(
            level_multipliers=plan.level_multipliers,
            levels=plan.levels,
            classes=indicator.classes,
            class_counts=indicator.class_counts,
            resampled_class_counts=resampled,
            n_without_class=int(np.count_nonzero(carries == 0)),
            method=method,
            verdicts=verdicts,
        )

    def to_dict(self) -> Figures:
        return {
            "schema_version": SCHEMA_VERSION,
            "method": self.method,
            "n_samples": self.n_samples,
            "n_classes": len(self.classes),
            **self._cost_and_imbalance(),
            "classes": self._rows(),
            "verdicts": list(self.verdicts),
        }

    def _rows(self) -> Rows:
        return as_rows(
            {
                "class": list(map(plain, self.classes)),
                "count": self.class_counts.tolist(),
                "share": (self.class_counts / self.n_samples).tolist(),
                "share_of_largest": (self.class_counts / self.class_counts.max()).tolist(),
                "resampled_count": self.resampled_class_counts.tolist(),
            }
        )

    def __repr__(self) -> str:
        return repeats_text(self.to_dict())


def _verdict(code: str, text: str) -> dict[str, Any]:
    return {"code": code, "text": text, "classes": []}


# -- class by class ----------------------------------------------------------------------------


def class_imbalance(indicator: Indicator) -> tuple[NDArray[np.float64], float]:
    """Return the imbalance of each class, 0 for one that never occurs, and the mean imbalance."""
    counts = indicator.class_counts
    check_some_class_occurs(counts)
    imbalance = np.zeros(len(counts))
    imbalance[counts > 0] = imbalance_per_class(counts, counts)
    return imbalance, float(imbalance[counts > 0].mean())


def ml_ros(indicator: Indicator, n_clones: int, generator: np.random.RandomState) -> RandomPlan:
    """Clone samples of minority classes in turn, until each is as frequent as the mean asks."""
    imbalance, mean = class_imbalance(indicator)
    labels = indicator.to_csr()
    bags = labels.tocsc()
    counts = indicator.class_counts.copy()
    largest = counts.max()
    repeats = np.ones(indicator.n_samples, dtype=np.int64)
    active, n_left = np.flatnonzero(imbalance > mean).tolist(), n_clones
    n_minority = len(active)
    while active and n_left:
        still_rare = []
        for c in active[:n_left]:
            bag = bags.indices[bags.indptr[c] : bags.indptr[c + 1]]
            row = bag[generator.randint(len(bag), dtype=np.int64)]
            repeats[row] += 1
            carried = labels.indices[labels.indptr[row] : labels.indptr[row + 1]]
            counts[carried] += 1
            largest = max(largest, counts[carried].max())
            if largest > mean * counts[c]:  # IRLbl > MeanIR of before
                still_rare.append(c)
        n_left -= min(n_left, len(active))
        active = still_rare
    verdicts: Verdicts = ()
    if not n_minority:
        text = "All classes are equally frequent: there is no minority class to clone."
        verdicts = (_verdict("unchanged", text),)
    elif n_left:
        text = (
            f"{n_clones - n_left:,} of {count_of(n_clones, 'copy was', 'copies were')} made: then "
            f"none of the minority classes had an imbalance above the mean of {mean:,.1f}. A "
            f"larger percentage adds nothing."
        )
        verdicts = (_verdict("saturated", text),)
    return RandomPlan.of(indicator, repeats, "ML-ROS", verdicts)


def ml_rus(indicator: Indicator, n_deleted: int, generator: np.random.RandomState) -> RandomPlan:
    """Delete samples of majority classes in turn, until each is as rare as the mean allows."""
    imbalance, mean = class_imbalance(indicator)
    labels = indicator.to_csr()
    bags = labels.tocsc()
    counts = indicator.class_counts.copy()
    repeats = np.ones(indicator.n_samples, dtype=np.int64)
    active = np.flatnonzero((imbalance > 0) & (imbalance < mean)).tolist()
    shuffled = {
        c: iter(generator.permutation(bags.indices[bags.indptr[c] : bags.indptr[c + 1]]))
        for c in active
    }
    n_majority, n_left = len(active), n_deleted
    while active and n_left:
        still_frequent = []
        for c in active:
            row = next((row for row in shuffled[c] if repeats[row]), None)
            if row is None or not n_left:
                continue
            repeats[row] = 0
            n_left -= 1
            counts[labels.indices[labels.indptr[row] : labels.indptr[row + 1]]] -= 1
            if counts.max() < mean * counts[c]:  # IRLbl < MeanIR of before
                still_frequent.append(c)
        active = still_frequent
    verdicts: Verdicts = ()
    if not n_majority:
        text = "All classes are equally frequent: there is no majority class to leave out."
        verdicts = (_verdict("unchanged", text),)
    elif n_left:
        text = (
            f"{n_deleted - n_left:,} of {count_of(n_deleted, 'sample was', 'samples were')} left "
            f"out: then none of the majority classes had an imbalance below the mean of "
            f"{mean:,.1f}. A larger percentage leaves out no more."
        )
        verdicts = (_verdict("saturated", text),)
    return RandomPlan.of(indicator, repeats, "ML-RUS", verdicts)


# -- label set by label set --------------------------------------------------------------------


def _label_set_sizes(indicator: Indicator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the number of each sample's label set, and how many samples have each."""
    check_some_class_occurs(indicator.class_counts)
    _, numbers, sizes = np.unique(label_sets(indicator), return_inverse=True, return_counts=True)
    return numbers.reshape(-1), sizes


def _fill(room: NDArray[np.float64], amount: float) -> NDArray[np.float64]:
    """Share an amount equally, each share at most its room; what does not fit goes to others."""
    shares = np.zeros(len(room))
    order = np.argsort(room, kind="stable")
    for i, n_others in zip(order, range(len(room), 0, -1), strict=True):
        shares[i] = min(room[i], amount / n_others)
        amount -= shares[i]
    return shares


def _change_of_sizes(
    room: NDArray[np.float64], n_asked: int, generator: np.random.RandomState, what: str
) -> tuple[NDArray[np.int64], Verdicts]:
    """Return by how many samples each label set changes, rounded at random to whole numbers."""
    if not room.any():
        return np.zeros(len(room), dtype=np.int64), (
            _verdict("unchanged", "All label sets have as many samples as their mean."),
        )
    shares = _fill(room, n_asked)
    n_changed = int(round_half_up(shares.sum()))
    change = share_extra_copies(shares, n_changed, generator.uniform())
    if n_changed == n_asked:
        return change, ()
    text = (
        f"{n_changed:,} of {count_of(n_asked, 'sample was', 'samples were')} {what}: then all of "
        f"these label sets had as many samples as their mean. A larger percentage changes nothing."
    )
    return change, (_verdict("saturated", text),)


def lp_ros(indicator: Indicator, n_clones: int, generator: np.random.RandomState) -> RandomPlan:
    """Clone samples of label sets with fewer samples than the mean."""
    numbers, sizes = _label_set_sizes(indicator)
    room = np.maximum(sizes.mean() - sizes, 0)
    added, verdicts = _change_of_sizes(room, n_clones, generator, "added")
    by_set = np.argsort(numbers, kind="stable")
    starts = np.cumsum(sizes) - sizes
    label_set = np.repeat(np.arange(len(sizes)), added)  # of each clone
    place = (generator.uniform(size=len(label_set)) * sizes[label_set]).astype(np.int64)
    rows = by_set[starts[label_set] + place]
    repeats = 1 + np.bincount(rows, minlength=indicator.n_samples)
    return RandomPlan.of(indicator, repeats, "LP-ROS", verdicts)


def lp_rus(indicator: Indicator, n_deleted: int, generator: np.random.RandomState) -> RandomPlan:
    """Leave out samples of label sets with more samples than the mean."""
    numbers, sizes = _label_set_sizes(indicator)
    room = np.maximum(sizes - sizes.mean(), 0)
    removed, verdicts = _change_of_sizes(room, n_deleted, generator, "left out")
    all_rows = np.arange(indicator.n_samples)
    repeats = np.ones(indicator.n_samples, dtype=np.int64)
    repeats[choose_of_each(numbers, all_rows, sizes, removed, generator)] = 0
    return RandomPlan.of(indicator, repeats, "LP-RUS", verdicts)
