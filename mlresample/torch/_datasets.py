"""A resampled view of a dataset, for training loops that do not take a sampler."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from mlresample._utils.containers import is_dataframe, is_series
from mlresample._utils.names import count_of
from mlresample.torch._importance import weights_of_epoch
from mlresample.torch._plans import (
    RepeatPlanLike,
    as_repeat_plan,
    check_length,
    check_seed,
    epoch_indices,
)


class ResampledDataset(Dataset[Any]):
    """Resampled view of a map-style dataset, with its rare samples repeated.

    Its items are the kept originals in order, then the copies. They are drawn once, and any
    sampler may shuffle and shard them. An item is loaded only when it is asked for.

    Parameters
    ----------
    dataset : map-style dataset
        Anything with ``len`` and integer indices: a torch Dataset, a Hugging Face dataset, a
        tensor, a list.
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or how often each sample is seen, >= 0.
    seed : int, default=0
        Seed of the draw, 0 to 2**32 - 1.
    rounding : {"stratified", "bernoulli", "nearest"}, default="stratified"
        How fractions become whole repeats.
    copy_transform : callable, default=None
        Function that is applied only to items that are copies. It must return the item. If it
        changes an item in place, a dataset that holds its items in memory is changed, too.
    return_is_copy : bool, default=False
        Whether each item is returned with a bool that says if it is a copy: a tuple gets one
        more element, a mapping becomes a dict with the further key "is_copy", and anything else,
        such as a namedtuple or a list, becomes the first of a pair.

    Attributes
    ----------
    indices : ndarray of shape (len(self),)
        Index of each item in the dataset.
    is_copy : ndarray of shape (len(self),)
        Which items are copies.

    Raises
    ------
    ValueError
        If dataset and plan differ in length or the plan is not as described; when an item is
        asked for, if the dataset's length has changed or the item already has a key "is_copy".
    TypeError
        If `dataset` is not map-style, or `copy_transform` is not callable or returns None.

    Notes
    -----
    The draw does not change from epoch to epoch: the fractions of the multipliers go to the same
    samples throughout the training. :class:`RepeatSampler` makes a new draw for each epoch.

    A DataLoader fetches each batch by one call of the dataset's ``__getitems__``, if it has one,
    as ``Subset``, ``StackDataset`` and Hugging Face datasets do.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import ResampledDataset
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], cap=2)
    >>> resampled = ResampledDataset(["a", "b", "c", "d"], plan, copy_transform=str.upper)
    >>> list(resampled)
    ['a', 'b', 'c', 'd', 'D']
    """

    def __init__(
        self,
        dataset: Any,
        plan: RepeatPlanLike,
        *,
        seed: int = 0,
        rounding: str = "stratified",
        copy_transform: Callable[[Any], Any] | None = None,
        return_is_copy: bool = False,
    ) -> None:
        repeat_plan = as_repeat_plan(plan)
        check_length(repeat_plan, dataset)
        if is_dataframe(dataset) or is_series(dataset):
            raise TypeError(
                f"dataset must return items by position, got {type(dataset).__name__}, which "
                f"looks up columns or labels: pass the Dataset that reads it."
            )
        if copy_transform is not None and not callable(copy_transform):
            raise TypeError(
                f"copy_transform must be None or callable, got {type(copy_transform).__name__}."
            )
        self.dataset = dataset
        self._n_samples = repeat_plan.n_samples
        self.indices: NDArray[np.int64] = epoch_indices(
            repeat_plan, check_seed(seed), 0, rounding=rounding, shuffle=False
        )
        if len(self.indices) == 0:
            raise ValueError("The plan's epochs are empty, because it leaves out every sample.")
        self._n_originals = len(np.unique(self.indices))
        self.copy_transform = copy_transform
        self.return_is_copy = return_is_copy

    @property
    def is_copy(self) -> NDArray[np.bool_]:
        """Which items are copies."""
        return np.arange(len(self)) >= self._n_originals

    def importance_weights(self, *, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """Return each sample's weight in the loss, under which all samples count the same.

        Those of :meth:`RepeatSampler.importance_weights`, for the draw of this view.

        Parameters
        ----------
        dtype : torch.dtype, default=torch.float32
            Floating-point type of the weights.

        Returns
        -------
        weights : Tensor of shape (n_samples,)
            Weights by the samples' index in the dataset inside, on the CPU. The weights of the
            view's own items are ``weights[self.indices]``.

        Raises
        ------
        ValueError
            If the draw leaves out a sample, or `dtype` is no floating-point type, or too narrow.

        Examples
        --------
        >>> from mlresample.torch import ResampledDataset
        >>> resampled = ResampledDataset(["a", "b", "c", "d"], [1, 1, 1, 2])
        >>> resampled.importance_weights()
        tensor([1.2500, 1.2500, 1.2500, 0.6250])
        """
        return weights_of_epoch(self.indices, self._n_samples, dtype)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        (position,) = self._positions([index])
        return self._finish(self.dataset[int(self.indices[position])], position)

    def __getitems__(self, indices: Sequence[int]) -> Any:
        """Return the items of a batch, for which a DataLoader asks by this name.

        The dataset's own ``__getitems__`` fetches them if it has one.
        """
        if not _fetches_batches(self):  # a subclass changes the items
            return [self[index] for index in indices]
        positions = self._positions(indices)
        sources = [int(self.indices[position]) for position in positions]
        if not _fetches_batches(self.dataset):  # indexing tensors at once copies them once more
            return [
                self._finish(self.dataset[source], position)
                for source, position in zip(sources, positions, strict=True)
            ]
        items = self.dataset.__getitems__(sources)
        if self.copy_transform is None and not self.return_is_copy:
            return items  # whatever it is, the loader's collate_fn knows it
        if not isinstance(items, list | tuple) or len(items) != len(sources):
            found = f" of {len(items)}" if isinstance(items, list | tuple) else ""
            raise TypeError(
                f"{type(self.dataset).__name__}.__getitems__ must return a list of one item per "
                f"index, {len(sources)} in all, got {type(items).__name__}{found}: return a list, "
                f"or leave out copy_transform and return_is_copy."
            )
        return [self._finish(*pair) for pair in zip(items, positions, strict=True)]

    def _positions(self, indices: Sequence[int]) -> list[int]:
        """Return indices counted from the start, after checking them and the dataset's length."""
        all_positions = range(len(self))  # an IndexError beyond the end, as iteration needs
        positions = [all_positions[operator.index(index)] for index in indices]
        if len(self.dataset) != self._n_samples:
            raise ValueError(
                f"The dataset had {count_of(self._n_samples, 'sample')} when this view of it was "
                f"made, but has {len(self.dataset):,} now: make a new plan and a new view."
            )
        return positions

    def _finish(self, item: Any, position: int) -> Any:
        is_copy = position >= self._n_originals
        if is_copy and self.copy_transform is not None:
            item = self.copy_transform(item)
            if item is None:
                raise TypeError("copy_transform must return the item, got None.")
        return with_fields(item, {"is_copy": is_copy}) if self.return_is_copy else item


def _fetches_batches(dataset: Any) -> bool:
    """Return whether ``__getitems__`` returns the items of ``__getitem__``.

    A class that defines only the latter does not mean the ``__getitems__`` that it inherits, or
    that it hands on from a dataset inside.
    """
    for kind in type(dataset).__mro__:
        if "__getitem__" in vars(kind) or "__getitems__" in vars(kind):
            return callable(vars(kind).get("__getitems__"))
    return False


def with_fields(item: Any, fields: Mapping[str, Any]) -> Any:
    """Return an item with further fields; what has none becomes the first of a tuple."""
    if isinstance(item, Mapping):
        if taken := [name for name in fields if name in item]:
            raise ValueError(
                f"An item already has a key {taken[0]!r}: rename it, or leave out "
                f"return_{taken[0]}."
            )
        return {**item, **fields}
    is_plain_tuple = isinstance(item, tuple) and not hasattr(item, "_fields")
    return (*(item if is_plain_tuple else (item,)), *fields.values())
