"""Class names: as they are compared, ordered and shown."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from mlresample._utils.containers import is_dataframe


def plain(value: Any) -> Any:
    """Turn a NumPy scalar into Python's own, which reads better in a message."""
    return value.item() if isinstance(value, np.generic) else value


def listed(classes: Iterable[Any]) -> str:
    """Name the first of the classes."""
    names = list(classes)
    return ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")


def as_classes(names: Any) -> NDArray[Any]:
    """Class names as an array: integers if all are, else objects."""
    if isinstance(names, dict | set | frozenset):
        raise ValueError(
            f"class_names must be in the classes' order, got a {type(names).__name__}."
        )
    names = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise ValueError(f"class names must differ, but {twice!r} stands more than once.")
    if all(type(name) is int for name in names):
        return np.asarray(names, dtype=np.int64)
    classes = np.empty(len(names), dtype=object)
    for i, name in enumerate(names):  # a name may be a tuple, which slicing would unpack
        classes[i] = name
    return classes


def in_another_order(own: list[Any], expected: list[Any]) -> bool:
    """Tell whether class names are the expected ones, but not in their order."""
    return own != expected and set(own) == set(expected)


def check_column_order(container: Any, name: str, classes: NDArray[Any]) -> None:
    """Refuse a data frame whose columns are the classes in another order."""
    if not is_dataframe(container):
        return
    own, expected = nw.from_native(container, eager_only=True).columns, classes.tolist()
    if in_another_order(own, expected):
        raise ValueError(
            f"{name} has the classes in the order {own[:10]}, not {expected[:10]}: reorder its "
            f"columns."
        )
