"""Compute loss weights from the imbalance that resampling leaves."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.counted import CountedFigures
from mlresample._plan.plan import PlanLike, as_plan
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, as_rows, finite
from mlresample._reporting.text import aligned, short_name, without_middle
from mlresample._rule.counts import (
    check_counts_fit,
    check_some_class_occurs,
    classes_of_counts,
    counts_by_name,
    known_by_name,
)
from mlresample._rule.parameters import as_number
from mlresample._utils.names import plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import ClassCountsLike


@dataclass(frozen=True, eq=False, repr=False)
class LossWeights(Report):
    """Weights for a loss over classes; made by :func:`compute_loss_weights`.

    Its text has one row per class, rarest first: negatives per positive in the data and in the
    plan's epochs ("resampled"), the weight, and the factor by which resampling and weight together
    raise the odds of the class.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    pos_weight : ndarray of shape (n_classes,)
        Weights of the positives in a binary cross-entropy, float64, on top of resampling.
    class_weight : ndarray of shape (n_classes,)
        Inverse frequency, n / (n_classes * n_c) of the resampled counts, float64; if all is known,
        its mean over the positives of an epoch is the inverse of the mean number of classes per
        sample.
    odds : ndarray of shape (n_classes,)
        Known negatives per positive in the data; NaN for a class without positives or negatives.
    resampled_odds : ndarray of shape (n_classes,)
        The same after resampling, expected.
    """

    classes: NDArray[Any]
    pos_weight: NDArray[np.float64]
    class_weight: NDArray[np.float64]
    odds: NDArray[np.float64]
    resampled_odds: NDArray[np.float64]

    @property
    def taken_by_resampling(self) -> NDArray[np.float64]:
        """Factor by which resampling has raised the odds of each class."""
        return self.odds / self.resampled_odds

    def to_dict(self) -> Figures:
        """Return the weights and odds as plain types, NaN as None.

        Returns
        -------
        report : dict
            ``classes`` is a list of rows with ``class``, ``odds``, ``resampled_odds``,
            ``pos_weight`` and ``class_weight``.
        """
        columns = {"class": list(map(plain, self.classes))}
        for name in ("odds", "resampled_odds", "pos_weight", "class_weight"):
            columns[name] = finite(getattr(self, name).tolist())
        return {
            "schema_version": SCHEMA_VERSION,
            "n_classes": len(self.classes),
            "classes": as_rows(columns),
        }

    def __repr__(self) -> str:
        header = ["class", "negatives per positive", "resampled", "pos_weight", "both together"]
        order = np.argsort(-np.nan_to_num(self.odds, nan=-1), kind="stable")
        rows = [
            [short_name(self.classes[c]), *(f"{column[c]:,.2f}" for column in self._columns())]
            for c in order
        ]
        lines = without_middle(aligned([header, *rows]))
        return "\n".join(["LossWeights", *lines])

    def _columns(self) -> list[NDArray[np.float64]]:
        both = self.taken_by_resampling * self.pos_weight
        return [self.odds, self.resampled_odds, self.pos_weight, both]


@validate_params(
    {
        "plan": "no_validation",
        "class_counts": "no_validation",
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
        "power": [Interval(Real, 0, None, closed="left")],
        "cap": [Interval(Real, 1, None, closed="both")],
        "class_names": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def compute_loss_weights(
    plan: PlanLike | None = None,
    *,
    class_counts: ClassCountsLike | None = None,
    n_samples: int | None = None,
    power: float = 1.0,
    cap: float = np.inf,
    class_names: ArrayLike | None = None,
) -> LossWeights:
    """Compute loss weights from the class counts after resampling.

    Parameters
    ----------
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model is trained on.
    class_counts : ClassCounts, array-like of shape (n_classes,) or dict, default=None
        Class counts of the data, for training without resampling, instead of `plan`. A dict or a
        pandas Series is read by its names.
    n_samples : int, default=None
        Number of samples; needed with `class_counts`, if that does not know it, and only then.
    power : float, default=1.0
        At 1, the positives and the negatives of a class have the same total weight; 0.5 goes
        half the way (in logarithms); at 0, all weights are 1.
    cap : float, default=inf
        Largest `pos_weight`, at least 1; its inverse is the smallest.
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes of `class_counts`, by default the names of a dict or Series, or
        column numbers. A dict or Series is put into this order.

    Returns
    -------
    weights : LossWeights
        ``pos_weight`` for a binary cross-entropy, ``class_weight`` for other losses, and how much
        of each class's imbalance resampling and loss remove.

    Raises
    ------
    ValueError
        If not exactly one of `plan` and `class_counts` is given, the counts are invalid for
        `n_samples`, or a parameter is outside its range.

    Notes
    -----
    ``pos_weight = clip((negatives / positives) ** power, 1 / cap, cap)``. The counts of a
    plan are those of its epochs: with resampling, weights from the counts of the data would
    correct the same imbalance twice, and a model would predict odds that are multiplied by both
    factors. :func:`correct_logits` undoes both. With importance weights (see
    ``RepeatSampler.importance_weights`` of :mod:`mlresample.torch`), use the counts of the data.

    A class without positives or without negatives has weight 1.

    If entries are unknown, positives and negatives are the known ones, for a loss that leaves out
    unknown entries, and n is the number of samples known for the class. Counts have them if they
    are a :class:`ClassCounts` with `known_counts`.

    Examples
    --------
    >>> from mlresample import compute_loss_weights, plan_resampling
    >>> plan = plan_resampling([[1, 0]] * 90 + [[1, 1]] * 30, class_names=["cat", "lynx"])
    >>> weights = compute_loss_weights(plan)
    >>> weights.pos_weight
    array([1. , 1.2])
    >>> compute_loss_weights(class_counts=[120, 30], n_samples=120).pos_weight
    array([1., 3.])
    """
    source = _checked_plan(plan, class_counts)
    known: NDArray[Any] | None
    resampled_known: NDArray[Any] | None
    n_samples = as_number("n_samples", n_samples)
    power, cap = as_number("power", power), as_number("cap", cap)
    if source is not None:
        if n_samples is not None or class_names is not None:
            raise ValueError(
                "n_samples and class_names are for class_counts: leave them out, the plan has "
                "its own."
            )
        classes, n_before = source.classes, source.n_samples
        counts = source.class_counts.astype(float)
        resampled, n_after = source.resampled_class_counts, source.expected_epoch_size
        known, resampled_known = source.known_counts, source.resampled_known_counts
    else:
        whole, names = counts_by_name(class_counts, class_names)
        check_some_class_occurs(whole, "class_counts")
        if n_samples is None:
            n_samples = getattr(class_counts, "n_samples", None)  # of a ClassCounts
        if n_samples is None:
            raise ValueError("n_samples is needed with class_counts.")
        check_counts_fit(whole, n_samples)
        known = resampled_known = known_by_name(class_counts, names, n_samples)
        classes = classes_of_counts(whole, names)
        counts = resampled = whole.astype(float)
        n_before = n_after = n_samples
    odds = _odds(counts, n_before, known)
    resampled_odds = _odds(resampled, n_after, resampled_known)
    with np.errstate(over="ignore", under="ignore"):
        pos_weight = np.where(np.isnan(resampled_odds), 1.0, resampled_odds) ** power
    pos_weight = np.clip(pos_weight, 1 / cap, cap)
    if not ((pos_weight > 0) & np.isfinite(pos_weight)).all():
        raise ValueError(f"power={power} makes weights of 0 or infinity: lower power or set cap.")
    class_weight = np.ones(len(counts))
    of_known = n_after if resampled_known is None else resampled_known
    np.divide(of_known, len(counts) * resampled, out=class_weight, where=resampled > 0)
    return LossWeights(
        classes=classes,
        pos_weight=pos_weight,
        class_weight=class_weight,
        odds=odds,
        resampled_odds=resampled_odds,
    )


def _checked_plan(plan: Any, class_counts: Any) -> CountedFigures | None:
    """Return the plan, or None for class counts; check that exactly one of them is given."""
    if (plan is None) == (class_counts is None):
        given = "neither" if plan is None else "both"
        raise ValueError(f"Pass exactly one of plan and class_counts, got {given}.")
    plan = as_plan(plan)
    if plan is not None and not isinstance(plan, CountedFigures):
        raise ValueError(
            f"plan must be a ResamplingPlan or a fitted sampler, got {plan!r}; pass counts as "
            f"class_counts=, with n_samples."
        )
    return plan


def _odds(
    counts: NDArray[np.float64], n_samples: float, known: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Return negatives per positive, of the known samples; NaN without positives or negatives."""
    known = np.full(len(counts), n_samples) if known is None else known
    # Counts may be sums of fractions: within their rounding, all known samples are positive.
    both = (counts > 0) & (counts < known - min(1e-9 * n_samples, 0.5))
    odds = np.full(len(counts), np.nan)
    odds[both] = (known[both] - counts[both]) / counts[both]
    return odds
