"""Labels beside points, if there is room for them."""

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

# From the point, in points; a label lies on the side that its offset goes to.
_OFFSETS = [(5, 4), (-5, -4), (8, 0), (0, 8), (0, -8), (-8, 0), (-5, 4), (5, -4)]
_HORIZONTAL = {-1: "right", 0: "center", 1: "left"}
_VERTICAL = {-1: "top", 0: "center", 1: "bottom"}
_STEPS = np.linspace(0, 1, 200)[:, None]


class LabelPlacer(Artist):
    """Move annotations to places where they cover nothing, or only lines if that is allowed.

    Annotations without such a place are not shown. The artist draws nothing itself: it is drawn
    before them, when the layout is known. The first annotations of the list choose first.
    """

    def __init__(
        self, ax: Axes, annotations: list[Annotation], *, may_cover_lines: bool = False
    ) -> None:
        super().__init__()
        self.set(zorder=-1, in_layout=False)
        self._ax, self._annotations, self._may_cover_lines = ax, annotations, may_cover_lines
        ax.add_artist(self)
        outline = withStroke(linewidth=3, foreground=ax.get_facecolor())
        for annotation in annotations:
            annotation.set_path_effects([outline])

    def draw(self, renderer: RendererBase) -> None:
        """Place the annotations."""
        ax = self._ax
        frame, legend = ax.get_window_extent(), ax.get_legend()
        taken = [] if legend is None else [legend.get_window_extent()]
        points = np.vstack([np.empty((0, 2)), *map(_corners, filter(_has_markers, ax.lines))])
        lines = np.vstack([points, *map(_points_along, ax.lines)])

        def is_free(box: Bbox, uncovered: NDArray[np.float64]) -> bool:
            inside = (frame.containsx(x) and frame.containsy(y) for x, y in box.corners())
            return all(inside) and not (box.count_overlaps(taken) or box.count_contains(uncovered))

        obstacles = [lines, points] if self._may_cover_lines else [lines]
        for annotation in self._annotations:
            annotation.set_visible(True)  # otherwise it has no extent
            for uncovered, (box, offset) in product(obstacles, _places(annotation)):
                if is_free(box, uncovered):
                    _move(annotation, offset)
                    taken.append(box)
                    break
            else:
                annotation.set_visible(False)


def _places(annotation: Annotation) -> Iterator[tuple[Bbox, tuple[int, int]]]:
    """Move an annotation around its point, and yield its box at each offset."""
    for offset in _OFFSETS:
        _move(annotation, offset)
        yield annotation.get_window_extent().padded(2), offset


def _move(annotation: Annotation, offset: tuple[int, int]) -> None:
    horizontal, vertical = np.sign(offset)
    annotation.set_position(offset)
    annotation.set(ha=_HORIZONTAL[horizontal], va=_VERTICAL[vertical])


def _has_markers(line: Line2D) -> bool:
    return str(line.get_marker()) not in ("None", "", " ")


def _corners(line: Line2D) -> NDArray[np.float64]:
    return line.get_transform().transform(line.get_xydata())


def _points_along(line: Line2D) -> NDArray[np.float64]:
    """Return points of a line on the screen, so close that no text fits between them."""
    corners = _corners(line)
    if line.get_linestyle() == "None":
        return corners
    between = [start + _STEPS * (end - start) for start, end in pairwise(corners)]
    return np.vstack([corners, *between])
