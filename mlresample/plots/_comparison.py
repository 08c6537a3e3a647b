"""Cost against balance, for the plans of a comparison."""

from __future__ import annotations

from numbers import Real
from typing import Any, Self

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Transform
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.compare import PlanComparison, compare_plans
from mlresample._reporting.style import BEFORE
from mlresample._utils.names import plain
from mlresample._utils.sklearn import StrOptions, validate_params
from mlresample._utils.typing import MatrixLike, Unknown
from mlresample.plots._drawing import LINES, new_axes, set_count_ticks, size_in_points
from mlresample.plots._labels import LabelPlacer

_MEASURES = {"mean_imbalance": "Mean imbalance", "imbalance_ratio": "Imbalance ratio"}
_MARKERS = "os^Dv*"
_SAME_PLACE = 4.0  # points
_TOP = 0.96  # of the axes: where infinity is


class PlanComparisonDisplay:
    """What plans cost, the growth of the epoch, against what they achieve.

    Use `from_comparison` or `from_target` to make one. With one parameter in the grid, its plans
    are joined by a line; with several, there is a line for each combination of the others. More
    than six lines would be a tangle: the plans are then points, and the line joins those that no
    other plan beats in both size and balance. Labels that would cover something are left out.

    Parameters
    ----------
    comparison : PlanComparison
        Made by :func:`~mlresample.compare_plans`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plans.
    figure_ : matplotlib Figure
        Figure that holds them.
    lines_ : list of matplotlib Line2D
        Plans that are joined, or the best.
    annotations_ : list of matplotlib Annotation
        Parameters beside the points.

    Examples
    --------
    >>> from mlresample.plots import PlanComparisonDisplay
    >>> y = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1
    >>> display = PlanComparisonDisplay.from_target(y, {"cap": [1, 2, 6, 8]})
    >>> [annotation.get_text() for annotation in display.annotations_]
    ['cap 1', 'cap 6, 8', 'cap 2']
    """

    ax_: Axes
    figure_: Figure | SubFigure
    lines_: list[Line2D]
    annotations_: list[Annotation]

    def __init__(self, comparison: PlanComparison) -> None:
        self.comparison = comparison

    @classmethod
    @validate_params({"comparison": [PlanComparison]}, prefer_skip_nested_validation=False)
    def from_comparison(
        cls,
        comparison: PlanComparison,
        *,
        measure: str = "mean_imbalance",
        ax: Axes | None = None,
    ) -> Self:
        """Plot a comparison of plans.

        Parameters
        ----------
        comparison : PlanComparison
            Made by :func:`~mlresample.compare_plans`.
        measure : {"mean_imbalance", "imbalance_ratio"}, default="mean_imbalance"
            What is plotted against the growth of the epoch.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : PlanComparisonDisplay
            The plot and what it shows.
        """
        return cls(comparison).plot(measure=measure, ax=ax)

    @classmethod
    def from_target(
        cls,
        y: MatrixLike,
        param_grid: dict[str, Any] | list[dict[str, Any]],
        *,
        class_names: ArrayLike | None = None,
        unknown: Unknown | None = None,
        measure: str = "mean_imbalance",
        ax: Axes | None = None,
    ) -> Self:
        """Compare plans of several parameters, and plot them.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
        param_grid : dict of str to list, or list of such dicts
            Values to combine, as for :func:`~mlresample.compare_plans`.
        class_names : array-like of shape (n_classes,), default=None
            As for :func:`~mlresample.plan_resampling`.
        unknown : float or mask of y's shape, default=None
            As for :func:`~mlresample.plan_resampling`.
        measure : {"mean_imbalance", "imbalance_ratio"}, default="mean_imbalance"
            What is plotted against the growth of the epoch.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : PlanComparisonDisplay
            The plot and what it shows.

        Raises
        ------
        ValueError
            If :func:`~mlresample.compare_plans` refuses the target or the grid, or `measure` is
            neither of the two.
        """
        comparison = compare_plans(y, param_grid, class_names=class_names, unknown=unknown)
        return cls(comparison).plot(measure=measure, ax=ax)

    @validate_params(
        {"measure": [StrOptions(set(_MEASURES))], "ax": [Axes, None]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, *, measure: str = "mean_imbalance", ax: Axes | None = None) -> Self:
        """Plot the plans.

        Parameters
        ----------
        measure : {"mean_imbalance", "imbalance_ratio"}, default="mean_imbalance"
            What is plotted against the growth of the epoch.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : PlanComparisonDisplay
            This display, with its artists.
        """
        ax = new_axes(6.4, 4.4) if ax is None else ax
        self.ax_, self.figure_ = ax, ax.figure
        parameters = self.comparison.parameters
        x, y = self.comparison.growth, getattr(self.comparison, f"resampled_{measure}")
        finite = np.isfinite(y)

        along, others = _split_grid(parameters)
        lines = _lines(parameters, along, others)
        style = "-" if _are_numbers(along, parameters) else ""  # words have no order
        if len(lines) > len(LINES):
            ax.plot(x[finite], y[finite], "o", color=BEFORE, alpha=0.4, label="all plans")
            along, lines, style = along + others, {"best trade-offs": _best(x, y)}, "-"
        y_or_gap = np.where(finite, y, np.nan)
        self.lines_ = []
        for (label, order), color, marker in zip(lines.items(), LINES, _MARKERS, strict=False):
            self.lines_ += ax.plot(
                x[order], y_or_gap[order], style + marker, color=color, label=label or "plans"
            )
        at_top = ax.get_xaxis_transform()
        if not finite.all():
            ax.plot(
                x[~finite],
                np.full((~finite).sum(), _TOP),
                "^",
                color=BEFORE,
                markerfacecolor="none",
                transform=at_top,
                label="infinite: a class is left out",
            )

        ax.margins(0.12)
        ax.set(xlabel="Epoch size over the number of samples", ylabel=_MEASURES[measure])
        if not finite.any():
            ax.set_yticks([])
        elif y[finite].max() > 10 * y[finite].min():
            ax.set_yscale("log")
            set_count_ticks(ax.yaxis)
        if len(ax.lines) > 1:
            ax.legend(fontsize="small")
        width, _ = size_in_points(ax)
        ax.xaxis.set_major_locator(MaxNLocator(max(2, int(width / 60)), steps=[1, 2, 2.5, 5, 10]))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda growth, _: f"{growth:g}x"))

        points = [
            ((x[i], y[i]), ax.transData) if finite[i] else ((x[i], _TOP), at_top)
            for i in range(len(x))
        ]
        self.annotations_ = self._annotate(points, list(lines.values()), along)
        LabelPlacer(ax, self.annotations_)
        size_in_points(ax)  # places them
        return self

    def _annotate(
        self,
        points: list[tuple[tuple[float, float], Transform]],
        lines: list[list[int]],
        names: list[str],
    ) -> list[Annotation]:
        """Write parameters beside the plans, those of plans in one place together."""
        on_screen = np.array([transform.transform(xy) for xy, transform in points])
        places = on_screen * 72 / self.ax_.figure.dpi
        ends: dict[Any, Any] = {}  # they have the choice of the places
        middle: dict[Any, Any] = {}
        for order, line in zip(lines, self.lines_, strict=True):
            color = line.get_color() if len(lines) > 1 else None
            groups = _in_one_place(order, places)
            for group in groups:
                plans = [self.comparison.parameters[i] for i in group]
                text = ", ".join(_label(name, plans) for name in names)
                labels = ends if group in (groups[0], groups[-1]) else middle
                labels[text, *np.rint(places[group[0]])] = *points[group[0]], color
        return [
            self.ax_.annotate(
                text,
                xy,
                xycoords=transform,
                xytext=(0, 0),
                textcoords="offset points",
                color=color,
                fontsize="small",
                in_layout=False,
            )
            for (text, *_), (xy, transform, color) in (ends | middle).items()
            if text
        ]


def _split_grid(parameters: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the parameter that lines go along, and the others that vary.

    It is the one with the most values; numbers go before words.
    """
    n_values = {name: len({_written(plan[name]) for plan in parameters}) for name in parameters[0]}
    varying = [name for name in parameters[0] if n_values[name] > 1]
    names = sorted(
        varying or parameters[0],
        key=lambda name: (not _are_numbers([name], parameters), -n_values[name]),
    )
    return (names[:1], names[1:]) if varying else (names, [])


def _lines(
    parameters: list[dict[str, Any]], along: list[str], others: list[str]
) -> dict[str, list[int]]:
    """Return the plans of each combination of the other parameters, in order along the line."""
    lines: dict[str, list[int]] = {}
    for i, plan in enumerate(parameters):
        lines.setdefault(", ".join(_label(name, [plan]) for name in others), []).append(i)
    for name in along:
        if _are_numbers([name], parameters):
            for order in lines.values():
                order.sort(key=lambda i: parameters[i][name])
    return lines


def _best(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[int]:
    """Return the plans that no other plan beats in both growth and imbalance."""
    best, least = [], np.inf
    for i in np.lexsort((y, x)):
        if y[i] < least:
            best.append(int(i))
            least = y[i]
    return best


def _in_one_place(order: list[int], places: NDArray[np.float64]) -> list[list[int]]:
    """Group plans that follow each other in one place."""
    groups: list[list[int]] = []
    for i in order:
        if groups and np.hypot(*(places[i] - places[groups[-1][0]])) < _SAME_PLACE:
            groups[-1].append(i)
        else:
            groups.append([i])
    return groups


def _are_numbers(names: list[str], parameters: list[dict[str, Any]]) -> bool:
    return all(isinstance(plan[name], Real) for plan in parameters for name in names)


def _label(name: str, parameters: list[dict[str, Any]]) -> str:
    """Write a parameter with its values: "cap 2", "cap 6, 8", "cap 6 to 12"."""
    values = list(dict.fromkeys(_written(plan[name]) for plan in parameters))
    words = ", ".join(values) if len(values) < 4 else f"{values[0]} to {values[-1]}"
    return f"{name} {words}"


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(plain(value))
