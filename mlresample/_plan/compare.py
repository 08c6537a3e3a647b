"""Many plans at a glance: what each would cost and achieve."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.model_selection import ParameterGrid

from mlresample._plan.repeats import check_epoch_size, round_half_up
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, Rows, as_rows, finite
from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned
from mlresample._rule.class_table import ClassOrder, ClassTable, SampleTable, class_scores
from mlresample._rule.counts import (
    ClassCounts,
    check_some_class_occurs,
    check_target_has_class,
    counts_of,
    effective_counts,
    imbalance_per_class,
)
from mlresample._rule.epoch_size import learn_by_table
from mlresample._rule.multipliers import Learned, raised_to_cap
from mlresample._rule.parameters import PARAMETERS, RuleParameters, as_number
from mlresample._target.read import as_target
from mlresample._utils.names import plain
from mlresample._utils.sklearn import validate_params
from mlresample._utils.typing import MatrixLike, Unknown

_COMPARED = [name for name in PARAMETERS if name != "class_multipliers"]
_TITLES = {
    "resolved_target_count": "target count",
    "resampled_imbalance_ratio": "imbalance ratio",
    "resampled_mean_imbalance": "mean imbalance",
    "n_at_cap": "classes at cap",
}


@dataclass(frozen=True, eq=False, repr=False)
class PlanComparison(Report):
    """What plans of several parameters cost and achieve; made by :func:`compare_plans`.

    Attributes
    ----------
    parameters : list of dict
        Parameters of each plan, as in the grid.
    resolved_target_count : ndarray of shape (n_plans,)
        Count that rare classes are raised towards; NaN if there is one for each class.
    epoch_size : ndarray of shape (n_plans,)
        Number of samples of an epoch.
    growth : ndarray of shape (n_plans,)
        Expected epoch size divided by the number of samples.
    resampled_imbalance_ratio : ndarray of shape (n_plans,)
        Largest expected class count after resampling divided by the smallest.
    resampled_mean_imbalance : ndarray of shape (n_plans,)
        Mean over the classes of the largest expected class count divided by that of the class.
    n_at_cap : ndarray of shape (n_plans,)
        Number of classes that are raised as far as allowed.
    """

    parameters: list[dict[str, Any]]
    resolved_target_count: NDArray[np.float64]
    epoch_size: NDArray[np.int64]
    growth: NDArray[np.float64]
    resampled_imbalance_ratio: NDArray[np.float64]
    resampled_mean_imbalance: NDArray[np.float64]
    n_at_cap: NDArray[np.int64]

    def to_dict(self) -> Figures:
        """Return the table as plain types, with None for infinity.

        Returns
        -------
        report : dict
            ``plans`` is a list with a row for each plan; its parameters are named as in the
            results of a grid search: ``param_cap``.
        """
        plans = finite(self._rows())
        return {"schema_version": SCHEMA_VERSION, "n_plans": len(plans), "plans": plans}

    def _rows(self) -> Rows:
        columns = {
            f"param_{name}": [plain(parameters[name]) for parameters in self.parameters]
            for name in self.parameters[0]
        }
        measures = [field.name for field in fields(self) if field.name != "parameters"]
        return as_rows(columns | {name: getattr(self, name).tolist() for name in measures})

    def __repr__(self) -> str:
        return "\n".join(aligned(self._cells(), left=()))

    def _repr_html_(self) -> str:
        header, *rows = self._cells()
        return fragment(table(header, rows))

    def _cells(self) -> list[list[str]]:
        rows = self._rows()
        return [list(map(_title, rows[0])), *(list(map(_written, row.values())) for row in rows)]


def _title(column: str) -> str:
    """Write the title of a column: parameters as they are passed, measures in words."""
    if column.startswith("param_"):
        return column.removeprefix("param_") + "="
    return _TITLES.get(column, column.replace("_", " "))


def _written(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if not isinstance(value, float):
        return str(value)
    if np.isnan(value):
        return "by class"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if not 0 < value < 5e-4 else f"{value:.3g}"


@validate_params(
    {
        "y": "no_validation",
        "param_grid": [dict, list],
        "class_names": ["array-like", None],
        "instances": ["boolean"],
        "unknown": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def compare_plans(
    y: MatrixLike,
    param_grid: dict[str, Any] | list[dict[str, Any]],
    *,
    class_names: ArrayLike | None = None,
    instances: bool = False,
    unknown: Unknown | None = None,
) -> PlanComparison:
    """Compare plans of several parameters, from one pass over the target.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
    param_grid : dict of str to list, or list of such dicts
        Values of `cap`, `floor`, `target_count`, `power`, `epoch_size`, `background` and
        `instance_aware` to combine, as for scikit-learn's GridSearchCV. Parameters that it leaves
        out have the defaults of :func:`~mlresample.plan_resampling`.
    class_names : array-like of shape (n_classes,), default=None
        As for :func:`~mlresample.plan_resampling`.
    instances : bool, default=False
        Whether `y` holds counts of instances, as for :func:`~mlresample.plan_resampling`.
    unknown : float or mask of shape (n_samples, n_classes), default=None
        Value of the unknown entries of `y`, or a mask of them, as for
        :func:`~mlresample.plan_resampling`.

    Returns
    -------
    comparison : PlanComparison
        A row for each combination.

    Raises
    ------
    ValueError
        If `y` is no target, or :func:`~mlresample.plan_resampling` would refuse one of the
        combinations.

    Notes
    -----
    The multiplier of a sample is that of its rarest class. Counting once how many samples have
    which rarest class and carry which other classes is enough for every plan. A target count for
    each class, `instance_aware`, and a share of the samples known for each class may put the
    classes into another order; then they are counted again.

    Examples
    --------
    >>> from mlresample import compare_plans
    >>> y = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1
    >>> compare_plans(y, {"cap": [1, 2, 4, 8]})
    cap=  target count  epoch size  growth  imbalance ratio  mean imbalance  classes at cap
       1             6          19       1               19           7.722               0
       2             6          20   1.053               10           4.778               1
       4             6          22   1.158              5.5           3.389               1
       8             6          24   1.263                4               3               0
    """
    indicator = as_target(y, class_names=class_names, instances=instances, unknown=unknown)
    check_target_has_class(indicator)
    make_table = partial(SampleTable.of, indicator)
    return compare_by_tables(counts_of(indicator), make_table, param_grid, indicator.column_name)


def compare_by_tables(
    class_counts: ClassCounts,
    make_table: Callable[[ClassOrder], ClassTable],
    param_grid: dict[str, Any] | list[dict[str, Any]],
    column_name: Any = None,
) -> PlanComparison:
    """Compare plans, from class counts and the class tables of one or a few orders."""
    check_some_class_occurs(class_counts.class_counts)
    grid = list(ParameterGrid(param_grid))
    if not grid:
        raise ValueError("param_grid has no combinations.")
    if len({tuple(sorted(parameters)) for parameters in grid}) > 1:
        raise ValueError("param_grid must name the same parameters in each of its dicts.")
    parameters = list(map(_checked, grid))
    return _measure(class_counts, make_table, list(map(_plain, grid)), parameters, column_name)


def _checked(parameters: dict[str, Any]) -> RuleParameters:
    """Check one combination of parameters."""
    unknown = [name for name in parameters if name not in _COMPARED]
    if unknown:
        raise ValueError(
            f"param_grid names {unknown[0]!r}; plans are compared over {', '.join(_COMPARED)}."
        )
    return RuleParameters.validated(parameters, "compare_plans")


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    """Convert numbers and arrays to Python's."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else as_number(name, value)
        for name, value in parameters.items()
    }


def _measure(
    class_counts: ClassCounts,
    make_table: Callable[[ClassOrder], ClassTable],
    grid: list[dict[str, Any]],
    parameters: list[RuleParameters],
    column_name: Any,
) -> PlanComparison:
    counts = class_counts.class_counts
    tables: dict[bytes, ClassTable] = {}  # one for each order of the classes

    def table_of(order: ClassOrder) -> ClassTable:
        key = order.row_of_class.tobytes()
        if key not in tables:
            tables[key] = make_table(order)
        return tables[key]

    learned, found = [], []
    for of_plan in parameters:
        rule = learn_by_table(class_counts, table_of, of_plan, column_name)
        effective = effective_counts(class_counts, of_plan.instance_aware)
        scores = class_scores(effective, rule.resolved_target_count, rule.parameters)
        learned.append(rule)
        found.append(table_of(ClassOrder.of(scores, counts, merge_ties=True)))
    expected, growth = np.empty(len(grid)), np.empty(len(grid))
    resampled = np.empty((len(grid), len(counts)))
    for class_table in tables.values():
        plans = [i for i, of_plan in enumerate(found) if of_plan is class_table]
        of_rows = np.array(
            [
                class_table.of_rows(learned[i].class_multipliers, learned[i].parameters.background)
                for i in plans
            ]
        )
        expected[plans] = of_rows @ class_table.sizes
        growth[plans] = expected[plans] / class_table.n_samples
        for i in plans:
            check_epoch_size(expected[i], f"with {grid[i]}")
        resampled[plans] = class_table.resampled_class_counts(of_rows)
    imbalance = [imbalance_per_class(plan_counts, counts) for plan_counts in resampled]
    at_cap = [raised_to_cap(rule.class_multipliers, rule.parameters.cap) for rule in learned]
    return PlanComparison(
        parameters=grid,
        resolved_target_count=np.array([_one_number(rule) for rule in learned]),
        epoch_size=round_half_up(expected).astype(np.int64),
        growth=growth,
        resampled_imbalance_ratio=np.array([of_plan.max() for of_plan in imbalance]),
        resampled_mean_imbalance=np.array([of_plan.mean() for of_plan in imbalance]),
        n_at_cap=np.array([of_plan.sum() for of_plan in at_cap]),
    )


def _one_number(rule: Learned) -> float:
    """Return the target count, NaN if there is one for each class."""
    target_count = rule.resolved_target_count
    return np.nan if isinstance(target_count, np.ndarray | None) else target_count
