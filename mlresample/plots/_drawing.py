"""What the plots share: colors, axes to draw on, and names that fit there."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from mlresample._reporting.style import AFTER
from mlresample._utils.names import plain

LINES = [AFTER, "#0077bb", "#009988", "#cc3311", "#997700", "#777777"]

SMALLEST_FONT = 5.5  # points
LINE_HEIGHT = 1.3  # times the size of the font
LETTER_WIDTH = 0.55  # times the size of the font, on average
LONGEST_NAME = 32  # letters


def new_axes(width: float, height: float) -> Axes:
    """Make a figure of this size in inches that cuts nothing off, and return its axes."""
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def size_in_points(ax: Axes) -> tuple[float, float]:
    """Return width and height of the axes after the figure is laid out."""
    figure = ax.figure.canvas.figure  # of a subfigure too
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi


def font_size(size: float | str) -> float:
    """Return a font size of `rcParams`, a number or a word such as "medium", in points."""
    return float(FontProperties(size=size).get_size_in_points())


def name_on_axis(name: Any, longest: int = LONGEST_NAME) -> str:
    """Write a name in one line, without the middle if it is long."""
    text = " ".join(str(plain(name)).split())
    if len(text) > longest:
        end = (longest - 1) // 3
        text = f"{text[: longest - 1 - end].rstrip()}…{text[-end:].lstrip()}"
    return text.replace("$", r"\$")  # text between two of them would be mathematics


def longest_name(width: float, size: float) -> int:
    """Return how many letters fit in two fifths of a width, in points."""
    return int(min(max(0.4 * width / (LETTER_WIDTH * size), 12), LONGEST_NAME))


def set_count_ticks(axis: Axis) -> None:
    """Write plain numbers at the ticks of a logarithmic axis; at 2 and 5 too if it is short."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(_count_on_axis))
    axis.set_minor_formatter(NullFormatter())


def _count_on_axis(count: float, _: Any = None) -> str:
    """Write a count in a few letters: 20, 3k, 10M."""
    for factor, unit in [(1e9, "G"), (1e6, "M"), (1e3, "k")]:
        if count >= factor:
            return f"{count / factor:g}{unit}"
    return f"{count:g}"
