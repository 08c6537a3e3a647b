"""
A grid search over the cap, with controls
=========================================

Which cap suits a pipeline, and does resampling help at all? A grid search answers both questions
if it tries no resampling, each cap, and as many copies of random images. Then the search is
repeated with a threshold tuned for each class. This takes about ten seconds on one core; the
picture needs matplotlib (``.venv/bin/pip install -e ".[plot]"``).

``python examples/grid_search_caps.py FOLDER`` saves its picture there, or in ``pictures/`` without
FOLDER.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from threadpoolctl import threadpool_limits

from mlresample import MaxMultiplierOverSampler, compare_plans
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import MultilabelTunedThresholdClassifierCV

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)

# On a busy machine, several threads with so little work wait for each other, for minutes.
threadpool_limits(1)

# %%
# Look at the plans first
# -----------------------
# Plans need only the labels, and show which caps need not be tried: those that no class reaches.
# The target count is a share of the samples, so it means the same in every training fold.

TARGET = 0.2
CAPS = [2, 4, 8]

X, y, class_names = make_multilabel_digits(1600, random_state=0)
X = X.reshape(len(X), -1) / 255
plans = compare_plans(y, {"cap": CAPS, "target_count": [TARGET]}, class_names=class_names)
print(plans)

# %%
# The grid
# --------
# The classifier lets the five nearest neighbors vote. Copies matter to it, because each has a
# vote. It takes no gradient steps, so there are none to keep equal. (A network takes them, and
# trains longer on a longer epoch: see the quick start.) It needs a control all the same: with
# copies of any images, fewer different neighbors vote, and that is part of what a cap does.
#
# The control is a sampler, too. Its multiplier is the same for all classes, and makes its epochs
# as large as the plan's.

pipeline = Pipeline(
    [
        ("sampler", MaxMultiplierOverSampler(target_count=TARGET, random_state=0)),
        ("classifier", KNeighborsClassifier(5)),
    ]
)
uniform = [
    MaxMultiplierOverSampler(class_multipliers=[growth] * len(class_names), random_state=0)
    for growth in plans.growth
]
grid = [{"sampler": ["passthrough"]}, {"sampler__cap": CAPS}, {"sampler": uniform}]
methods = [
    "no copies",
    *(f"cap {cap}" for cap in CAPS),
    *(f"uniform, size of cap {cap}" for cap in CAPS),
]

# %%
# The folds
# ---------
# The rarest class of an image decides how often it is repeated, and the rare classes decide
# macro-F1. So we stratify by the rarest class of each image, and every test fold has its share of
# all classes. (For targets with many rare classes, use
# :class:`~mlresample.model_selection.MultilabelStratifiedKFold`.) Three folds, repeated three
# times, show the spread.

class_counts = y.sum(axis=0, dtype=int)
rarest_class = np.where(y, class_counts, len(y) + 1).argmin(axis=1)
splitter = RepeatedStratifiedKFold(n_splits=3, n_repeats=3, random_state=0)
folds = list(splitter.split(X, rarest_class))
tested = np.array([y[test].sum(axis=0, dtype=int) for _, test in folds])
print("images of each class in the test folds, fewest and most")
for name, fewest, most in zip(class_names, tested.min(axis=0), tested.max(axis=0), strict=True):
    print(f"  {name:<6}{fewest:>5}{most:>5}")

# %%
# The search, at a threshold of 0.5 and with tuned ones
# -----------------------------------------------------
# ``scoring`` must be set: the default is the share of images with every class right. The tuner
# wraps the pipeline, so its inner folds are split before anything is copied. Thresholds do not
# change the order of the scores, so average precision need not be computed again.

untuned = GridSearchCV(
    pipeline, grid, scoring=["f1_macro", "average_precision"], refit=False, cv=folds
).fit(X, y)
tuned = GridSearchCV(
    MultilabelTunedThresholdClassifierCV(pipeline, cv=3, random_state=0),
    [{f"estimator__{name}": values for name, values in part.items()} for part in grid],
    scoring="f1_macro",
    refit=False,
    cv=folds,
).fit(X, y)


def fold_scores(search, metric):
    """Return the scores, of shape (n_methods, n_folds)."""
    return np.column_stack(
        [search.cv_results_[f"split{fold}_test_{metric}"] for fold in range(len(folds))]
    )


scores = {
    "macro-F1, 0.5": fold_scores(untuned, "f1_macro"),
    "macro-F1, tuned": fold_scores(tuned, "score"),
    "average precision": fold_scores(untuned, "average_precision"),
}


def print_table(title, columns, form):
    print(f"\n{title:<30}" + "".join(f"{name:>20}" for name in columns))
    for i, method in enumerate(methods):
        cells = (f"{rows[i].mean():{form}} +- {rows[i].std():.3f}" for rows in columns.values())
        print(f"{method:<30}" + "".join(f"{cell:>20}" for cell in cells))


print_table("mean and spread over the folds", scores, ".3f")
differences = {name: rows - rows[0] for name, rows in scores.items()}
print_table("minus no copies, same fold", differences, "+.3f")

# %%
# The first table shows what ``cv_results_`` holds. The second is the one to read: it shows
# differences within each fold, since some folds are harder than others. (Folds share images, so
# the spread is a guide, not a test.)
#
# * At a threshold of 0.5, every cap raises macro-F1, and by more than its control. A search with
#   this score alone would have chosen a large cap.
# * Copies of random images account for part of that gain.
# * Tuned thresholds gain more than any cap, without a single copy. With them, copies gain nothing,
#   and large caps lose.
# * Average precision, which depends on no threshold, falls with more copies. The classifier has
#   not learned more about rare digits: copies have shifted its scores, as a threshold would.
#
# So search with tuned thresholds, and keep ``"passthrough"`` in the grid. Take the smallest cap
# that beats it, and the control of the same size, by more than the spread. Here, no cap does.
# Other classifiers may differ: in the quick start, a network gains at 0.5 what its control does
# not, and nothing either once thresholds are tuned.
#
# The scores as a picture
# -----------------------

BEFORE, AFTER = "#7b8fa8", "#ee7733"

figure, (ax, ax_size) = plt.subplots(
    2, sharex=True, figsize=(6.4, 5.6), height_ratios=[4, 1], layout="constrained"
)
places = np.arange(1, len(CAPS) + 1)
by_cap, controls = np.split(np.arange(1, len(methods)), 2)
kinds = [
    ("no copies", [0], [0], "black", "D"),
    ("as many uniform copies", controls, places + 0.05, BEFORE, "s"),
    ("copies by cap", by_cap, places - 0.05, AFTER, "o"),
]
for name, filled in [("macro-F1, 0.5", False), ("macro-F1, tuned", True)]:
    means, spreads = scores[name].mean(axis=1), scores[name].std(axis=1)
    ax.axhline(means[0], color="black", linewidth=0.8, linestyle="--")
    for label, rows, x, color, marker in kinds:
        ax.errorbar(
            x,
            means[rows],
            spreads[rows],
            color=color,
            marker=marker,
            markerfacecolor=color if filled else "white",
            capsize=3,
            label=label if filled else None,
        )
    threshold = "thresholds tuned\nfor each class" if filled else "threshold 0.5"
    ax.annotate(threshold, (0.1, means[0]), xytext=(0, 5), textcoords="offset points")
ax.margins(y=0.15)
ax.set(ylabel="Macro-F1 in cross-validation", xlim=(-0.4, len(CAPS) + 0.4))
figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize="small")

bars = ax_size.bar(range(len(CAPS) + 1), [1, *plans.growth], 0.4, color=["black", *[AFTER] * 3])
ax_size.bar_label(bars, fmt="%.2f", fontsize="small", padding=2)
ax_size.set(ylabel="Epoch size", ylim=(0, 2.5), yticks=[0, 1, 2], xlabel="Cap")
ax_size.set_xticks(range(len(CAPS) + 1), ["none", *CAPS])
figure.savefig(folder / "grid_search_caps.png")
print(f"\nPicture: {folder / 'grid_search_caps.png'}")

# %%
# Bars are one standard deviation over the folds. The lower plot shows the size of an epoch, as a
# multiple of the number of images. With nearest neighbors, a larger epoch costs memory and
# prediction time; with networks, it costs steps.
