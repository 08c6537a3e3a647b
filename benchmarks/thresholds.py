"""Measure time, memory and gain of tuning thresholds.

``python -m benchmarks.thresholds`` compares the time with that of a loop over scikit-learn's
``precision_recall_curve``: medians of interleaved runs for 100,000 samples of 100 long-tailed
classes. ``python -m benchmarks.thresholds FOLDER`` scores thresholds on new data instead, for the
data sets birds, yeast and enron in FOLDER (minutes).
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.sparse import csc_array
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_curve
from sklearn.model_selection import KFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

from benchmarks._data import load
from benchmarks._measure import interleaved, peak_memory
from mlresample.model_selection import tune_thresholds

N_SAMPLES, N_CLASSES = 100_000, 100
N_PEER_CLASSES = 10  # evenly spaced classes that the loop is timed on; its time is multiplied


def loop_over_curves(y, scores):
    thresholds = []
    for c in range(y.shape[1]):
        precision, recall, candidates = precision_recall_curve(y[:, c], scores[:, c])
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        thresholds.append(candidates[f1[:-1].argmax()])
    return np.array(thresholds)


def long_tail(separation, dtype):
    """Make classes in one of ten to one of ten thousand samples, with normal scores."""
    generator = np.random.RandomState(0)
    y = generator.uniform(size=(N_SAMPLES, N_CLASSES)) < np.geomspace(0.1, 1e-4, N_CLASSES)
    scores = generator.normal(size=y.shape) + separation * y
    return y.astype(np.uint8), scores.astype(dtype)


def measure(name, y, target, scores, shrinkage=0):
    some = slice(None, None, N_CLASSES // N_PEER_CLASSES)  # views, which keep the memory layout
    functions = {
        "loop": lambda: loop_over_curves(y[:, some], scores[:, some]),
        "ours": lambda: tune_thresholds(target, scores, shrinkage=shrinkage),
    }
    times = {name: timing.cpu for name, timing in interleaved(functions, 5).items()}
    loop = times["loop"] * N_CLASSES / N_PEER_CLASSES
    memory = peak_memory(functions["ours"]) / scores.nbytes
    print(
        f"  {name:<44} loop {loop:6.2f} s, ours {times['ours']:6.3f} s, "
        f"{loop / times['ours']:5.1f} times; memory {memory:.2f} times the scores",
        flush=True,
    )


def speed():
    print(f"{N_SAMPLES:,} samples, {N_CLASSES} classes, process CPU time")
    for dtype in (np.float64, np.float32):
        y, scores = long_tail(3.0, dtype)
        kind = np.dtype(dtype).name
        measure(f"{kind}, by row, dense y", y, y, scores)
        measure(f"{kind}, by column, sparse y", y, csc_array(y), np.asfortranarray(scores))
        measure(f"{kind}, by row, dense y, shrinkage 3", y, y, scores, shrinkage=3)
        for separation, what in [(1.0, "poor"), (0.0, "random")]:
            y, scores = long_tail(separation, dtype)
            measure(f"{kind}, {what} scores", y, y, scores)


CLASSIFIERS = {
    "extra trees": ExtraTreesClassifier(30, random_state=0),
    "logistic regression": make_pipeline(
        MaxAbsScaler(), OneVsRestClassifier(LogisticRegression(solver="liblinear"))
    ),
}
CHOICES = {
    "0.5 for all": None,
    **{f"shrinkage {k}": {"shrinkage": k} for k in (0, 1, 3, 10, 30)},
    "common for all": {"min_positives": 10**9},
}


def probabilities(classifier, X, y, X_new):
    found = classifier.fit(X, y).predict_proba(X_new)
    if not isinstance(found, list):
        return found
    return np.column_stack([p[:, 1] if p.shape[1] == 2 else 0 * p[:, 0] for p in found])


def scores_on_new_data(X, y, classifier, seed):
    """Yield macro- and micro-F1 of each choice on each of three folds."""
    for train, test in KFold(3, shuffle=True, random_state=seed).split(X):
        held_out = np.empty((len(train), y.shape[1]))
        for rest, fold in KFold(5, shuffle=True, random_state=seed).split(train):
            known, new = train[rest], train[fold]
            held_out[fold] = probabilities(classifier, X[known], y[known], X[new])
        found = probabilities(classifier, X[train], y[train], X[test])
        for name, options in CHOICES.items():
            threshold = 0.5 if options is None else tune_thresholds(y[train], held_out, **options)
            predicted = (found >= threshold).astype(int)
            averages = [
                f1_score(y[test], predicted, average=average, zero_division=0)
                for average in ("macro", "micro")
            ]
            yield name, averages


def gain(folder):
    warnings.simplefilter("ignore")  # about classes that a fold lacks
    print("F1 on new data, 2 times 3 folds; macro-F1 minus that of shrinkage 0, ± standard error")
    for data in ("birds", "yeast", "enron"):
        X, y = load(folder / f"{data}.npz")
        for kind, classifier in CLASSIFIERS.items():
            found = {name: [] for name in CHOICES}
            for seed in range(2):
                for name, averages in scores_on_new_data(X, y, classifier, seed):
                    found[name].append(averages)
            found = {name: np.array(values) for name, values in found.items()}
            print(f"  {data}, {kind}")
            for name, values in found.items():
                macro, micro = values.mean(axis=0)
                more = values[:, 0] - found["shrinkage 0"][:, 0]
                error = more.std(ddof=1) / np.sqrt(len(more))
                print(
                    f"    {name:<16} macro {macro:.3f}, micro {micro:.3f}; "
                    f"{more.mean():+.3f} ± {error:.3f}",
                    flush=True,
                )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        speed()
    elif Path(sys.argv[1]).is_dir():
        gain(Path(sys.argv[1]))
    else:
        sys.exit(f"{sys.argv[1]} does not exist: the data sets are not part of the repository.")
