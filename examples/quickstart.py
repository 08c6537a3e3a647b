"""
Quick start: plan, pipeline, and a fair comparison
==================================================

Each image holds several scanned digits: zero is in almost every image, nine in very few. We look
at what resampling will do, search for a cap inside a pipeline, and then ask whether it helped. The
comparison takes the same number of gradient steps for each method, has a control that duplicates
images at random, and uses thresholds of 0.5 as well as tuned ones. The pictures need matplotlib
(``.venv/bin/pip install -e ".[plot]"``).

``python examples/quickstart.py FOLDER`` saves its pictures there, or in ``pictures/`` without
FOLDER.
"""

import sys
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from mlresample import MaxMultiplierOverSampler, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import tune_thresholds
from mlresample.plots import ClassCountsDisplay

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)

# On a busy machine, several threads with so little work wait for each other, for minutes.
threadpool_limits(1)
# The network below stops after a set number of steps, on purpose.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

N_STEPS = 750
BATCH_SIZE = 64


def make_network(n_samples, seed=0):
    """Make a network that takes about N_STEPS gradient steps, whatever the size of its data."""
    n_epochs = round(N_STEPS / np.ceil(n_samples / BATCH_SIZE))
    return MLPClassifier(
        hidden_layer_sizes=(64,),
        batch_size=BATCH_SIZE,
        learning_rate_init=2e-3,
        max_iter=n_epochs,
        n_iter_no_change=n_epochs,  # no early stopping
        random_state=seed,
    )


def load(n_samples, subset, seed):
    X, y, class_names = make_multilabel_digits(n_samples, subset=subset, random_state=seed)
    return X.reshape(n_samples, -1) / 255, y, class_names


# %%
# What the resampling will do
# ---------------------------
# A plan needs only the labels.

X, y, class_names = load(2000, "train", seed=0)
plan = plan_resampling(y, class_names=class_names, cap=4)
print(plan)
display = ClassCountsDisplay.from_plan(plan)
display.figure_.savefig(folder / "plan.png")

# %%
# Choosing the cap in a pipeline
# ------------------------------
# Only the training folds are resampled; the test folds are left as they are. A cap of 1 changes
# nothing: it is the baseline. The default score of a multi-label classifier is the share of images
# with every class right, so we ask for macro-F1. ``verbose`` prints a line for each trained
# network.

pipeline = Pipeline(
    [
        ("sampler", MaxMultiplierOverSampler(random_state=0)),
        ("classifier", make_network(len(X))),
    ]
)
search = GridSearchCV(
    pipeline,
    {"sampler__cap": [1, 2, 4, 8]},
    scoring="f1_macro",
    cv=KFold(3, shuffle=True, random_state=0),
    refit=False,
    verbose=2,
)
print("\nGridSearchCV over the cap (larger caps train a little longer here)")
search.fit(X, y)
for cap, score in zip([1, 2, 4, 8], search.cv_results_["mean_test_score"], strict=True):
    print(f"  cap {cap}: macro-F1 {score:.3f}")

# %%
# Did it help?
# ------------
# Five seeds, each with its own images. Every method takes the same number of gradient steps.
# "Uniform" repeats random images until there are as many as with cap 4. Thresholds are tuned on
# images that were neither trained on nor resampled.


def uniform_indices(n_samples, size, seed):
    copies = np.random.RandomState(seed).choice(n_samples, size - n_samples, replace=False)
    return np.concatenate([np.arange(n_samples), copies])


print("\nTraining every method with five seeds")
results = {}
for seed in range(5):
    print(f"  seed {seed}:", end="")
    X, y, _ = load(3000, "train", seed)
    X_train, y_train, X_validation, y_validation = X[:2250], y[:2250], X[2250:], y[2250:]
    X_test, y_test, _ = load(3000, "test", seed)

    plans = {cap: plan_resampling(y_train, cap=cap) for cap in (2, 4, 8)}
    methods = {
        "baseline": np.arange(len(y_train)),
        "uniform": uniform_indices(len(y_train), plans[4].epoch_size, seed),
    }
    methods |= {f"cap {cap}": plan.draw_indices(seed) for cap, plan in plans.items()}
    for name, indices in methods.items():
        network = make_network(len(indices), seed).fit(X_train[indices], y_train[indices])
        score = network.predict_proba(X_test)
        y_score = network.predict_proba(X_validation)
        thresholds = tune_thresholds(y_validation, y_score, shrinkage=0)
        macro_f1 = [
            f1_score(y_test, score >= threshold, average="macro", zero_division=0)
            for threshold in (0.5, thresholds)
        ]
        steps = network.n_iter_ * np.ceil(len(indices) / BATCH_SIZE)
        results.setdefault(name, []).append([len(indices), steps, *macro_f1])
        print(f" {name}" + ("" if name == "cap 8" else ","), end="", flush=True)
    print()

print("\nTest macro-F1, mean and standard deviation over five seeds")
print(f"{'':<10} {'images':>8} {'steps':>6}  {'threshold 0.5':>14}  {'tuned':>14}")
for name, rows in results.items():
    size, steps, f1, tuned = np.mean(rows, axis=0)
    _, _, f1_sd, tuned_sd = np.std(rows, axis=0, ddof=1)
    print(
        f"{name:<10} {size:>8,.0f} {steps:>6,.0f}   {f1:.3f} +- {f1_sd:.3f}  "
        f" {tuned:.3f} +- {tuned_sd:.3f}"
    )

# %%
# Each dot is a seed, each diamond the mean over the seeds.

# sphinx_gallery_thumbnail_number = 2
figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for i, rows in enumerate(results.values()):
    for column, color, y_place in [(2, "#7b8fa8", i - 0.12), (3, "#ee7733", i + 0.12)]:
        values = np.array(rows)[:, column]
        ax.plot(values, [y_place] * len(values), "o", color=color, alpha=0.5, markersize=4)
        (point,) = ax.plot(values.mean(), y_place, "D", color=color)
        if i == 0:
            point.set_label("threshold 0.5" if column == 2 else "thresholds tuned for each class")
ax.set(xlabel="Macro-F1 of test images", yticks=range(len(results)), yticklabels=results)
ax.invert_yaxis()
figure.legend(loc="outside upper center", ncols=2, frameon=False)
figure.savefig(folder / "macro_f1.png")
print(f"\nPictures: {folder / 'plan.png'}, {folder / 'macro_f1.png'}")

# %%
# At a threshold of 0.5, caps gain a little over the baseline and over the control, with the same
# number of steps. Tuned thresholds gain more, and with them the caps gain nothing.
