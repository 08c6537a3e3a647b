"""What importance weights cost, by cap: longer epochs, and noisier gradients of common classes.

``python -m benchmarks.importance`` takes generated targets with the size and the imbalance of the
Human Protein Atlas; ``MLRESAMPLE_DATA=FOLDER`` takes the label matrices of the folder instead.

A batch of importance-weighted samples has the same mean gradient at every cap. Its noise is the
standard deviation of the batch's mean around it, relative to that of a batch of the same size from
uniform sampling: 2 means that four times the batch is needed for the same noise. Without features,
the gradient is that of each class's bias, for a model that predicts the class's share: p - y,
weighted by loss weights of the original counts (capped at 10).

- "equal": samples with gradients of equal size and no direction in common: the square root of
  S / n times the mean of 1 / R;
- "common", "medium", "rare": the thirds of the classes by count, geometric mean of their noise.
"""

import argparse
import os
from pathlib import Path

import numpy as np

from benchmarks._data import load_labels
from benchmarks._scales import SCALES, make_target
from mlresample import compute_loss_weights, plan_resampling
from mlresample._plan.importance import importance_weights

CAPS = [1, 2, 4, 8, 16, 32, 64]
TARGETS = ["median", "mean", "max"]


def noise(gradients, repeats):
    """Return the noise of a batch's mean gradient relative to uniform sampling, per column."""
    weighted = importance_weights(repeats)[:, np.newaxis] * gradients
    mean = gradients.mean(axis=0)
    variance = np.average((weighted - mean) ** 2, axis=0, weights=repeats)
    return np.sqrt(variance / gradients.var(axis=0))


def bias_gradients(y, cap=10):
    """Return each sample's gradient of each class's bias, of weighted cross-entropy."""
    share = y.mean(axis=0)
    weights = compute_loss_weights(
        class_counts=y.sum(axis=0, dtype=int), n_samples=len(y), cap=cap
    ).pos_weight
    odds = weights * share / (1 - share)  # at which the mean gradient is 0
    predicted = odds / (1 + odds)
    return np.where(y == 1, weights * (predicted - 1), predicted)


def costs(y, gradients, target_count, cap):
    """Return the growth of the epoch, and the noise of gradients as the module says."""
    repeats = plan_resampling(y, target_count=target_count, cap=cap).draw_repeats(0)
    growth = repeats.mean()
    rarest_first = np.argsort(y.sum(axis=0), kind="stable")
    of_classes = noise(gradients, repeats)
    rare, medium, common = (
        np.exp(np.log(of_classes[third]).mean()) for third in np.array_split(rarest_first, 3)
    )
    return growth, np.sqrt(growth * np.mean(1 / repeats)), common, medium, rare


def targets(names, quick):
    """Yield the names of targets and indicator matrices."""
    if "MLRESAMPLE_DATA" not in os.environ:
        scale = SCALES["S1"].quick() if quick else SCALES["S1"]
        yield "generated", make_target(scale).toarray()
        return
    folder = Path(os.environ["MLRESAMPLE_DATA"])
    for name in names or sorted(path.stem for path in folder.glob("*.npz")):
        yield name, load_labels(folder / f"{name}.npz")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", help="data sets of the folder (all)")
    parser.add_argument("--quick", action="store_true", help="fewer generated samples")
    arguments = parser.parse_args()
    if arguments.data and "MLRESAMPLE_DATA" not in os.environ:
        parser.error("the variable MLRESAMPLE_DATA must name the folder of the data sets")
    columns = ["growth", "equal", "common", "medium", "rare"]
    for name, y in targets(arguments.data, arguments.quick):
        y = y[:, (y.min(axis=0) < 1) & (y.max(axis=0) > 0)]  # classes with both kinds of samples
        print(f"{name}: {len(y):,} samples, {y.shape[1]} classes")
        print(f"{'target':>8}{'cap':>5}" + "".join(f"{column:>8}" for column in columns))
        gradients = bias_gradients(y)
        for target_count in TARGETS:
            for cap in CAPS:
                figures = costs(y, gradients, target_count, cap)
                cells = "".join(f"{figure:>8.2f}" for figure in figures)
                print(f"{target_count:>8}{cap:>5}{cells}", flush=True)


if __name__ == "__main__":
    main()
