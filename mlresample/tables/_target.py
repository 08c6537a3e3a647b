"""The target in a table: plans and their comparison, by two passes over its rows."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlresample._plan.compare import PlanComparison, compare_by_tables
from mlresample._plan.explore import PlanExplorer, explore_by_tables, words_of_files
from mlresample._plan.table_plan import TablePlan, plan_by_tables
from mlresample._rule.class_table import MOST_PAIRS, ClassOrder, JointTable
from mlresample._rule.counts import ClassCounts
from mlresample._rule.parameters import RuleParameters
from mlresample._target.kernels import Entries, add_joint_counts, count_pairs, maximum_reduceat
from mlresample._utils.names import joined
from mlresample._utils.typing import ClassMultipliers, TargetCount
from mlresample.tables._count import count_classes
from mlresample.tables._labels import LabelLayout
from mlresample.tables._sources import TableSource, record_batches


class TableTarget:
    """The labels of a table that may be larger than memory, for plans and their comparison.

    A plan needs two passes over the rows: one counts the classes, one counts the samples by their
    rarest class and the classes that they carry. Both are kept, so that further plans need none,
    except those with a target count or a multiplier of each class, which may need another pass.

    Parameters
    ----------
    source : path, list of paths, table or iterable of pyarrow.RecordBatch
        As for :func:`count_classes`, but not what can be read only once, such as an iterator or a
        RecordBatchReader.
    labels : str or list of str
        Column of labels, or columns of classes, as for :func:`count_classes`.
    separator : str, default=None
        What separates the labels in a cell.
    null_is_background : bool, default=False
        Whether a null in place of labels means that a row has no class; by default an error.

    Raises
    ------
    TypeError
        If `source` can be read only once.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlresample.tables import TableTarget, add_repeats
    >>> table = pa.table({"id": range(120), "labels": [["cat"]] * 90 + [["cat", "lynx"]] * 30})
    >>> target = TableTarget(table, "labels")
    >>> target.compare({"cap": [1, 2, 4]})
    cap=  target count  epoch size  growth  imbalance ratio  mean imbalance  classes at cap
       1            75         120       1                4             2.5               0
       2            75         150    1.25              2.5            1.75               1
       4            75         165   1.375              2.2             1.6               0
    >>> plan = target.plan(epoch_size=1.25)
    >>> plan.epoch_size, plan.epoch_size_deviation
    (150, 0.0)
    >>> add_repeats(table, plan.rule, "labels", key="id").read_all().num_rows
    120
    """

    def __init__(
        self,
        source: TableSource,
        labels: str | Sequence[str],
        *,
        separator: str | None = None,
        null_is_background: bool = False,
    ) -> None:
        if isinstance(source, Iterator | pa.RecordBatchReader):
            raise TypeError(
                f"source is read twice, and a {type(source).__name__} can be read only once: pass "
                f"paths, a table or a list of record batches."
            )
        self._source, self._layout = source, LabelLayout(labels, separator, null_is_background)
        self._tables: dict[bytes, JointTable] = {}  # by the order of the classes

    @cached_property
    def counts(self) -> ClassCounts:
        """Class counts, as :func:`count_classes` returns them."""
        layout = self._layout
        return count_classes(
            self._source,
            layout.labels,
            separator=layout.separator,
            null_is_background=layout.null_is_background,
        )

    def plan(
        self,
        *,
        class_multipliers: ClassMultipliers = RuleParameters.class_multipliers,
        cap: float = RuleParameters.cap,
        floor: float = RuleParameters.floor,
        target_count: TargetCount = RuleParameters.target_count,
        power: float = RuleParameters.power,
        epoch_size: float | None = RuleParameters.epoch_size,
        background: float = RuleParameters.background,
    ) -> TablePlan:
        """Plan the resampling of the table.

        Parameters
        ----------
        class_multipliers : "balanced", array-like, dict or callable, default="balanced"
            As for :func:`~mlresample.plan_resampling`, as are all parameters; dicts name classes,
            and arrays are in the order of ``counts.classes``.
        cap : float, default=4.0
            Largest multiplier.
        floor : float, default=1.0
            Smallest multiplier.
        target_count : {"median", "mean", "max"}, int, float, array-like or dict, default="median"
            Count that rare classes are raised towards.
        power : float, default=1.0
            1 is inverse frequency, 0.5 its square root.
        epoch_size : int or float, default=None
            Samples that an epoch should have on average; a float is a multiple of the rows.
        background : float, default=1.0
            Multiplier of rows without a class.

        Returns
        -------
        plan : TablePlan
            The plan, without its samples: it has the attributes and reports of
            :class:`~mlresample.ResamplingPlan`, except levels, multipliers and draws of samples.
            Its rule is for :func:`add_repeats`. Since that draws each row by itself, the size of
            an epoch varies around ``plan.epoch_size``, with the standard deviation
            ``plan.epoch_size_deviation``.

        Raises
        ------
        ValueError
            If parameters are outside their range or contradict each other, `epoch_size` cannot be
            met, no class occurs, or the table cannot be read, as for :func:`count_classes`, or
            changes between the two passes.
        """
        parameters = RuleParameters.validated(locals(), "TableTarget.plan")
        return plan_by_tables(self.counts, self._class_table, parameters)

    def compare(self, param_grid: dict[str, Any] | list[dict[str, Any]]) -> PlanComparison:
        """Compare plans of several parameters.

        Parameters
        ----------
        param_grid : dict of str to list, or list of such dicts
            Values of parameters to combine, as for :func:`~mlresample.compare_plans`.

        Returns
        -------
        comparison : PlanComparison
            A row for each combination. The size of an epoch that is drawn row by row varies
            around that of its plan.

        Raises
        ------
        ValueError
            As for :meth:`plan`.
        """
        return compare_by_tables(self.counts, self._class_table, param_grid)

    def explore(
        self,
        *,
        cap: float = RuleParameters.cap,
        floor: float = RuleParameters.floor,
        target_count: str | float = RuleParameters.target_count,
        power: float = RuleParameters.power,
        epoch_size: float | None = RuleParameters.epoch_size,
        background: float = RuleParameters.background,
    ) -> PlanExplorer:
        """Make a page with a slider for each parameter of the rule, and the figures that follow.

        Parameters
        ----------
        cap : float, default=4.0
            Where the page begins, like the other parameters: those of :meth:`plan`.
        floor : float, default=1.0
            Smallest multiplier.
        target_count : {"median", "mean", "max"}, int or float, default="median"
            Count that rare classes are raised towards; one for all classes.
        power : float, default=1.0
            1 is inverse frequency, 0.5 its square root.
        epoch_size : int or float, default=None
            Samples that an epoch should have on average; a float is a multiple of the rows.
        background : float, default=1.0
            Multiplier of rows without a class.

        Returns
        -------
        explorer : PlanExplorer
            The page, as of :func:`~mlresample.explore_plans`: a notebook shows it, and
            ``explorer.save("plans.html")`` writes it to a file.

        Raises
        ------
        ValueError
            As for :meth:`plan` and :func:`~mlresample.explore_plans`.
        """
        parameters = RuleParameters.validated(locals(), "TableTarget.explore")
        return explore_by_tables(self.counts, self._class_table, parameters, self._command_words())

    def _command_words(self) -> list[str]:
        """Return how a command reads the table, which must be in a file for that."""
        source, layout = self._source, self._layout
        paths = source if isinstance(source, list | tuple) else [source]
        if not all(isinstance(path, str | os.PathLike) for path in paths):
            paths = ["FILE.parquet"]
        options = {
            "--labels": layout.labels if isinstance(layout.labels, str) else None,
            "--class-columns": None if isinstance(layout.labels, str) else joined(layout.columns),
            "--separator": layout.separator,
        }
        words = words_of_files(paths)
        if not all(os.fspath(path).endswith(".parquet") for path in paths):
            words.append("--format parquet")
        for option, text in options.items():
            if text is not None:
                mark = "=" if text.startswith("-") else " "  # else it would be an option
                words.append(f"{option}{mark}{shlex.quote(text)}")
        return words + ["--null-is-background"] * layout.null_is_background

    def _class_table(self, order: ClassOrder) -> JointTable:
        key = order.row_of_class.tobytes()
        if key not in self._tables:
            self._tables[key] = self._count(order)
        return self._tables[key]

    def _count(self, order: ClassOrder) -> JointTable:
        """Count the samples by row of the class table and by class, in one pass."""
        shape = len(order.classes) + 1, len(order.row_of_class)
        sizes = np.zeros(shape[0], dtype=np.int64)
        joint: Any
        if shape[0] * shape[1] <= MOST_PAIRS:
            joint = np.zeros(shape, dtype=np.int64)
            for rows, entries in self._dominant(order, sizes):
                add_joint_counts(joint, rows, entries)
        else:
            joint = count_pairs(
                (
                    (np.repeat(rows, np.diff(indptr)), columns)
                    for rows, (indptr, columns) in self._dominant(order, sizes)
                ),
                shape,
            )
        totals = np.asarray(joint.sum(axis=0))
        if sizes.sum() != self.counts.n_samples or (totals != self.counts.class_counts).any():
            raise self._changed()
        return JointTable(order, sizes, joint)

    def _dominant(
        self, order: ClassOrder, sizes: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[Any], Entries]]:
        """Yield the row of each sample and its classes, batch by batch; add up the sizes."""
        position_of = {name: i for i, name in enumerate(self.counts.classes.tolist())}
        n_read = 0
        for batch in record_batches(self._source, self._layout.columns).batches:
            labels = self._layout.read(batch, n_read)
            n_read += labels.n_rows
            indptr, codes = labels.distinct()
            columns = labels.positions(position_of).take(codes)
            if columns.min(initial=0) < 0:
                raise self._changed()
            rows = maximum_reduceat((indptr, columns), order.row_of_class)
            sizes += np.bincount(rows, minlength=len(sizes))
            yield rows, (indptr, columns)

    def _changed(self) -> ValueError:
        return ValueError(
            f"the second pass over the table did not find the {self.counts.n_samples:,} rows of "
            f"the first: it has changed, or source can be read only once."
        )
