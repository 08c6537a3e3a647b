"""
Coming from a recipe or another sampler
=======================================

Four ways to see rare classes more often, each beside the setting of mlresample that gives the same
multipliers: the loop that is copied from notebook to notebook, PyTorch's WeightedRandomSampler,
detectron2's RepeatFactorTrainingSampler, and imbalanced-learn's RandomOverSampler. The script
checks that they are the same, so you know what changes when you switch. It takes a few seconds and
needs PyTorch and matplotlib (``.venv/bin/pip install -e ".[plot,torch]"``), but not detectron2.

``python examples/migrate.py FOLDER`` saves its picture there, or in ``pictures/`` without
FOLDER.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from imblearn.over_sampling import RandomOverSampler
from torch.utils.data import WeightedRandomSampler

from mlresample import MaxMultiplierOverSampler, ResamplingRule, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.torch import RepeatSampler

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)

_, y, class_names = make_multilabel_digits(2000, random_state=0)
n_images, class_counts = len(y), y.sum(axis=0, dtype=int)

# %%
# From a recipe
# -------------
# This was common in the Human Protein Atlas challenge: a multiplier for each class, chosen by
# hand, and a loop that repeats each image by the largest multiplier of its classes.
#
# **Before**

by_hand = [1, 1, 1, 1, 1, 1, 2, 3, 4, 4]
classes_of_images = [row.nonzero()[0].tolist() for row in y]

epoch = []
for i, classes in enumerate(classes_of_images):
    times = 1
    for c in classes:
        if by_hand[c] > times:
            times = by_hand[c]
    for _ in range(times):
        epoch.append(i)

# %%
# **After**

recipe = plan_resampling(y, class_names=class_names, class_multipliers=by_hand)
np.testing.assert_array_equal(np.sort(recipe.draw_indices(0)), np.sort(epoch))
print(f"the recipe: the same {len(epoch):,} rows\n")
print(recipe)

# %%
# * The report says what the list costs and achieves before anything is trained.
# * Multipliers may be fractions. Which images get the copies is then drawn anew for each epoch
#   (``recipe.draw_indices(seed, shuffle=True)``).
# * A list that is too short, or has a multiplier above the cap, does not go unnoticed.
# * The multipliers can be learned from the counts, so another fold or data set needs no new list:
#   leave out ``class_multipliers``.

learned = plan_resampling(y, class_names=class_names)
print(f"{'':<10}" + "".join(f"{name:>7}" for name in class_names))
print(f"{'by hand':<10}" + "".join(f"{times:>7}" for times in by_hand))
print(f"{'learned':<10}" + "".join(f"{times:>7.2f}" for times in learned.class_multipliers))

# %%
# From WeightedRandomSampler
# --------------------------
# The weight of an image is the largest inverse count of its classes.
#
# **Before**

weights = (y / class_counts).max(axis=1)
torch.manual_seed(0)
sampler = WeightedRandomSampler(torch.from_numpy(weights), num_samples=n_images)

# %%
# **After**
#
# In N draws, an image of weight w is expected N w / sum(w) times. That is inverse frequency
# without cap and floor, with the target count that makes the epoch as large as the data.

inverse = plan_resampling(y, class_names=class_names, epoch_size=1.0, power=1, cap=np.inf, floor=0)
expected = n_images * weights / weights.sum()
np.testing.assert_allclose(inverse.sample_multipliers, expected)
print(f"WeightedRandomSampler: the same multipliers, up to {expected.max():.2f}\n")

# %%
# Images are drawn differently. With replacement, the multipliers hold only on average;
# ``RepeatSampler`` rounds each up or down. Here are twenty epochs of both:

ours = RepeatSampler(inverse, seed=0)
due = expected >= 1
rows = {"WeightedRandomSampler": [], "RepeatSampler": []}
for k in range(20):
    ours.set_epoch(k)
    for name, drawn in zip(rows, (list(sampler), list(ours)), strict=True):
        repeats = np.bincount(drawn, minlength=n_images)
        unseen, missed = (repeats == 0).mean(), (repeats[due] == 0).mean()
        rows[name].append([unseen, missed, repeats.max(), repeats @ y[:, -1]])

print(f"{'mean of an epoch':<22}{'unseen':>9}{'due, missed':>13}{'most often':>12}{'nines':>15}")
for name, epochs in rows.items():
    unseen, missed, most, nines = np.mean(epochs, axis=0)
    nines = f"{nines:.1f} +- {np.std(epochs, axis=0)[-1]:.1f}"
    print(f"{name:<22}{unseen:>9.1%}{missed:>13.1%}{most:>12.1f}{nines:>15}")

# %%
# * No image that is due in every epoch (with a multiplier of 1 or more) is missed, and none is
#   seen far more often than its multiplier says.
# * A class has the same count in every epoch, except for rounding.
# * Only common images remain unseen, and that is what this setting asks for: its multipliers are
#   below 1 for most images, and high for a few. The defaults, a cap of 4 and a floor of 1, show
#   every image in every epoch, and none more than four times.
# * WeightedRandomSampler gives an image without a class the weight 0, and never draws it; here it
#   is seen once.
#
# If the loop must keep its WeightedRandomSampler, pass it the multipliers of the plan:
# ``WeightedRandomSampler(plan.sample_multipliers, plan.epoch_size)``.
#
# From detectron2
# ---------------
# RepeatFactorTrainingSampler has one parameter, the threshold t, a share of the images (Gupta et
# al. 2019). Here are its formulas; f(c) is the share of images with the class c.
#
# **Before**

t = 0.1
shares = y.mean(axis=0)
of_classes = np.maximum(1, np.sqrt(t / shares))  # r(c) = max(1, sqrt(t / f(c)))
of_images = np.where(y, of_classes, 1).max(axis=1)  # r(I) = max r(c) over the classes c of I

# %%
# **After**

repeat_factors = plan_resampling(y, class_names=class_names, target_count=t, power=0.5, cap=np.inf)
np.testing.assert_allclose(repeat_factors.class_multipliers, of_classes)
np.testing.assert_allclose(repeat_factors.sample_multipliers, of_images)
print(f"detectron2: the same repeat factors, up to {of_images.max():.2f}\n")

# %%
# detectron2 rounds the factor of each image up with its fraction as the probability, independently
# of other images. That is ``rounding="bernoulli"``: the size of an epoch has the same mean and the
# same spread. With the default, ``"stratified"``, all epochs have one size.

whole, fraction = np.divmod(of_images, 1)
generator = np.random.RandomState(0)
sizes = {
    "as in detectron2": [
        (whole + (generator.uniform(size=n_images) < fraction)).sum() for _ in range(500)
    ]
}
for rounding in ("bernoulli", "stratified"):
    sizes[f'rounding="{rounding}"'] = [
        repeat_factors.draw_repeats(seed, rounding=rounding).sum() for seed in range(500)
    ]
print("images in an epoch")
for name, drawn in sizes.items():
    print(f"  {name:<24}{np.mean(drawn):>9,.1f} +- {np.std(drawn):.1f}")

spread = np.sqrt((fraction * (1 - fraction)).sum())
for name in ("as in detectron2", 'rounding="bernoulli"'):
    np.testing.assert_allclose(np.mean(sizes[name]), of_images.sum(), atol=spread / 5)
    np.testing.assert_allclose(np.std(sizes[name]), spread, rtol=0.1)
assert set(sizes['rounding="stratified"']) == {repeat_factors.epoch_size}

# %%
# * Epochs of one size suit loops that count epochs: learning-rate schedules are exact, and the
#   ranks of a distributed job stay together.
# * There is a cap, ``cap=4``, for very rare classes, which a square root alone repeats too often.
# * It takes labels in any container and works in any loop, while detectron2's sampler reads
#   detectron2's dicts of annotations.
#
# From RandomOverSampler
# ----------------------
# imbalanced-learn's sampler takes one class per image, and raises all classes to the largest. Here
# the class is the rarest digit of an image.

X = np.arange(n_images).reshape(-1, 1)
y_single = np.where(y, class_counts, n_images + 1).argmin(axis=1)

before = RandomOverSampler(random_state=0)
after = MaxMultiplierOverSampler(target_count="max", cap=np.inf, random_state=0)
_, y_before = before.fit_resample(X, y_single)
_, y_after = after.fit_resample(X, y_single)
np.testing.assert_array_equal(np.bincount(y_after), np.bincount(y_before))
print(f"RandomOverSampler: the same counts, {np.bincount(y_after)[0]} of each class")
for oversampler in (before, after):
    repeats = np.bincount(oversampler.sample_indices_, minlength=n_images)[y_single == 9]
    name = type(oversampler).__name__
    print(f"  {name:<26}images of class nine are seen {repeats.min()} to {repeats.max()} times")

# %%
# * Copies are distributed evenly; RandomOverSampler draws them with replacement.
# * Images may have several classes, and there is a cap.
#
# (Classes of exactly the same count share their copies, so their counts may differ by a few.)
#
# What the settings do
# --------------------
# Each curve shows how often the images of a class are seen, by the number of images of that class.

BEFORE, AFTER, CAP = "#7b8fa8", "#ee7733", "#aa4499"

figure, ax = plt.subplots(figsize=(6.4, 4.8), layout="constrained")
counts = np.arange(class_counts.min(), class_counts.max() + 1)
settings = [
    (inverse, "-", BEFORE, "inverse frequency, as by weights"),
    (repeat_factors, "--", CAP, "square root, as in detectron2"),
    (learned, "-", AFTER, "default: inverse frequency, cap 4"),
]
for plan, line, color, label in settings:
    curve = ResamplingRule.from_counts(
        counts,
        target_count=plan.resolved_target_count,
        power=plan.power,
        cap=plan.cap,
        floor=plan.floor,
    )
    ax.plot(counts, curve.class_multipliers, line, color=color, label=label)
    ax.plot(class_counts, plan.class_multipliers, "o", color=color, markersize=4)
ax.plot(class_counts, by_hand, "s", color="black", markersize=8, fillstyle="none", label="by hand")
ax.axhline(1, color="black", linewidth=0.8, linestyle=":", label="once per epoch", zorder=0)
ax.set(xscale="log", yscale="log", xlabel="Images of the class", ylabel="Times seen per epoch")
ax.set_xticks([50, 100, 200, 500, 1000, 2000], ["50", "100", "200", "500", "1,000", "2,000"])
ax.set_yticks([0.25, 0.5, 1, 2, 4, 8], ["0.25", "0.5", "1", "2", "4", "8"])
ax.minorticks_off()
ax.legend(fontsize="small")
figure.savefig(folder / "migrate.png")
print(f"\nPicture: {folder / 'migrate.png'}")

# %%
# Inverse frequency shows common images in few epochs, to keep an epoch as large as the data. The
# square root raises the rarest classes less. The list by hand, made up for this page, is close to
# the default, which is learned from the counts.
#
# None of this says that resampling helps. Compare at equal gradient steps, with copies of random
# images as a control, and with tuned thresholds (:doc:`/guide/losses`).
