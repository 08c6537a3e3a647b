"""
An epoch of a given size
========================

Training time grows with the number of steps, so you may want epochs of a fixed size.
``epoch_size`` sets it; a ``floor`` below 1 makes room for rare classes, because each epoch then
leaves out some of the images with only common classes, different ones each time. What does each
budget achieve, what does an epoch leave out, and how long does it take until every image has been
seen? This takes a few seconds; the pictures need matplotlib
(``.venv/bin/pip install -e ".[plot]"``).

``python examples/budgeted_epoch.py FOLDER`` saves its pictures there, or in ``pictures/``
without FOLDER.
"""

import sys
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from mlresample import compare_plans, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.plots import ClassCountsDisplay, PlanComparisonDisplay

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)

# %%
# What a budget buys
# ------------------
# Budgets range from 60 to 150 percent of the images. They are floats: multiples of the number of
# images. The target count is computed from them. A lower floor leaves more room for rare classes,
# at the expense of the common ones; with a floor of 1 nothing is left out, and no budget below 1
# can be met.

BUDGETS = [0.6, 0.8, 1.0, 1.25, 1.5]

_, y, class_names = make_multilabel_digits(5000, random_state=0)
comparison = compare_plans(
    y,
    [
        {"epoch_size": BUDGETS, "floor": [0.25, 0.5]},
        {"epoch_size": [1.0, 1.25, 1.5], "floor": [1.0]},
    ],
)
print(comparison)
display = PlanComparisonDisplay.from_comparison(comparison)
display.figure_.savefig(folder / "budgets.png")

# %%
# With a floor below 1, an epoch as large as the data is better balanced than the larger ones. A
# larger budget raises the target count until the cap holds the rare classes, and only the others
# still grow. So if you can afford more steps, take more epochs rather than longer ones.
#
# What each class gets
# --------------------
# The table shows how often each class is in one epoch, with a floor of 0.25.

FLOOR = 0.25

plans = {
    budget: plan_resampling(y, class_names=class_names, epoch_size=budget, floor=FLOOR)
    for budget in BUDGETS
}


def print_row(name, cells):
    print(f"{name:<10}" + "".join(f"{cell:>7}" for cell in cells))


print_row("epoch", class_names)
print_row("the data", y.sum(axis=0, dtype=int))
for budget, plan in plans.items():
    print_row(f"{budget:.0%}", y[plan.draw_indices(0)].sum(axis=0, dtype=int))

display = ClassCountsDisplay.from_plan(plans[0.6])
display.figure_.savefig(folder / "class_counts.png")

# %%
# The picture shows the smallest budget: common classes lose, and rare ones still gain.
#
# Budgets that cannot be met
# --------------------------
# Floor and cap bound the size of an epoch: no image can be seen less often than the floor says,
# nor more often than the cap. Any other budget is an error that names the possible sizes.

for parameters in (
    {"epoch_size": 0.6, "floor": 1.0},
    {"epoch_size": 0.2, "floor": FLOOR},
    {"epoch_size": 25_000, "floor": FLOOR},
):
    try:
        plan_resampling(y, **parameters)
    except ValueError as error:
        print(fill(str(error), 95), end="\n\n")

# %%
# What an epoch shows
# -------------------
# Images with a multiplier of 1 or more are in every epoch; these are the ones with a rare class.
# Those below 1 are in some epochs. ``plan.draw_indices`` takes a new seed each epoch, so that
# others are left out each time. With the same seed throughout, what the first epoch leaves out is
# never seen: that is data lost. It happens in a pipeline, where a sampler draws once.

N_EPOCHS = 12


def share_seen(plan, seeds):
    """Return the share of the images that were seen at least once, after each epoch."""
    seen = np.zeros(plan.n_samples, dtype=bool)
    shares = []
    for seed in seeds:
        seen[plan.draw_indices(seed)] = True
        shares.append(seen.mean())
    return shares


seen = {budget: share_seen(plan, range(N_EPOCHS)) for budget, plan in plans.items()}
always = {budget: (plan.sample_multipliers >= 1).mean() for budget, plan in plans.items()}
print("share of the images that are")
columns = ["in every epoch", "in the first", "seen after 5", f"after {N_EPOCHS}", "one seed"]
print(f"{'epoch':<8}" + "".join(f"{name:>16}" for name in columns))
for budget, plan in plans.items():
    one_seed = share_seen(plan, [0] * N_EPOCHS)[-1]
    shares = [always[budget], seen[budget][0], seen[budget][4], seen[budget][-1], one_seed]
    print(f"{budget:<8.0%}" + "".join(f"{share:>16.1%}" for share in shares))

# %%
# A random subset of the same size has more different images, but misses rare ones: 60 percent of
# the images hold about 60 percent of each class.

random_subset = np.random.RandomState(0).choice(len(y), plans[0.6].epoch_size, replace=False)
rare = y[:, -3:].any(axis=1).nonzero()[0]
print(f"images with {', '.join(class_names[-3:])} that are in an epoch of 60 %")
print(f"  a random subset {np.isin(rare, random_subset).mean():>7.1%}")
print(f"  the plan        {np.isin(rare, plans[0.6].draw_indices(0)).mean():>7.1%}")

# %%
# How long until every image has been seen
# ----------------------------------------
# An image with a multiplier m below 1 has been seen after k epochs with a probability of
# 1 - (1 - m)\ :sup:`k`. With a floor of 0.25 it is seen every fourth epoch on average.

BEFORE = "#7b8fa8"

figure, ax = plt.subplots(figsize=(6.4, 4.6), layout="constrained")
epochs = np.arange(1, N_EPOCHS + 1)
colors = plt.colormaps["viridis"](np.linspace(0, 0.75, len(BUDGETS)))
for (budget, shares), color in zip(seen.items(), colors, strict=True):
    ax.plot(epochs, shares, "o-", color=color, markersize=4)
    ax.annotate(
        f"{budget:.0%}",
        (1, shares[0]),
        xytext=(-7, 0),
        textcoords="offset points",
        color=color,
        ha="right",
        va="center",
    )
ax.plot(epochs, 1 - (1 - 0.6) ** epochs, "--", color=BEFORE)
ax.annotate("60%,\nrandom subset", (2.2, 0.93), color=BEFORE, ha="right")
ax.axhline(seen[0.6][0], xmin=1.5 / (N_EPOCHS + 1), color=colors[0], linestyle=":")
ax.annotate("60%, always the same seed", (N_EPOCHS, seen[0.6][0] + 0.01), ha="right")
ax.set(
    xlabel="Epochs",
    ylabel="Images seen at least once",
    xlim=(-0.5, N_EPOCHS + 0.5),
    xticks=epochs,
    ylim=(0.35, 1.02),
)
ax.yaxis.set_major_formatter(PercentFormatter(1))
figure.savefig(folder / "seen.png")
pictures = [str(folder / name) for name in ("budgets.png", "class_counts.png", "seen.png")]
print(f"\nPictures: {', '.join(pictures)}")

# %%
# What to choose
# --------------
# Choose the floor first, by the number of epochs: in 1 / floor epochs an image of common classes
# is seen once on average, and after a few times as many hardly any is unseen. Then choose the
# budget; 1.0 is a good start. With a floor of 0, it may be dozens of epochs until the most common
# images are seen.
#
# A plan is balance, not accuracy. Compare it with all images and with a random subset of the same
# size, at the same number of gradient steps and with tuned thresholds (:doc:`/guide/losses`).
# Leaving out common classes shifts predictions as copies of rare ones do;
# :func:`~mlresample.correct_probabilities` undoes both.
