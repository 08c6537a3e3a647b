"""
Labels that nobody checked
==========================

In medical and web-scale data, many labels are unknown, because nobody checked. Filled with 0, they
become negatives, and everything that is computed from negatives is wrong: loss weights,
thresholds, scores. ``unknown=`` names the value that marks them, and they are left out, class by
class. Labels are hidden here, so that both ways can be compared with the truth. This runs in half
a minute.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import f1_score

from mlresample import compute_loss_weights, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import tune_thresholds

# %%
# Hide labels
# -----------
# All labels of the most common class stay, and one in five of the rarest, chosen at random. If
# annotators had looked where they expected a class, no method could tell how common it is.

UNKNOWN = -1
SHARE_HIDDEN = np.linspace(0, 0.8, 10)


def hide(y, rng):
    return np.where(rng.random(y.shape) < SHARE_HIDDEN, UNKNOWN, y.astype(int))


def as_negatives(y):
    return np.where(y == UNKNOWN, 0, y)


_, truth, class_names = make_multilabel_digits(4000, random_state=0)
y = hide(truth, np.random.default_rng(0))
plan = plan_resampling(y, class_names=class_names, unknown=UNKNOWN)
print(plan)

# %%
# Loss weights
# ------------
# The weight of a class is its number of negatives per positive. With unknown labels as negatives,
# that of the rarest class is several times too large.


def weights_of(y, **options):
    counts = plan_resampling(y, class_names=class_names, cap=1, **options)
    return compute_loss_weights(counts).pos_weight


columns = {
    "truth": weights_of(truth),
    "known": weights_of(y, unknown=UNKNOWN),
    "as negatives": weights_of(as_negatives(y)),
}
print(f"{'class':<6}" + "".join(f"{name:>14}" for name in columns))
for row in zip(class_names, *columns.values(), strict=True):
    print(f"{row[0]:<6}" + "".join(f"{weight:14.2f}" for weight in row[1:]))

# %%
# Training and thresholds
# -----------------------
# Each class has a classifier, fitted to the samples that are known for it, or to all samples.
# Thresholds are tuned on held-out samples that have hidden labels, too. All test labels are known.


def fit_and_score(X, y, X_new):
    scores = []
    for labels in y.T:
        known = labels != UNKNOWN
        model = ExtraTreesClassifier(30, random_state=0).fit(X[known], labels[known])
        scores.append(model.predict_proba(X_new)[:, 1])
    return np.column_stack(scores)


def macro_f1_of(seed, of_training, of_tuning):
    """Return macro-F1 at 0.5 and at tuned thresholds; the functions are applied to labels."""
    X, truth, _ = make_multilabel_digits(4000, random_state=seed)
    X_test, y_test, _ = make_multilabel_digits(2000, subset="test", random_state=seed)
    X, X_test = X.reshape(len(X), -1), X_test.reshape(len(X_test), -1)
    y = hide(truth, np.random.default_rng(seed))
    X_new = np.concatenate([X[2500:], X_test])
    scores = fit_and_score(X[:2500], of_training(y[:2500]), X_new)
    held_out, test = scores[:1500], scores[1500:]
    thresholds = tune_thresholds(of_tuning(y[2500:]), held_out, unknown=UNKNOWN)
    return [
        f1_score(y_test, predicted, average="macro", zero_division=0)
        for predicted in (test >= 0.5, test >= thresholds)
    ]


ways = {
    "known labels": (np.asarray, np.asarray),
    "thresholds: as negatives": (np.asarray, as_negatives),
    "all: as negatives": (as_negatives, as_negatives),
}
print(f"{'macro-F1':<25} {'at 0.5':>15} {'tuned':>15}")
for name, way in ways.items():
    found = np.array([macro_f1_of(seed, *way) for seed in range(5)])
    print(f"{name:<25}", *(f"  {f1.mean():.3f} ± {f1.std(ddof=1):.3f}" for f1 in found.T))

# %%
# In PyTorch, the loss leaves unknown entries out in three lines::
#
#     known = targets != UNKNOWN
#     losses = F.binary_cross_entropy_with_logits(
#         logits, targets.clamp(min=0), pos_weight=pos_weight, reduction="none")
#     loss = (losses * known).sum() / known.sum()
