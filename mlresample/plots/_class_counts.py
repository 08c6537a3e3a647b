"""Class counts before and after resampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from matplotlib.transforms import Transform
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.plan import ResamplingPlan
from mlresample._plan.random_plan import RandomPlan
from mlresample._plan.table_plan import TablePlan
from mlresample._reporting.style import AFTER, BEFORE, CAP
from mlresample._rule.counts import check_target_has_class
from mlresample._target.read import as_target
from mlresample._utils.sklearn import validate_params
from mlresample._utils.typing import MatrixLike, Unknown
from mlresample.plots._drawing import (
    LINE_HEIGHT,
    SMALLEST_FONT,
    font_size,
    longest_name,
    name_on_axis,
    new_axes,
    set_count_ticks,
    size_in_points,
)

_MOST_NAMES = 40  # in a new figure
_STYLES: list[dict[str, Any]] = [
    {"color": BEFORE, "label": "before resampling"},
    {"color": AFTER, "label": "after"},
]


class ClassCountsDisplay:
    """Class counts from the rarest class to the most common, before and after resampling.

    Use `from_plan` or `from_target` to make one. The names of the classes are written where
    they fit: up to 40 classes, or as many as the axes have room for. More classes are drawn by
    their rank; those of the same count are one step, after resampling at their mean.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    resampled_class_counts : ndarray of shape (n_classes,), default=None
        Expected class counts after resampling.
    at_cap : ndarray of shape (n_classes,), default=None
        Which classes are raised as far as allowed, bool.
    cap : float, default=None
        Largest multiplier allowed.
    target_count : float, default=None
        Count that rare classes are raised towards.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the counts.
    figure_ : matplotlib Figure
        Figure that holds them.
    points_ : list of matplotlib Line2D, or None
        Points before and, with a plan, after resampling; None if drawn by rank.
    steps_ : list of matplotlib StepPatch, or None
        The same if drawn by rank, else None.
    cap_area_ : matplotlib PolyCollection, or None
        Shade behind the classes at the cap, if any.
    target_line_ : matplotlib Line2D, or None
        Line at the target count, if any.
    legend_ : matplotlib Legend
        Legend above the axes, or in those that were given.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.plots import ClassCountsDisplay
    >>> y = [[1, 0, 0]] * 12 + [[1, 1, 0]] * 6 + [[1, 0, 1]] * 1
    >>> plan = plan_resampling(y, class_names=["cat", "dog", "lynx"])
    >>> display = ClassCountsDisplay.from_plan(plan)
    >>> before, after = display.points_
    >>> after.get_xdata().tolist()
    [4.0, 6.0, 22.0]
    """

    ax_: Axes
    figure_: Figure | SubFigure
    points_: list[Line2D] | None
    steps_: list[StepPatch] | None
    cap_area_: PolyCollection | None
    target_line_: Line2D | None
    legend_: Legend

    def __init__(
        self,
        classes: NDArray[Any],
        class_counts: NDArray[np.int64],
        *,
        resampled_class_counts: NDArray[np.float64] | None = None,
        at_cap: NDArray[np.bool_] | None = None,
        cap: float | None = None,
        target_count: float | None = None,
    ) -> None:
        self.classes = classes
        self.class_counts = class_counts
        self.resampled_class_counts = resampled_class_counts
        self.at_cap = at_cap
        self.cap = cap
        self.target_count = target_count

    @classmethod
    @validate_params(
        {"plan": [ResamplingPlan, TablePlan, RandomPlan]}, prefer_skip_nested_validation=False
    )
    def from_plan(
        cls, plan: ResamplingPlan | TablePlan | RandomPlan, *, ax: Axes | None = None
    ) -> Self:
        """Plot the class counts before and after the resampling that a plan describes.

        Parameters
        ----------
        plan : ResamplingPlan, TablePlan or `plan_` of a fitted sampler
            Made by :func:`~mlresample.plan_resampling`, or the plan of a table.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default, those of a new figure.

        Returns
        -------
        display : ClassCountsDisplay
            The plot and what it shows.
        """
        marks: dict[str, Any] = {}
        if not isinstance(plan, RandomPlan):  # which has no rule
            marks = {"at_cap": plan.at_cap, "cap": plan.cap}
            is_count = isinstance(plan.resolved_target_count, float)
            if is_count and not plan.rule.parameters.instance_aware:  # then of no samples
                marks["target_count"] = plan.resolved_target_count
        return cls(
            plan.classes,
            plan.class_counts,
            resampled_class_counts=plan.resampled_class_counts,
            **marks,
        ).plot(ax=ax)

    @classmethod
    def from_target(
        cls,
        y: MatrixLike,
        *,
        class_names: ArrayLike | None = None,
        unknown: Unknown | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Plot the class counts of a target as it is.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes, as for :func:`~mlresample.plan_resampling`.
        unknown : float or mask of y's shape, default=None
            Value of the unknown entries of `y`, such as -1 or NaN, or a mask of them; they are not
            counted.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default, those of a new figure.

        Returns
        -------
        display : ClassCountsDisplay
            The plot and what it shows.

        Raises
        ------
        ValueError
            If `y` is not a target, or no class occurs in it.
        """
        indicator = as_target(y, class_names=class_names, unknown=unknown)
        check_target_has_class(indicator)
        return cls(indicator.classes, indicator.class_counts).plot(ax=ax)

    @validate_params({"ax": [Axes, None]}, prefer_skip_nested_validation=True)
    def plot(self, *, ax: Axes | None = None) -> Self:
        """Plot the class counts.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default, those of a new figure.

        Returns
        -------
        display : ClassCountsDisplay
            This display, with its artists.
        """
        n_classes, size = len(self.classes), font_size(rcParams["ytick.labelsize"])
        is_new_figure = ax is None
        if ax is None:
            named = n_classes <= _MOST_NAMES
            height = 1.5 + n_classes * LINE_HEIGHT * size / 72 if named else 4.0
            ax = new_axes(6.4, max(height, 2.4))
            width, _ = size_in_points(ax)
        else:
            width, height = size_in_points(ax)
            size = min(size, 0.8 * height / (n_classes * LINE_HEIGHT))
            named = size >= SMALLEST_FONT
        self.ax_, self.figure_ = ax, ax.figure
        order = np.argsort(self.class_counts, kind="stable")
        if named:
            self._plot_points(order, size, longest_name(width, size))
            self._mark(order, ax.axvline, ax.fill_betweenx, ax.get_yaxis_transform())
        else:
            order = order[self.class_counts[order] > 0]
            self._plot_steps(order, n_ticks=max(2, int(width / 50)))
            self._mark(order, ax.axhline, ax.fill_between, ax.get_xaxis_transform())
        self._plot_legend(is_new_figure, is_right_free=named)
        return self

    def _plot_points(self, order: NDArray[np.intp], size: float, longest: int) -> None:
        ax, counts = self.ax_, self._counts(order)
        rows = np.arange(1, len(order) + 1)
        # Points, since bars on a logarithmic axis would start at no zero.
        ax.hlines(rows, counts[0], counts[-1], color=BEFORE, linewidth=1, zorder=1.5)
        self.steps_ = None
        self.points_ = []
        for values, marker, style in zip(counts, "oD", self._styles(), strict=False):
            self.points_ += ax.plot(
                values, rows, marker, linestyle="none", markersize=0.6 * size, **style
            )
        ax.grid(axis="y", alpha=0.25)
        ax.set(xscale="log", xlim=self._limits(counts), xlabel="Samples (logarithmic)")
        set_count_ticks(ax.xaxis)
        ax.set_ylim(len(order) + 0.5, 0.5)
        ax.set_yticks(rows, [name_on_axis(name, longest) for name in self.classes[order]])
        ax.tick_params(axis="y", length=0, labelsize=size)
        for row in rows[counts[0] == 0]:
            ax.annotate(
                "no samples",
                (0, row),
                xycoords=ax.get_yaxis_transform(),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=size,
                alpha=0.6,
            )

    def _plot_steps(self, order: NDArray[np.intp], n_ticks: int) -> None:
        ax, counts = self.ax_, self._counts(order)
        starts = np.flatnonzero(np.diff(counts[0], prepend=0))
        edges = np.append(starts, len(order)) + 0.5
        means = [np.add.reduceat(values, starts) / np.diff(edges) for values in counts]
        self.points_ = None
        self.steps_ = [
            ax.stairs(values, edges, baseline=None, linewidth=1.5, **style)
            for values, style in zip(means, self._styles(), strict=False)
        ]
        ax.set(yscale="log", ylim=self._limits(counts), ylabel="Samples (logarithmic)")
        set_count_ticks(ax.yaxis)
        n_absent = len(self.classes) - len(order)
        absent = f"\n({n_absent:,} without samples left out)" if n_absent else ""
        ax.set(xlim=(edges[0], edges[-1]), xlabel=f"Classes, from rare to common{absent}")
        ax.xaxis.set_major_locator(MaxNLocator(n_ticks, integer=True))
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))

    def _styles(self) -> list[dict[str, Any]]:
        if self.resampled_class_counts is None:
            return [{**_STYLES[0], "label": "samples"}]
        return _STYLES

    def _counts(self, order: NDArray[np.intp]) -> list[NDArray[Any]]:
        both = [self.class_counts, self.resampled_class_counts]
        return [counts[order] for counts in both if counts is not None]

    def _limits(self, counts: list[NDArray[Any]]) -> tuple[float, float]:
        shown = np.concatenate([*counts, [self.target_count or 0]])
        return shown[shown > 0].min() / 2, shown.max() * 1.5

    def _mark(
        self,
        order: NDArray[np.intp],
        draw_line: Callable[..., Line2D],
        fill: Callable[..., PolyCollection],
        across: Transform,
    ) -> None:
        """Mark the target count and the classes at the cap, whichever way the axes lie."""
        self.target_line_ = self.cap_area_ = None
        if self.target_count is not None:
            self.target_line_ = draw_line(
                self.target_count,
                color=rcParams["text.color"],
                linewidth=0.8,
                linestyle="--",
                label="target count " + f"{self.target_count:,.2f}".rstrip("0").rstrip("."),
            )
        if self.at_cap is not None and self.at_cap.any():
            centers = np.arange(1, len(order) + 1)
            self.cap_area_ = fill(
                np.column_stack([centers - 0.5, centers + 0.5]).ravel(),
                0,
                1,
                where=np.repeat(self.at_cap[order], 2),
                transform=across,
                color=CAP,
                alpha=0.15,
                linewidth=0,
                zorder=0.5,  # behind the counts
                label="at the cap" if self.cap is None else f"at the cap of {self.cap:g}",
            )

    def _plot_legend(self, is_new_figure: bool, is_right_free: bool) -> None:
        """Put the legend above the axes of a new figure, and inside axes that were passed."""
        artists = [*(self.points_ or self.steps_ or []), self.target_line_, self.cap_area_]
        handles = [artist for artist in artists if artist is not None]
        if is_new_figure:
            self.legend_ = self.figure_.legend(
                handles=handles,
                loc="outside upper center",
                ncols=4,
                frameon=False,
                fontsize="small",
            )
        else:
            self.legend_ = self.ax_.legend(
                handles=handles,
                loc="upper right" if is_right_free else "upper left",
                fontsize="small",
            )
