"""Peers that need only torch: detectron2's repeat factors and their epoch, and torch.multinomial.

detectron2 is in no package index, so its two functions are imitated operation by operation;
``tests/test_benchmarks.py`` compares them with the definition.
"""

import logging
import math
from collections import defaultdict

import torch

LOGGER = logging.getLogger(__name__)


def dataset_dicts(lists):
    """Return labels as object detection libraries hold them; images share the annotations."""
    annotations = [{"category_id": c} for c in range(1 + max(map(max, filter(None, lists))))]
    return [{"annotations": [annotations[c] for c in labels]} for labels in lists]


def repeat_factors(dicts, threshold):
    """Compute r(I) = max over c in I of max(1, sqrt(t / f(c))), image by image.

    ``RepeatFactorTrainingSampler.repeat_factors_from_category_frequency``.
    """
    frequency = defaultdict(int)
    for image in dicts:
        for c in {annotation["category_id"] for annotation in image["annotations"]}:
            frequency[c] += 1
    for c, n_images in frequency.items():
        frequency[c] = n_images / len(dicts)
    factor = {c: max(1.0, math.sqrt(threshold / f)) for c, f in frequency.items()}
    for c in sorted(factor):
        LOGGER.info(f"category {c}: frequency {frequency[c]:.2f}, factor {factor[c]:.2f}")
    factors = []
    for image in dicts:
        classes = {annotation["category_id"] for annotation in image["annotations"]}
        factors.append(max({factor[c] for c in classes}, default=1.0))
    return torch.tensor(factors, dtype=torch.float32)


def split(factors):
    """Return whole and fractional parts, which detectron2's sampler computes once."""
    whole = torch.trunc(factors)
    return whole, factors - whole


def epoch_indices(whole, fraction, generator):
    """Return an epoch's indices: one vector of random numbers, then a loop over the images.

    ``RepeatFactorTrainingSampler._get_epoch_indices``.
    """
    repeats = whole + (torch.rand(len(fraction), generator=generator) < fraction).float()
    indices = []
    for i, n in enumerate(repeats):
        indices.extend([i] * int(n.item()))
    return torch.tensor(indices, dtype=torch.int64)


def shuffled(indices, generator):
    """Return the indices in the order of detectron2's sampler."""
    return indices[torch.randperm(len(indices), generator=generator)].tolist()


def multinomial(weights, n):
    """Draw with replacement, as WeightedRandomSampler does."""
    return torch.multinomial(weights, n, replacement=True).tolist()
