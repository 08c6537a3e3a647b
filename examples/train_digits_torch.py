"""
Training a small network on a plan's epochs
===========================================

A convolutional network on images of several scanned digits each, trained for the same number of
steps on the data as they are, on as many images drawn uniformly, and on the epochs of a plan.
Several seeds, thresholds of 0.5 and tuned ones, and F1 by class: rare digits are on the right.
"""

import time

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch.utils.data import DataLoader, TensorDataset

from mlresample import plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import tune_thresholds
from mlresample.torch import RepeatSampler, loader_options

N_STEPS = 400
BATCH_SIZE = 64
SEEDS = (0, 1, 2)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def load(n_samples, subset, seed):
    X, y, class_names = make_multilabel_digits(n_samples, subset=subset, random_state=seed)
    return torch.from_numpy(X).float() / 255, torch.from_numpy(y).float(), class_names


def make_network():
    return torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * 5 * 5, 64),
        torch.nn.ReLU(),
        torch.nn.Linear(64, 10),
    ).to(DEVICE)


# %%
# The training loop
# -----------------
# The sampler is all that differs between the methods. Every pass over the loader is a new epoch:
# a new order, and a new draw of the fractions.


def train(X, y, multipliers, seed):
    torch.manual_seed(seed)
    network = make_network()
    sampler = RepeatSampler(multipliers, seed=seed, data_source=X)
    loader = DataLoader(
        TensorDataset(X, y),
        batch_size=BATCH_SIZE,
        sampler=sampler,
        drop_last=True,
        # Images that lie in memory need no workers; a folder of files does.
        **loader_options(num_workers=0, device=DEVICE),
    )
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    scaler = torch.amp.GradScaler(DEVICE.type, enabled=DEVICE.type == "cuda")
    step = 0
    while step < N_STEPS:
        for images, target in loader:
            images = images.to(DEVICE, non_blocking=True)
            target = target.to(DEVICE, non_blocking=True)
            with torch.autocast(DEVICE.type, enabled=DEVICE.type == "cuda"):
                logits = network(images)
                loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            step += 1
            if step == N_STEPS:
                break
    return network


@torch.no_grad()
def predict(network, X):
    network.eval()
    return torch.cat(
        [network(batch.to(DEVICE)).sigmoid().cpu() for batch in X.split(1000)]
    ).numpy()


# %%
# Three methods, the same number of steps
# ---------------------------------------
# "Uniform" sees as many images an epoch as the plan, but duplicates at random.

results = {}
started = time.monotonic()
for seed in SEEDS:
    X, y, class_names = load(3000, "train", seed)
    X, X_validation = X[:2250], X[2250:]
    y, y_validation = y[:2250], y[2250:].numpy()
    X_test, y_test, _ = load(3000, "test", seed)
    plan = plan_resampling(y, class_names=class_names, cap=4)
    if seed == SEEDS[0]:
        print(plan, end="\n\n")
    methods = {
        "baseline": np.ones(len(y)),
        "uniform": np.full(len(y), plan.expected_epoch_size / len(y)),
        "plan, cap 4": plan.sample_multipliers,
    }
    for name, multipliers in methods.items():
        network = train(X, y, multipliers, seed)
        score = predict(network, X_test)
        thresholds = tune_thresholds(y_validation, predict(network, X_validation))
        results.setdefault(name, []).append(
            [
                f1_score(y_test.numpy(), score >= threshold, average=None, zero_division=0)
                for threshold in (0.5, thresholds)
            ]
        )

print(f"Test F1 after {N_STEPS} steps on {DEVICE.type}, mean over {len(SEEDS)} seeds")
print(f"{'':<12} {'threshold':<10} {'macro':>16}  " + " ".join(f"{n:>5}" for n in class_names))
for name, rows in results.items():
    for i, threshold in enumerate(("0.5", "tuned")):
        by_class = np.array(rows)[:, i]  # (n_seeds, n_classes)
        macro = by_class.mean(axis=1)
        spread = f"{macro.mean():.3f} +- {macro.std(ddof=1):.3f}"
        classes = " ".join(f"{f1:5.2f}" for f1 in by_class.mean(axis=0))
        print(f"{name if i == 0 else '':<12} {threshold:<10} {spread:>16}  {classes}")
print(f"{time.monotonic() - started:.0f} s")
