"""Importance weights of the epoch at hand, as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mlresample._plan.importance import (
    check_no_epoch_leaves_out,
    expected_sample_repeats,
    importance_weights,
)
from mlresample.torch._passes import ResumableSampler
from mlresample.torch._weights import float_tensor


def weights_of_epoch(indices: NDArray[np.int64], n_samples: int, dtype: Any) -> torch.Tensor:
    """Return the importance weights of an epoch that has these indices."""
    return _as_weights(np.bincount(indices, minlength=n_samples), dtype)


def _as_weights(repeats: NDArray[Any], dtype: Any) -> torch.Tensor:
    return float_tensor(importance_weights(repeats), "importance_weights", dtype)


class WeightedSampler(ResumableSampler):
    """A sampler that knows the importance weights of its epochs."""

    def importance_weights(
        self, *, expected: bool = False, dtype: torch.dtype = torch.float32
    ) -> torch.Tensor:
        """Return each sample's weight in the loss, under which all samples count the same.

        A sample that the epoch has R times weighs (S / n) / R, S being the size of the epoch and
        n the number of samples. Multiply the samples' losses by their weights, and divide the sum
        by the batch's size, not by its sum of weights. The mean gradient of an epoch is then that
        of the data as they are, at fixed parameters.

        The weights are those of the epoch at hand: the one that was set, resumed or begun. After a
        complete pass without :meth:`set_epoch`, it is the next one. Request them before each
        epoch's loop, because the workers of a loader fetch ahead of it.

        Parameters
        ----------
        expected : bool, default=False
            Whether to weight by (S / n) / E[R], with the mean repeats over all epochs instead of
            those of one. Then epochs may leave out samples, and the weights are the same for all
            epochs. They are right on average over epochs, and noisier: an epoch counts a sample
            R / E[R] times. If it has the sample with probability p, that is 1 / p times or not at
            all, with a standard deviation of ``((1 - p) / p) ** 0.5``.
        dtype : torch.dtype, default=torch.float32
            Floating-point type of the weights.

        Returns
        -------
        weights : Tensor of shape (n_samples,)
            Weights by the samples' index in the dataset, on the CPU.

        Raises
        ------
        ValueError
            If some epochs leave out samples (with `expected`: if all do); if `dtype` is no
            floating-point type, or too narrow; or if `shuffle` is False and a
            :class:`DistributedRepeatSampler` drops the end of each epoch (with `expected`: fills
            it up).

        Notes
        -----
        The gradient is exact if all optimizer steps take equally many samples. With a shorter last
        batch or accumulation window, or ``drop_last``, it is right on average over orders, so with
        ``shuffle=True``. The padding of :class:`DistributedRepeatSampler` counts in R and S; what
        ``drop_last`` drops, or a loader or framework drops or adds, does not.

        A StatefulDataLoader loads the sampler's state when its loop begins: call
        :meth:`set_epoch` before you request weights.

        Examples
        --------
        >>> from mlresample.torch import RepeatSampler
        >>> sampler = RepeatSampler([1.0, 1.0, 1.0, 2.0])
        >>> sampler.importance_weights()
        tensor([1.2500, 1.2500, 1.2500, 0.6250])
        """
        self._check_order(expected)
        if expected:
            return _as_weights(expected_sample_repeats(self._plan, self.rounding), dtype)
        check_no_epoch_leaves_out(self._plan, self.rounding)
        indices = self._drawn_indices(self._epoch_at_hand())
        return weights_of_epoch(indices, self._plan.n_samples, dtype)

    def _check_order(self, expected: bool) -> None:
        """Check that items of an epoch which weights do not count are random ones."""
