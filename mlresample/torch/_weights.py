"""Loss weights as tensors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from mlresample._loss_weights import compute_loss_weights
from mlresample._plan.plan import PlanLike
from mlresample._utils.typing import ClassCountsLike


class LossWeightTensors(NamedTuple):
    """Loss weights as tensors of shape (n_classes,).

    Attributes
    ----------
    pos_weight : Tensor
        For :class:`torch.nn.BCEWithLogitsLoss`.
    class_weight : Tensor
        Inverse frequency, for losses with one weight per class.
    """

    pos_weight: torch.Tensor
    class_weight: torch.Tensor


def loss_weights(
    plan: PlanLike | None = None,
    *,
    class_counts: ClassCountsLike | None = None,
    n_samples: int | None = None,
    power: float = 1.0,
    cap: float = np.inf,
    class_names: ArrayLike | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> LossWeightTensors:
    """Compute loss weights from the class counts after resampling, as tensors.

    Parameters
    ----------
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model is trained on.
    class_counts : ClassCounts, array-like of shape (n_classes,) or dict, default=None
        Class counts of the data, for training without resampling, instead of `plan`. A dict or a
        pandas Series is put into the order of `class_names`.
    n_samples : int, default=None
        Number of samples; needed with `class_counts`, if that does not know it, and only then.
    power : float, default=1.0
        At 1, the positives and the negatives of a class have the same total weight; at 0, all
        weights are 1.
    cap : float, default=inf
        Largest `pos_weight`, at least 1; its inverse is the smallest.
    class_names : array-like of shape (n_classes,), default=None
        Order of the network's outputs, for counts that have names.
    device : device or str, default=None
        Device of the tensors; None is the CPU.
    dtype : torch.dtype, default=torch.float32
        Floating-point type of the tensors.

    Returns
    -------
    weights : LossWeightTensors
        A named tuple of two tensors of shape (n_classes,): `pos_weight`, for
        :class:`torch.nn.BCEWithLogitsLoss`, and `class_weight`, the inverse frequency.

    Raises
    ------
    ValueError
        As :func:`mlresample.compute_loss_weights`, which computes them.

    Examples
    --------
    >>> import torch
    >>> from mlresample import plan_resampling
    >>> from mlresample.torch import loss_weights
    >>> plan = plan_resampling([[1, 0]] * 90 + [[1, 1]] * 30)
    >>> weights = loss_weights(plan)
    >>> weights.pos_weight
    tensor([1.0000, 1.2000])
    >>> loss = torch.nn.BCEWithLogitsLoss(pos_weight=weights.pos_weight)
    """
    found = compute_loss_weights(
        plan,
        class_counts=class_counts,
        n_samples=n_samples,
        power=power,
        cap=cap,
        class_names=class_names,
    )
    tensors = [
        float_tensor(getattr(found, name), name, dtype).to(device)
        for name in LossWeightTensors._fields
    ]
    return LossWeightTensors(*tensors)


def float_tensor(weights: NDArray[np.float64], name: str, dtype: torch.dtype) -> torch.Tensor:
    """Convert weights above 0 to a tensor; weights that the dtype cannot hold are an error."""
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        raise ValueError(f"dtype must be one of torch's floats, got {dtype!r}.")
    values = torch.as_tensor(weights, device="cpu")  # not the default device
    tensor = values.to(dtype)
    if not ((tensor.double() > 0) & (values <= torch.finfo(dtype).max)).all():
        raise ValueError(
            f"{name} is outside the range of {dtype}: set cap, or pass a wider dtype."
        )
    return tensor
