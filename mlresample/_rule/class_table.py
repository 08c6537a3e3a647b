"""The class table: samples counted by their dominant class and by the classes that they carry.

The dominant class of a sample is the one of its classes with the largest score: its multiplier
before floor and cap. The sample has the multiplier of that class, so the table gives every figure
of a plan, for any cap, floor, power, target count, multipliers and background that keep the order
of the classes. It holds whole numbers, which add up over batches once the order is fixed.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.parameters import RuleParameters
from mlresample._target.indicators import Indicator

MOST_PAIRS = 1 << 24  # of rows and classes in an array: 128 MB of counts


def class_scores(
    class_counts: NDArray[np.int64],
    target_count: float | NDArray[np.float64] | None,
    parameters: RuleParameters,
) -> NDArray[Any]:
    """Return scores whose order is that of the multipliers before floor and cap."""
    if target_count is None:
        return np.asarray(parameters.class_multipliers)
    if isinstance(target_count, np.ndarray):
        return target_count / np.maximum(class_counts, 1)
    return -class_counts  # in the order of t / n_c


class ClassOrder(NamedTuple):
    """Order of the classes by score: the rows of the table, of which row 0 is for no class."""

    row_of_class: NDArray[Any]  # the larger the score, the higher; 0 for a class without samples
    classes: NDArray[np.intp]  # the class of each row from 1 on; of equal ones, the first

    @classmethod
    def of(
        cls, scores: NDArray[Any], class_counts: NDArray[np.int64], *, merge_ties: bool
    ) -> Self:
        """Order classes by score; classes of equal score share a row, or go by column."""
        present = np.flatnonzero(class_counts)
        if merge_ties:
            _, first, row = np.unique(scores[present], return_index=True, return_inverse=True)
            classes = present[first]
        else:
            order = np.lexsort((-present, scores[present]))
            classes, row = present[order], np.argsort(order)
        row_of_class = np.zeros(len(class_counts), dtype=np.min_scalar_type(len(classes)))
        row_of_class[present] = row + 1
        return cls(row_of_class, classes)


@dataclass(frozen=True)
class ClassTable(ABC):
    """Class table of a target.

    `sizes` are the samples of each row: those without a class, then those of each dominant class,
    and last, if entries are unknown, those that are undecided: their multiplier is 1. Where each
    class has a row, `class_sizes` is the diagonal of the joint counts.
    """

    order: ClassOrder
    sizes: NDArray[np.int64]

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.sizes.sum())

    @property
    def class_sizes(self) -> NDArray[np.int64]:
        """Samples of each dominant class."""
        return self.sizes[1 : 1 + len(self.order.classes)]

    @property
    def n_undecided(self) -> int:
        """Samples with unknown entries and no class."""
        return int(self.sizes[1 + len(self.order.classes) :].sum())

    def of_rows(self, of_class: NDArray[Any], background: float) -> NDArray[Any]:
        """Return the multiplier of each row, from those of the classes and of the background."""
        multipliers = np.ones(len(self.sizes))
        multipliers[0] = background
        multipliers[1 : 1 + len(self.order.classes)] = of_class[self.order.classes]
        return multipliers

    @abstractmethod
    def resampled_class_counts(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the expected class counts of plans, of shape (n_plans, n_classes).

        `of_rows` has the multipliers of the rows, of shape (n_plans, n_rows).
        """


@dataclass(frozen=True)
class JointTable(ClassTable):
    """Class table of samples that were counted batch by batch, with its joint counts."""

    joint: Any  # samples of each row that carry each class; in CSR if there are many

    def resampled_class_counts(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        if not isinstance(self.joint, np.ndarray):
            return np.asarray((self.joint.T @ of_rows.T).T)
        return _products(of_rows, self.joint)


@dataclass(frozen=True)
class SampleTable(ClassTable):
    """Class table of samples in memory, whose joint counts are made on demand."""

    indicator: Indicator
    row_of_sample: NDArray[Any]

    @classmethod
    def of(cls, indicator: Indicator, order: ClassOrder) -> Self:
        """Find the dominant class of each sample."""
        row_of_sample = indicator.row_maximum(order.row_of_class)
        n_rows = len(order.classes) + 1
        if indicator.unknown is not None:
            undecided = indicator.undecided(row_of_sample)
            row_of_sample = row_of_sample.astype(np.min_scalar_type(n_rows))
            row_of_sample[undecided] = n_rows
        sizes = np.bincount(row_of_sample, minlength=n_rows)
        return cls(order, sizes, indicator, row_of_sample)

    def joint_counts(self) -> Any:
        """Count the samples of each row that carry each class; in CSR if there are many."""
        n_rows = len(self.sizes)
        if n_rows * self.indicator.n_classes > MOST_PAIRS:
            return self.indicator.sparse_joint_counts(self.row_of_sample, n_rows)
        return self.indicator.joint_counts(self.row_of_sample, n_rows)

    def resampled_class_counts(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        # Rows that no plan tells apart, such as those of all common classes, are counted as one.
        of_group, group = np.unique(of_rows, axis=1, return_inverse=True)
        n_groups = of_group.shape[1]
        groups = group.reshape(-1).astype(np.min_scalar_type(n_groups)).take(self.row_of_sample)
        if n_groups * self.indicator.n_classes > MOST_PAIRS:
            return np.array(
                [self.indicator.weighted_class_counts(row, groups) for row in of_group]
            )
        return _products(of_group, self.indicator.joint_counts(groups, n_groups))


def _products(of_rows: NDArray[np.float64], joint: NDArray[np.int64]) -> NDArray[np.float64]:
    parts = np.array_split(joint, 1 + joint.size // (1 << 20), axis=1)  # floats of 8 MB
    return np.hstack([of_rows @ part.astype(np.float64) for part in parts])
