"""Which common classes occur together with the rare ones."""

from __future__ import annotations

import math
from numbers import Integral
from typing import Any, Self

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backend_bases import RendererBase
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure, SubFigure
from matplotlib.image import AxesImage
from matplotlib.text import Text
from numpy.typing import ArrayLike, NDArray

from mlresample._rule.counts import check_target_has_class
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import MatrixLike, Unknown
from mlresample.plots._drawing import (
    LETTER_WIDTH,
    LINE_HEIGHT,
    LONGEST_NAME,
    SMALLEST_FONT,
    font_size,
    longest_name,
    name_on_axis,
    new_axes,
    size_in_points,
)

_NUMBER_WIDTH = 2.8  # of "0.00", times the size of the font
_MOST_NUMBERS = 225


class CoOccurrenceDisplay:
    """Share of the samples of each rare class that carry each common class too.

    Use `from_target` to make one. Repeating a sample of a rare class repeats its common classes
    as well: a row near 1 is a class that cannot be raised without raising the other.

    Parameters
    ----------
    shares : ndarray of shape (n_rare, n_common)
        Share of the rare class's samples that carry the common class, from 0 to 1; NaN if it is
        known of none of them.
    rare_classes : ndarray of shape (n_rare,)
        Names of the rare classes, the rarest first.
    common_classes : ndarray of shape (n_common,)
        Names of the common classes, the most common first.
    rare_counts : ndarray of shape (n_rare,)
        Samples that carry each rare class.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the heat map.
    figure_ : matplotlib Figure
        Figure that holds them.
    image_ : matplotlib AxesImage
        The heat map.
    colorbar_ : matplotlib Colorbar
        Its scale.
    texts_ : list of matplotlib Text
        Numbers in the cells, drawn if they fit; none for more than 225 cells.

    Examples
    --------
    >>> from mlresample.plots import CoOccurrenceDisplay
    >>> y = [[1, 0, 0]] * 3 + [[1, 1, 0]] * 3 + [[0, 1, 1]] * 1
    >>> display = CoOccurrenceDisplay.from_target(y, class_names=["cat", "dog", "lynx"])
    >>> display.rare_classes.tolist(), display.common_classes.tolist()
    (['lynx'], ['cat', 'dog'])
    >>> display.shares
    array([[0., 1.]])
    """

    ax_: Axes
    figure_: Figure | SubFigure
    image_: AxesImage
    colorbar_: Colorbar
    texts_: list[Text]

    def __init__(
        self,
        shares: NDArray[np.float64],
        *,
        rare_classes: NDArray[Any],
        common_classes: NDArray[Any],
        rare_counts: NDArray[np.int64],
    ) -> None:
        self.shares = shares
        self.rare_classes = rare_classes
        self.common_classes = common_classes
        self.rare_counts = rare_counts

    @classmethod
    @validate_params(
        {
            "n_rare": [Interval(Integral, 1, None, closed="left")],
            "n_common": [Interval(Integral, 1, None, closed="left")],
        },
        prefer_skip_nested_validation=False,
    )
    def from_target(
        cls,
        y: MatrixLike,
        *,
        class_names: ArrayLike | None = None,
        unknown: Unknown | None = None,
        n_rare: int = 10,
        n_common: int = 10,
        ax: Axes | None = None,
    ) -> Self:
        """Plot which common classes occur together with the rare classes of a target.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes, as for :func:`~mlresample.plan_resampling`.
        unknown : float or mask of y's shape, default=None
            Value of the unknown entries of `y`, such as -1 or NaN, or a mask of them. Shares are
            of the samples of which it is known whether they carry the common class.
        n_rare : int, default=10
            Number of rows: the rarest of the classes that occur, at most half of them.
        n_common : int, default=10
            Number of columns: the most common of the others.
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : CoOccurrenceDisplay
            The plot and what it shows.

        Raises
        ------
        ValueError
            If `y` is not a target, no class occurs in it, or `n_rare` or `n_common` is below 1.

        Notes
        -----
        The target is read twice for each rare class, in blocks.
        """
        indicator = as_target(y, class_names=class_names, unknown=unknown)
        check_target_has_class(indicator)
        counts = indicator.class_counts
        by_count = np.argsort(counts, kind="stable")
        by_count = by_count[counts[by_count] > 0]
        if len(by_count) == 1:
            raise ValueError("Only one class occurs in y: no classes can occur together.")
        n_rare = min(n_rare, len(by_count) // 2)
        rare, common = by_count[:n_rare], by_count[n_rare:][::-1][:n_common]
        shares = np.array([_shares(indicator, c)[common] for c in rare])
        return cls(
            shares,
            rare_classes=indicator.classes[rare],
            common_classes=indicator.classes[common],
            rare_counts=counts[rare],
        ).plot(ax=ax)

    @validate_params({"ax": [Axes, None]}, prefer_skip_nested_validation=True)
    def plot(self, *, ax: Axes | None = None) -> Self:
        """Plot the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        display : CoOccurrenceDisplay
            This display, with its artists.
        """
        size = font_size(rcParams["ytick.labelsize"])
        own_figure = ax is None
        longest_rare = longest_common = LONGEST_NAME
        if ax is None:
            ax = self._new_axes(size)
        else:
            width, height = size_in_points(ax)
            longest_rare, longest_common = longest_name(width, size), longest_name(height, size)
        self.ax_, self.figure_ = ax, ax.figure
        self.image_ = ax.imshow(self.shares, "Blues", vmin=0, vmax=1, aspect="auto")
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
        self.colorbar_.set_label("share of the rare class")
        ax.set(xlabel="Common class", ylabel="Rare class (samples)")

        rare = [name_on_axis(name, longest_rare) for name in self.rare_classes]
        rare = [f"{name} ({n:,})" for name, n in zip(rare, self.rare_counts, strict=True)]
        common = [name_on_axis(name, longest_common) for name in self.common_classes]
        ax.set_yticks(range(len(rare)), rare)
        ax.set_xticks(range(len(common)), common)
        ax.tick_params(axis="x", rotation=90)
        if not own_figure:
            ax.tick_params(labelsize=SMALLEST_FONT)  # names take room from the cells
            width, height = size_in_points(ax)
            _fit_names(ax.yaxis, rare, height / len(rare), size)
            _fit_names(ax.xaxis, common, width / len(common), size)

        self.texts_ = []
        if self.shares.size <= _MOST_NUMBERS:
            for row, column in np.ndindex(self.shares.shape):
                share = self.shares[row, column]
                number = _Number(ax, column, row, "" if np.isnan(share) else f"{share:.2f}")
                number.set_color(_readable_on(self.image_.to_rgba(share)))
                self.texts_.append(number)
        return self

    def _new_axes(self, size: float) -> Axes:
        """Make axes with room for the names and a number in each cell."""
        rare, common = (
            LETTER_WIDTH * size / 72 * max(len(name_on_axis(name)) for name in names)
            for names in (self.rare_classes, self.common_classes)
        )
        n_rare, n_common = self.shares.shape
        cells = 3.0 * size / 72 * max(n_common, 4), 2.1 * size / 72 * max(n_rare, 5)
        return new_axes(rare + cells[0] + 2.2, common + cells[1] + 0.6)


class _Number(Text):
    """A number in a cell of the heat map, as large as fits; without room it isn't drawn."""

    def __init__(self, ax: Axes, column: int, row: int, text: str) -> None:
        super().__init__(column, row, text, ha="center", va="center")
        self.set_in_layout(False)
        self._ax, self._largest = ax, self.get_fontsize()
        ax.add_artist(self)

    def draw(self, renderer: RendererBase) -> None:
        (x0, y0), (x1, y1) = self._ax.transData.transform([(0, 0), (1, 1)])
        width, height = np.abs([x1 - x0, y1 - y0]) * 72 / self._ax.figure.dpi
        size = min(self._largest, width / _NUMBER_WIDTH, height / LINE_HEIGHT)
        if size >= SMALLEST_FONT:
            self.set_fontsize(size)
            super().draw(renderer)


def _fit_names(axis: Axis, names: list[str], room: float, largest: float) -> None:
    """Write names as large as fits, or only some of them."""
    size = np.clip(0.8 * room / LINE_HEIGHT, SMALLEST_FONT, largest)
    every = math.ceil(SMALLEST_FONT * LINE_HEIGHT / (0.8 * room))
    axis.set_ticks(range(0, len(names), every), names[::every])
    axis.set_tick_params(labelsize=size)


def _readable_on(color: Any) -> str:
    luminance = np.dot(color[:3], [0.299, 0.587, 0.114])
    return "#222222" if luminance > 0.5 else "#ffffff"


def _shares(indicator: Indicator, c: int) -> NDArray[np.float64]:
    """Return the share of those samples of class c that carry each class, if that is known."""
    ranks = np.zeros(indicator.n_classes, dtype=np.uint8)
    ranks[c] = 1
    carry = indicator.row_maximum(ranks)
    n_carry = indicator.weighted_class_counts(np.array([0.0, 1.0]), carry)
    n_known = np.full(indicator.n_classes, float(indicator.class_counts[c]))
    if indicator.unknown is not None:
        n_known -= indicator.unknown.weighted_class_counts(np.array([0.0, 1.0]), carry)
    return np.divide(n_carry, n_known, out=np.full(len(n_known), np.nan), where=n_known > 0)
