"""Gain of a candidate over a baseline, for common and for rare classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from numpy.typing import NDArray

from mlresample._utils.sklearn import StrOptions, validate_params
from mlresample.metrics._evaluation import GROUPS, MEASURES, FrequencyEvaluation
from mlresample.metrics._evaluation_comparison import EvaluationComparison, compare_evaluations
from mlresample.metrics._evaluation_text import gain_text, title_of, title_of_average
from mlresample.plots._drawing import (
    LINES,
    name_on_axis,
    new_axes,
    set_count_ticks,
    size_in_points,
)
from mlresample.plots._labels import LabelPlacer

_COLORS = dict(zip(GROUPS, (LINES[2], LINES[1], LINES[0]), strict=True))
_MOST_NAMES = 30
_CROWD = 1000  # classes
_DENSE = 200  # classes of a group, among which a line would not be seen


class GainDisplay:
    """Gain of a candidate over a baseline for each class, against its training class count.

    Use `from_comparison` or `from_evaluations` to make one. Bars are the standard deviation of
    the gain over the pairs of folds or seeds, if there are several. More than a thousand
    classes have none; those of the same count are then spread sideways, by less than half a
    sample. A group's mean is a line over its range of counts, with a band of its
    standard deviation over the pairs. Of up to 30 classes, names are written if there is room,
    those that change most first.

    Parameters
    ----------
    comparison : EvaluationComparison
        Made by :func:`~mlresample.metrics.compare_evaluations`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the gains.
    figure_ : matplotlib Figure
        Figure that holds them.
    points_ : dict of str to matplotlib Line2D
        Classes of each group that has some.
    bars_ : dict of str to matplotlib Line2D
        Their spread, if shown: ends of the bars, with NaN between them.
    means_ : dict of str to matplotlib Line2D
        Mean of each of these groups.
    annotations_ : list of matplotlib Annotation
        Names of the classes, if shown.
    legend_ : matplotlib Legend
        Groups and their mean gains, above the points.

    Examples
    --------
    >>> from mlresample.metrics import evaluate_by_frequency
    >>> from mlresample.plots import GainDisplay
    >>> y_true = [[1, 0], [1, 1], [1, 1], [0, 0]]
    >>> y_pred = [[1, 0], [1, 1], [1, 0], [1, 0]], [[1, 0], [1, 1], [1, 1], [1, 0]]
    >>> baseline, candidate = (
    ...     evaluate_by_frequency(y_true, pred, class_counts=[900, 7]) for pred in y_pred
    ... )
    >>> display = GainDisplay.from_evaluations(baseline, candidate, measure="recall")
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['many, over 100: +0.000', 'few, under 20: +0.500']
    """

    ax_: Axes
    figure_: Figure | SubFigure
    points_: dict[str, Line2D]
    bars_: dict[str, Line2D]
    means_: dict[str, Line2D]
    annotations_: list[Annotation]
    legend_: Legend

    def __init__(self, comparison: EvaluationComparison) -> None:
        self.comparison = comparison

    @classmethod
    @validate_params({"comparison": [EvaluationComparison]}, prefer_skip_nested_validation=False)
    def from_comparison(
        cls, comparison: EvaluationComparison, *, measure: str = "f1", ax: Axes | None = None
    ) -> Self:
        """Plot the gains of a comparison.

        Parameters
        ----------
        comparison : EvaluationComparison
            Made by :func:`~mlresample.metrics.compare_evaluations`.
        measure : {"f1", "precision", "recall", "average_precision"}, default="f1"
            Measure whose gain is plotted.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : GainDisplay
            The plot and what it shows.
        """
        return cls(comparison).plot(measure=measure, ax=ax)

    @classmethod
    def from_evaluations(
        cls,
        baseline: FrequencyEvaluation | Sequence[FrequencyEvaluation],
        candidate: FrequencyEvaluation | Sequence[FrequencyEvaluation],
        *,
        measure: str = "f1",
        ax: Axes | None = None,
    ) -> Self:
        """Compare evaluations, and plot the gains.

        Parameters
        ----------
        baseline : FrequencyEvaluation, or list of them
            Evaluations of the baseline, one for each fold or seed.
        candidate : FrequencyEvaluation, or list of them
            Those of the candidate, in the same order.
        measure : {"f1", "precision", "recall", "average_precision"}, default="f1"
            Measure whose gain is plotted.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : GainDisplay
            The plot and what it shows.

        Raises
        ------
        ValueError
            If :func:`~mlresample.metrics.compare_evaluations` refuses the evaluations, or they
            don't have the measure.
        """
        return cls(compare_evaluations(baseline, candidate)).plot(measure=measure, ax=ax)

    @validate_params(
        {"measure": [StrOptions(set(MEASURES))], "ax": [Axes, None]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, *, measure: str = "f1", ax: Axes | None = None) -> Self:
        """Plot the gains.

        Parameters
        ----------
        measure : {"f1", "precision", "recall", "average_precision"}, default="f1"
            Measure whose gain is plotted.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : GainDisplay
            This display, with its artists.
        """
        comparison, figures = self.comparison, self.comparison.per_class(measure)
        counts, gain, std = comparison.class_counts, figures["gain"], figures["gain_std"]
        shown = (counts > 0) & ~np.isnan(gain)
        if not shown.any():
            raise ValueError("No class has samples both in training and in evaluation.")
        ax = new_axes(6.4, 4.4) if ax is None else ax
        self.ax_, self.figure_ = ax, ax.figure
        ax.set(xscale="log", xlim=(counts[shown].min() / 1.5, counts[shown].max() * 1.5))
        set_count_ticks(ax.xaxis)
        ax.axhline(0, color=rcParams["text.color"], linewidth=0.8, zorder=1)

        first = comparison.baseline[0]
        for border in {first.few, first.many}:
            if ax.get_xlim()[0] < border < ax.get_xlim()[1]:
                ax.axvline(border, color=rcParams["text.color"], linewidth=0.6, linestyle=":")
        is_crowd = shown.sum() > _CROWD
        if is_crowd:
            spread = 0.3 * np.minimum(counts, 1)
            counts = counts + spread * np.random.RandomState(0).uniform(-1, 1, len(counts))
        self.points_, self.bars_, self.means_ = {}, {}, {}
        for group in GROUPS:
            of_group = np.flatnonzero(shown & (comparison.groups == group))
            if len(of_group):
                values = (counts[of_group], gain[of_group], std[of_group])
                self._plot_group(group, *values, has_bars=not is_crowd)
                self._plot_mean(group, measure)
        n_left_out = len(counts) - int(shown.sum())
        left_out = (
            f"\n({n_left_out:,} of {len(counts):,}, without samples, not drawn)"
            if n_left_out
            else ""
        )
        ax.set(
            xlabel=f"Training samples of the class{left_out}",
            ylabel=f"Gain in {title_of(measure)}",
        )
        self._plot_legend()
        self._annotate(np.flatnonzero(shown), counts, gain)
        return self

    def _plot_group(
        self,
        group: str,
        counts: NDArray[np.float64],
        gain: NDArray[np.float64],
        std: NDArray[np.float64],
        *,
        has_bars: bool,
    ) -> None:
        """Draw the classes of a group, the more of them the smaller and fainter."""
        color, ax = _COLORS[group], self.ax_
        strength = float(np.clip((60 / len(gain)) ** 0.5, 0.12, 1))
        if has_bars and not np.isnan(std).all():
            # One line with gaps: quick to draw, and names beside the points keep clear of it.
            ends = np.column_stack([gain - std, gain + std, np.full(len(gain), np.nan)])
            (self.bars_[group],) = ax.plot(
                np.repeat(counts, 3), ends.ravel(), color=color, linewidth=1, alpha=strength / 2
            )
        (self.points_[group],) = ax.plot(
            counts,
            gain,
            "o",
            color=color,
            markersize=2 + 3 * strength,
            markeredgewidth=0,
            alpha=strength,
        )

    def _plot_mean(self, group: str, measure: str) -> None:
        mean = self.comparison.averages[group][measure]
        first, color, ax = self.comparison.baseline[0], _COLORS[group], self.ax_
        low, high = ax.get_xlim()
        start, end = {
            "few": (low, first.few),
            "medium": (first.few, first.many),
            "many": (first.many, high),
        }[group]
        ends = np.clip([start, end], low, high)
        has_spread = not np.isnan(mean["gain_std"])
        if has_spread:
            around = mean["gain"] - mean["gain_std"], mean["gain"] + mean["gain_std"]
            ax.fill_between(ends, *around, color=color, alpha=0.2, linewidth=0, zorder=1)
        label = title_of_average(group, many=first.many, few=first.few)
        text = gain_text(mean["gain"], mean["gain_std"] if has_spread else None)
        text = text.replace("+-", "±")
        is_dense = np.size(self.points_[group].get_xdata()) > _DENSE
        outline = withStroke(linewidth=4, foreground=ax.get_facecolor())
        (self.means_[group],) = ax.plot(
            ends,
            [mean["gain"]] * 2,
            color=color,
            linewidth=2,
            zorder=2.5 if is_dense else 1.5,
            path_effects=[outline] if is_dense else None,
            label=f"{label}: {text}",
        )

    def _plot_legend(self) -> None:
        """Put the legend at the top, and make room for it."""
        ax, n_pairs = self.ax_, self.comparison.n_pairs
        self.legend_ = ax.legend(
            handles=list(self.means_.values()),
            title=f"mean ± std over {n_pairs} pairs" if n_pairs > 1 else None,
            loc="upper left",
            fontsize="small",
            title_fontsize="small",
        )
        _, height = size_in_points(ax)
        in_points = self.legend_.get_window_extent().height * 72 / ax.figure.dpi
        low, high = ax.get_ylim()
        share = min((in_points + 10) / height, 0.6)
        # Axes that share it may still have to make room for their own points.
        ax.set_ylim(low, low + (high - low) / (1 - share), auto=None)

    def _annotate(
        self, shown: NDArray[np.intp], counts: NDArray[np.float64], gain: NDArray[np.float64]
    ) -> None:
        self.annotations_ = []
        if len(shown) > _MOST_NAMES:
            return
        self.annotations_ = [
            self.ax_.annotate(
                name_on_axis(self.comparison.classes[c], 20),
                (counts[c], gain[c]),
                xytext=(0, 0),
                textcoords="offset points",
                fontsize="small",
                in_layout=False,
            )
            for c in shown[np.argsort(-np.abs(gain[shown]), kind="stable")]
        ]
        LabelPlacer(self.ax_, self.annotations_, may_cover_lines=True)
        size_in_points(self.ax_)  # places them
