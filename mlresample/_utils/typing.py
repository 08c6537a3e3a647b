"""Types of what public functions take and return, for type checkers alone."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from numpy.typing import ArrayLike


class HasShape(Protocol):
    """An array, sparse matrix, data frame, series or tensor of any library."""

    @property
    def shape(self) -> Any: ...


class HasPlan(Protocol):
    """A fitted sampler."""

    @property
    def plan_(self) -> Any: ...


class HasClassCounts(Protocol):
    """Class counts with their classes."""

    @property
    def class_counts(self) -> Any: ...

    @property
    def named(self) -> bool: ...


class HasLossWeights(Protocol):
    """Loss weights, as arrays or tensors."""

    @property
    def pos_weight(self) -> Any: ...

    @property
    def class_weight(self) -> Any: ...


# A target or scores. A number, a string or a dict is none, which ArrayLike would not refuse.
MatrixLike: TypeAlias = list[Any] | tuple[Any, ...] | HasShape
ClassCountsLike: TypeAlias = ArrayLike | dict[Any, Any] | HasShape | HasClassCounts
ClassMultipliers: TypeAlias = ArrayLike | dict[Any, Any] | HasShape | Callable[[Any], ArrayLike]
TargetCount: TypeAlias = ArrayLike | dict[Any, Any] | HasShape
Unknown: TypeAlias = float | MatrixLike  # a value, or a mask
LossWeightsLike: TypeAlias = ArrayLike | HasShape | HasLossWeights

# What comes back in its own kind.
ArrayOrTensor = TypeVar("ArrayOrTensor", bound=HasShape)
X_ = TypeVar("X_")
Y_ = TypeVar("Y_")
