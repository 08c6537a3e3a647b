"""Names of classes and rows: compare, order and format them."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from numbers import Integral
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe
from numpy.typing import NDArray

from mlresample._utils.containers import is_dataframe


def plain(value: Any) -> Any:
    """Convert a NumPy scalar to a Python one, which reads better in a message."""
    return value.item() if isinstance(value, np.generic) else value


def listed(classes: Iterable[Any]) -> str:
    """Format the first ten classes for a message."""
    names = list(classes)
    return ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")


def joined(names: list[str]) -> str:
    """Join names by commas, quoted as in a CSV file where they need it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number of things, such as "1 class" or "1,000 copies"."""
    if plural is None:
        plural = re.sub("y$", "ie", singular) + ("es" if singular.endswith("s") else "s")
    return f"{number:,} {singular if number == 1 else plural}"


def as_classes(names: Any) -> NDArray[Any]:
    """Convert class names to an array, of integers if all are, else of objects."""
    if isinstance(names, dict | set | frozenset):
        raise ValueError(
            f"class_names must be in the classes' order, got a {type(names).__name__}."
        )
    names = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(set(names)) < len(names):
        duplicate = Counter(names).most_common(1)[0][0]
        raise ValueError(f"class names must be unique, but {duplicate!r} occurs more than once.")
    if all(type(name) is int for name in names):
        with suppress(OverflowError):  # larger integers are kept as objects
            return np.asarray(names, dtype=np.int64)
    classes = np.empty(len(names), dtype=object)
    for i, name in enumerate(names):  # a name may be a tuple, which slicing would unpack
        classes[i] = name
    return classes


def in_another_order(names: list[Any], expected: list[Any]) -> bool:
    """Check whether class names are the expected ones in a different order."""
    return names != expected and set(names) == set(expected)


def is_positional(series: Any, classes: NDArray[Any] | None) -> bool:
    """Check whether the index of a Series is positions while no class is named by a number."""
    if list(series.index) != list(range(len(series))):
        return False
    return classes is None or not any(isinstance(name, Integral) for name in classes.tolist())


def check_column_order(container: Any, name: str, classes: NDArray[Any]) -> None:
    """Check that the columns of a data frame are not the classes in a different order."""
    if not is_dataframe(container):
        return
    names, expected = nw.from_native(container, eager_only=True).columns, classes.tolist()
    if in_another_order(names, expected):
        raise ValueError(
            f"{name} has the classes in the order {names[:10]}, not {expected[:10]}: reorder its "
            f"columns."
        )


def check_row_order(container: Any, name: str, y: Any, y_name: str) -> None:
    """Check that two pandas data frames do not have the same rows in a different order."""
    if not (is_pandas_dataframe(container) and is_pandas_dataframe(y)):
        return
    index, expected = container.index, y.index
    if not index.equals(expected) and in_another_order(index.tolist(), expected.tolist()):
        raise ValueError(
            f"{name} has the rows of {y_name} in another order, by their index: pass "
            f"{name}.loc[{y_name}.index], or {name}.to_numpy() if its rows are those of {y_name} "
            f"one by one, whatever the index says."
        )
