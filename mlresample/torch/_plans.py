"""A plan, a fitted sampler or an array of sample multipliers, as a plan to draw from."""

import hashlib
import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, IterableDataset

from mlresample._plan.plan import as_plan
from mlresample._plan.repeats import RepeatPlan, plan_of_multipliers, round_half_up
from mlresample._plan.table_plan import TablePlan
from mlresample._target.read import tensor_to_numpy
from mlresample._utils.containers import is_tensor, row_slices
from mlresample._utils.names import count_of
from mlresample._utils.typing import HasPlan, HasShape

# A plan, a fitted sampler, or one multiplier per sample.
RepeatPlanLike: TypeAlias = RepeatPlan | HasPlan | HasShape | list[Any] | tuple[Any, ...]


def as_repeat_plan(plan: Any) -> RepeatPlan:
    """Convert a plan, a fitted sampler (by its ``plan_``) or sample multipliers."""
    plan = as_plan(plan)
    if isinstance(plan, RepeatPlan):
        return plan
    if isinstance(plan, Dataset):  # NumPy would make an array of its items
        raise TypeError(
            f"plan must be a ResamplingPlan, a fitted sampler or an array of one multiplier "
            f"per sample, got the dataset {type(plan).__name__}: exchange the two arguments."
        )
    if is_tensor(plan):
        plan = tensor_to_numpy(plan, "plan")
    if np.ma.is_masked(plan):
        raise ValueError("plan has masked values: every sample needs a multiplier.")
    if isinstance(plan, np.ndarray) and np.iscomplexobj(
        plan
    ):  # NumPy would drop the imaginary part
        raise TypeError("plan must have real numbers as multipliers, got complex ones.")
    if isinstance(plan, TablePlan):
        raise TypeError(
            "plan must have a multiplier for each sample, and that of a table has none: draw its "
            "rows by mlresample.tables.add_repeats with plan.rule, or stream them by RepeatStream."
        )
    try:
        multipliers = np.asarray(plan, dtype=np.float64)
    except OverflowError as error:
        raise ValueError(
            "sample multipliers must be finite floats, got an integer too large for a float."
        ) from error
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(
            f"plan must be a ResamplingPlan, a fitted sampler or an array of one multiplier "
            f"per sample, got {type(plan).__name__}."
        ) from error
    if multipliers.ndim != 1 or len(multipliers) == 0:
        raise ValueError(
            f"plan must have one multiplier per sample, got an array of shape {multipliers.shape}."
        )
    wrong = np.flatnonzero(~((multipliers >= 0) & np.isfinite(multipliers)))
    if len(wrong):
        raise ValueError(
            f"sample multipliers must be numbers >= 0, got {multipliers[wrong[0]]} for sample "
            f"{wrong[0]}."
        )
    return plan_of_multipliers(multipliers)


def check_length(plan: RepeatPlan, dataset: Any) -> None:
    """Check that a dataset is one that the plan was made for."""
    is_map_style = hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__")
    if isinstance(dataset, IterableDataset) or not is_map_style:
        raise TypeError(
            f"{type(dataset).__name__} is not a map-style dataset: an iterable-style one has no "
            f"indices to sample. RepeatStream repeats the samples of streams, by a rule "
            f"such as plan.rule."
        )
    if len(dataset) != plan.n_samples:
        raise ValueError(
            f"The plan was made for {count_of(plan.n_samples, 'sample')}, but the dataset has "
            f"{len(dataset):,}."
        )


def epoch_indices(
    plan: RepeatPlan, seed: int, epoch: int, *, rounding: str, shuffle: bool
) -> NDArray[np.int64]:
    """Draw the indices of an epoch, which depend only on seed and epoch, on every machine."""
    generator = np.random.RandomState([seed, epoch])
    return plan.draw_indices(generator, rounding=rounding, shuffle=shuffle)


def constant_size(plan: RepeatPlan, rounding: str) -> int:
    """Return the size of every epoch; a rounding whose size varies is an error."""
    if rounding == "stratified":
        size = plan.epoch_size
    elif rounding == "nearest":
        size = int(plan.level_sizes @ round_half_up(plan.level_multipliers).astype(np.int64))
    else:
        raise ValueError(
            f"rounding must be 'stratified' or 'nearest', whose epochs all have one size, got "
            f"{rounding!r}."
        )
    if size == 0:
        raise ValueError("The plan's epochs are empty, because it leaves out every sample.")
    return size


def check_seed(seed: int) -> int:
    """Check that NumPy's generator takes a seed."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be an integer from 0 to 2**32 - 1, got {seed!r}.")
    return int(seed)


def fingerprint(plan: RepeatPlan) -> dict[str, Any]:
    """Compute a fingerprint of sample multipliers, the same for a plan, its sampler or an array.

    Multipliers may differ in the last bits between processors. So the hash is of the samples'
    levels, with levels within 1e-9 taken as the same, and of the multipliers only sums are kept.
    """
    occupied = plan.level_sizes > 0
    multipliers, sizes = plan.level_multipliers[occupied], plan.level_sizes[occupied]
    is_new = np.diff(multipliers, prepend=-1.0) > 1e-9 * multipliers
    rank = np.zeros(len(occupied), dtype=np.uint32)
    rank[occupied] = np.cumsum(is_new)
    digest = hashlib.blake2b(digest_size=16)
    for rows in row_slices(plan.n_samples, 1 << 20):
        digest.update(rank[plan.levels[rows]].tobytes())
    sums = [
        math.fsum(sizes * multipliers),
        math.fsum(sizes * multipliers**2),
        math.fsum(sizes * multipliers * rank[occupied]),
    ]
    return {"levels": digest.hexdigest(), "sums": sums}


def is_same_plan(saved: Any, expected: dict[str, Any]) -> bool:
    """Return whether a fingerprint from a state equals the expected one."""
    if not isinstance(saved, dict) or saved.get("levels") != expected["levels"]:
        return False
    sums = saved.get("sums", [])
    return len(sums) == len(expected["sums"]) and all(
        math.isclose(*pair, rel_tol=1e-9) for pair in zip(sums, expected["sums"], strict=True)
    )
