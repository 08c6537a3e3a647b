"""How the time of a plan grows with samples, classes or entries, the other two being fixed."""

import numpy as np
import scipy.sparse as sp

from benchmarks._measure import interleaved
from mlresample import plan_resampling

N_SAMPLES, N_CLASSES, PER_SAMPLE = 200_000, 200, 4
AXES = {
    "samples": [50_000 * 2**k for k in range(7)],
    "classes": [50 * 4**k for k in range(6)],
    "classes per sample": [1, 2, 4, 8, 16, 32, 64],
}


def target(n_samples, n_classes, per_sample):
    """Make a target whose samples carry `per_sample` classes each, common ones more often."""
    width = n_classes // per_sample  # of the range that each of a sample's classes comes from
    within = np.random.default_rng(0).random((n_samples, per_sample)) ** 2 * width
    indices = (within.astype(np.int32) + np.arange(per_sample) * width).ravel()
    indices = indices.astype(np.int32)
    indptr = np.arange(n_samples + 1, dtype=np.int32) * per_sample
    ones = np.ones(len(indices), dtype=np.uint8)
    return sp.csr_array((ones, indices, indptr), shape=(n_samples, n_classes))


def curves(n_runs, *, quick=False):
    """Time a plan along each axis; yield the axis and {container: [(size, seconds), ...]}."""
    n_samples, most_bytes = (N_SAMPLES // 10, 1e8) if quick else (N_SAMPLES, 1e9)
    for axis, sizes in AXES.items():
        found = {"CSR": [], "bytes": []}
        for size in sizes:
            parameters = {
                "samples": (size * n_samples // N_SAMPLES, N_CLASSES, PER_SAMPLE),
                "classes": (n_samples, size, PER_SAMPLE),
                "classes per sample": (n_samples, N_CLASSES, size),
            }[axis]
            y = target(*parameters)
            containers = {"CSR": y}
            if y.shape[0] * y.shape[1] <= most_bytes:
                containers["bytes"] = y.toarray()
            functions = {
                name: (lambda container=container: plan_resampling(container))
                for name, container in containers.items()
            }
            measured = parameters[0] if axis == "samples" else size
            for name, timing in interleaved(functions, n_runs).items():
                found[name].append((measured, timing.cpu))
        yield axis, found


def slope(points):
    """Return the exponent of growth over the upper half of the sizes: 1 is in proportion."""
    sizes, seconds = np.log(np.array(points[len(points) // 2 :])).T
    return float(np.polyfit(sizes, seconds, 1)[0])
