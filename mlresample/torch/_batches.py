"""Batches on their way to the device."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from joblib import cpu_count


def loader_options(*, num_workers: int | None = None, device: Any = None) -> dict[str, Any]:
    """Return keyword arguments of a DataLoader that keep a GPU busy.

    Parameters
    ----------
    num_workers : int, default=None
        Processes that load images, >= 0; by default one less than the cores of this process, at
        most 8. Processes that torchrun started on one machine (``LOCAL_WORLD_SIZE``) share its
        cores.
    device : torch.device or str, default=None
        Where the model is; by default a GPU if there is one.

    Returns
    -------
    options : dict
        ``num_workers``; pinned memory if the device is a CUDA (or ROCm) or XPU device, so that
        copies to it can be ``non_blocking``; and if there are workers, they stay alive between
        epochs and load four batches ahead.

    Raises
    ------
    ValueError
        If `num_workers` is not an integer >= 0.

    Examples
    --------
    >>> from mlresample.torch import loader_options
    >>> loader_options(num_workers=4, device="cpu")
    {'num_workers': 4, 'pin_memory': False, 'persistent_workers': True, 'prefetch_factor': 4}
    >>> loader_options(num_workers=0, device="cuda")
    {'num_workers': 0, 'pin_memory': True}
    """
    if num_workers is None:
        n_processes = max(1, int(os.environ.get("LOCAL_WORLD_SIZE") or 1))
        num_workers = min(8, max(0, cpu_count() // n_processes - 1))
    is_integer = isinstance(num_workers, int | np.integer) and not isinstance(num_workers, bool)
    if not is_integer or num_workers < 0:
        raise ValueError(f"num_workers must be None or an integer >= 0, got {num_workers!r}.")
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    pin_memory = torch.device(device).type in ("cuda", "xpu")
    options = {"num_workers": int(num_workers), "pin_memory": pin_memory}
    if num_workers > 0:
        options |= {"persistent_workers": True, "prefetch_factor": 4}
    return options


def augment_copies(
    images: torch.Tensor,
    is_copy: torch.Tensor,
    augment: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Augment the copies of a batch, on its device, and leave the originals unchanged.

    Parameters
    ----------
    images : Tensor of shape (batch_size, ...)
        A batch, on any device.
    is_copy : Tensor of shape (batch_size,)
        Bool, which images are copies; `ResampledDataset` returns it with ``return_is_copy=True``.
    augment : callable
        Function from a batch of images to as many of the same shape and dtype, such as an
        augmentation of kornia (for floats from 0 to 1). It may change the precision of floats.

    Returns
    -------
    images : Tensor of shape (batch_size, ...)
        A new batch; `images` is left unchanged.

    Raises
    ------
    ValueError
        If the mask is not one bool per image, or `augment` changes the shape.
    TypeError
        If `images` or what `augment` returns is not a tensor, or `augment` changes the dtype,
        as from bytes to floats, whose range is not known.

    Examples
    --------
    >>> import torch
    >>> from mlresample.torch import augment_copies
    >>> images = torch.tensor([[1, 2], [3, 4]])
    >>> augment_copies(images, torch.tensor([False, True]), lambda batch: batch.flip(-1))
    tensor([[1, 2],
            [4, 3]])
    """
    if not torch.is_tensor(images):
        raise TypeError(f"images must be a tensor, got {type(images).__name__}.")
    is_copy = torch.as_tensor(is_copy, device=images.device)
    if is_copy.dtype is not torch.bool or is_copy.shape != images.shape[:1]:
        raise ValueError(
            f"is_copy must be a tensor of one bool per image, {len(images)} in all, got "
            f"{is_copy.dtype} of shape {tuple(is_copy.shape)}."
        )
    copies = images[is_copy]
    if len(copies) == 0:
        return images.clone()
    augmented = augment(copies)
    if not torch.is_tensor(augmented):
        raise TypeError(f"augment must return a tensor of images, got {type(augmented).__name__}.")
    if augmented.shape != copies.shape:
        raise ValueError(
            f"augment must keep the shape {tuple(copies.shape)}, got {tuple(augmented.shape)}."
        )
    both_floats = augmented.is_floating_point() and images.is_floating_point()
    if augmented.dtype is not images.dtype and not both_floats:
        raise TypeError(
            f"augment must keep the dtype {images.dtype}, got {augmented.dtype}: convert the "
            f"whole batch first, as in augment_copies(images.float() / 255, ...) for bytes, or "
            f"let augment clamp, round and convert back."
        )
    result = images.clone()
    result[is_copy] = augmented.to(images.dtype)
    return result
