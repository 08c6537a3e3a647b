"""Weights in the loss that make up for repeats, so that each sample counts the same."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.repeats import RepeatPlan, expected_repeats
from mlresample._utils.names import count_of

_ALMOST = 1e-9  # to which the means of stratified rounding are exact


def importance_weights(repeats: NDArray[Any]) -> NDArray[np.float64]:
    """Compute each sample's weight in the loss from its repeats.

    Parameters
    ----------
    repeats : ndarray of shape (n_samples,)
        Times R that an epoch has each sample, or their means over epochs, above 0.

    Returns
    -------
    weights : ndarray of shape (n_samples,)
        (S / n) / R, float64, S being the epoch's size. Over an epoch, each sample has the weight
        S / n in all, and the mean over the epoch's S items is that over the n samples.

    Raises
    ------
    ValueError
        If the repeats leave out a sample.
    """
    left_out = np.flatnonzero(repeats <= 0)
    if len(left_out):
        raise ValueError(
            f"The draw leaves out {len(left_out):,} of {count_of(len(repeats), 'sample')}, such "
            f"as sample {left_out[0]}, and no weight can make up for a sample that is not seen: "
            f"set floor and background to at least 1."
        )
    return np.asarray(repeats.mean() / repeats)  # (S / n) / R


def expected_sample_repeats(plan: RepeatPlan, rounding: str) -> NDArray[np.float64]:
    """Return the mean of each sample's repeats over epochs; a mean of 0 is an error."""
    means = expected_repeats(plan, rounding)
    is_never_seen = (means <= 0) & (plan.level_sizes > 0)
    if is_never_seen.any():
        enough = "at least 0.5" if rounding == "nearest" else "above 0"
        raise ValueError(
            f"Every epoch leaves out {_samples_of(plan, is_never_seen)}, and no weight can make "
            f"up for a sample that is never seen: that takes a plan whose floor and background "
            f"are {enough}."
        )
    return means.take(plan.levels)


def check_no_epoch_leaves_out(plan: RepeatPlan, rounding: str) -> None:
    """Check that all epochs have all samples, now rather than in the epoch that lacks one."""
    expected_sample_repeats(plan, rounding)
    # The repeats of a mean below 1 are 0 or 1.
    is_left_out = (expected_repeats(plan, rounding) < 1 - _ALMOST) & (plan.level_sizes > 0)
    if is_left_out.any():
        raise ValueError(
            f"Some epochs leave out {_samples_of(plan, is_left_out)}, and in these epochs no "
            f"weight can make up for them: set floor and background to at least 1, or pass "
            f"expected=True for weights that are right on average over epochs."
        )


def _samples_of(plan: RepeatPlan, levels: NDArray[np.bool_]) -> str:
    samples = np.flatnonzero(levels.take(plan.levels))
    multiplier = plan.level_multipliers[plan.levels[samples[0]]]
    return (
        f"{len(samples):,} of {count_of(plan.n_samples, 'sample')}, such as sample {samples[0]} "
        f"with multiplier {multiplier:g}"
    )
