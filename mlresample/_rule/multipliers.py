"""Compute class multipliers from class counts, and sample multipliers from class multipliers."""

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._rule.counts import check_some_class_occurs, counts_by_name
from mlresample._rule.explicit import explicit_multipliers
from mlresample._rule.parameters import RULE_CONSTRAINTS, RuleParameters, as_number
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import ClassCountsLike, MatrixLike

# -- the rule ----------------------------------------------------------------------------------


def resolve_target_count(
    target_count: Any, class_counts: NDArray[Any], n_samples: int | None = None
) -> float:
    """Return the count that rare classes are raised towards."""
    if isinstance(target_count, str):
        statistics: dict[str, Callable[..., Any]]
        statistics = {"median": np.median, "mean": np.mean, "max": np.max}
        return float(statistics[target_count](class_counts[class_counts > 0]))
    if isinstance(target_count, Integral) or target_count > 1:
        return float(target_count)
    if n_samples is None:
        raise ValueError(
            f"target_count={target_count!r} is a share of the samples: pass n_samples."
        )
    return float(target_count * n_samples)


def balanced_multipliers(
    class_counts: NDArray[Any], target_count: float, parameters: RuleParameters
) -> NDArray[np.float64]:
    """Compute m_c = clip((t / n_c) ** power, floor, cap) for each class; 1 if n_c = 0."""
    occurs = class_counts > 0
    multipliers = np.ones(len(class_counts))
    with np.errstate(over="ignore"):
        rule = (target_count / class_counts[occurs]) ** parameters.power
    multipliers[occurs] = np.clip(rule, parameters.floor, parameters.cap)
    return multipliers


def raised_to_cap(class_multipliers: NDArray[np.float64], cap: float) -> NDArray[np.bool_]:
    """Return a mask of the classes that are raised as far as allowed."""
    return (class_multipliers > 1) & (class_multipliers >= cap)


@validate_params(
    {
        **{name: RULE_CONSTRAINTS[name] for name in ("target_count", "power", "cap", "floor")},
        "class_counts": ["array-like"],
        "n_samples": [Interval(Integral, 1, None, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def compute_class_multipliers(
    class_counts: ClassCountsLike,
    *,
    target_count: str | float = RuleParameters.target_count,
    power: float = RuleParameters.power,
    cap: float = RuleParameters.cap,
    floor: float = RuleParameters.floor,
    n_samples: int | None = None,
) -> NDArray[np.float64]:
    """Compute how often the samples of each class should be seen.

    Parameters
    ----------
    class_counts : array-like of shape (n_classes,)
        Number of samples that carry each class.
    target_count : {"median", "mean", "max"}, int or float, default="median"
        Count that rare classes are raised towards: a statistic over the classes that occur, a
        share of the samples (float in (0, 1]) or a count (int, or float above 1).
    power : float, default=1.0
        1 is inverse frequency, 0.5 its square root; 0 makes all multipliers 1.
    cap : float, default=4.0
        Largest multiplier, at least 1; ``inf`` for none.
    floor : float, default=1.0
        Smallest multiplier, between 0 and 1.
    n_samples : int, default=None
        Number of samples; needed if `target_count` is a share of them.

    Returns
    -------
    class_multipliers : ndarray of shape (n_classes,)
        Times that samples of each class are seen per epoch, float64 in [floor, cap]; 1 for a
        class without samples.

    Raises
    ------
    ValueError
        If a parameter is outside its range, counts are negative or not whole, or no class occurs.

    Notes
    -----
    The rule is ``clip((t / n_c) ** power, floor, cap)`` with target count t. With ``power=0.5``
    and ``cap=inf`` it is repeat-factor sampling [1]_.

    References
    ----------
    .. [1] A. Gupta, P. Dollár, R. Girshick, "LVIS: A Dataset for Large Vocabulary Instance
       Segmentation", CVPR 2019, appendix.

    Examples
    --------
    >>> from mlresample import compute_class_multipliers
    >>> compute_class_multipliers([1000, 100, 50, 10])
    array([1. , 1. , 1.5, 4. ])
    """
    counts, _ = counts_by_name(class_counts, None)
    check_some_class_occurs(counts, "class_counts")
    parameters = RuleParameters.of(locals())
    n_samples = as_number("n_samples", n_samples)
    resolved = resolve_target_count(parameters.target_count, counts, n_samples)
    return balanced_multipliers(counts, resolved, parameters)


# -- samples -----------------------------------------------------------------------------------


def sample_levels(
    indicator: Indicator, class_multipliers: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[Any], int]:
    """Return the distinct class multipliers (with 1.0) and each sample's index among them.

    r_i = max of m_c over the classes c of sample i; 1.0 for a sample without a class. The number
    of samples without a class is returned as well.
    """
    distinct, inverse = np.unique(np.append(class_multipliers, 1.0), return_inverse=True)
    ranks = (inverse + 1).astype(np.min_scalar_type(len(distinct)))
    levels = indicator.row_maximum(ranks[:-1])
    n_without_class = len(levels) - int(np.count_nonzero(levels))
    if n_without_class:
        levels += (levels == 0) * ranks[-1]  # many times faster than assigning to a mask
    levels -= 1
    return distinct, levels, n_without_class


@validate_params(
    {"y": "no_validation", "class_multipliers": ["array-like", dict]},
    prefer_skip_nested_validation=True,
)
def compute_sample_multipliers(
    y: MatrixLike, class_multipliers: ArrayLike | dict[Any, Any]
) -> NDArray[np.float64]:
    """Compute how often each sample is seen: the largest multiplier among its classes.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix; or class labels of shape (n_samples,).
    class_multipliers : array-like of shape (n_classes,) or dict
        Times that samples of each class are seen per epoch, >= 0; or {class: multiplier}, in which
        classes left out get 1.

    Returns
    -------
    sample_multipliers : ndarray of shape (n_samples,)
        Times that each sample is seen per epoch, float64; exactly 1 for a sample without a class.

    Raises
    ------
    ValueError
        If `y` cannot be resampled, or multipliers are negative, NaN, infinite or of the wrong
        number.

    Notes
    -----
    It is the maximum, not the sum or the product: a sample with three rare classes is not seen
    more often than the rarest of them requires.

    Examples
    --------
    >>> from mlresample import compute_sample_multipliers
    >>> compute_sample_multipliers([[1, 0, 0], [1, 1, 1], [0, 0, 0]], [1.0, 1.5, 4.0])
    array([1., 4., 1.])
    """
    indicator = as_target(y)
    everywhere = np.ones(indicator.n_classes, dtype=np.int64)
    multipliers = explicit_multipliers(
        class_multipliers,
        indicator.classes,
        everywhere,
        floor=0.0,
        cap=np.inf,
        column_name=indicator.column_name,
    )
    level_multipliers, levels, _ = sample_levels(indicator, multipliers)
    return level_multipliers.take(levels)
