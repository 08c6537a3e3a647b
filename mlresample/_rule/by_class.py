"""Read what the user gives for each class: an array, a dict or a Series."""

import sys
from typing import Any

import numpy as np
from narwhals.dependencies import is_pandas_series
from numpy.typing import NDArray

from mlresample._utils.names import count_of, is_positional, listed


def read_by_class(
    values: Any, name: str, classes: NDArray[Any], column_name: Any = None
) -> tuple[Any, NDArray[np.bool_]]:
    """Return one value per class, and which classes were given one.

    A dict, or a Series with an index of names, may leave out classes; these get NaN.
    """
    if is_pandas_series(values):
        if not values.index.is_unique:
            raise ValueError(f"{name} names a class twice in its index.")
        # By position if only the classes have names.
        values = values.to_numpy() if is_positional(values, classes) else values.to_dict()
    if not isinstance(values, dict):
        return values, np.ones(len(classes), dtype=np.bool_)
    position = {known: i for i, known in enumerate(classes.tolist())}
    unknown = [key for key in values if key not in position]
    if unknown and unknown[0] == column_name:
        example = {classes.tolist()[-1]: values[column_name]}
        raise ValueError(
            f"{name} names {column_name!r}, the only column of y. If y has one column, its "
            f"classes are the values, {listed(position)}: name these, for example {example}."
        )
    if unknown:
        raise ValueError(
            f"{name} names the unknown class {unknown[0]!r}; the classes are {listed(position)}."
        )
    filled: list[Any] = [np.nan] * len(classes)
    given = np.zeros(len(classes), dtype=np.bool_)
    for key, value in values.items():
        filled[position[key]] = value
        given[position[key]] = True
    return filled, given


def as_floats(values: Any, name: str, n_classes: int) -> NDArray[np.float64]:
    """Convert one number per class to floats, always in an array of their own."""
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values.")
    if isinstance(values, np.ndarray) and np.iscomplexobj(values):  # NumPy would drop a part
        raise ValueError(f"{name} must be numbers, got {values!r}.")
    try:
        numbers = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, got {values!r}.") from error
    except OverflowError as error:
        raise ValueError(
            f"{name} must be at most {sys.float_info.max:.2g}, the largest float, got a larger "
            f"integer."
        ) from error
    if numbers.shape != (n_classes,):
        raise ValueError(
            f"{name} must have one number for each of the {count_of(n_classes, 'class')}, got an "
            f"array of shape {numbers.shape}."
        )
    return numbers
