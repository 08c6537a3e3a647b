"""Targets of realistic sizes with power-law class counts, the same in every run."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

IMBALANCE_RATIO = 1000  # of the Human Protein Atlas: 1,171


class Scale(NamedTuple):
    n_samples: int
    n_classes: int
    classes_per_sample: float
    dense: bool  # whether the target fits in memory as bytes

    def quick(self):
        """Return a scale of at most 20,000 samples and 200,000 entries."""
        most = min(20_000, int(200_000 / self.classes_per_sample))
        return self._replace(n_samples=min(self.n_samples, most))


SCALES = {
    "S0": Scale(30, 5, 1.6, dense=True),  # the fixed cost of a plan
    "S1": Scale(31_072, 28, 1.6, dense=True),  # Human Protein Atlas
    "S2": Scale(118_000, 80, 2.9, dense=True),  # COCO
    "S3": Scale(80_000, 7_900, 130, dense=True),  # tags: every sample carries many
    "S4": Scale(9_000_000, 20_000, 8, dense=False),  # Open Images
    "S5": Scale(1_000_000, 1_000, 5, dense=True),
}


def class_counts(scale):
    """Return counts that fall by a power law; no class is in more than half of the samples."""
    exponent = np.log(IMBALANCE_RATIO) / np.log(scale.n_classes)
    shape = np.arange(1, scale.n_classes + 1) ** -exponent
    low, high = 0.0, IMBALANCE_RATIO * float(scale.n_samples)
    for _ in range(100):
        largest = (low + high) / 2
        counts = np.minimum(largest * shape, scale.n_samples / 2)
        short = counts.sum() < scale.classes_per_sample * scale.n_samples
        low, high = (largest, high) if short else (low, largest)
    return np.maximum(counts.astype(int), 1)


def make_target(scale, seed=0):
    """Make an indicator matrix, CSR of bytes; classes are independent and in random order."""
    generator = np.random.default_rng(seed)
    counts = generator.permutation(class_counts(scale))
    rows = np.empty(counts.sum(), dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    for start, count in zip(indptr, counts, strict=False):
        chosen = generator.choice(scale.n_samples, count, replace=False, shuffle=False)
        rows[start : start + count] = np.sort(chosen)
    ones = np.ones(len(rows), dtype=np.uint8)
    shape = (scale.n_samples, scale.n_classes)
    y = sp.csc_array((ones, rows, indptr), shape=shape).tocsr()
    y.indices, y.indptr = y.indices.astype(np.int32), y.indptr.astype(np.int32)
    return y
