"""What people use today, written as they write it."""

import math
from collections import Counter, defaultdict

import numpy as np


def list_recipe(label_lists, cap):
    """Multipliers and epoch of the Kaggle recipe, from a list of classes an image."""
    counts = Counter(c for labels in label_lists for c in labels)
    target = sorted(counts.values())[len(counts) // 2]
    multiplier = {c: min(cap, max(1, round(target / n))) for c, n in counts.items()}
    epoch = []
    for i, labels in enumerate(label_lists):
        epoch.extend([i] * max([multiplier[c] for c in labels], default=1))
    return epoch


def repeat_factors(label_lists, threshold):
    """r(I) = max over c in I of max(1, sqrt(t / f(c))), as object detection libraries loop."""
    frequency = defaultdict(int)
    for labels in label_lists:
        for c in set(labels):
            frequency[c] += 1
    n_images = len(label_lists)
    factor = {c: max(1.0, math.sqrt(threshold / (n / n_images))) for c, n in frequency.items()}
    return [max({factor[c] for c in set(labels)}, default=1.0) for labels in label_lists]


def index_loop(multipliers, seed):
    """An epoch's indices, image by image."""
    generator = np.random.default_rng(seed)
    indices = []
    for i, multiplier in enumerate(multipliers):
        repeats = int(multiplier) + (generator.random() < multiplier % 1)
        for _ in range(repeats):
            indices.append(i)
    return indices


def floor_and_random(multipliers, seed):
    """The same at once, as those who know NumPy write it."""
    generator = np.random.default_rng(seed)
    repeats = np.floor(multipliers + generator.random(len(multipliers))).astype(np.int64)
    return np.repeat(np.arange(len(multipliers)), repeats)
