"""Samplers that yield a plan's epochs, in one process or on the ranks of a distributed job."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch.distributed
from numpy.typing import NDArray
from torch.utils.data import DistributedSampler, Sampler

from mlresample._utils.names import count_of
from mlresample.torch._importance import WeightedSampler
from mlresample.torch._passes import warn
from mlresample.torch._plans import RepeatPlanLike, is_same_plan

# -- one process -------------------------------------------------------------------------------


class RepeatSampler(WeightedSampler, Sampler[int]):
    """Sample a plan's epochs, in one process or under a framework that shards them.

    Each pass is a new epoch, with a new draw and a new order, until :meth:`set_epoch` is called.
    From then on only it sets the epoch, and a pass without another call repeats the same one,
    with a warning. Draw and order depend only on seed and epoch, on every machine. All epochs
    have the same length.

    Parameters
    ----------
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or how often each sample is seen per epoch, >= 0.
    data_source : map-style dataset, default=None
        If set, it is checked to have as many samples as the plan, now and at each epoch.
    shuffle : bool, default=True
        Whether an epoch is in random order; if not, the kept originals come in order, then the
        copies.
    seed : int, default=0
        Seed of the draws and orders, 0 to 2**32 - 1.
    rounding : {"stratified", "nearest"}, default="stratified"
        How fractions become whole repeats; see :meth:`mlresample.ResamplingPlan.draw_repeats`.
        "bernoulli" has no constant length and is an error.

    Attributes
    ----------
    epoch : int
        The epoch of the latest pass, or that of the next one if `set_epoch` was called since.

    Raises
    ------
    ValueError
        If multipliers are negative, NaN or infinite, the plan leaves out every sample, `seed` or
        `rounding` is not as described, or lengths differ.
    TypeError
        If `data_source` is not a map-style dataset.

    See Also
    --------
    DistributedRepeatSampler : For plain DDP and Lightning, where each rank needs a share.

    Notes
    -----
    For a single process, and for frameworks that shard any sampler themselves, such as accelerate
    and the Hugging Face Trainer. In a plain DDP loop, each rank would get the whole epoch.

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

    _goes_on = True

    def __init__(
        self,
        plan: RepeatPlanLike,
        data_source: Any = None,
        *,
        shuffle: bool = True,
        seed: int = 0,
        rounding: str = "stratified",
    ) -> None:
        self._setup(plan, seed=seed, shuffle=shuffle, rounding=rounding, data_source=data_source)

    def __len__(self) -> int:
        return self._epoch_size

    def _check_processes(self) -> None:
        if _world_size() > 1 and not _uses_accelerate():
            warn(
                "RepeatSampler yields the whole epoch on each rank of this distributed job. That "
                "is right if a framework shards it (accelerate, the Hugging Face Trainer, "
                "Lightning, Fabric and ignite do). In a plain DDP loop, use "
                "DistributedRepeatSampler."
            )


# -- ranks of a distributed job ----------------------------------------------------------------


class DistributedRepeatSampler(WeightedSampler, DistributedSampler[int]):
    """Sample each rank's share of a plan's epochs, in a distributed job.

    The ranks draw the same epoch and partition it, in equal lengths. As with
    :class:`torch.utils.data.DistributedSampler`, call :meth:`set_epoch` before each epoch;
    without it the same epoch begins again, with a warning.

    Parameters
    ----------
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or how often each sample is seen per epoch, >= 0.
    num_replicas : int, default=None
        Number of ranks; by default that of the process group.
    rank : int, default=None
        This process's rank; by default that in the process group.
    shuffle : bool, default=True
        Whether an epoch is in random order.
    seed : int, default=0
        Seed of the draws and orders, 0 to 2**32 - 1; the same on all ranks.
    drop_last : bool, default=False
        Whether to drop the tail of an epoch that the ranks cannot share evenly; if not, its first
        indices are repeated to fill up.
    rounding : {"stratified", "nearest"}, default="stratified"
        How fractions become whole repeats.
    data_source : map-style dataset, default=None
        If set, it is checked to have as many samples as the plan, now and at each epoch.

    Raises
    ------
    ValueError
        If `rank` is outside the range, `drop_last` leaves nothing for the ranks, or for the
        reasons named at :class:`RepeatSampler`.

    See Also
    --------
    RepeatSampler : For accelerate and the Hugging Face Trainer, which shard the epoch themselves.

    Notes
    -----
    For plain DDP and Lightning, which leave subclasses of ``DistributedSampler`` alone.
    accelerate and the Hugging Face Trainer would shard each share again and lose data; the
    sampler then warns.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import DistributedRepeatSampler
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 1]], target_count=3)
    >>> ranks = [DistributedRepeatSampler(plan, num_replicas=2, rank=rank) for rank in (0, 1)]
    >>> [len(sampler) for sampler in ranks]
    [3, 3]
    >>> sorted(index for sampler in ranks for index in sampler)[-3:]
    [2, 2, 2]
    """

    def __init__(
        self,
        plan: RepeatPlanLike,
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
        if self.num_samples == 0:
            raise ValueError(
                f"With drop_last=True an epoch of {count_of(self._epoch_size, 'sample')} leaves "
                f"nothing for each of the {count_of(self.num_replicas, 'rank')}."
            )

    def _drawn_indices(self, epoch: int) -> NDArray[np.int64]:
        indices = super()._drawn_indices(epoch)
        # As in the base class, the indices are repeated from the start if there are too few.
        return np.resize(indices, max(len(indices), self.total_size))

    def _epoch_indices(self, epoch: int) -> NDArray[np.int64]:
        return self._drawn_indices(epoch)[self.rank : self.total_size : self.num_replicas]

    def _check_order(self, expected: bool) -> None:
        n_dropped = self._epoch_size - self.total_size
        if not self.shuffle and (n_dropped > 0 or (expected and n_dropped < 0)):
            what = "drops" if n_dropped > 0 else "repeats"
            raise ValueError(
                f"With shuffle=False, this sampler {what} the same "
                f"{count_of(abs(n_dropped), 'item')} of each epoch, and the importance weights do "
                f"not count them: pass shuffle=True."
            )

    def _check_processes(self) -> None:
        if self.num_replicas > 1 and _uses_accelerate():
            warn(
                "DistributedRepeatSampler yields each rank's share. If accelerate (or the "
                "Hugging Face Trainer) prepares this loader, it shards that share again and loses "
                "data: use RepeatSampler there."
            )

    def _identity(self) -> dict[str, Any]:
        ranks = {"num_replicas": self.num_replicas, "drop_last": self.drop_last}
        return {**ranks, **super()._identity()}

    def check_ranks(self) -> None:
        """Check that all ranks of the process group draw from the same plan.

        Call it on every rank, after the process group was initialized and before training: the
        ranks exchange what identifies their samplers.

        Raises
        ------
        ValueError
            On every rank, if plan, seed, options or number of replicas differ between ranks, or
            two samplers have the same rank.
        """
        identity = {"plan": self._fingerprint, **self._identity(), "rank": self.rank}
        ranks: list[dict[str, Any]] = [identity] * _world_size()
        if len(ranks) > 1:
            torch.distributed.all_gather_object(ranks, identity)
        first = ranks[0]
        for rank, other in enumerate(ranks[1:], start=1):
            names = [name for name in first if name not in ("plan", "rank")]
            differs = [
                f"{n}={other[n]!r}, not {first[n]!r}" for n in names if other[n] != first[n]
            ]
            if not is_same_plan(other["plan"], first["plan"]):
                differs.insert(0, "another plan")
            if differs:
                raise ValueError(
                    f"Rank {rank} samples differently from rank 0: {'; '.join(differs)}."
                )
        ranks_of_samplers = [other["rank"] for other in ranks]
        if len(set(ranks_of_samplers)) < len(ranks_of_samplers):
            raise ValueError(
                f"Samplers of different processes have the same rank: {ranks_of_samplers}."
            )


def _world_size() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return 1


def _uses_accelerate() -> bool:
    """Return whether accelerate is in use; whether it shards this loader is not known."""
    accelerate = sys.modules.get("accelerate.state")
    return bool(getattr(getattr(accelerate, "PartialState", None), "_shared_state", {}))
