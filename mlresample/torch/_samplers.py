"""Samplers that give a plan's epochs, to one process or to the ranks of a distributed job."""

import operator
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch.distributed
from numpy.typing import NDArray
from torch.utils.data import DistributedSampler, Sampler

from mlresample.torch._plans import (
    as_repeat_plan,
    check_length,
    check_seed,
    constant_size,
    epoch_indices,
    fingerprint,
)

_CHUNK = 1 << 16  # indices that are Python integers at one time


class _Pass:
    """One pass over an epoch's indices, which knows how many it has given."""

    def __init__(self, epoch: int, indices: NDArray[np.int64], start: int) -> None:
        self.epoch = epoch
        self._indices = indices
        self._end = start  # of the chunk that is being given
        self._chunk: Iterator[int] = iter([])

    @property
    def given(self) -> int:
        return self._end - operator.length_hint(self._chunk)

    @property
    def is_complete(self) -> bool:
        return self.given == len(self._indices)

    def __iter__(self) -> Iterator[Iterator[int]]:
        """Give the indices in chunks, each an iterator of Python integers."""
        while self._end < len(self._indices):
            chunk = self._indices[self._end : self._end + _CHUNK].tolist()
            self._chunk = iter(chunk)
            self._end += len(chunk)
            yield self._chunk


class _ResumableSampler:
    """A pass over an epoch, its state, and the way back into it."""

    epoch = 0
    _start = 0  # of the next pass: beyond 0 after a state was loaded
    _pass: _Pass | None = None  # the latest

    def _setup(
        self, plan: Any, *, seed: int, shuffle: bool, rounding: str, data_source: Any
    ) -> None:
        self._plan = as_repeat_plan(plan)
        if data_source is not None:
            check_length(self._plan, data_source)
        self._epoch_size = constant_size(self._plan, rounding)
        self.seed = check_seed(seed)
        self.shuffle = bool(shuffle)
        self.rounding = rounding
        self._fingerprint = fingerprint(self._plan)

    def _epoch_indices(self, epoch: int) -> NDArray[np.int64]:
        return epoch_indices(
            self._plan, self.seed, epoch, rounding=self.rounding, shuffle=self.shuffle
        )

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next pass gives.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0. Another one than that of a loaded state starts at its
            beginning.
        """
        if epoch != self.epoch:
            self._start = 0
        if self._pass is not None and (epoch != self._pass.epoch or self._pass.is_complete):
            self._pass = None
        self.epoch = epoch

    @property
    def _epoch_is_complete(self) -> bool:
        """Whether all of the epoch was given, and `set_epoch` has not been called since."""
        return self._pass is not None and self._pass.is_complete

    def _begin_pass(self) -> _Pass:
        self._pass = _Pass(self.epoch, self._epoch_indices(self.epoch), self._start)
        self._start = 0
        return self._pass

    def _identity(self) -> dict[str, Any]:
        return {
            "plan": self._fingerprint,
            "seed": self.seed,
            "shuffle": self.shuffle,
            "rounding": self.rounding,
        }

    def state_dict(self) -> dict[str, Any]:
        """Give the state: epoch, indices given of it, and what identifies the sampler.

        Returns
        -------
        state : dict
            Of plain types. ``epoch`` is its number, ``given`` how many of its indices this
            process has been given; the rest identifies the sampler. The workers of a DataLoader
            fetch ahead, so that more was given than was trained on. torchdata's
            StatefulDataLoader knows how many; a loop that counts for itself writes
            ``state | {"epoch": epoch, "given": n_batches * batch_size}``.
        """
        if self._pass is None:
            position = {"epoch": self.epoch, "given": self._start}
        else:
            position = {"epoch": self._pass.epoch, "given": self._pass.given}
        return {**self._identity(), **position, "length": len(self)}  # type: ignore[arg-type]

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up a pass where its state was taken.

        The state of a finished epoch starts the next one, or the one that `set_epoch` has
        named if that is later still.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict` of a sampler of the same plan, seed and options.

        Raises
        ------
        ValueError
            If the state is that of another plan, seed, option or number of replicas.
        """
        expected = {**self._identity(), "length": len(self)}  # type: ignore[arg-type]
        for name, own in expected.items():
            if name not in state or state[name] != own:
                what = "another plan" if name == "plan" else f"{name}={state.get(name)!r}"
                why = "labels or parameters differ" if name == "plan" else f"this one has {own!r}"
                raise ValueError(
                    f"The state is of a sampler with {what}, {why}: it cannot be resumed exactly."
                )
        self._pass = None
        if state["given"] < state["length"]:
            self.epoch, self._start = state["epoch"], state["given"]
        else:
            self.epoch, self._start = max(self.epoch, state["epoch"] + 1), 0


class RepeatSampler(_ResumableSampler, Sampler[int]):
    """Give a plan's epochs as indices, to one process or to a framework that shards them.

    A complete pass moves on to the next epoch, with a new draw and a new order; :meth:`set_epoch`
    says which one, and is needed where passes are left early. All follows from seed and epoch, on
    every machine. The length is the same for every epoch.

    Parameters
    ----------
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or times that each sample is seen an epoch, >= 0.
    shuffle : bool, default=True
        Whether an epoch is in random order; else the kept originals come in order, then the
        copies.
    seed : int, default=0
        Of the draws and orders, 0 to 2**32 - 1.
    rounding : {"stratified", "nearest"}, default="stratified"
        How fractions become whole repeats; see :meth:`mlresample.ResamplingPlan.draw`.
        "bernoulli" has no constant length and is an error.
    data_source : map-style dataset, default=None
        If given, it is checked to have as many samples as the plan.

    Attributes
    ----------
    epoch : int
        The epoch of the running pass, or that of the next where `set_epoch` was called.

    Raises
    ------
    ValueError
        If multipliers are negative, NaN or infinite, the plan leaves out every sample, `seed` or
        `rounding` is not as described, or lengths differ.
    TypeError
        If `data_source` is no map-style dataset.

    See Also
    --------
    DistributedRepeatSampler : For plain DDP and Lightning, where each rank needs a share.

    Notes
    -----
    For a single process, and for accelerate and the Hugging Face Trainer, which shard whatever
    they are given. Under plain DDP every rank would get the whole epoch: a warning says so.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import RepeatSampler
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], cap=2)
    >>> sampler = RepeatSampler(plan, seed=0)
    >>> len(sampler)
    5
    >>> sorted(sampler)
    [0, 1, 2, 3, 3]
    """

    def __init__(
        self,
        plan: Any,
        *,
        shuffle: bool = True,
        seed: int = 0,
        rounding: str = "stratified",
        data_source: Any = None,
    ) -> None:
        self._setup(plan, seed=seed, shuffle=shuffle, rounding=rounding, data_source=data_source)

    def __len__(self) -> int:
        return self._epoch_size

    def __iter__(self) -> Iterator[int]:
        if _world_size() > 1 and not _accelerate_shards():
            warnings.warn(
                "RepeatSampler gives the whole epoch to every rank of this distributed job. Under "
                "DDP and Lightning use DistributedRepeatSampler.",
                UserWarning,
                stacklevel=2,
            )
        if self._epoch_is_complete:
            self.epoch += 1
        for chunk in self._begin_pass():
            yield from chunk


class DistributedRepeatSampler(_ResumableSampler, DistributedSampler[int]):
    """Give each rank of a distributed job its share of a plan's epochs.

    The ranks draw the same epoch and partition it, in equal lengths. As with
    :class:`torch.utils.data.DistributedSampler`, call :meth:`set_epoch` before each epoch.

    Parameters
    ----------
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or times that each sample is seen an epoch, >= 0.
    num_replicas : int, default=None
        Number of ranks; by default that of the process group.
    rank : int, default=None
        This process's rank; by default that in the process group.
    shuffle : bool, default=True
        Whether an epoch is in random order.
    seed : int, default=0
        Of the draws and orders, 0 to 2**32 - 1; the same on all ranks.
    drop_last : bool, default=False
        Whether to drop the tail of an epoch that the ranks cannot share evenly; else its first
        indices are given again to fill up.
    rounding : {"stratified", "nearest"}, default="stratified"
        How fractions become whole repeats.
    data_source : map-style dataset, default=None
        If given, it is checked to have as many samples as the plan.

    Raises
    ------
    ValueError
        If `rank` is outside the range, or as for :class:`RepeatSampler`.

    See Also
    --------
    RepeatSampler : For accelerate and the Hugging Face Trainer, which shard for themselves.

    Notes
    -----
    For plain DDP and Lightning, which leave subclasses of ``DistributedSampler`` alone.
    accelerate and the Hugging Face Trainer would shard a share again and lose half of the data:
    a warning says so.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import DistributedRepeatSampler
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 1]], target=3)
    >>> ranks = [DistributedRepeatSampler(plan, num_replicas=2, rank=rank) for rank in (0, 1)]
    >>> [len(sampler) for sampler in ranks]
    [3, 3]
    >>> sorted(index for sampler in ranks for index in sampler)[-3:]
    [2, 2, 2]
    """

    def __init__(
        self,
        plan: Any,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
        *,
        rounding: str = "stratified",
        data_source: Any = None,
    ) -> None:
        self._setup(plan, seed=seed, shuffle=shuffle, rounding=rounding, data_source=data_source)
        super().__init__(
            range(self._epoch_size),
            num_replicas=num_replicas,
            rank=rank,
            shuffle=self.shuffle,
            seed=self.seed,
            drop_last=drop_last,
        )

    def _epoch_indices(self, epoch: int) -> NDArray[np.int64]:
        indices = super()._epoch_indices(epoch)
        # resize repeats the indices from the start where there are too few, and drops the tail
        # where there are too many: what the base class does.
        return np.resize(indices, self.total_size)[self.rank :: self.num_replicas]

    def __iter__(self) -> Iterator[int]:
        if _accelerate_shards():
            warnings.warn(
                "DistributedRepeatSampler gives each rank a share, and accelerate (or the Hugging "
                "Face Trainer) shards that again: data is lost. Use RepeatSampler there.",
                UserWarning,
                stacklevel=2,
            )
        if self._epoch_is_complete:
            warnings.warn(
                f"Epoch {self.epoch} is given again, with the same draw and order: call "
                f"set_epoch(epoch) on every rank before each epoch.",
                UserWarning,
                stacklevel=2,
            )
        for chunk in self._begin_pass():
            yield from chunk

    def _identity(self) -> dict[str, Any]:
        return {
            **super()._identity(),
            "num_replicas": self.num_replicas,
            "drop_last": self.drop_last,
        }


def _world_size() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return 1


def _accelerate_shards() -> bool:
    """Tell whether accelerate runs this process as one of several."""
    accelerate = sys.modules.get("accelerate.state")
    shared = getattr(getattr(accelerate, "PartialState", None), "_shared_state", {})
    return _world_size() > 1 and bool(shared)
