"""Convert zeros and ones of any type to bytes; report where anything else was found."""

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._utils.names import plain

Locate = Callable[[int], tuple[int, Any]]  # position in a block -> row and class name


def as_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Convert zeros and ones of any dtype, already checked, to uint8."""
    if values.dtype.kind == "b" or values.dtype == np.uint8:
        return values.view(np.uint8)
    return np.asarray(values == 1).view(np.uint8)


def checked_bits(values: NDArray[Any], locate: Locate) -> NDArray[np.uint8]:
    """Convert zeros and ones of any dtype to uint8; raise if there is anything else."""
    check_kind(values.dtype)
    if values.dtype.kind in "US":
        raise _not_an_indicator(values.flat[0], *locate(0))
    if values.dtype.kind == "b" or values.dtype == np.uint8:
        bits = as_bits(values)
        numbers: NDArray[Any] = bits
        if bits.max(initial=0) <= 1:
            return bits
    else:
        numbers = as_numbers(values) if values.dtype.kind == "O" else values
        bits = as_bits(numbers)
        if np.count_nonzero(bits) == np.count_nonzero(numbers != 0):  # every nonzero entry is 1
            return bits
    position = int(np.flatnonzero((numbers != 0) & (numbers != 1))[0])
    raise _not_an_indicator(values.flat[position], *locate(position))


def check_kind(dtype: Any) -> None:
    """Check that a dtype can hold zeros and ones, or labels."""
    if dtype.kind not in "buifOUS":
        raise ValueError(f"y must hold 0 and 1 or class labels, got dtype {dtype}.")


def as_numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """Convert objects to floats, and anything but numbers to NaN."""
    if all(issubclass(kind, Real | np.bool_) for kind in set(map(type, values.flat))):
        return values.astype(np.float64)
    numbers = (float(v) if isinstance(v, Real | np.bool_) else np.nan for v in values.flat)
    return np.fromiter(numbers, dtype=np.float64, count=values.size).reshape(values.shape)


def _not_an_indicator(value: Any, row: int, name: Any) -> ValueError:
    """Return the error that names the value, its row and class, and the way out."""
    value, name = plain(value), plain(name)
    if isinstance(value, str) and value in ("0", "1"):
        way_out = "Convert the strings to numbers with `y.astype(int)`."
    elif not isinstance(value, Real):
        way_out = (
            "Convert lists of labels to an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer; fill missing values or drop their rows, "
            f"or {_pass_unknown('nan')}"
        )
    elif value != value:
        way_out = f"Fill missing values or drop their rows, or {_pass_unknown('nan')}"
    elif value < 0 and float(value).is_integer():
        way_out = f"For unknown entries, {_pass_unknown(f'{value:g}')}"
    elif float(value).is_integer():
        way_out = (
            "For counts, such as boxes per image, pass `y > 0`, or instances=True to "
            "plan_resampling; convert lists of class numbers to an indicator matrix with "
            "sklearn.preprocessing.MultiLabelBinarizer."
        )
    else:
        way_out = "For scores or soft labels, pass `y >= threshold`."
    return ValueError(
        f"y must hold only 0 and 1, got {value!r} in row {row}, class {name!r}. {way_out}"
    )


def _pass_unknown(value: str) -> str:
    return (
        f"pass unknown={value} to functions that have it, such as plan_resampling, if it marks "
        f"unknown entries."
    )
