"""User-supplied class multipliers: an array, a dict, a Series or a function."""

import sys
import warnings
from typing import Any

import numpy as np
from narwhals.dependencies import is_pandas_series
from numpy.typing import NDArray

from mlresample._utils.names import is_positional, listed, plain


def explicit_multipliers(
    class_multipliers: Any,
    classes: NDArray[Any],
    class_counts: NDArray[np.int64],
    *,
    floor: float,
    cap: float,
    column_name: Any = None,
) -> NDArray[np.float64]:
    """Read an array, dict or callable and clip it to [floor, cap]; warn, except for a callable."""
    if is_pandas_series(class_multipliers):
        class_multipliers = _from_series(class_multipliers, classes)
    if callable(class_multipliers):
        with np.errstate(divide="ignore", invalid="ignore"):
            values = _as_multipliers(class_multipliers(class_counts.copy()), len(classes))
        values = np.where(class_counts > 0, values, 1.0)
    elif isinstance(class_multipliers, dict):
        values = _from_dict(class_multipliers, classes, column_name)
    else:
        values = _as_multipliers(class_multipliers, len(classes))
    wrong = np.flatnonzero(~(values >= 0) | (np.isinf(values) & np.isinf(cap)))
    if len(wrong):
        raise ValueError(
            f"class_multipliers must be numbers >= 0, got {values[wrong[0]]} for class "
            f"{plain(classes[wrong[0]])!r}."
        )
    clipped = np.clip(values, floor, cap)
    if not callable(class_multipliers):
        _warn_of_clipping(values, clipped, classes, floor=floor, cap=cap)
    return np.where(class_counts > 0, clipped, 1.0)


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
    clipped: NDArray[np.float64],
    classes: NDArray[Any],
    *,
    floor: float,
    cap: float,
) -> None:
    changed = np.flatnonzero(values != clipped)
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
