"""The target count: the number that a statistic, a share or a count stands for, for each class."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.by_class import as_floats, read_by_class
from mlresample._utils.names import plain


def resolve_target_count(
    target_count: Any,
    class_counts: NDArray[Any],
    n_known: int | NDArray[np.int64] | None = None,
) -> float | NDArray[np.float64]:
    """Return the count that rare classes are raised towards.

    Shares are of `n_known`, the number of samples, or of those known for each class: then the
    result has one number per class.
    """
    if isinstance(target_count, str):
        statistics: dict[str, Callable[..., Any]]
        statistics = {"median": np.median, "mean": np.mean, "max": np.max}
        return float(statistics[target_count](class_counts[class_counts > 0]))
    if isinstance(target_count, Integral) or target_count > 1:
        return float(target_count)
    counts = target_count * _checked_n_known(n_known, target_count)
    return counts if isinstance(counts, np.ndarray) else float(counts)


def _checked_n_known(
    n_known: int | NDArray[np.int64] | None, share: float
) -> int | NDArray[np.int64]:
    if n_known is None:
        raise ValueError(
            f"target_count={share!r} is a share of the samples: pass n_samples, by "
            f"ClassCounts.from_numbers(class_counts, n_samples=...)."
        )
    return n_known


def given_target_counts(
    target_count: Any, classes: NDArray[Any], column_name: Any = None
) -> NDArray[np.float64]:
    """Read a number for each class, NaN for a class that was left out."""
    values, given = read_by_class(target_count, "target_count", classes, column_name)
    numbers = as_floats(values, "target_count", len(classes))
    exact = values.tolist() if hasattr(values, "tolist") else list(values)
    for i in np.flatnonzero(given).tolist():
        is_number = isinstance(exact[i], Real) and not isinstance(exact[i], bool)
        wrong = not is_number or not 0 < numbers[i] < np.inf
        if wrong or (isinstance(exact[i], Integral) and exact[i] == 1):
            hint = "; for a share of all samples, pass 1.0" if exact[i] == 1 and not wrong else ""
            raise ValueError(
                f"target_count must be shares of the samples (floats in (0, 1]) or counts (floats "
                f"or integers above 1), got {exact[i]!r} for class {plain(classes[i])!r}{hint}."
            )
    return numbers


def resolve_target_counts(
    target_counts: NDArray[np.float64],
    class_counts: NDArray[Any],
    n_known: int | NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    """Return how many samples each class should at least have; as many as it has if left out."""
    shares = target_counts <= 1
    if shares.any():
        n_known = _checked_n_known(n_known, float(target_counts[shares][0]))
        target_counts = np.where(shares, target_counts * n_known, target_counts)
    return np.where(np.isnan(target_counts), class_counts, target_counts)


def counts_at_cap(
    target_count: float | NDArray[np.float64], cap: float, power: float = 1.0
) -> NDArray[np.int64]:
    """Return the least count n, at least 1, with which the cap suffices: (t / n)**power <= cap.

    It is 0 for a target count of 0, that of a class left out without samples, and if power is 0.
    """
    if power == 0:
        return np.zeros(np.shape(target_count), dtype=np.int64)
    with np.errstate(over="ignore"):
        suffices = target_count / np.float64(cap) ** (1 / power)
    needed = np.clip(np.ceil(suffices * (1 - 1e-12)), np.sign(target_count), 2.0**62)
    return np.asarray(needed).astype(np.int64)
