"""What people use today, written as they write it; modules beside this one need more packages."""

from collections import Counter

import numpy as np
from imblearn.over_sampling import RandomOverSampler


def label_lists(y):
    """Return labels as lists of class numbers, as they are after reading a label file."""
    return [row.tolist() for row in np.split(y.indices, y.indptr[1:-1])]


def list_recipe(lists, cap):
    """Return the epoch of the Kaggle recipe, from a list of classes per image."""
    counts = Counter(c for labels in lists for c in labels)
    target = sorted(counts.values())[len(counts) // 2]
    multiplier = {c: min(cap, max(1, round(target / n))) for c, n in counts.items()}
    epoch = []
    for i, labels in enumerate(lists):
        epoch.extend([i] * max([multiplier[c] for c in labels], default=1))
    return epoch


# -- plain NumPy: the figures of a plan, from a target that is known to be clean ---------------


def numpy_csr(y, cap, *, resampled=True):
    """Return sample multipliers and resampled class counts, by bincount and reduceat."""
    lengths = np.diff(y.indptr)
    counts = np.bincount(y.indices, minlength=y.shape[1])
    multipliers = _class_multipliers(counts, cap)
    rows = np.flatnonzero(lengths)  # reduceat misreads empty rows
    samples = np.ones(y.shape[0])
    samples[rows] = np.maximum.reduceat(multipliers[y.indices], y.indptr[rows])
    if not resampled:
        return samples, None
    weights = np.repeat(samples, lengths)
    return samples, np.bincount(y.indices, weights, minlength=y.shape[1])


def numpy_bytes(y, cap, *, resampled=True):
    """Return the same from an array of bytes, by the positions of its ones."""
    n_samples, n_classes = y.shape
    positions = np.flatnonzero(y.view(np.bool_))
    rows = positions // n_classes
    columns = positions - rows * n_classes
    counts = np.bincount(columns, minlength=n_classes)
    multipliers = _class_multipliers(counts, cap)
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    samples = np.ones(n_samples)
    samples[rows[starts]] = np.maximum.reduceat(multipliers[columns], starts)
    if not resampled:
        return samples, None
    return samples, np.bincount(columns, samples[rows], minlength=n_classes)


def numpy_columns(y, cap):
    """Return only the sample multipliers, set for one rare class after another."""
    multipliers = _class_multipliers(y.sum(axis=0), cap)
    samples = np.ones(len(y))
    for c in np.argsort(multipliers):
        if multipliers[c] > 1:
            samples[y[:, c] != 0] = multipliers[c]
    return samples


def _class_multipliers(counts, cap):
    return np.clip(np.median(counts[counts > 0]) / np.maximum(counts, 1), 1, cap)


# -- an epoch ----------------------------------------------------------------------------------


def floor_and_random(multipliers, random):
    """Return an epoch's indices, drawn for all images at once; `random(n)` is in [0, 1)."""
    repeats = np.floor(multipliers + random(len(multipliers))).astype(np.int64)
    return np.repeat(np.arange(len(multipliers)), repeats)


def random_over_sampler(X, labels):
    """Resample as imbalanced-learn's RandomOverSampler does, one label per sample."""
    return RandomOverSampler(random_state=0).fit_resample(X, labels)
