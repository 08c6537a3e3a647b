"""What every report can be turned into: plain types, JSON, a data frame."""

from __future__ import annotations

import json
import math
from typing import Any

import narwhals as nw

SCHEMA_VERSION = 1  # of every report: keys may be added, but none changes its meaning

Figures = dict[str, Any]  # what `to_dict` returns
Rows = list[dict[str, Any]]


class Report:
    """Base of what can be shown as a report: a subclass collects its figures in `to_dict`.

    They are a dict with ``schema_version``, scalars, and tables as lists of rows.
    """

    def to_dict(self) -> Figures:
        """Return all figures as plain types."""
        raise NotImplementedError

    def _rows(self) -> Rows:
        """Return the rows of the data frame."""
        rows: Rows = self.to_dict()["classes"]
        return rows

    def _frame_columns(self) -> dict[str, list[Any]]:
        """Return the columns of the data frame; of a report that may have no rows, see there."""
        rows = self._rows()
        return {name: [row[name] for row in rows] for name in rows[0]}

    def to_json(self, **options: Any) -> str:
        """Return :meth:`to_dict` as JSON.

        Parameters
        ----------
        **options
            For :func:`json.dumps`, such as ``indent=2``.

        Returns
        -------
        report : str
            JSON text; infinity is null, and class names that JSON has no type for become strings.
        """
        return json_text(self.to_dict(), **options)

    def to_frame(self, backend: Any = "pandas") -> Any:
        """Return the table of the report as a data frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"} or module, default="pandas"
            Whose data frame; it must be installed.

        Returns
        -------
        frame : data frame
            One row per class, in the order of the classes; or one per plan compared, per recipe
            and score, or per sample chosen. Undefined figures are missing values.
        """
        columns = {name: _of_one_type(values) for name, values in self._frame_columns().items()}
        frame = nw.from_dict(columns, backend=backend)
        empty = [name for name, values in columns.items() if set(values) <= {None}]
        if empty:
            frame = frame.with_columns(nw.col(*empty).cast(nw.Float64))
        return frame.to_native()


def as_rows(columns: dict[str, list[Any]]) -> Rows:
    """Turn columns into rows."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _of_one_type(values: list[Any]) -> list[Any]:
    """Convert values of several types to one: to float if all are numbers, else to str."""
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) < 2:
        return values
    kind = float if kinds <= {int, float} else str
    return [value if value is None else kind(value) for value in values]


def json_text(value: Any, **options: Any) -> str:
    """Write plain types as JSON; NaN and infinity, which JSON lacks, become null."""
    return json.dumps(finite(value), **{"default": str, "allow_nan": False, **options})


def finite(value: Any) -> Any:
    """Replace NaN and infinity by None, at any depth."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
