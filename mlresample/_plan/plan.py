"""The plan: what resampling will cost and achieve, before anything is drawn."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.repeats import RepeatPlan
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, Rows, as_rows, finite
from mlresample._reporting.html import plan_html
from mlresample._reporting.text import plan_text
from mlresample._reporting.verdicts import find_verdicts
from mlresample._rule.counts import check_some_class_occurs, imbalance_per_class
from mlresample._rule.epoch_size import RarestClasses, solve_target_count
from mlresample._rule.explicit import explicit_multipliers
from mlresample._rule.multipliers import (
    balanced_multipliers,
    raised_to_cap,
    resolve_target_count,
    sample_levels,
)
from mlresample._rule.parameters import RULE_CONSTRAINTS, RuleParameters
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.names import plain
from mlresample._utils.sklearn import validate_parameter_constraints
from mlresample._utils.typing import ClassMultipliers, HasPlan, MatrixLike


def as_plan(plan: Any) -> Any:
    """Return the plan of a fitted sampler, and anything else unchanged."""
    return getattr(plan, "plan_", plan)


@dataclass(frozen=True, eq=False, repr=False)
class ResamplingPlan(RepeatPlan, Report):
    """How often each class and each sample is seen, and the effect on the class counts.

    Printed, it is a report, in a notebook with a table; its figures are in :meth:`to_dict`.
    Made by :func:`plan_resampling` and by a fitted sampler (``plan_``); it is immutable and
    holds one small integer per sample besides vectors of one number per class.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    class_multipliers : ndarray of shape (n_classes,)
        Times that samples of each class should be seen per epoch.
    resampled_class_counts : ndarray of shape (n_classes,)
        Expected class counts after resampling, float64.
    resolved_target_count : float or None
        Count that rare classes are raised towards; None with user-supplied multipliers.
    power : float or None
        Power of the rule; None with user-supplied multipliers.
    cap, floor : float
        Largest and smallest multiplier allowed.
    n_without_class : int
        Samples that carry no class.
    level_multipliers : ndarray of shape (n_levels,)
        Distinct class multipliers, with 1.0, ascending.
    levels : ndarray of shape (n_samples,)
        Index of each sample's multiplier among `level_multipliers`, a small unsigned integer.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> plan = plan_resampling([[1, 0]] * 90 + [[1, 1]] * 30, class_names=["cat", "lynx"])
    >>> plan
    ResamplingPlan: 2 classes, cap 4, target count 75
                           before     after
    epoch size                120       165  (1.375x)
    imbalance ratio          4.00      2.20
    mean imbalance           2.50      1.60
    without a class             0
    samples seen      once 90 (75.0 %), more often 30 (25.0 %)
    -------------------------------------------------------------------------
    class  count  of samples  of largest  multiplier  epoch quota  to collect
    lynx      30     25.00 %     25.00 %       2.500         75.0
    cat      120    100.00 %    100.00 %       1.000        165.0
    -------------------------------------------------------------------------
    - An epoch 1.38 times as long brings the mean imbalance from 2.5 to 1.6. That is
      balance, not accuracy: tuning a threshold for each class often gains more. Compare with
      tuned thresholds, at equal steps.
    >>> plan.sample_multipliers[[0, -1]]
    array([1. , 2.5])
    >>> len(plan.draw_indices(0))
    165
    >>> plan.to_frame()["resampled_count"].tolist()
    [165.0, 75.0]
    """

    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    class_multipliers: NDArray[np.float64]
    resampled_class_counts: NDArray[np.float64]
    resolved_target_count: float | None
    power: float | None
    cap: float
    floor: float
    n_without_class: int

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

    @property
    def samples_to_collect(self) -> NDArray[np.int64] | None:
        """Further samples of each class with which the cap would suffice for the target count.

        The smallest k with ``(t / (n_c + k)) ** power <= cap``, at the same target count t, of
        shape (n_classes,); 0 if the cap suffices already. None with user-supplied multipliers.
        """
        if self.resolved_target_count is None or self.power is None:
            return None
        if self.power == 0:
            return np.zeros(len(self.classes), dtype=np.int64)
        with np.errstate(over="ignore"):
            suffices = self.resolved_target_count / np.float64(self.cap) ** (1 / self.power)
        needed = np.clip(np.ceil(suffices * (1 - 1e-12)), 1, 2.0**62).astype(np.int64)
        return np.maximum(needed - self.class_counts, 0)

    def to_dict(self) -> Figures:
        """Return the figures of the report as plain types.

        Returns
        -------
        report : dict
            Numbers, strings, lists and dicts only, None for infinity; the guide's page on files
            lists the keys.
        """
        report: Figures = {
            "schema_version": SCHEMA_VERSION,
            "cap": finite(self.cap),
            "floor": self.floor,
            "power": self.power,
            "resolved_target_count": self.resolved_target_count,
            "n_samples": self.n_samples,
            "n_classes": len(self.classes),
            "n_without_class": self.n_without_class,
            "epoch_size": self.epoch_size,
            "growth": self.expected_epoch_size / self.n_samples,
            "imbalance_ratio": self.imbalance_ratio,
            "resampled_imbalance_ratio": finite(self.resampled_imbalance_ratio),
            "mean_imbalance": self.mean_imbalance,
            "resampled_mean_imbalance": finite(self.resampled_mean_imbalance),
            "samples_per_multiplier": [
                {"multiplier": multiplier, "n_samples": n_samples}
                for multiplier, n_samples in zip(
                    self.level_multipliers.tolist(), self.level_sizes.tolist(), strict=True
                )
                if n_samples
            ],
            "classes": self._rows(),
        }
        return report | {"verdicts": find_verdicts(report)}

    def _rows(self) -> Rows:
        to_collect = self.samples_to_collect
        columns = {
            "class": list(map(plain, self.classes)),
            "count": self.class_counts.tolist(),
            "share": (self.class_counts / self.n_samples).tolist(),
            "share_of_largest": (self.class_counts / self.class_counts.max()).tolist(),
            "multiplier": self.class_multipliers.tolist(),
            "at_cap": self.at_cap.tolist(),
            "resampled_count": self.resampled_class_counts.tolist(),
            "samples_to_collect": [None] * len(self.classes)
            if to_collect is None
            else to_collect.tolist(),
        }
        return as_rows(columns)

    def __repr__(self) -> str:
        return plan_text(self.to_dict())

    def _repr_html_(self) -> str:
        return plan_html(self.to_dict())


def make_plan(indicator: Indicator, parameters: RuleParameters) -> ResamplingPlan:
    """Learn a plan from an indicator matrix."""
    counts = indicator.class_counts
    check_some_class_occurs(counts)
    bounds = {"floor": parameters.floor, "cap": parameters.cap}
    resolved = power = None
    if parameters.is_balanced:
        power = parameters.power
        if parameters.epoch_size is None:
            resolved = resolve_target_count(parameters.target_count, counts, indicator.n_samples)
        else:
            resolved = solve_target_count(RarestClasses.of(indicator), parameters)
        multipliers = balanced_multipliers(counts, resolved, parameters)
    else:
        multipliers = explicit_multipliers(
            parameters.class_multipliers,
            indicator.classes,
            counts,
            **bounds,
            column_name=indicator.column_name,
        )
    level_multipliers, levels, n_without_class = sample_levels(indicator, multipliers)
    if level_multipliers[0] < 1:
        resampled = indicator.weighted_class_counts(level_multipliers, levels)
    else:  # the change alone, which is 0 for many samples
        resampled = counts + indicator.weighted_class_counts(level_multipliers - 1, levels)
    return ResamplingPlan(
        classes=indicator.classes,
        class_counts=counts,
        class_multipliers=multipliers,
        resampled_class_counts=resampled,
        resolved_target_count=resolved,
        power=power,
        **bounds,
        n_without_class=n_without_class,
        level_multipliers=level_multipliers,
        levels=levels,
    )


PlanLike: TypeAlias = ResamplingPlan | HasPlan  # a plan or a fitted sampler

_CONSTRAINTS = {**RULE_CONSTRAINTS, "class_names": ["array-like", None]}


def plan_resampling(
    y: MatrixLike,
    *,
    class_names: ArrayLike | None = None,
    class_multipliers: ClassMultipliers = RuleParameters.class_multipliers,
    cap: float = RuleParameters.cap,
    floor: float = RuleParameters.floor,
    target_count: str | float = RuleParameters.target_count,
    power: float = RuleParameters.power,
    epoch_size: float | None = RuleParameters.epoch_size,
) -> ResamplingPlan:
    """Plan the resampling of a multi-label target.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1, in any container; or class labels of shape
        (n_samples,), one per sample.
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes; by default the column names of a data frame, the labels of a
        single-label target, or column numbers.
    class_multipliers : "balanced", array-like, dict or callable, default="balanced"
        The rule below; or one multiplier per class, {class: multiplier} (classes left out get
        1), or a function from the array of class counts to an array of multipliers. Values
        outside [floor, cap] are clipped, with a warning for arrays and dicts. A pandas
        Series is read by its index, like a dict.
    cap : float, default=4.0
        Largest multiplier: no sample is seen more often than this on average. At least 1;
        ``inf`` for none.
    floor : float, default=1.0
        Smallest multiplier, between 0 and 1. Below 1, samples that carry only common classes
        may be left out.
    target_count : {"median", "mean", "max"}, int or float, default="median"
        Count that rare classes are raised towards: a statistic over the classes that occur, a
        share of the samples (float in (0, 1]) or a count (int, or float above 1).
    power : float, default=1.0
        1 is inverse frequency, 0.5 its square root, 0 makes all multipliers 1.
    epoch_size : int or float, default=None
        Samples that an epoch should have: an int is a number, a float a multiple of n_samples.
        The target count is then solved for.

    Returns
    -------
    plan : ResamplingPlan
        How often each class and sample will be seen, and the effect on the class counts.

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
    # validate_params would do the same, but takes as long as the rest of a small plan.
    values = locals()
    validate_parameter_constraints(_CONSTRAINTS, values, "plan_resampling")
    return make_plan(as_target(y, class_names=class_names), RuleParameters.of(values))
