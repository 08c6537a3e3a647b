"""Labels beside points, where there is room for them."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.lines import Line2D
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

# From the point, in points; a label lies on the side that its offset goes to.
_OFFSETS = [(5, 4), (-5, -4), (8, 0), (0, 8), (0, -8), (-8, 0), (-5, 4), (5, -4)]
_HORIZONTAL = {-1: "right", 0: "center", 1: "left"}
_VERTICAL = {-1: "top", 0: "center", 1: "bottom"}
_STEPS = np.linspace(0, 1, 200)[:, None]


class LabelPlacer(Artist):
    """Moves annotations to where they cover nothing; those without such a place are not shown.

    It is drawn before them and draws nothing itself: where there is room is known no earlier.
    Annotations that stand first in the list have the choice.
    """

    def __init__(self, ax: Axes, annotations: list[Annotation]) -> None:
        super().__init__()
        self.set(zorder=-1, in_layout=False)
        self._ax, self._annotations = ax, annotations
        ax.add_artist(self)

    def draw(self, renderer: RendererBase) -> None:
        """Place the annotations."""
        ax = self._ax
        frame, legend = ax.get_window_extent(), ax.get_legend()
        taken = [] if legend is None else [legend.get_window_extent()]
        on_lines = np.vstack([_points_along(line) for line in ax.lines])
        for annotation in self._annotations:
            annotation.set_visible(True)  # else it has no extent
            for box in _places(annotation):
                is_inside = frame.containsx(box.x0) and frame.containsx(box.x1)
                is_inside &= frame.containsy(box.y0) and frame.containsy(box.y1)
                if (
                    is_inside
                    and not box.count_overlaps(taken)
                    and not box.count_contains(on_lines)
                ):
                    taken.append(box)
                    break
            else:
                annotation.set_visible(False)


def _places(annotation: Annotation) -> Iterator[Bbox]:
    """Move an annotation around its point."""
    for offset in _OFFSETS:
        horizontal, vertical = np.sign(offset)
        annotation.set_position(offset)
        annotation.set(ha=_HORIZONTAL[horizontal], va=_VERTICAL[vertical])
        yield annotation.get_window_extent().padded(2)


def _points_along(line: Line2D) -> NDArray[np.float64]:
    """Points of a line on the screen, so near to each other that no text fits between them."""
    corners = line.get_transform().transform(line.get_xydata())
    if line.get_linestyle() == "None":
        return corners
    between = [start + _STEPS * (end - start) for start, end in pairwise(corners)]
    return np.vstack([corners, *between])
