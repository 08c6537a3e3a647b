"""
Large targets: which layout, how long, how much memory
======================================================

A plan reads the labels three times: to check and count them, to find the largest multiplier of
each sample, and to count again. This example measures how long that takes, and how much memory it
needs besides the target, for several layouts and for targets of growing size. The picture needs
matplotlib (``.venv/bin/pip install -e ".[plot]"``).

``python examples/large_targets.py FOLDER`` saves its picture there, or in ``pictures/`` without
FOLDER.
"""

import sys
import time
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib.pyplot as plt
import numpy as np
import scipy.sparse as sp
from matplotlib.ticker import NullFormatter

from mlresample import plan_resampling

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)


def make_target(n_samples, n_classes, per_sample):
    """Make a CSR indicator matrix with power-law class counts.

    Each of a sample's classes is drawn from a separate range of columns.
    """
    generator = np.random.default_rng(0)
    width = n_classes // per_sample
    within = (generator.random((n_samples, per_sample)) ** 3 * width).astype(np.int32)
    indices = (within + np.arange(per_sample, dtype=np.int32) * width).ravel()
    indptr = np.arange(n_samples + 1, dtype=np.int32) * per_sample
    ones = np.ones(len(indices), dtype=np.uint8)
    return sp.csr_array((ones, indices, indptr), shape=(n_samples, n_classes))


def cost(y):
    """Return the seconds of the fastest of three plans, its peak memory in MB, and the plan."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        plan_resampling(y)
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    plan = plan_resampling(y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return min(seconds), peak / 1e6, plan


def show(name, size, y):
    seconds, megabytes, plan = cost(y)
    print(f"{name:<34} {size:>9,.1f} MB {1e3 * seconds:>9.1f} ms {megabytes:>9.1f} MB")
    return seconds, megabytes, plan


# %%
# The same labels in several layouts
# ----------------------------------
# Leave sparse labels sparse. Keep dense labels as bytes or bools, not as int64 or floats.

print(f"{'200,000 samples, 400 classes':<34} {'target':>12} {'time':>12} {'memory':>12}")
y = make_target(200_000, 400, per_sample=4)
y_bytes = y.toarray()
show("CSR", (y.indices.nbytes + y.data.nbytes) / 1e6, y)
show("CSC", (y.indices.nbytes + y.data.nbytes) / 1e6, y.tocsc())
show("bytes", y_bytes.nbytes / 1e6, y_bytes)
show("bytes, Fortran order", y_bytes.nbytes / 1e6, np.asfortranarray(y_bytes))
_ = show("float32", 4 * y_bytes.nbytes / 1e6, y_bytes.astype(np.float32))

# %%
# A memory-mapped file
# --------------------
# A memory-mapped array is read block by block, so the labels may be larger than the memory.

with TemporaryDirectory() as temporary:
    path = Path(temporary) / "labels.npy"
    np.save(path, y_bytes)
    mapped = np.load(path, mmap_mode="r")
    show("bytes, memory-mapped", mapped.nbytes / 1e6, mapped)
    del mapped

# %%
# Time and memory by number of samples
# ------------------------------------
# The time grows in proportion to the samples, the memory more slowly.

print(f"\n{'CSR, 400 classes, 4 per sample':<34} {'target':>12} {'time':>12} {'memory':>12}")
measured = []
for n_samples in (50_000, 200_000, 800_000, 3_200_000):
    y = make_target(n_samples, 400, per_sample=4)
    size = (y.indices.nbytes + y.data.nbytes) / 1e6
    seconds, megabytes, _ = show(f"{n_samples:,} samples", size, y)
    measured.append([n_samples, seconds, size, megabytes])

figure, (ax_time, ax_memory) = plt.subplots(1, 2, figsize=(6.4, 3.2), layout="constrained")
n_samples, seconds, size, megabytes = np.transpose(measured)
ax_time.plot(n_samples, 1e3 * seconds, "o-", color="#ee7733")
ax_time.set(xlabel="Samples", ylabel="Time of a plan, ms")
ax_memory.plot(n_samples, size, "s--", color="#7b8fa8", label="the target")
ax_memory.plot(n_samples, megabytes, "o-", color="#ee7733", label="a plan, besides it")
ax_memory.set(xlabel="Samples", ylabel="Memory, MB")
ax_memory.legend()
for ax in (ax_time, ax_memory):
    ax.set(xscale="log", yscale="log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:,.0f}")
        axis.set_minor_formatter(NullFormatter())
figure.savefig(folder / "growth.png")

# %%
# When the plan advises against resampling
# ----------------------------------------
# With eight thousand tags, 130 on each image, nearly every image carries a rare tag. So nearly
# every image is repeated, and nothing is gained. The plan shows that within a tenth of a second.

print(f"\n{'80,000 samples, 7,900 classes':<34} {'target':>12} {'time':>12} {'memory':>12}")
y = make_target(80_000, 7_900, per_sample=130)
_, _, plan = show("CSR, 130 classes per sample", (y.indices.nbytes + y.data.nbytes) / 1e6, y)
repeated = (plan.sample_multipliers > 1).mean()
print(f"{100 * repeated:.0f} % of the samples would be seen more than once; the epoch grows to")
print(f"{plan.epoch_size / plan.n_samples:.2f} times its size, and the imbalance ratio goes from")
print(f"{plan.imbalance_ratio:.0f} to {plan.resampled_imbalance_ratio:.0f}.")
print(f"\nPicture: {folder / 'growth.png'}")
