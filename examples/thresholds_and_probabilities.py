"""
Thresholds and probabilities after resampling
=============================================

Resampling changes what a network predicts: the probabilities of rare classes come out too high.
Here they are corrected, each class gets its own threshold, tuned on images that were not
resampled, and the gain is shown by class count in training.

``python examples/thresholds_and_probabilities.py FOLDER`` takes a few seconds and saves its
picture there, or in ``pictures/`` without FOLDER.
"""

import sys
import warnings
from pathlib import Path

from imblearn.pipeline import make_pipeline
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from mlresample import MaxMultiplierOverSampler, correct_probabilities
from mlresample.datasets import make_multilabel_digits
from mlresample.metrics import compare_evaluations, evaluate_by_frequency
from mlresample.model_selection import MultilabelTunedThresholdClassifierCV
from mlresample.plots import GainDisplay

# On a busy machine, several threads with so little work wait for each other, for minutes.
threadpool_limits(1)
# The network below stops after a set number of epochs, on purpose.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "pictures")
folder.mkdir(parents=True, exist_ok=True)


def load(n_samples, subset, seed):
    X, y, class_names = make_multilabel_digits(n_samples, subset=subset, random_state=seed)
    return X.reshape(n_samples, -1) / 255, y, class_names


def make_model(seed):
    sampler = MaxMultiplierOverSampler(target_count=500, cap=8, random_state=seed)
    network = MLPClassifier((64,), learning_rate_init=2e-3, max_iter=12, random_state=seed)
    return make_pipeline(sampler, network)


# %%
# Corrected probabilities
# -----------------------
# The plan knows by how much it raised the odds of each class. Undoing that brings the mean
# predictions nearer to the true shares on average, but not for each class: some rare digits, whose
# predictions were twice too high, now have predictions of half their share.

X, y, class_names = load(2000, "train", seed=0)
X_test, y_test, _ = load(3000, "test", seed=0)
model = make_model(seed=0).fit(X, y)
plan = model[0].plan_
predicted = model.predict_proba(X_test)
corrected = correct_probabilities(predicted, plan=plan)
print(f"{'':<6}{'true share':>11}{'predicted':>11}{'corrected':>11}")
for name, *shares in zip(
    class_names, *(values.mean(axis=0) for values in (y_test, predicted, corrected)), strict=True
):
    print(f"{name:<6}" + "".join(f"{share:>11.3f}" for share in shares))

# %%
# A threshold for each class
# --------------------------
# The tuner wraps the pipeline, so thresholds are tuned on images that were not resampled, with
# models that did not see them. Three seeds show how much the gain varies.

baselines, candidates = [], []
for seed in range(3):
    X, y, class_names = load(2000, "train", seed)
    X_test, y_test, _ = load(3000, "test", seed)
    tuned = MultilabelTunedThresholdClassifierCV(make_model(seed), cv=3, random_state=seed).fit(
        X, y
    )
    training = {"class_counts": y.sum(axis=0, dtype=int), "class_names": class_names}
    y_score = tuned.predict_proba(X_test)
    baselines.append(evaluate_by_frequency(y_test, y_score >= 0.5, y_score, **training))
    candidates.append(evaluate_by_frequency(y_test, tuned.predict(X_test), y_score, **training))
comparison = compare_evaluations(baselines, candidates)
print("\nA threshold of 0.5 (baseline) and tuned ones (candidate)")
print(comparison)

# %%
# The gain by class
# -----------------

display = GainDisplay.from_comparison(comparison)
display.figure_.savefig(folder / "gain.png")
print(f"\nPicture: {folder / 'gain.png'}")

# %%
# Every group of classes gains, and on this data set the common ones no less than the rare ones.
# For some of the rarest digits the bars are longer than the gain: thresholds tuned on few images
# vary.
