"""Compare the samplers with torch's: time of an epoch's order, images per second of a loader.

``python benchmarks/samplers.py`` prints ratios of medians of interleaved runs (process CPU time
for the orders, wall time for the loader); torch's RandomSampler is 1.
"""

import time

import numpy as np
import torch
from torch.utils.data import DataLoader, RandomSampler, TensorDataset, WeightedRandomSampler

from mlresample.torch import RepeatSampler


def sample_multipliers(n_samples):
    """Return multipliers of which a tenth are above 1, at five levels, as in a long tail."""
    levels = np.array([1.0, 1.19, 1.39, 1.8, 2.97, 4.0])
    return levels[np.random.RandomState(0).choice(6, n_samples, p=[0.9, *[0.02] * 5])]


def exhaust(iterable):
    for _ in iterable:
        pass


def ratios(functions, clock, n_runs):
    """Return the median time of each function over that of "RandomSampler", and that time."""
    times = {name: [] for name in functions}
    for _ in range(n_runs):
        for name, function in functions.items():
            start = clock()
            function()
            times[name].append(clock() - start)
    medians = {name: np.median(values) for name, values in times.items()}
    reference = medians["RandomSampler"]
    return {name: median / reference for name, median in medians.items()}, reference


def main():
    torch.set_num_threads(1)
    print("order of one epoch, process CPU time")
    for n_samples, n_runs in [(31_072, 7), (118_000, 7), (9_000_000, 3)]:
        multipliers = sample_multipliers(n_samples)
        ours = RepeatSampler(multipliers)
        samplers = {
            "RandomSampler": RandomSampler(range(len(ours))),
            "WeightedRandomSampler": WeightedRandomSampler(multipliers, len(ours)),
            "RepeatSampler": ours,
        }
        functions = {name: (lambda s=s: exhaust(s)) for name, s in samplers.items()}
        found, reference = ratios(functions, time.process_time, n_runs)
        print(f"  {n_samples:>9,} samples, RandomSampler {reference:.3f} s: " + _text(found))

    print("images of 3 x 64 x 64 through a loader with 2 workers, wall time")
    images = TensorDataset(torch.zeros(20_000, 3, 64, 64, dtype=torch.uint8))
    ours = RepeatSampler(sample_multipliers(20_000))
    samplers = {
        "RandomSampler": RandomSampler(range(20_000), num_samples=len(ours)),
        "RepeatSampler": ours,
    }
    loaders = {
        name: DataLoader(images, batch_size=64, sampler=sampler, num_workers=2)
        for name, sampler in samplers.items()
    }
    functions = {name: (lambda loader=loader: exhaust(loader)) for name, loader in loaders.items()}
    found, reference = ratios(functions, time.perf_counter, 5)
    print(f"  RandomSampler {len(ours) / reference:,.0f} images per second; time: " + _text(found))


def _text(found):
    return ", ".join(f"{name} {ratio:.2f}" for name, ratio in found.items())


if __name__ == "__main__":
    main()
