"""Plans and comparisons of samples that are counted batch by batch, never held in memory."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.plan import PlanFigures, ResamplingRule
from mlresample._plan.repeats import LevelFigures, check_epoch_size
from mlresample._reporting.base import Figures
from mlresample._rule.class_table import ClassOrder, ClassTable, class_scores
from mlresample._rule.counts import ClassCounts, check_some_class_occurs
from mlresample._rule.epoch_size import learn_by_table
from mlresample._rule.multipliers import multiplier_ranks
from mlresample._rule.parameters import RuleParameters
from mlresample._utils.immutable import Immutable


@dataclass(frozen=True, eq=False, repr=False)
class _CountedLevels(Immutable, LevelFigures):
    level_multipliers: NDArray[np.float64]
    level_sizes: NDArray[np.int64]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_epoch_size(self.expected_epoch_size)


@dataclass(frozen=True, eq=False, repr=False)
class TablePlan(PlanFigures, _CountedLevels):
    """The report of a plan, without the samples: its epochs are drawn from the table.

    Figures, text, HTML and JSON are those of :class:`~mlresample.ResamplingPlan`. `epoch_size` is
    what an epoch has on average, since each row is drawn by itself.
    """

    @property
    def epoch_size_deviation(self) -> float:
        """Standard deviation of the size of epochs."""
        fraction = self.level_multipliers % 1
        return math.sqrt(self.level_sizes @ (fraction * (1 - fraction)))

    def to_dict(self) -> Figures:
        return super().to_dict() | {"epoch_size_deviation": self.epoch_size_deviation}


def plan_by_tables(
    counts: ClassCounts, table_of: Callable[[ClassOrder], ClassTable], parameters: RuleParameters
) -> TablePlan:
    """Learn a rule from class counts, and apply it to the class table of its order."""
    class_counts = counts.class_counts
    check_some_class_occurs(class_counts, "the table")
    learned = learn_by_table(counts, table_of, parameters)
    scores = class_scores(class_counts, learned.resolved_target_count, learned.parameters)
    table = table_of(ClassOrder.of(scores, class_counts, merge_ties=True))
    multipliers = np.where(class_counts > 0, learned.class_multipliers, 1.0)
    of_rows = table.of_rows(multipliers, parameters.background)
    distinct, _, _ = multiplier_ranks(multipliers, parameters.background)
    level_sizes = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(level_sizes, np.searchsorted(distinct, of_rows), table.sizes)
    return TablePlan(
        level_multipliers=distinct,
        level_sizes=level_sizes,
        rule=ResamplingRule(counts, *learned),
        classes=counts.classes,
        class_counts=class_counts,
        class_multipliers=multipliers,
        resampled_class_counts=table.resampled_class_counts(of_rows[np.newaxis])[0],
        n_without_class=int(table.sizes[0]),
    )
