"""Samples in an order, with reasons: what is returned by those who choose samples."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, as_rows
from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, short_name, split_middle, without_middle
from mlresample._utils.names import plain
from mlresample._utils.sklearn import Interval, validate_params

_SHOWN_IN_HTML = 100, 150  # as in the table of a plan


@dataclass(frozen=True, eq=False, repr=False)
class RankedSamples(Report):
    """Samples in an order, with reasons; made by the functions that choose samples.

    These are :func:`select_for_annotation` and :func:`find_hard_negatives`, which describe the
    columns. It prints as a report and shows a table in a notebook, random samples last;
    :meth:`to_frame` has all rows, in the order of `indices`.

    Attributes
    ----------
    indices : ndarray of shape (n_chosen,)
        The samples that were chosen, in order, each once, int64.
    n_samples : int
        Number of samples that they were chosen from.
    reasons : dict of str to ndarray
        The columns of the table.
    title : str
        What was chosen, in a line.
    """

    indices: NDArray[np.int64]
    n_samples: int
    reasons: dict[str, NDArray[Any]]
    title: str

    def sample_multipliers(self, multiplier: float = 2.0) -> NDArray[np.float64]:
        """Return how often each sample should be seen per epoch if the chosen ones are repeated.

        Combine them with those of a plan by the maximum,
        ``np.maximum(plan.sample_multipliers, negatives.sample_multipliers())``, and pass the
        result to :class:`mlresample.torch.RepeatSampler`.

        Parameters
        ----------
        multiplier : float, default=2.0
            Multiplier of the chosen samples, >= 0; all others have 1.

        Returns
        -------
        multipliers : ndarray of shape (n_samples,)
            Times that each sample is seen per epoch.
        """
        return _multipliers(self.indices, self.n_samples, multiplier=multiplier)

    def to_dict(self) -> Figures:
        """Return the table as plain types.

        Returns
        -------
        report : dict
            ``samples`` is a list with a row for each sample, or each class of a sample.
        """
        return {
            "schema_version": SCHEMA_VERSION,
            "n_samples": self.n_samples,
            "n_chosen": len(self.indices),
            "title": self.title,
            "samples": as_rows(self._frame_columns()),
        }

    def _frame_columns(self) -> dict[str, list[Any]]:
        return {
            name: [None if value != value else plain(value) for value in values.tolist()]
            for name, values in self.reasons.items()
        }

    def __len__(self) -> int:
        return len(self.indices)

    def __repr__(self) -> str:
        header, *rows = self._cells()
        words = [i for i, name in enumerate(header) if name in ("class", "classes")]
        return "\n".join(
            [self.title, *without_middle(aligned([header, *rows], left=words), "rows")]
        )

    def _repr_html_(self) -> str:
        header, *rows = self._cells()
        first, hidden, last = split_middle(rows, *_SHOWN_IN_HTML)
        if hidden:
            first = [*first, [f"… {hidden:,} more rows …", *[""] * (len(header) - 1)]]
        return fragment(f"<h3>{self.title}</h3>{table(header, first + last)}")

    def _cells(self) -> list[list[str]]:
        columns = self._frame_columns()
        if "is_random" in columns:  # last, since there is no reason for them
            order = np.argsort(columns["is_random"], kind="stable").tolist()
            columns = {name: [values[i] for i in order] for name, values in columns.items()}
        titles = [name.replace("_", " ").removeprefix("is ") for name in columns]
        return [titles, *(list(map(_cell, row)) for row in zip(*columns.values(), strict=True))]


def _cell(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, float):
        return f"{value:.3f}"
    return short_name(value) if isinstance(value, str) else str(value)


@validate_params(
    {
        "indices": "no_validation",
        "n_samples": "no_validation",
        "multiplier": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def _multipliers(
    indices: NDArray[np.int64], n_samples: int, *, multiplier: float
) -> NDArray[np.float64]:
    multipliers = np.ones(n_samples)
    multipliers[indices] = multiplier
    return multipliers
