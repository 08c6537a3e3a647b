"""User-supplied class multipliers: an array, a dict, a Series or a function."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.by_class import as_floats, read_by_class
from mlresample._rule.parameters import RuleParameters
from mlresample._utils.names import plain


def given_multipliers(
    parameters: RuleParameters,
    classes: NDArray[Any],
    class_counts: NDArray[np.int64],
    column_name: Any = None,
) -> NDArray[np.float64]:
    """Read an array, dict or callable; NaN for a class without samples that was not given one."""
    values, name = parameters.class_multipliers, "class_multipliers"
    if callable(values):
        with np.errstate(divide="ignore", invalid="ignore"):
            multipliers = as_floats(values(class_counts.copy()), name, len(classes))
        given = class_counts > 0
    else:
        values, named = read_by_class(values, name, classes, column_name)
        multipliers = np.where(named, as_floats(values, name, len(classes)), 1.0)
        given = named | (class_counts > 0)
    too_large = np.isinf(multipliers) & np.isinf(parameters.cap)
    wrong = np.flatnonzero(given & (~(multipliers >= 0) | too_large))
    if len(wrong):
        raise ValueError(
            f"class_multipliers must be numbers >= 0, got {multipliers[wrong[0]]} for class "
            f"{plain(classes[wrong[0]])!r}."
        )
    return np.where(given, multipliers, np.nan)


def clip_to_bounds(
    multipliers: NDArray[np.float64],
    classes: NDArray[Any],
    parameters: RuleParameters,
) -> NDArray[np.float64]:
    """Clip user-supplied multipliers to floor and cap; warn, unless a function gave them."""
    floor, cap = parameters.floor, parameters.cap
    changed = np.flatnonzero((multipliers < floor) | (multipliers > cap))
    if len(changed) and not callable(parameters.class_multipliers):
        listing = "; ".join(
            f"class {plain(classes[i])!r} has {multipliers[i]:g}, "
            + (f"above cap={cap:g}" if multipliers[i] > cap else f"below floor={floor:g}")
            for i in changed[:10]
        )
        more = f"; and {len(changed) - 10} more" if len(changed) > 10 else ""
        warnings.warn(
            f"Values of class_multipliers were clipped: {listing}{more}.",
            UserWarning,
            stacklevel=2,
        )
    return np.clip(multipliers, floor, cap)
