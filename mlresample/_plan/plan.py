"""The plan: a rule applied to samples, and what that will cost and achieve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.counted import CountedFigures
from mlresample._plan.repeats import RepeatPlan
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Rows, as_rows, finite
from mlresample._reporting.html import plan_html
from mlresample._reporting.text import plan_text
from mlresample._reporting.verdicts import find_verdicts
from mlresample._rule.counts import check_target_has_class
from mlresample._rule.multipliers import raised_to_cap, sample_levels
from mlresample._rule.rule import LearnedRule
from mlresample._rule.target_count import counts_at_cap
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.names import as_classes, plain
from mlresample._utils.typing import HasPlan, MatrixLike, Unknown


def as_plan(plan: Any) -> Any:
    """Return the plan of a fitted sampler, and anything else unchanged."""
    return getattr(plan, "plan_", plan)


@dataclass(frozen=True, eq=False)
class ResamplingRule(LearnedRule):
    """What is learned from class counts: how often the samples of each class should be seen.

    Made by :meth:`from_counts`, and part of each plan and fitted sampler (``plan.rule``,
    ``sampler.rule_``). It is immutable and knows no samples: learn it once, write it down as
    JSON, and apply it to any batch.

    Attributes
    ----------
    counts : ClassCounts
        The counts that it was learned from, with the names of the classes.
    class_multipliers : ndarray of shape (n_classes,)
        Times that samples of each class should be seen per epoch; NaN for a class that has no
        multiplier, because it had no samples.
    resolved_target_count : float, ndarray of shape (n_classes,) or None
        Count that rare classes are raised towards, or that each class should at least have; None
        with user-supplied multipliers.
    parameters : RuleParameters
        The parameters of :func:`plan_resampling` that made it, as attributes: ``cap``, ``floor``,
        ``target_count``, ``power``, ``epoch_size``, ``background``, ``instance_aware`` and
        ``class_multipliers`` ("balanced", or one per class as the user gave them, as is
        `target_count` if it is a number for each class).

    Examples
    --------
    >>> from mlresample import ClassCounts, ResamplingRule
    >>> counts = ClassCounts.from_numbers({"cat": 900, "dog": 90, "lynx": 10})
    >>> rule = ResamplingRule.from_counts(counts, cap=5)
    >>> rule.class_multipliers
    array([1., 1., 5.])
    >>> rule = ResamplingRule.from_json(rule.to_json())
    >>> rule.sample_multipliers(["lynx", "cat"])
    array([5., 1.])
    >>> rule.plan(["lynx", "cat", "cat"]).epoch_size
    7
    """

    def plan(
        self,
        y: MatrixLike,
        *,
        class_names: ArrayLike | None = None,
        unseen: float | None = None,
        instances: bool = False,
        unknown: Unknown | None = None,
    ) -> ResamplingPlan:
        """Apply the rule to the samples of a target.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes of `y`, as in :func:`plan_resampling`.
        unseen : float, default=None
            Multiplier, between 0 and the cap, of classes that the rule does not know or that had
            no sample when it was learned. If None, such a class is an error once it occurs.
        instances : bool, default=False
            Whether `y` holds counts of instances, as for :func:`plan_resampling`.
        unknown : float or mask of shape (n_samples, n_classes), default=None
            Value of the unknown entries of `y`, or a mask of them, as for
            :func:`plan_resampling`.

        Returns
        -------
        plan : ResamplingPlan
            The plan. Its classes are those of the rule, with the names of `y` if the rule has
            none; they have no samples if `y` lacks them. Those that the rule does not know come
            last. The class counts are those of `y`.

        Raises
        ------
        ValueError
            If `y` is not a target, its classes cannot be matched with those of the rule, or one
            occurs that has no multiplier.
        """
        indicator = as_target(
            y, class_names=class_names, is_batch=True, instances=instances, unknown=unknown
        )
        check_target_has_class(indicator)
        positions, multipliers = self._of_columns(indicator, unseen)
        samples = SampleFigures.of(indicator, multipliers, self.parameters.background)
        new = np.flatnonzero((positions < 0) & (indicator.class_counts > 0))
        classes = self.classes if self.counts.named else indicator.classes
        names = classes.tolist()
        positions[new] = len(names) + np.arange(len(new))
        if len(new):
            names += indicator.classes[new].tolist()
        has_place = positions >= 0

        def by_class(of_columns: NDArray[Any], default: Any) -> NDArray[Any]:
            values = np.full(len(names), default, dtype=of_columns.dtype)
            values[positions[has_place]] = of_columns[has_place]
            return values

        figures: dict[str, Any] = samples._asdict()
        figures["resampled_class_counts"] = by_class(samples.resampled_class_counts, 0.0)
        counts: dict[str, Any] = {}
        if indicator.instances is not None and samples.resampled_instance_counts is not None:
            counts["instance_counts"] = by_class(indicator.instances.class_counts, 0)
            figures["resampled_instance_counts"] = by_class(samples.resampled_instance_counts, 0.0)
        if indicator.unknown is not None and samples.resampled_unknown_counts is not None:
            counts["unknown_counts"] = by_class(indicator.unknown.class_counts, 0)
            figures["resampled_unknown_counts"] = by_class(samples.resampled_unknown_counts, 0.0)

        return ResamplingPlan(
            rule=self,
            classes=as_classes(names) if len(new) else classes,
            class_counts=by_class(indicator.class_counts, 0),
            class_multipliers=by_class(multipliers, 1.0),
            **counts,
            **figures,
        )


class SampleFigures(NamedTuple):
    """What follows for the samples of a target from the multipliers of its columns."""

    level_multipliers: NDArray[np.float64]
    levels: NDArray[Any]
    n_without_class: int
    n_undecided: int
    resampled_class_counts: NDArray[np.float64]
    resampled_instance_counts: NDArray[np.float64] | None
    resampled_unknown_counts: NDArray[np.float64] | None

    @classmethod
    def of(
        cls, indicator: Indicator, multipliers: NDArray[np.float64], background: float
    ) -> SampleFigures:
        """Compute the levels, and the expected class counts."""
        samples = sample_levels(indicator, multipliers, background)
        level_multipliers, levels = samples.level_multipliers, samples.levels
        if multipliers.min() < 1:
            resampled = indicator.weighted_class_counts(level_multipliers, levels)
        else:  # the change alone, which is 0 for many samples
            change = indicator.weighted_class_counts(level_multipliers - 1, levels)
            resampled = indicator.class_counts + change
        instances = unknown = None
        if indicator.instances is not None:
            instances = indicator.instances.weighted_class_counts(level_multipliers, levels)
        if indicator.unknown is not None:
            unknown = indicator.unknown.weighted_class_counts(level_multipliers, levels)
        return cls(*samples, resampled, instances, unknown)


@dataclass(frozen=True, eq=False, repr=False)
class PlanFigures(CountedFigures):
    """What a plan costs and achieves, whether its samples are in memory or in a table."""

    rule: ResamplingRule
    class_multipliers: NDArray[np.float64]
    n_without_class: int
    instance_counts: NDArray[np.int64] | None = None
    resampled_instance_counts: NDArray[np.float64] | None = None
    n_undecided: int = 0
    unknown_counts: NDArray[np.int64] | None = None
    resampled_unknown_counts: NDArray[np.float64] | None = None

    @property
    def known_counts(self) -> NDArray[np.int64] | None:
        """Samples of which it is known whether they carry each class; None if of all."""
        return None if self.unknown_counts is None else self.n_samples - self.unknown_counts

    @property
    def resampled_known_counts(self) -> NDArray[np.float64] | None:
        """Expected known counts after resampling; None if all is known."""
        unknown = self.resampled_unknown_counts
        return None if unknown is None else self.expected_epoch_size - unknown

    @property
    def resolved_target_count(self) -> float | NDArray[np.float64] | None:
        """Count that rare classes are raised towards, or that each class should at least have.

        A float; of shape (n_classes,) if `target_count` was a number for each class, or a share of
        the samples known for each; or None with user-supplied multipliers.
        """
        target_count = self.rule.resolved_target_count
        if not isinstance(target_count, np.ndarray):
            return target_count
        return np.append(target_count, self.class_counts[len(target_count) :])

    @property
    def _target_share(self) -> float | None:
        """The share of the samples known for each class, if that is what was asked for."""
        parameters = self.rule.parameters
        is_of_known = parameters.is_share and self.rule.counts.known_counts is not None
        return parameters.target_count if is_of_known else None

    @property
    def _known_share(self) -> float | None:
        """Share of the entries that are known; None if all are."""
        unknown = self.unknown_counts
        if unknown is None:
            return None
        return 1 - float(unknown.sum() / (self.n_samples * len(unknown)))

    @property
    def power(self) -> float | None:
        """Power of the rule; None with user-supplied multipliers."""
        parameters = self.rule.parameters
        return parameters.power if parameters.is_balanced else None

    @property
    def cap(self) -> float:
        """Largest multiplier allowed."""
        return self.rule.parameters.cap

    @property
    def floor(self) -> float:
        """Smallest class multiplier allowed."""
        return self.rule.parameters.floor

    @property
    def background(self) -> float:
        """Multiplier of samples without a class."""
        return self.rule.parameters.background

    @property
    def _learned_counts(self) -> NDArray[np.int64]:
        """The counts that the rule was learned from, of the plan's classes."""
        learned = self.rule.counts.class_counts
        return np.append(learned, np.zeros(len(self.classes) - len(learned), dtype=np.int64))

    @property
    def _is_of_other_samples(self) -> bool:
        """Whether the rule was learned from other counts than those of these samples."""
        learned = self.rule.counts
        return learned.n_samples not in (None, self.n_samples) or not np.array_equal(
            self._learned_counts, self.class_counts
        )

    @property
    def at_cap(self) -> NDArray[np.bool_]:
        """Which classes are raised as far as allowed, bool of shape (n_classes,)."""
        return raised_to_cap(self.class_multipliers, self.cap)

    @property
    def samples_to_collect(self) -> NDArray[np.int64] | None:
        """Further samples of each class with which the cap would suffice for the target count.

        The smallest k with ``(t / (n_c + k)) ** power <= cap``, at the same target count t, of
        shape (n_classes,); 0 if the cap suffices already. None with user-supplied multipliers, and
        with `instance_aware`, as further instances matter then.
        """
        if (
            self.resolved_target_count is None
            or self.power is None
            or self.rule.parameters.instance_aware
        ):
            return None
        needed = counts_at_cap(self.resolved_target_count, self.cap, self.power)
        return np.maximum(needed - self._learned_counts, 0)

    def to_dict(self) -> Figures:
        """Return the figures of the report as plain types.

        Returns
        -------
        report : dict
            Numbers, strings, lists and dicts only, None for infinity; the guide's page on files
            lists the keys.
        """
        target_count = self.resolved_target_count
        by_class = isinstance(target_count, np.ndarray)
        report: Figures = {
            "schema_version": SCHEMA_VERSION,
            "cap": finite(self.cap),
            "floor": self.floor,
            "power": self.power,
            "background": self.background,
            "resolved_target_count": None if by_class else target_count,
            "target_share": self._target_share,
            "instance_aware": self.rule.parameters.instance_aware,
            "n_samples": self.n_samples,
            "n_classes": len(self.classes),
            "n_without_class": self.n_without_class,
            "n_undecided": self.n_undecided,
            "known_share": self._known_share,
            "n_instances": _total(self.instance_counts),
            "resampled_n_instances": _total(self.resampled_instance_counts),
            "resampled_n_without_class": self.background * self.n_without_class,
            "is_of_other_samples": self._is_of_other_samples,
            "n_samples_learned_from": self.rule.counts.n_samples,
            **self._cost_and_imbalance(),
            "classes": self._rows(),
        }
        return report | {"verdicts": find_verdicts(report)}

    def _rows(self) -> Rows:
        to_collect = self.samples_to_collect
        none = [None] * len(self.classes)
        asked = kept_away = none
        if isinstance(target_count := self.resolved_target_count, np.ndarray):
            asked = target_count.tolist()
        if isinstance(target_count, np.ndarray) and self._target_share is None:
            most = np.array([self.cap * n if n else 0.0 for n in self._learned_counts.tolist()])
            kept_away = np.maximum(target_count - most, 0).tolist()
        by_itself = self.class_counts * self.class_multipliers
        known, resampled_known = self.known_counts, self.resampled_known_counts
        with np.errstate(invalid="ignore"):  # nothing may be known of a class
            share = self.class_counts / (self.n_samples if known is None else known)
        columns = {
            "class": list(map(plain, self.classes)),
            "count": self.class_counts.tolist(),
            "count_learned_from": self._learned_counts.tolist(),
            "share": finite(share.tolist()),
            "share_of_largest": (self.class_counts / self.class_counts.max()).tolist(),
            "multiplier": self.class_multipliers.tolist(),
            "at_cap": self.at_cap.tolist(),
            "resampled_count": self.resampled_class_counts.tolist(),
            "instances": none if self.instance_counts is None else self.instance_counts.tolist(),
            "resampled_instances": none
            if self.resampled_instance_counts is None
            else self.resampled_instance_counts.tolist(),
            "known": none if known is None else known.tolist(),
            "known_share": none if known is None else (known / self.n_samples).tolist(),
            "resampled_known": none if resampled_known is None else resampled_known.tolist(),
            "samples_to_collect": none if to_collect is None else to_collect.tolist(),
            "target_count": asked,
            "kept_away_by_cap": kept_away,
            "added_by_co_occurrence": (self.resampled_class_counts - by_itself).tolist(),
        }
        return as_rows(columns)

    def __repr__(self) -> str:
        return plan_text(self.to_dict(), type(self).__name__)

    def _repr_html_(self) -> str:
        return plan_html(self.to_dict(), type(self).__name__)


@dataclass(frozen=True, eq=False, repr=False)
class ResamplingPlan(PlanFigures, RepeatPlan):
    """How often each class and each sample is seen, and the effect on the class counts.

    It prints as a report, and shows a table in a notebook; its figures are in :meth:`to_dict`.
    Made by :func:`plan_resampling`, by a fitted sampler (``plan_``) and by
    :meth:`ResamplingRule.plan`; it is immutable and holds one small integer per sample besides
    vectors of one number per class.

    Attributes
    ----------
    rule : ResamplingRule
        What was learned from class counts: those of these samples, or of others.
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    class_multipliers : ndarray of shape (n_classes,)
        Times that samples of each class should be seen per epoch.
    resampled_class_counts : ndarray of shape (n_classes,)
        Expected class counts after resampling, float64.
    n_without_class : int
        Samples that are known to carry no class.
    instance_counts : ndarray of shape (n_classes,) or None
        Instances of each class, int64; None if `y` did not hold counts.
    resampled_instance_counts : ndarray of shape (n_classes,) or None
        Expected instances of each class after resampling, float64.
    n_undecided : int
        Samples with unknown entries and no class; they have multiplier 1.
    unknown_counts : ndarray of shape (n_classes,) or None
        Samples of which it is unknown whether they carry each class; None if all is known.
    resampled_unknown_counts : ndarray of shape (n_classes,) or None
        The same after resampling, expected, float64.
    level_multipliers : ndarray of shape (n_levels,)
        Distinct multipliers of the classes and the background, ascending.
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
    without a class             0         0
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


def _total(counts: NDArray[Any] | None) -> Any:
    return None if counts is None else counts.sum().item()


PlanLike: TypeAlias = CountedFigures | HasPlan  # a plan or a fitted sampler
