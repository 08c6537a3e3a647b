"""
Plan and loss weights in PyTorch, compared fairly
=================================================

A convolutional network is trained on images of several scanned digits each, in five ways: on the
data as they are, with uniform copies, on the epochs of a plan, with weights in the loss, and with
a plan and weights for the imbalance that it leaves. All take the same number of steps, and each is
evaluated with thresholds of 0.5 and with thresholds tuned for each class, over three seeds.

``python examples/train_digits_torch.py FOLDER`` takes less than a minute on one core and
saves its pictures there, or in ``pictures/`` without FOLDER; a number after the folder sets the
number of steps.
"""

import sys
from itertools import chain, islice, repeat
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import BatchSampler, DataLoader, TensorDataset

from mlresample import correct_probabilities, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.metrics import compare_evaluations, evaluate_by_frequency
from mlresample.model_selection import tune_thresholds
from mlresample.plots import GainDisplay
from mlresample.torch import RepeatSampler, loader_options, loss_weights

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)
N_STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 250
BATCH_SIZE = 64
SEEDS = (0, 1, 2)
CAP = 4  # of the plan
WEIGHT_CAP = 10  # of the weights in the loss
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.set_num_threads(1)  # on a busy machine, several threads wait for each other


def load(n_samples, subset, seed):
    X, y, class_names = make_multilabel_digits(n_samples, subset=subset, random_state=seed)
    return torch.from_numpy(X).float() / 255, torch.from_numpy(y).float(), class_names


def make_network():
    """Make a network of two convolutions that pools each feature by its maximum."""
    network = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 64, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(64, 10),
    )
    return network.to(DEVICE, memory_format=torch.channels_last)  # faster


# %%
# The training loop
# -----------------
# The methods differ in what the sampler gets, a plan or an array of sample multipliers, and in the
# weights in the loss.
#
# These images are in memory as one tensor. With a batch sampler, each batch is one indexing
# operation, which is faster than loading images one by one and stacking them. For a folder of
# image files, use ``DataLoader(dataset, BATCH_SIZE, sampler=RepeatSampler(plan), drop_last=True)``
# and workers. In both cases, every pass over the loader is a new epoch: a new order, and a new
# draw of the fractions.


def train(X, y, plan, pos_weight, seed):
    torch.manual_seed(seed)
    network = make_network()
    sampler = RepeatSampler(plan, seed=seed, data_source=X)
    loader = DataLoader(
        TensorDataset(X, y),
        sampler=BatchSampler(sampler, BATCH_SIZE, drop_last=True),
        batch_size=None,
        **loader_options(num_workers=0, device=DEVICE),
    )
    batches = islice(chain.from_iterable(repeat(loader)), N_STEPS)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    scaler = torch.amp.GradScaler(DEVICE.type, enabled=DEVICE.type == "cuda")
    for images, target in batches:
        images = images.to(DEVICE, non_blocking=True)
        target = target.to(DEVICE, non_blocking=True)
        with torch.autocast(DEVICE.type, enabled=DEVICE.type == "cuda"):
            logits = network(images)
            loss = binary_cross_entropy_with_logits(logits, target, pos_weight=pos_weight)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
    return network.eval()


@torch.no_grad()
def predict(network, X):
    return torch.cat([network(part.to(DEVICE)).sigmoid().cpu() for part in X.split(250)]).numpy()


# %%
# Five methods, the same number of steps
# --------------------------------------
# Uniform copies are the control: an epoch is as large as the plan's, but random images are
# repeated. Weights from the class counts make up for all of the imbalance, weights from a plan for
# the imbalance that it leaves (:doc:`/guide/losses`). Thresholds are tuned on images that were
# neither trained on nor resampled.


def errors_of_rates(score, y):
    """Return the logarithm of each class's mean prediction over its share of the images."""
    return np.log(score.mean(axis=0) / y.mean(axis=0))


results, errors = {}, {}
for seed in SEEDS:
    X, y, class_names = load(3000, "train", seed)
    X, X_validation = X[:2250], X[2250:]
    y, y_validation = y[:2250], y[2250:].numpy()
    X_test, y_test, _ = load(3000, "test", seed)
    y_test = y_test.numpy()

    plan = plan_resampling(y, class_names=class_names, cap=CAP)
    once, uniform = np.ones(len(y)), np.full(len(y), plan.expected_epoch_size / len(y))
    no_weights = torch.ones(len(class_names), device=DEVICE)
    weights = loss_weights(
        class_counts=plan.class_counts, n_samples=len(y), cap=WEIGHT_CAP, device=DEVICE
    )
    weights_of_rest = loss_weights(plan, cap=WEIGHT_CAP, device=DEVICE)
    methods = {
        "baseline": (once, no_weights),
        "uniform copies": (uniform, no_weights),
        "plan": (plan, no_weights),
        "weights": (once, weights.pos_weight),
        "plan, weights of the rest": (plan, weights_of_rest.pos_weight),
    }
    for name, (seen, pos_weight) in methods.items():
        print(f"seed {seed}: {name}, {N_STEPS} steps", flush=True)
        network = train(X, y, seen, pos_weight, seed)
        score = predict(network, X_test)
        tuned = tune_thresholds(y_validation, predict(network, X_validation), shrinkage=0)
        for cut, threshold in [("0.5", 0.5), ("tuned", tuned)]:
            results.setdefault((name, cut), []).append(
                evaluate_by_frequency(y_test, score >= threshold, score, plan=plan)
            )
        corrected = correct_probabilities(
            score, plan=plan if seen is plan else None, pos_weight=pos_weight
        )
        errors.setdefault(name, []).append(
            [errors_of_rates(probability, y_test) for probability in (score, corrected)]
        )

# %%
# What comes out
# --------------
# The tables show mean and standard deviation over the seeds, each of which has different images.
# The second is the one to read: it shows differences within each seed, since the images of some
# seeds are harder.


def macro(name, cut, measure="f1"):
    return np.array([report.averages["macro"][measure] for report in results[name, cut]])


scores = {
    "macro-F1, 0.5": [macro(name, "0.5") for name in methods],
    "macro-F1, tuned": [macro(name, "tuned") for name in methods],
    "average precision": [macro(name, "0.5", "average_precision") for name in methods],
}
scores = {column: np.array(rows) for column, rows in scores.items()}  # (n_methods, n_seeds)


def print_table(title, columns, form):
    print(f"\n{title:<27}" + "".join(f"{column:>19}" for column in columns))
    for i, method in enumerate(methods):
        cells = (f"{v[i].mean():{form}} ± {v[i].std(ddof=1):.3f}" for v in columns.values())
        print(f"{method:<27}" + "".join(f"{cell:>19}" for cell in cells))


print_table(f"after {N_STEPS} steps", scores, ".3f")
print_table("minus baseline, same seed", {k: v - v[0] for k, v in scores.items()}, "+.3f")

figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
columns = [
    ("macro-F1, 0.5", "#7b8fa8", "threshold 0.5"),
    ("macro-F1, tuned", "#ee7733", "thresholds tuned for each class"),
]
for (column, color, label), shift in zip(columns, (-0.14, 0.14), strict=True):
    values, places = scores[column], np.arange(len(methods)) + shift
    ax.axvline(values[0].mean(), color=color, linewidth=0.8, linestyle="--")
    ax.plot(values, places, "o", color=color, markersize=4, alpha=0.5, markeredgewidth=0)
    spread = values.std(axis=1, ddof=1)
    ax.errorbar(values.mean(axis=1), places, xerr=spread, fmt="D", color=color, label=label)
ax.set_yticks(range(len(methods)), methods)
ax.invert_yaxis()
ax.set(xlabel="Macro-F1 (small dots: seeds)")
figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
figure.savefig(folder / "methods.png")

# %%
# * Uniform copies gain nothing.
# * The plan raises macro-F1 at a threshold of 0.5, and average precision a little. With thresholds
#   tuned for each class, little is left.
# * Weights raise both, and average precision more than the plan does. A plan with weights of the
#   rest gains as much as weights alone, or a little more.
# * Part of this is a matter of time. After three times as many steps
#   (``python examples/train_digits_torch.py FOLDER 750``, a minute and a half) every network is
#   better. The plan then gains nothing, weights still do, and copies add nothing to them.
#
# Who gains
# ---------
# The picture shows the gain in F1 over the baseline, both with tuned thresholds, against the
# number of training images of each digit.

figure, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
for name, ax in zip(["plan", "plan, weights of the rest"], axes, strict=True):
    comparison = compare_evaluations(results["baseline", "tuned"], results[name, "tuned"])
    GainDisplay.from_comparison(comparison, ax=ax)
    ax.set_title(name)
low, high = np.transpose([ax.get_ylim() for ax in axes])
plt.setp(axes, ylim=(low.min(), high.max()))
figure.savefig(folder / "gains.png")

# %%
# Mostly the rare digits gain. Their gain varies a lot, because they are also rare in the images
# that thresholds are tuned on and in the test images.
#
# Probabilities
# -------------
# Copies and weights raise the predictions for rare digits, and
# :func:`~mlresample.correct_probabilities` undoes both. By what factor does the mean prediction
# differ from the digit's share of the test images, on average over digits and seeds? 1 is right.

print(f"{'':<27}{'predicted':>11}{'corrected':>11}")
for name, of_seeds in errors.items():
    raw, corrected = np.exp(np.abs(of_seeds).mean(axis=(0, 2)))
    print(f"{name:<27}{raw:>11.2f}{corrected:>11.2f}")
print(f"\nPictures: {folder / 'methods.png'}, {folder / 'gains.png'}")

# %%
# The correction does not help here. It undoes the effect that copies and weights have when the
# loss on new images is smallest. These networks memorize their training images, and the longer
# they train, the smaller the effect of weights (Byrd and Lipton 2019): the correction undoes too
# much. Print such a table before you rely on probabilities; :doc:`/guide/losses` has others, in
# which the correction does better. Tuned thresholds and average precision need no correction,
# since it keeps the order of a class's scores.
#
# .. rubric:: References
#
# Jonathon Byrd, Z. C. Lipton, "What is the effect of importance weighting in deep learning?", ICML
# 2019.
