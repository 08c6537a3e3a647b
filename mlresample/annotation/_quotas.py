"""Whole numbers of images per class and batch, which add up."""

import numpy as np
from numpy.typing import NDArray

_MOST = 10_000_000  # quotas, which are in memory


def images_wanted(
    to_collect: NDArray[np.int64], hit_rates: NDArray[np.float64] | None
) -> NDArray[np.int64]:
    """Return the images to pick for each class: what it lacks over its hit rate, rounded up."""
    if hit_rates is None:
        return to_collect
    return np.asarray(np.ceil(to_collect / hit_rates - 1e-9)).astype(np.int64)


def quotas_of_batches(
    class_counts: NDArray[np.int64],
    needed: NDArray[np.int64],
    hit_rates: NDArray[np.float64] | None,
    batch_size: int,
    n_batches: int | None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the images and the quotas of each batch."""
    to_collect = np.maximum(needed - class_counts, 0)
    wanted = images_wanted(to_collect, hit_rates)
    n_needed = -(-int(wanted.sum(dtype=np.float64)) // batch_size)
    n_batches = n_needed if n_batches is None else min(int(n_batches), n_needed)
    if n_batches * len(needed) > _MOST:
        raise ValueError(
            f"batch_size={batch_size} makes {n_batches:,} batches for {len(needed):,} classes, "
            f"more than {_MOST:,} quotas: pass a larger batch_size, or n_batches."
        )
    images = share_out(wanted, batch_size, n_batches)
    rates = np.ones(len(needed)) if hit_rates is None else hit_rates
    return images, positives_expected(images, to_collect, rates)


def share_out(wanted: NDArray[np.int64], batch_size: int, n_batches: int) -> NDArray[np.int64]:
    """Share each batch evenly among the classes that still want images.

    Each batch but the last is full, and a class gets all that it wants, unless `n_batches` are
    too few. The shape is (n_batches, n_classes).
    """
    batches = np.zeros((n_batches, len(wanted)), dtype=np.int64)
    left = wanted.copy()
    for batch in batches:
        batch += _evenly(left, batch_size)
        left -= batch
    return batches


def _evenly(wanted: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Give each class min(wanted, level), at the level that uses up the total.

    What is left of the total at that level, which is a whole number, goes one by one to those
    that want most.
    """
    if wanted.sum() <= total:
        return wanted
    ascending = np.sort(wanted)
    above = np.arange(len(wanted), 0, -1)  # classes that want at least as much as this one
    used = ascending.cumsum() - ascending + ascending * above  # at its level
    first = int(np.searchsorted(used, total, side="right"))  # the first that the level stays below
    n_above = above[first]
    level, rest = divmod(total - int(ascending[:first].sum()), int(n_above))
    shares = np.minimum(wanted, level)
    shares[np.argsort(-wanted, kind="stable")[:rest]] += 1
    return shares


def positives_expected(
    images: NDArray[np.int64], wanted: NDArray[np.int64], hit_rates: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the positives that the images of each batch bring, in whole numbers that add up.

    After each batch it is the hit rate times the images so far, rounded down, and all that are
    wanted when the class has all its images.
    """
    so_far = np.floor(images.cumsum(axis=0) * hit_rates + 1e-9).astype(np.int64)
    return np.diff(np.minimum(so_far, wanted), axis=0, prepend=0)
