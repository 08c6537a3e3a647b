"""The plan: what resampling will cost and achieve, before anything is drawn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils._param_validation import validate_params

from mlresample._epoch_size import RarestClasses, solve_target_count
from mlresample._indicators import Indicator
from mlresample._multipliers import (
    RULE_CONSTRAINTS,
    balanced_multipliers,
    check_rule,
    check_some_class_occurs,
    explicit_multipliers,
    raised_to_cap,
    resolve_target,
    sample_levels,
)
from mlresample._repeats import RepeatPlan
from mlresample._targets import as_target

_ROWS_SHOWN = 30


@dataclass(frozen=True, eq=False, repr=False)
class ResamplingPlan(RepeatPlan):
    """How often each class and each sample is seen, and what comes of it.

    Made by :func:`plan_resampling` and by a fitted sampler (``plan_``); it is immutable and
    holds a small integer a sample besides vectors of one number a class.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    class_multipliers : ndarray of shape (n_classes,)
        Times that samples of each class ask to be seen an epoch.
    resampled_class_counts : ndarray of shape (n_classes,)
        Expected class counts after resampling, float64.
    target_count : float or None
        Count that rare classes are raised towards; None with multipliers of one's own.
    cap, floor : float
        Largest and smallest multiplier allowed.
    level_multipliers : ndarray of shape (n_levels,)
        Distinct class multipliers, with 1.0, ascending.
    levels : ndarray of shape (n_samples,)
        Index of each sample's multiplier among `level_multipliers`, a small unsigned integer.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], class_names=["cat", "lynx"])
    >>> plan
    ResamplingPlan: 2 classes, cap 4, target count 2.5
                           before     after
    epoch size                  4         6  (1.375x)
    imbalance ratio          4.00      2.20
    mean imbalance           2.50      1.60
    -----------------------------------------
    class      count  multiplier    resampled
    lynx           1       2.500          2.5
    cat            4       1.000          5.5
    >>> plan.sample_multipliers
    array([1. , 1. , 1. , 2.5])
    >>> plan.indices(0)
    array([0, 1, 2, 3, 3, 3])
    """

    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    class_multipliers: NDArray[np.float64]
    resampled_class_counts: NDArray[np.float64]
    target_count: float | None
    cap: float
    floor: float

    @property
    def at_cap(self) -> NDArray[np.bool_]:
        """Which classes are raised as far as allowed, bool of shape (n_classes,)."""
        return raised_to_cap(self.class_multipliers, self.cap)

    @property
    def imbalance_ratio(self) -> float:
        """Largest class count over the smallest, of the classes that occur."""
        return float(imbalance_per_class(self.class_counts, self.class_counts).max())

    @property
    def resampled_imbalance_ratio(self) -> float:
        """Imbalance ratio of the expected class counts after resampling."""
        return float(imbalance_per_class(self.resampled_class_counts, self.class_counts).max())

    @property
    def mean_imbalance(self) -> float:
        """Mean over the classes that occur of the largest class count over the class's own.

        The literature's MeanIR, the mean of IRLbl.
        """
        return float(imbalance_per_class(self.class_counts, self.class_counts).mean())

    @property
    def resampled_mean_imbalance(self) -> float:
        """Mean imbalance of the expected class counts after resampling."""
        return float(imbalance_per_class(self.resampled_class_counts, self.class_counts).mean())

    def __repr__(self) -> str:
        return "\n".join([*_summary_lines(self), *_class_lines(self)])


def imbalance_per_class(
    counts: NDArray[Any], class_counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Largest count over each class's own (IRLbl), of the classes that occur before resampling.

    A class that resampling leaves out altogether has an infinite imbalance.
    """
    counts = counts[class_counts > 0]
    with np.errstate(divide="ignore"):
        return np.asarray(counts.max() / counts)


def _summary_lines(plan: ResamplingPlan) -> list[str]:
    rule = "own multipliers"
    if plan.target_count is not None:
        rule = "target count " + f"{plan.target_count:,.2f}".rstrip("0").rstrip(".")
    floor = f", floor {plan.floor:g}" if plan.floor < 1 else ""
    growth = plan.expected_epoch_size / plan.n_samples
    return [
        f"ResamplingPlan: {len(plan.classes)} classes, cap {plan.cap:g}{floor}, {rule}",
        f"{'':<17} {'before':>11} {'after':>9}",
        f"{'epoch size':<17} {plan.n_samples:>11,} {plan.epoch_size:>9,}  ({growth:.3f}x)",
        f"{'imbalance ratio':<17} {plan.imbalance_ratio:>11,.2f}"
        f" {plan.resampled_imbalance_ratio:>9,.2f}",
        f"{'mean imbalance':<17} {plan.mean_imbalance:>11,.2f}"
        f" {plan.resampled_mean_imbalance:>9,.2f}",
    ]


def _class_lines(plan: ResamplingPlan) -> list[str]:
    """Table of the classes, rarest first; the middle of a long one is left out."""
    order = np.argsort(plan.class_counts, kind="stable")
    hidden = max(0, len(order) - _ROWS_SHOWN)
    head, tail = (order[:20], order[20 + hidden :]) if hidden else (order, order[:0])
    names = {c: str(plan.classes[c]) for c in (*head, *tail)}
    width = max(len("class"), *map(len, names.values()))

    def line(c: int) -> str:
        capped = "  at the cap" if plan.at_cap[c] else ""
        return (
            f"{names[c]:<{width}}  {plan.class_counts[c]:>9,}  {plan.class_multipliers[c]:>10.3f}"
            f"  {plan.resampled_class_counts[c]:>11,.1f}{capped}"
        )

    header = f"{'class':<{width}}  {'count':>9}  {'multiplier':>10}  {'resampled':>11}"
    middle = [f"... {hidden} more classes ..."] if hidden else []
    return ["-" * len(header), header, *map(line, head), *middle, *map(line, tail)]


def make_plan(
    indicator: Indicator,
    *,
    class_multipliers: Any,
    cap: float,
    floor: float,
    target_rule: Any,
    power: float,
    epoch_size: float | None,
) -> ResamplingPlan:
    """Learn a plan from an indicator matrix; parameters are valid, one by one."""
    check_rule(class_multipliers, target=target_rule, power=power, epoch_size=epoch_size)
    counts = indicator.class_counts
    check_some_class_occurs(counts)
    bounds = {"floor": float(floor), "cap": float(cap)}
    target_count = None
    if isinstance(class_multipliers, str):
        if epoch_size is None:
            target_count = resolve_target(target_rule, counts, indicator.n_samples)
        else:
            rarest = RarestClasses.of(indicator)
            target_count = solve_target_count(rarest, epoch_size, power=power, **bounds)
        multipliers = balanced_multipliers(counts, target_count, power=power, **bounds)
    else:
        multipliers = explicit_multipliers(class_multipliers, indicator.classes, counts, **bounds)
    level_multipliers, levels = sample_levels(indicator, multipliers)
    if level_multipliers[0] < 1:
        resampled = indicator.weighted_class_counts(level_multipliers, levels)
    else:  # the change alone, which is 0 for many samples
        resampled = counts + indicator.weighted_class_counts(level_multipliers - 1, levels)
    return ResamplingPlan(
        classes=indicator.classes,
        class_counts=counts,
        class_multipliers=multipliers,
        resampled_class_counts=resampled,
        target_count=target_count,
        cap=float(cap),
        floor=float(floor),
        level_multipliers=level_multipliers,
        levels=levels,
    )


@validate_params(
    {**RULE_CONSTRAINTS, "y": "no_validation", "class_names": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def plan_resampling(
    y: Any,
    *,
    class_names: ArrayLike | None = None,
    class_multipliers: Any = "balanced",
    cap: float = 4.0,
    floor: float = 1.0,
    target: str | float = "median",
    power: float = 1.0,
    epoch_size: float | None = None,
) -> ResamplingPlan:
    """Plan the resampling of a multi-label target.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1, in any container; or class labels of shape
        (n_samples,), one a sample.
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes; by default the column names of a data frame, the labels of a
        single-label target, or column numbers.
    class_multipliers : "balanced", array-like, dict or callable, default="balanced"
        The rule below; or one multiplier a class, {class: multiplier} (classes left out get
        1), or a function from the array of class counts to an array of multipliers. Values
        outside [floor, cap] are clipped, with a warning for arrays and dicts. A pandas
        Series goes by its index, as a dict does.
    cap : float, default=4.0
        Largest multiplier: no sample is seen more often than this on average. At least 1;
        ``inf`` for none.
    floor : float, default=1.0
        Smallest multiplier, between 0 and 1. Below 1, samples that carry only common classes
        may be left out.
    target : {"median", "mean", "max"}, int or float, default="median"
        Count that rare classes are raised towards: a statistic over the classes that occur, a
        share of the samples (float in (0, 1]) or a count (int, or float above 1).
    power : float, default=1.0
        1 is inverse frequency, 0.5 its square root, 0 leaves everything as it is.
    epoch_size : int or float, default=None
        Samples that an epoch shall have: an int is a number, a float a multiple of n_samples.
        The target count is then solved for.

    Returns
    -------
    plan : ResamplingPlan
        What will be seen how often, and what comes of it.

    Raises
    ------
    ValueError
        If `y` is no target that can be resampled, parameters are outside their range or
        contradict each other, or `epoch_size` cannot be met within floor and cap.

    Notes
    -----
    The multiplier of a class is ``clip((t / n_c) ** power, floor, cap)``, with class count n_c
    and target count t; that of a sample is the largest among its classes, and exactly 1 for a
    sample without a class. Classes that never occur have multiplier 1.

    References
    ----------
    .. [1] W. Ouyang et al., "Analysis of the Human Protein Atlas Image Classification
       competition", Nature Methods 16, 2019.
    .. [2] A. Gupta, P. Dollár, R. Girshick, "LVIS: A Dataset for Large Vocabulary Instance
       Segmentation", CVPR 2019, appendix.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], cap=2)
    >>> plan.class_multipliers
    array([1., 2.])
    >>> plan.epoch_size
    5
    """
    return make_plan(
        as_target(y, class_names=class_names),
        class_multipliers=class_multipliers,
        cap=cap,
        floor=floor,
        target_rule=target,
        power=power,
        epoch_size=epoch_size,
    )
