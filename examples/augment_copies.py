"""
Augmenting the copies
=====================

A copy is the same image once more, and a network that sees it four times per epoch soon memorizes
it. :class:`~mlresample.torch.ResampledDataset` distinguishes copies from originals, so that only
copies are rotated and shifted. Is that better than plain copies, than augmenting as many random
images, or than augmenting everything?

``python examples/augment_copies.py FOLDER`` takes less than a minute on one core and
saves its pictures there, or in ``pictures/`` without FOLDER; a number after the folder sets the
number of steps.
"""

import sys
from itertools import chain, islice, repeat
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.metrics import average_precision_score, f1_score
from torch import nn
from torch.nn.functional import affine_grid, binary_cross_entropy_with_logits, grid_sample
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    RandomSampler,
    TensorDataset,
    default_collate,
)

from mlresample import plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import tune_thresholds
from mlresample.torch import ResampledDataset, augment_copies

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)
N_STEPS = int(sys.argv[2]) if len(sys.argv) > 2 else 450
N_TRAIN = 300  # few images, so that a network can memorize them in seconds
BATCH_SIZE = 16
SEEDS = (0, 1, 2)
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.set_num_threads(1)  # on a busy machine, several threads wait for each other


def load(n_samples, subset, seed):
    X, y, class_names = make_multilabel_digits(
        n_samples, subset=subset, exponent=2, random_state=seed
    )
    return torch.from_numpy(X).float() / 255, torch.from_numpy(y).float(), class_names


# %%
# An augmentation
# ---------------
# An augmentation is any callable that takes a batch of images and returns as many of the same
# shape. This one turns each image by up to 10 degrees and shifts it by up to a pixel, in two calls
# for the whole batch. You can use those of kornia (``kornia.augmentation``) instead, on a GPU too.
# They need floats from 0 to 1, which `load` returns. Convert bytes first, originals as well as
# copies (``images.float() / 255``), because both are in one batch.


def turn_and_shift(images):
    n, device = len(images), images.device
    angle = (2 * torch.rand(n, device=device) - 1) * np.deg2rad(10)
    shift = (2 * torch.rand(2, n, device=device) - 1) * 0.1  # 1 is half an image
    rows = [angle.cos(), -angle.sin(), shift[0], angle.sin(), angle.cos(), shift[1]]
    grid = affine_grid(torch.stack(rows, dim=1).view(n, 2, 3), images.shape, align_corners=False)
    return grid_sample(images, grid, align_corners=False)


# %%
# Copies that differ
# ------------------
# ``copy_transform`` is applied only to copies, each time one is loaded. The picture has the images
# that an epoch shows most often, which are those of the rarest digits: the original is on top, its
# copies are below. A copy looks different each time it is loaded.


def augment_item(item):
    image, target = item
    return turn_and_shift(image[None])[0], target


X, y, class_names = load(N_TRAIN, "train", SEEDS[0])
plan = plan_resampling(y, class_names=class_names, cap=4)
torch.manual_seed(0)
resampled = ResampledDataset(TensorDataset(X, y), plan, copy_transform=augment_item)
print(f"{len(X)} images, {len(resampled)} items, {resampled.is_copy.sum()} of them copies")

repeats = np.bincount(resampled.indices)
most_often = np.flatnonzero(repeats == repeats.max())[:8]
shape = repeats.max(), len(most_often)
figure, axes = plt.subplots(*shape, figsize=shape[::-1], layout="constrained", squeeze=False)
for i, column in zip(most_often, axes.T, strict=True):
    for item, ax in zip(np.flatnonzero(resampled.indices == i), column, strict=True):
        image, _ = resampled[item]
        ax.imshow(image[0].numpy(), "gray_r")
        ax.spines[:].set(color="#ee7733" if resampled.is_copy[item] else "#7b8fa8", linewidth=2)
        ax.set_ylabel("copy" if resampled.is_copy[item] else "original")
        ax.label_outer()
plt.setp(axes, xticks=[], yticks=[])
figure.savefig(folder / "copies.png")

# %%
# The training loop
# -----------------
# On a GPU, it is faster to augment a whole batch at once. With ``return_is_copy``, each item says
# whether it is a copy, and :func:`~mlresample.torch.augment_copies` takes any mask of a batch. So
# the same loop can augment the copies, random images or all images.
#
# Images as small as these are loaded once, and a batch sampler indexes them. For a folder of
# files, use ``DataLoader(resampled, BATCH_SIZE, shuffle=True, num_workers=8)``.


def train(X, y, multipliers, choose, seed):
    torch.manual_seed(seed)
    resampled = ResampledDataset(TensorDataset(X, y), multipliers, seed=seed, return_is_copy=True)
    in_memory = TensorDataset(*default_collate(list(resampled)))
    batches = BatchSampler(RandomSampler(in_memory), BATCH_SIZE, drop_last=True)
    loader = DataLoader(in_memory, sampler=batches, batch_size=None)

    network = nn.Sequential(
        nn.Conv2d(1, 16, 5, stride=2, padding=2, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, bias=False),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    ).to(DEVICE, memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-2, total_steps=N_STEPS)
    for batch in islice(chain.from_iterable(repeat(loader)), N_STEPS):
        images, target, is_copy = (part.to(DEVICE) for part in batch)
        images = augment_copies(images, choose(is_copy), turn_and_shift)
        loss = binary_cross_entropy_with_logits(network(images), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


@torch.no_grad()
def predict(network, X):
    return torch.cat([network(part.to(DEVICE)).sigmoid().cpu() for part in X.split(250)]).numpy()


# %%
# Six ways, the same number of steps
# ----------------------------------
# Two controls matter. Does it help to augment *copies*, or would as many random images do? And
# does the plan help, or is it enough to augment all images as they are?


def nothing(is_copy):
    return torch.zeros_like(is_copy)


def copies(is_copy):
    return is_copy


def random_images(is_copy):
    return torch.rand(len(is_copy), device=is_copy.device) < share_of_copies


def everything(is_copy):
    return torch.ones_like(is_copy)


results = {}
for seed in SEEDS:
    X, y, class_names = load(N_TRAIN + 750, "train", seed)
    X, X_validation = X[:N_TRAIN], X[N_TRAIN:]
    y, y_validation = y[:N_TRAIN], y[N_TRAIN:].numpy()
    X_test, y_test, _ = load(3000, "test", seed)
    y_test = y_test.numpy()

    plan = plan_resampling(y, class_names=class_names, cap=4)
    share_of_copies = 1 - len(y) / plan.epoch_size
    once = np.ones(len(y))
    ways = {
        "baseline": (once, nothing),
        "baseline, all augmented": (once, everything),
        "plan": (plan, nothing),
        "plan, copies augmented": (plan, copies),
        "plan, random augmented": (plan, random_images),
        "plan, all augmented": (plan, everything),
    }
    for name, (multipliers, choose) in ways.items():
        print(f"seed {seed}: {name}, {N_STEPS} steps", flush=True)
        network = train(X, y, multipliers, choose, seed)
        score = predict(network, X_test)
        tuned = tune_thresholds(y_validation, predict(network, X_validation), shrinkage=0)
        results.setdefault(name, []).append(
            [
                f1_score(y_test, score >= 0.5, average="macro", zero_division=0),
                f1_score(y_test, score >= tuned, average="macro", zero_division=0),
                average_precision_score(y_test, score, average="macro"),
            ]
        )

# %%
# What comes out
# --------------
# Mean and standard deviation over the seeds, then the differences from the plain plan within each
# seed.

scores = np.array(list(results.values()))  # (n_ways, n_seeds, n_columns)


def print_table(title, values, form):
    print(f"\n{title:<25}{'macro-F1, 0.5':>19}{'macro-F1, tuned':>19}{'average precision':>19}")
    for name, mean, std in zip(ways, values.mean(axis=1), values.std(axis=1, ddof=1), strict=True):
        cells = (f"{m:{form}} ± {s:.3f}" for m, s in zip(mean, std, strict=True))
        print(f"{name:<25}" + "".join(f"{cell:>19}" for cell in cells))


print_table(f"after {N_STEPS} steps", scores, ".3f")
print_table("minus plan, same seed", scores - scores[list(ways).index("plan")], "+.3f")

figure, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
columns = [("#7b8fa8", "threshold 0.5"), ("#ee7733", "thresholds tuned for each class")]
for k, (color, label) in enumerate(columns):
    values, places = scores[:, :, k], np.arange(len(ways)) + 0.28 * k - 0.14
    ax.plot(values, places, "o", color=color, markersize=4, alpha=0.5, markeredgewidth=0)
    spread = values.std(axis=1, ddof=1)
    ax.errorbar(values.mean(axis=1), places, xerr=spread, fmt="D", color=color, label=label)
ax.set_yticks(range(len(ways)), ways)
ax.invert_yaxis()
ax.set(xlabel="Macro-F1 (small dots: seeds)")
figure.legend(loc="outside upper center", ncols=2, frameon=False, fontsize="small")
figure.savefig(folder / "ways.png")
print(f"\nPictures: {folder / 'copies.png'}, {folder / 'ways.png'}")

# %%
# * Plain copies bring nothing here: with so few images, the network soon memorizes each.
# * Augmented copies gain over plain ones. But augmenting as many random images gains as much: the
#   augmentation helps, whether or not it is applied to copies.
# * The gain is about as large as its spread over three seeds. With fewer steps, larger batches and
#   a narrower network there was none: try it on your own data before you rely on it.
# * Augmenting everything makes the task harder. After so few steps it does worse, above all at a
#   threshold of 0.5. After 1,500 (``python examples/augment_copies.py FOLDER 1500``, a little over
#   a minute) it does better than both, with the plan or without.
#
# So augment everything if you can train for long. Augment only copies in short trainings, with a
# slow augmentation, or if the originals must stay unchanged.
