"""User-supplied class multipliers: an array, a dict, a Series or a function."""

import sys
import warnings
from typing import Any

import numpy as np
from narwhals.dependencies import is_pandas_series
from numpy.typing import NDArray

from mlresample._rule.parameters import RuleParameters
from mlresample._utils.names import is_positional, listed, plain


def given_multipliers(
    class_multipliers: Any,
    classes: NDArray[Any],
    class_counts: NDArray[np.int64],
    *,
    cap: float,
    column_name: Any = None,
) -> NDArray[np.float64]:
    """Read an array, dict or callable; NaN for a class without samples that was not given one."""
    if is_pandas_series(class_multipliers):
        class_multipliers = _from_series(class_multipliers, classes)
    if callable(class_multipliers):
        with np.errstate(divide="ignore", invalid="ignore"):
            values = _as_multipliers(class_multipliers(class_counts.copy()), len(classes))
        given = class_counts > 0
    elif isinstance(class_multipliers, dict):
        values = _from_dict(class_multipliers, classes, column_name)
        given = (class_counts > 0) | [name in class_multipliers for name in classes.tolist()]
    else:
        values = _as_multipliers(class_multipliers, len(classes))
        given = np.ones(len(classes), dtype=np.bool_)
    wrong = np.flatnonzero(given & (~(values >= 0) | (np.isinf(values) & np.isinf(cap))))
    if len(wrong):
        raise ValueError(
            f"class_multipliers must be numbers >= 0, got {values[wrong[0]]} for class "
            f"{plain(classes[wrong[0]])!r}."
        )
    return np.where(given, values, np.nan)


def clip_to_bounds(
    values: NDArray[np.float64], classes: NDArray[Any], parameters: RuleParameters, *, warn: bool
) -> NDArray[np.float64]:
    """Clip user-supplied multipliers to floor and cap."""
    clipped = np.clip(values, parameters.floor, parameters.cap)
    if warn:
        _warn_of_clipping(values, classes, parameters)
    return clipped


def _from_series(multipliers: Any, classes: NDArray[Any]) -> Any:
    """Read a Series by its index, or by position if only the classes have names."""
    if not multipliers.index.is_unique:
        raise ValueError("class_multipliers names a class twice in its index.")
    if is_positional(multipliers, classes):
        return multipliers.to_numpy()
    return multipliers.to_dict()


def _as_multipliers(values: Any, n_classes: int) -> NDArray[np.float64]:
    if np.ma.is_masked(values):
        raise ValueError("class_multipliers has masked values.")
    if isinstance(values, np.ndarray) and np.iscomplexobj(
        values
    ):  # NumPy would drop the imaginary part
        raise ValueError(f"class_multipliers must be numbers, got {values!r}.")
    try:
        multipliers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_multipliers must be numbers, got {values!r}.") from error
    except OverflowError as error:
        raise ValueError(
            f"class_multipliers must be at most {sys.float_info.max:.2g}, the largest float, got "
            f"a larger integer."
        ) from error
    if multipliers.shape != (n_classes,):
        raise ValueError(
            f"class_multipliers must have one number for each of the {n_classes} classes, got an "
            f"array of shape {multipliers.shape}."
        )
    return multipliers


def _from_dict(
    multipliers: dict[Any, float], classes: NDArray[Any], column_name: Any
) -> NDArray[np.float64]:
    position = {name: i for i, name in enumerate(classes.tolist())}
    unknown = [name for name in multipliers if name not in position]
    if unknown and unknown[0] == column_name:
        example = {classes.tolist()[-1]: multipliers[column_name]}
        raise ValueError(
            f"class_multipliers names {column_name!r}, the only column of y. If y has one column, "
            f"its classes are the values, {listed(position)}: name these, for example {example}."
        )
    if unknown:
        raise ValueError(
            f"class_multipliers names the unknown class {unknown[0]!r}; the classes are "
            f"{listed(position)}."
        )
    values: list[Any] = [1.0] * len(classes)
    for name, value in multipliers.items():
        values[position[name]] = value
    return _as_multipliers(values, len(classes))


def _warn_of_clipping(
    values: NDArray[np.float64],
    classes: NDArray[Any],
    parameters: RuleParameters,
) -> None:
    floor, cap = parameters.floor, parameters.cap
    changed = np.flatnonzero((values < floor) | (values > cap))
    if len(changed) == 0:
        return
    listing = "; ".join(
        f"class {plain(classes[i])!r} has {values[i]:g}, "
        + (f"above cap={cap:g}" if values[i] > cap else f"below floor={floor:g}")
        for i in changed[:10]
    )
    more = f"; and {len(changed) - 10} more" if len(changed) > 10 else ""
    warnings.warn(
        f"Values of class_multipliers were clipped: {listing}{more}.", UserWarning, stacklevel=2
    )
