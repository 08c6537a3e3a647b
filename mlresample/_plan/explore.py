"""The explorer: a page with a slider for each parameter of the rule; its figures follow."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from numbers import Integral, Real
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import csr_array

from mlresample._plan.make import make_plan
from mlresample._plan.table_plan import plan_by_tables
from mlresample._reporting.base import Figures, finite
from mlresample._reporting.explorer import explorer_html, in_frame
from mlresample._rule.class_table import ClassOrder, ClassTable, JointTable, SampleTable
from mlresample._rule.counts import ClassCounts, effective_counts
from mlresample._rule.parameters import RuleParameters
from mlresample._target.read import as_target
from mlresample._utils.files import write_whole
from mlresample._utils.names import count_of, plain
from mlresample._utils.sklearn import validate_params
from mlresample._utils.typing import MatrixLike, Unknown

_MOST_PAIRS = 1 << 20  # of a rarest class and a class beside it: a page of some 8 MB


@dataclass(frozen=True, eq=False, repr=False)
class PlanExplorer:
    """A page with a slider for each parameter of the rule; made by `explore_plans`.

    In a notebook it shows itself; elsewhere, save it and open the file in a browser.
    """

    _report: Figures

    @property
    def html(self) -> str:
        """The page, which needs no other file and no network."""
        return explorer_html(self._report)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the page to a file, whole or not at all."""
        write_whole(Path(path).resolve(), self.html)

    def _of_files(self, files: Sequence[str], options: Sequence[str]) -> Self:
        """Return the page of label files that a command reads with these options."""
        words = ["mlresample plan", *words_of_files(files), *options]
        title = f"Plans of {Path(files[0]).name}"
        return replace(self, _report=self._report | {"title": title, "command": words})

    def __repr__(self) -> str:
        n_samples, n_classes = self._report["n_samples"], len(self._report["names"])
        return f"PlanExplorer: {count_of(n_samples, 'sample')}, {count_of(n_classes, 'class')}"

    def _repr_html_(self) -> str:
        return in_frame(self.html, self._report["title"])


@validate_params(
    {
        "y": "no_validation",
        "class_names": ["array-like", None],
        "instances": ["boolean"],
        "unknown": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def explore_plans(
    y: MatrixLike,
    *,
    class_names: ArrayLike | None = None,
    instances: bool = False,
    unknown: Unknown | None = None,
    cap: float = RuleParameters.cap,
    floor: float = RuleParameters.floor,
    target_count: str | float = RuleParameters.target_count,
    power: float = RuleParameters.power,
    epoch_size: float | None = RuleParameters.epoch_size,
    background: float = RuleParameters.background,
    instance_aware: bool = RuleParameters.instance_aware,
) -> PlanExplorer:
    """Make a page with a slider for each parameter of the rule, and the figures that follow.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
    class_names : array-like of shape (n_classes,), default=None
        As for :func:`~mlresample.plan_resampling`.
    instances : bool, default=False
        Whether `y` holds counts of instances, as for :func:`~mlresample.plan_resampling`.
    unknown : float or mask of shape (n_samples, n_classes), default=None
        Value of the unknown entries of `y`, or a mask of them, as for
        :func:`~mlresample.plan_resampling`.
    cap : float, default=4.0
        Where the page begins, like the parameters below: those of
        :func:`~mlresample.plan_resampling`.
    floor : float, default=1.0
        Smallest multiplier, between 0 and 1.
    target_count : {"median", "mean", "max"}, int or float, default="median"
        Count that rare classes are raised towards; one for all classes.
    power : float, default=1.0
        1 is inverse frequency, 0.5 its square root; 0 makes all multipliers 1.
    epoch_size : int or float, default=None
        Samples that an epoch should have: an int is a number, a float a multiple of n_samples.
    background : float, default=1.0
        Multiplier of samples without a class, between 0 and `cap`.
    instance_aware : bool, default=False
        Whether the rule uses the shares of samples and of instances; fixed on the page.

    Returns
    -------
    explorer : PlanExplorer
        The page: a notebook shows it, ``explorer.save("plans.html")`` writes it to a file, and
        ``explorer.html`` is the HTML, which needs no other file and no network.

    Raises
    ------
    ValueError
        If :func:`~mlresample.plan_resampling` would refuse `y` or the parameters, if
        `target_count` is a number for each class (as a share is if entries are unknown), or if
        more pairs of classes occur together than a page can hold.

    Notes
    -----
    The page holds no samples, only the names of the classes and, for each pair of them, how many
    samples have the first as their rarest class and carry the second. All figures follow from
    these counts; they are those of :func:`~mlresample.plan_resampling`. With more than 150
    classes, the 100 rarest and the 50 most common are listed; the figures are of all classes.

    Examples
    --------
    >>> from mlresample import explore_plans
    >>> y = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1
    >>> explorer = explore_plans(y, class_names=["cat", "dog", "lynx"])
    >>> explorer.save("plans.html")  # doctest: +SKIP
    """
    parameters = RuleParameters.validated(locals(), "explore_plans")
    _check_one_target_count(parameters)
    indicator = as_target(y, class_names=class_names, instances=instances, unknown=unknown)
    plan = make_plan(indicator, parameters)  # which refuses what a plan cannot be made of

    def table_of(order: ClassOrder) -> tuple[ClassTable, Any]:
        table = SampleTable.of(indicator, order)
        return table, table.joint_counts()

    arguments = ["y"]
    if instances:
        arguments.append("instances=True")
    if unknown is not None:
        arguments.append(f"unknown={_as_argument(unknown)}")
    counts, reading = plan.rule.counts, ["FILE", *(["--instances"] if instances else [])]
    return _explore(counts, table_of, parameters, "plan_resampling", arguments, reading)


def _as_argument(unknown: Any) -> str:
    """Write a value as in Python; a mask by its name."""
    if not isinstance(unknown, Real):
        return "mask"
    return 'float("nan")' if unknown != unknown else repr(plain(unknown))


def words_of_files(files: Sequence[str | PathLike[str]]) -> list[str]:
    """Write files as words of a command.

    The page may be shared, and tells no whole path: the command is run beside the files.
    """
    paths = map(Path, files)
    return [shlex.quote(path.name if path.is_absolute() else str(path)) for path in paths]


def explore_by_tables(
    counts: ClassCounts,
    table_of: Callable[[ClassOrder], JointTable],
    parameters: RuleParameters,
    reading: Sequence[str],
) -> PlanExplorer:
    """Make the page of samples that are counted batch by batch.

    `reading` are the words of a command that says what to read, and how.
    """
    _check_one_target_count(parameters)
    plan_by_tables(counts, table_of, parameters)  # which refuses what a plan cannot be made of

    def with_joint_counts(order: ClassOrder) -> tuple[ClassTable, Any]:
        table = table_of(order)
        return table, table.joint

    return _explore(counts, with_joint_counts, parameters, "target.plan", [], reading)


def _check_one_target_count(parameters: RuleParameters) -> None:
    if parameters.is_by_class:
        raise ValueError(
            f"target_count must be one for all classes, which a slider moves, got "
            f"{parameters.target_count!r}: pass a number for each class to plan_resampling."
        )


def _explore(
    counts: ClassCounts,
    table_of: Callable[[ClassOrder], tuple[ClassTable, Any]],
    parameters: RuleParameters,
    function: str,
    arguments: Sequence[str],
    reading: Sequence[str],
) -> PlanExplorer:
    """Write the class table and what is shown of the classes, from rare to common."""
    class_counts, aware = counts.class_counts, parameters.instance_aware
    has_unknown = counts.known_counts is not None
    if has_unknown and parameters.is_share:
        raise ValueError(
            f"target_count={parameters.target_count!r} is a share of the samples known for each "
            f"class, and so a number for each class, which no slider moves: pass a count."
        )
    effective = effective_counts(counts, aware)
    table, joint = table_of(ClassOrder.of(-effective, class_counts, merge_ties=True))
    sizes, order = table.class_sizes, np.argsort(effective, kind="stable")
    report = {
        "title": "Plans",
        "command": ["mlresample plan", *reading],
        "function": function,
        "arguments": list(arguments),
        "n_samples": table.n_samples,
        "n_without_class": int(table.sizes[0]),
        "n_undecided": table.n_undecided,
        "has_unknown": has_unknown,
        "names": [str(plain(name)) for name in counts.classes[order]],
        "counts": class_counts[order].tolist(),
        "rule_counts": effective[order].tolist() if aware else None,
        "rows": _rows(sizes[::-1], csr_array(joint)[len(sizes) : 0 : -1, order]),
        "start": _start(parameters),
    }
    return PlanExplorer(report)


def _rows(sizes: Any, joint: Any) -> list[list[int]]:
    """Write rows of the class table: the size, then pairs of a gap between classes and a count."""
    if joint.nnz > _MOST_PAIRS:
        raise ValueError(
            f"y has {joint.nnz:,} pairs of classes that occur together, and a page holds "
            f"{_MOST_PAIRS:,}: pass the columns of some classes, merge rare ones by "
            f"merge_classes, or compare plans by compare_plans, which takes any number."
        )
    joint.sort_indices()
    rows = []
    for row, size in enumerate(sizes.tolist()):
        entries = slice(joint.indptr[row], joint.indptr[row + 1])
        gaps = np.diff(joint.indices[entries], prepend=0)
        pairs = np.column_stack([gaps, joint.data[entries]])
        rows.append([size, *pairs.ravel().tolist()])
    return rows


def _start(parameters: RuleParameters) -> Figures:
    """Write the parameters that the page begins with; null is infinity."""
    names = ("cap", "floor", "power", "background")
    start: Figures = finite({name: getattr(parameters, name) for name in names})
    return start | {"target": _target(parameters.target_count, parameters.epoch_size)}


def _target(target_count: str | float, epoch_size: float | None) -> Figures:
    """Write what the target count is asked for by: its kind, and a number."""
    if epoch_size is not None:
        kind = "samples" if isinstance(epoch_size, Integral) else "times"
        return {"kind": kind, "value": epoch_size}
    if isinstance(target_count, str):
        return {"kind": target_count}
    is_count = isinstance(target_count, Integral) or target_count > 1
    return {"kind": "count" if is_count else "share", "value": target_count}
