"""What every report can be given as: plain types, JSON, a data frame."""

import json
import math
from typing import Any

import narwhals as nw

Rows = list[dict[str, Any]]


class Report:
    """A report, told by two functions: all of it as a dict, and its table as rows."""

    def to_dict(self) -> dict[str, Any]:
        """Give all figures as plain types."""
        raise NotImplementedError

    def _rows(self) -> Rows:
        raise NotImplementedError

    def to_json(self, **options: Any) -> str:
        """Give :meth:`to_dict` as JSON.

        Parameters
        ----------
        **options
            For :func:`json.dumps`, such as ``indent=2``.

        Returns
        -------
        report : str
            JSON text; infinity is null, and class names that JSON doesn't know become strings.
        """
        return json_text(self.to_dict(), **options)

    def to_frame(self, backend: Any = "pandas") -> Any:
        """Give the table of the report as a data frame.

        Parameters
        ----------
        backend : {"pandas", "polars", "pyarrow"} or module, default="pandas"
            Whose data frame; it must be installed.

        Returns
        -------
        frame : data frame
            A row for each class, in the classes' order, or for each plan that is compared;
            figures that there are none of are missing.
        """
        rows = self._rows()
        columns = {name: _of_one_type([row[name] for row in rows]) for name in rows[0]}
        frame = nw.from_dict(columns, backend=backend)
        empty = [name for name, values in columns.items() if set(values) == {None}]
        if empty:
            frame = frame.with_columns(nw.col(*empty).cast(nw.Float64))
        return frame.to_native()


def as_rows(columns: dict[str, list[Any]]) -> Rows:
    """Turn columns into rows."""
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _of_one_type(values: list[Any]) -> list[Any]:
    """Make values fit for a column of a data frame: floats if some are, else strings."""
    kinds = {type(value) for value in values} - {type(None)}
    if len(kinds) < 2:
        return values
    kind = float if kinds <= {int, float} else str
    return [value if value is None else kind(value) for value in values]


def json_text(value: Any, **options: Any) -> str:
    """Write plain types as JSON; NaN and infinity, which it doesn't know, are null."""
    return json.dumps(finite(value), **{"default": str, "allow_nan": False, **options})


def finite(value: Any) -> Any:
    """Give plain types with None for NaN and infinity."""
    if isinstance(value, dict):
        return {key: finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
