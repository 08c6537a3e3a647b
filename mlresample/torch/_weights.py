"""Weights for sampling with replacement."""

from typing import Any

import torch

from mlresample.torch._plans import as_repeat_plan


def sampling_weights(plan: Any) -> torch.Tensor:
    """Give the sample multipliers as weights for :class:`torch.utils.data.WeightedRandomSampler`.

    Parameters
    ----------
    plan : ResamplingPlan, fitted sampler or array-like of shape (n_samples,)
        A plan, an estimator with ``plan_``, or times that each sample is seen an epoch, >= 0.

    Returns
    -------
    weights : Tensor of shape (n_samples,)
        float64, on the CPU.

    Raises
    ------
    ValueError
        If there are more than 2**24 samples, which ``torch.multinomial`` cannot choose from, or
        the plan is not as described.

    Notes
    -----
    Sampling with replacement gives the multipliers on average, and nothing more: in an epoch of
    sum(r) draws, a sample with multiplier 1 is missed with probability 1/e, 37 per cent.
    :class:`RepeatSampler` shows every sample as often as its multiplier says, rounded.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import sampling_weights
    >>> from torch.utils.data import WeightedRandomSampler
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], cap=2)
    >>> weights = sampling_weights(plan)
    >>> weights
    tensor([1., 1., 1., 2.], dtype=torch.float64)
    >>> len(list(WeightedRandomSampler(weights, plan.epoch_size)))
    5
    """
    repeat_plan = as_repeat_plan(plan)
    if repeat_plan.n_samples > 2**24:
        raise ValueError(
            f"torch.multinomial chooses from at most 2**24 = {2**24:,} samples, the plan has "
            f"{repeat_plan.n_samples:,}: use RepeatSampler."
        )
    return torch.from_numpy(repeat_plan.sample_multipliers)
