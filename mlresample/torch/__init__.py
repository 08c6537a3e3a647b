"""Samplers, datasets and loss weights that bring a resampling plan to PyTorch training."""

from mlresample.torch._batches import augment_copies, loader_options
from mlresample.torch._datasets import ResampledDataset
from mlresample.torch._samplers import DistributedRepeatSampler, RepeatSampler
from mlresample.torch._streams import RepeatStream
from mlresample.torch._targets import collect_targets
from mlresample.torch._weights import loss_weights

__all__ = [
    "DistributedRepeatSampler",
    "RepeatSampler",
    "RepeatStream",
    "ResampledDataset",
    "augment_copies",
    "collect_targets",
    "loader_options",
    "loss_weights",
]
