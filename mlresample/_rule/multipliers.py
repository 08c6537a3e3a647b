"""Compute class multipliers from class counts, and levels of samples from class multipliers."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.counts import ClassCounts, effective_counts
from mlresample._rule.explicit import clip_to_bounds, given_multipliers
from mlresample._rule.parameters import RuleParameters
from mlresample._rule.target_count import (
    given_target_counts,
    resolve_target_count,
    resolve_target_counts,
)
from mlresample._target.indicators import Indicator


class Learned(NamedTuple):
    """What is learned from class counts."""

    class_multipliers: NDArray[np.float64]  # NaN for a class that has none
    resolved_target_count: float | NDArray[np.float64] | None
    parameters: RuleParameters  # with an array of what the user gave for each class


def learn_multipliers(
    counts: ClassCounts,
    parameters: RuleParameters,
    *,
    solved: float | None = None,
    column_name: Any = None,
) -> Learned:
    """Learn the class multipliers; `solved` is the target count that meets an epoch size.

    Shares are of the samples, or of those known for each class, if not all are.
    """
    classes, known_counts = counts.classes, counts.known_counts
    class_counts = effective_counts(counts, parameters.instance_aware)
    n_known = counts.n_samples if known_counts is None else known_counts
    if not parameters.is_balanced:
        given = given_multipliers(parameters, classes, class_counts, column_name)
        multipliers = clip_to_bounds(given, classes, parameters)
        return Learned(multipliers, None, replace(parameters, class_multipliers=given))
    target_count: float | NDArray[np.float64]
    if solved is not None:
        target_count = solved
    elif parameters.is_by_class:
        asked = given_target_counts(parameters.target_count, classes, column_name)
        target_count = resolve_target_counts(asked, class_counts, n_known)
        parameters = replace(parameters, target_count=asked)
    else:
        target_count = resolve_target_count(parameters.target_count, class_counts, n_known)
    multipliers = balanced_multipliers(class_counts, target_count, parameters)
    return Learned(multipliers, target_count, parameters)


def balanced_multipliers(
    class_counts: NDArray[Any],
    target_count: float | NDArray[np.float64],
    parameters: RuleParameters,
) -> NDArray[np.float64]:
    """Compute m_c = clip((t / n_c) ** power, floor, cap) for each class; NaN if n_c = 0.

    The target count t is one number, or one per class.
    """
    occurs = class_counts > 0
    multipliers = np.full(len(class_counts), np.nan)
    t = target_count[occurs] if isinstance(target_count, np.ndarray) else target_count
    with np.errstate(over="ignore"):
        rule = (t / class_counts[occurs]) ** parameters.power
    multipliers[occurs] = np.clip(rule, parameters.floor, parameters.cap)
    return multipliers


def raised_to_cap(class_multipliers: NDArray[np.float64], cap: float) -> NDArray[np.bool_]:
    """Return a mask of the classes that are raised as far as allowed."""
    return (class_multipliers > 1) & (class_multipliers >= cap)


class SampleLevels(NamedTuple):
    """Each sample's multiplier, as its index among the distinct ones."""

    level_multipliers: NDArray[np.float64]
    levels: NDArray[Any]
    n_without_class: int
    n_undecided: int  # samples with unknown entries and no class


def sample_levels(
    indicator: Indicator, class_multipliers: NDArray[np.float64], background: float
) -> SampleLevels:
    """Find each sample's multiplier.

    r_i = max of m_c over the classes c of sample i; the background's for a sample without a
    class; 1 for an undecided one, which may have a class that nobody looked for.
    """
    of_ranks = class_multipliers
    if indicator.unknown is not None:
        of_ranks = np.append(class_multipliers, 1.0)
    distinct, ranks, background_rank = multiplier_ranks(of_ranks, background)
    levels = indicator.row_maximum(ranks[: len(class_multipliers)])
    n_undecided = 0
    if indicator.unknown is not None:
        undecided = indicator.undecided(levels)
        n_undecided = int(np.count_nonzero(undecided))
        levels[undecided] = ranks[-1]
    n_without_class = len(levels) - int(np.count_nonzero(levels))
    if n_without_class:
        levels += (levels == 0) * background_rank  # many times faster than assigning to a mask
    levels -= 1
    return SampleLevels(distinct, levels, n_without_class, n_undecided)


def multiplier_ranks(
    class_multipliers: NDArray[np.float64], background: float
) -> tuple[NDArray[np.float64], NDArray[Any], Any]:
    """Return the distinct multipliers, each class's rank among them from 1, and the background's.

    Rank 0 is left for samples without a class. Ranks are small unsigned integers.
    """
    distinct, inverse = np.unique(np.append(class_multipliers, background), return_inverse=True)
    ranks = (inverse + 1).astype(np.min_scalar_type(len(distinct)))
    return distinct, ranks[:-1], ranks[-1]
