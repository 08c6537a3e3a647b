"""Which columns of the rows hold ids, lists of labels, or the indicators of a class."""

import re
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mlresample.readers._cells import comparable, indicator_values
from mlresample.readers._lines import short_repr
from mlresample.readers._rows import Rows
from mlresample.readers._suspicion import comment_mark

_DECIMAL = re.compile(r"[+-]?\d*\.\d+(e[+-]?\d+)?", re.IGNORECASE)


@dataclass
class Layout:
    """Columns by what they hold; either label_columns or class_columns is empty."""

    id_column: str | None
    label_columns: list[str]
    class_columns: list[str]
    guessed: bool


def choose_layout(
    rows: Rows,
    *,
    id_column: str | None,
    row_numbers: bool,
    label_columns: list[str] | None,
    class_columns: list[str] | None,
    skip_columns: list[str],
    class_names: NDArray[Any] | None,
    as_indicators: bool,
) -> Layout:
    """Take the columns that the caller named, and for the rest those that are left."""
    skipped = {known_column(rows, name, "skip_columns", named=False) for name in skip_columns}
    rest = [name for name in rows.columns if name not in skipped]
    if not row_numbers:
        if id_column is None and not rest:
            raise rows.error("skip_columns leaves no column.")
        named = id_column is None  # who passes '' knows that it has none
        id_column = rest[0] if id_column is None else id_column
        id_column = known_column(rows, id_column, "id_column", named=named)
        rest = [name for name in rest if name != id_column]
    chosen = label_columns or class_columns
    if chosen is not None:
        parameter = "label_columns" if label_columns else "class_columns"
        for name in chosen:
            known_column(rows, name, parameter)
            if name == id_column:
                what = "the labels" if label_columns else "a class"
                raise rows.error(
                    f"the column {short_repr(name)} cannot hold both the ids and {what}; pass "
                    f"id_column= or row_numbers=True.",
                )
        return Layout(id_column, label_columns or [], class_columns or [], False)
    if not rest:
        raise rows.error(_single_column(rows.columns))
    if len(rest) == 1 and not as_indicators:
        return Layout(id_column, [known_column(rows, rest[0], "label_columns")], [], False)
    if class_names is not None:
        names = [str(name) for name in class_names.tolist()]
        for name in names:
            known_column(rows, name, "class_names")
            if name == id_column:
                raise rows.error(
                    f"the column {short_repr(name)} cannot hold both the ids and a class."
                )
        return Layout(id_column, [], names, False)
    for name in rest:
        known_column(rows, name, "class_columns")
    values = indicator_values(None, None)
    if all(comparable(name) in values for name in rest):
        raise rows.error(
            "the header holds only 0 and 1; pass header=False if the first line is a sample.",
        )
    number = next((name for name in rest if _DECIMAL.fullmatch(name)), None)
    if rows.has_header and number is not None:
        raise rows.error(
            f"the header has the number {number!r}; pass header=False if the first line is a "
            f"sample, or class_columns= or skip_columns= if it is a name."
        )
    quoted = next((name for name in rest if '"' in name[:1] + name[-1:]), None)
    if quoted is not None:
        raise rows.error(
            f"the column {short_repr(quoted)} begins or ends with a quote; pass "
            f"skip_initial_space=True if spaces stand between delimiters and quotes, or "
            f"class_columns= if that is its name, or else correct the header."
        )
    return Layout(id_column, [], rest, not as_indicators)


def known_column(rows: Rows, name: str, parameter: str, *, named: bool = True) -> str:
    """Check that there is a column of a name."""
    if name not in rows.columns:
        problem = (
            f"there is no {parameter} {short_repr(name)} among the columns "
            f"{short_repr(rows.columns)}."
        )
        raise rows.error(problem)
    if name == "" and named:
        number = rows.columns.index(name) + 1
        raise rows.error(
            f"column {number} needs a name; write it in the header, or pass skip_columns='' or "
            f"{parameter}=" + ("''." if parameter == "id_column" else ".")
        )
    return name


def _single_column(columns: list[str]) -> str:
    others = [other for other in ",;\t| " if other in columns[0]] if len(columns) == 1 else []
    mark = comment_mark(columns[0])
    if mark is not None:
        way_out = f"pass comment={mark!r} if that begins a comment"
    elif "::" in columns[0]:
        way_out = "if '::' separates columns, replace it by tabs and pass delimiter='\\t'"
    elif columns[0].isdecimal():
        way_out = (
            "remove that line if it is a count above the header, or pass row_numbers=True if "
            "there are no ids"
        )
    elif others == [" "]:
        way_out = "pass delimiter=' ' if spaces separate columns, or row_numbers=True if not"
    elif others:
        way_out = f"pass delimiter={others[0]!r}"
    else:
        way_out = "ids and labels need one column each; pass row_numbers=True if there are no ids"
    return f"there is a single column, {short_repr(columns[0])}; {way_out}."
