"""Batches on their way to the device."""

from collections.abc import Callable
from typing import Any

import torch
from joblib import cpu_count


def loader_options(*, num_workers: int | None = None, device: Any = None) -> dict[str, Any]:
    """Recommend keyword arguments of a DataLoader that keep a GPU busy.

    Parameters
    ----------
    num_workers : int, default=None
        Processes that load images; by default the cores of this process but one, 8 at the most.
    device : torch.device or str, default=None
        Where the model is; by default a GPU if there is one.

    Returns
    -------
    options : dict
        ``num_workers``; pinned memory where the device is a GPU, so that copies to it can be
        ``non_blocking``; with workers, kept alive between epochs and four batches ahead.

    Examples
    --------
    >>> from mlresample.torch import loader_options
    >>> loader_options(num_workers=4, device="cpu")
    {'num_workers': 4, 'pin_memory': False, 'persistent_workers': True, 'prefetch_factor': 4}
    >>> loader_options(num_workers=0, device="cuda")
    {'num_workers': 0, 'pin_memory': True}
    """
    if num_workers is None:
        num_workers = min(8, max(0, cpu_count() - 1))
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    options = {"num_workers": num_workers, "pin_memory": torch.device(device).type != "cpu"}
    if num_workers > 0:
        options |= {"persistent_workers": True, "prefetch_factor": 4}
    return options


def augment_copies(
    images: torch.Tensor,
    is_copy: torch.Tensor,
    augment: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Augment the copies of a batch, on its device, and leave the originals as they are.

    Parameters
    ----------
    images : Tensor of shape (batch_size, ...)
        A batch, on any device.
    is_copy : Tensor of shape (batch_size,)
        Bool, which images are copies, as `ResampledDataset` gives with ``return_is_copy=True``.
    augment : callable
        From a batch of images to as many of the same shape, such as a kornia augmentation.

    Returns
    -------
    images : Tensor of shape (batch_size, ...)
        A new batch; the one given is as it was.

    Raises
    ------
    ValueError
        If the mask is not one bool an image, or `augment` changes the shape.

    Examples
    --------
    >>> import torch
    >>> from mlresample.torch import augment_copies
    >>> images = torch.tensor([[1, 2], [3, 4]])
    >>> augment_copies(images, torch.tensor([False, True]), lambda batch: batch.flip(-1))
    tensor([[1, 2],
            [4, 3]])
    """
    is_copy = torch.as_tensor(is_copy, device=images.device)
    if is_copy.dtype is not torch.bool or is_copy.shape != images.shape[:1]:
        raise ValueError(
            f"is_copy must be one bool for each of the {len(images)} images, got "
            f"{is_copy.dtype} of shape {tuple(is_copy.shape)}."
        )
    copies = images[is_copy]
    if len(copies) == 0:
        return images.clone()
    augmented = augment(copies)
    if augmented.shape != copies.shape:
        raise ValueError(
            f"augment must keep the shape {tuple(copies.shape)}, got {tuple(augmented.shape)}."
        )
    result = images.clone()
    result[is_copy] = augmented.to(images.dtype)
    return result
