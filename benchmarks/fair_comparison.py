"""Compare fairly what resampling, loss weights and thresholds do for the scores.

``MLRESAMPLE_DATA=FOLDER python -m benchmarks.fair_comparison`` trains on the data sets of the
folder (yeast, birds, enron, corel5k, as .npz files) in multi-label stratified folds and prints
mean and standard deviation over the folds for each method; ``--csv FILE`` also writes them to a
file (``benchmarks/results/fair_comparison.csv`` holds those of the guide). Fair means:

* every network takes the same number of gradient steps, whatever the length of its epochs; the
  linear models are trained to convergence, and copies are sample weights;
* a control duplicates as many samples as resampling does, at random;
* each score is computed at a threshold of 0.5 and with thresholds tuned for each class, "unshrunk"
  or "shrunk" towards a common one, on out-of-fold scores of the training fold, not resampled.

Scores are means over the classes with positives in the test fold; "tail" is the third of the
classes that is rarest in training.
"""

import argparse
import csv
import os
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from sklearn.metrics import average_precision_score, f1_score
from sklearn.preprocessing import StandardScaler

from benchmarks._data import load
from mlresample import compute_loss_weights, plan_resampling
from mlresample.model_selection import tune_thresholds

torch.set_num_threads(1)  # such small products are slower on several

CAP = 4  # of the plan
WEIGHT_CAP = 10  # of pos_weight
# Steps and penalty have the best log loss without resampling and weights.
N_STEPS = {"yeast": 120, "birds": 120, "enron": 120, "corel5k": 400}
BATCH_SIZE = 64
N_FOLDS = 5
N_INNER_FOLDS = 3  # that thresholds are tuned on
SHRINKAGE = 3
CUTS = ["0.5", "unshrunk", "shrunk"]
PENALTY = 300  # of the linear models' squared weights

METHODS = {  # what repeats the samples, and what the loss weights are computed from
    "nothing": (None, None),
    "uniform copies": ("uniform", None),
    "resampling": ("plan", None),
    "weights": (None, "counts"),
    "resampling, weights of the rest": ("plan", "plan"),
    "resampling, full weights": ("plan", "counts"),
}


# -- models ------------------------------------------------------------------------------------


def train_network(X, y, multipliers, pos_weight, seed, n_steps):
    """Train a network with one hidden layer for a fixed number of steps."""
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(X.shape[1], 128),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(128, y.shape[1]),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3, weight_decay=1e-5)
    loss = torch.nn.BCEWithLogitsLoss(pos_weight=torch.as_tensor(pos_weight).float())
    generator = np.random.RandomState(seed)
    left = np.empty(0, dtype=np.int64)
    for _ in range(n_steps):
        if len(left) < BATCH_SIZE:
            whole = np.floor(multipliers)
            extra = generator.uniform(size=len(X)) < multipliers - whole
            epoch = np.repeat(np.arange(len(X)), (whole + extra).astype(np.int64))
            left = np.concatenate([left, generator.permutation(epoch)])
        batch, left = left[:BATCH_SIZE], left[BATCH_SIZE:]
        optimizer.zero_grad()
        loss(model(X[batch]), y[batch]).backward()
        optimizer.step()
    return model.eval()


def train_linear(X, y, multipliers, pos_weight, seed):
    """Train logistic regressions to convergence; copies are weights."""
    model = torch.nn.Linear(X.shape[1], y.shape[1])
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.LBFGS(
        model.parameters(), max_iter=200, tolerance_change=1e-7, line_search_fn="strong_wolfe"
    )
    weight = torch.as_tensor(multipliers / multipliers.mean()).float()[:, None]
    loss = torch.nn.BCEWithLogitsLoss(
        weight=weight, pos_weight=torch.as_tensor(pos_weight).float(), reduction="sum"
    )

    def closure():
        optimizer.zero_grad()
        value = (loss(model(X), y) + 0.5 * PENALTY * model.weight.square().sum()) / len(X)
        value.backward()
        return value

    optimizer.step(closure)
    return model


MODELS = ["network", "linear"]


def trainer(model, data_set):
    if model == "linear":
        return train_linear
    return partial(train_network, n_steps=N_STEPS[data_set])


# -- one fold ----------------------------------------------------------------------------------


def ingredients(y, method, seed):
    """Return the sample multipliers, the plan or None, and the weights of the positives."""
    copies, weights_of = METHODS[method]
    plan = plan_resampling(y, cap=CAP)
    multipliers = np.ones(len(y))
    if copies == "plan":
        multipliers = plan.sample_multipliers
    elif copies == "uniform":
        n_copies = plan.epoch_size - len(y)
        chosen = np.random.RandomState(seed).randint(len(y), size=n_copies)
        multipliers += np.bincount(chosen, minlength=len(y))
    pos_weight = np.ones(y.shape[1])
    if weights_of == "plan":
        pos_weight = compute_loss_weights(plan, cap=WEIGHT_CAP).pos_weight
    elif weights_of == "counts":
        counts = plan.class_counts
        pos_weight = compute_loss_weights(
            class_counts=counts, n_samples=len(y), cap=WEIGHT_CAP
        ).pos_weight
    return multipliers, plan if copies == "plan" else None, pos_weight


def fit_and_score(train, X, y, X_new, method, seed):
    """Train on X with a method, and return the probabilities for X_new."""
    multipliers, _, pos_weight = ingredients(y, method, seed)
    X, X_new = X.astype(np.float32), X_new.astype(np.float32)
    scaler = StandardScaler().fit(X)
    X, X_new = (torch.from_numpy(scaler.transform(part)).float() for part in (X, X_new))
    model = train(X, torch.from_numpy(y).float(), multipliers, pos_weight, seed)
    with torch.no_grad():
        return torch.sigmoid(model(X_new)).numpy()


def evaluate(train, X, y, X_test, y_test, method, seed):
    """Return the scores of a method on a fold, by name."""
    inner = MultilabelStratifiedKFold(N_INNER_FOLDS, shuffle=True, random_state=seed)
    out_of_fold = np.empty(y.shape, dtype=np.float32)
    for rows, rest in inner.split(X, y):
        out_of_fold[rest] = fit_and_score(train, X[rows], y[rows], X[rest], method, seed)
    cuts = {
        "0.5": 0.5,
        "unshrunk": tune_thresholds(y, out_of_fold, shrinkage=0),
        "shrunk": tune_thresholds(y, out_of_fold, shrinkage=SHRINKAGE),
    }
    scores = fit_and_score(train, X, y, X_test, method, seed)
    counts = y.sum(axis=0, dtype=np.int64)
    known = np.flatnonzero(y_test.any(axis=0))
    tail = known[counts[known] <= np.quantile(counts, 1 / 3)]
    found = {"AP": average_precision_score(y_test[:, known], scores[:, known], average="macro")}
    for name, cut in cuts.items():
        y_pred = (scores >= cut).astype(np.uint8)
        f1 = f1_score(y_test, y_pred, average=None, zero_division=0)
        found[f"macro-F1 {name}"] = f1[known].mean()
        found[f"tail-F1 {name}"] = f1[tail].mean() if len(tail) else np.nan
        found[f"micro-F1 {name}"] = f1_score(y_test, y_pred, average="micro", zero_division=0)
    return found


def compare(train, X, y, methods, n_folds):
    """Return the scores of each method, by name, with one value per fold."""
    results = {method: {} for method in methods}
    folds = MultilabelStratifiedKFold(n_folds, shuffle=True, random_state=0)
    for seed, (rows, test) in enumerate(folds.split(X, y)):
        for method in methods:
            found = evaluate(train, X[rows], y[rows], X[test], y[test], method, seed)
            for name, value in found.items():
                results[method].setdefault(name, []).append(value)
    return results


COLUMNS = [f"{score} {cut}" for score in ("macro-F1", "tail-F1", "micro-F1") for cut in CUTS] + [
    "AP"
]


def print_table(title, results):
    print(f"\n{title}")
    print(f"{'':<32}" + "".join(f"{name:>19}" for name in COLUMNS))
    for method, scores in results.items():
        cells = (f"{np.nanmean(scores[c]):.3f} ± {np.nanstd(scores[c]):.3f}" for c in COLUMNS)
        print(f"{method:<32}" + "".join(f"{cell:>19}" for cell in cells), flush=True)


def table_rows(data_set, model, results):
    """Return a dict per method, of means and standard deviations over the folds."""
    for method, scores in results.items():
        row = {"data": data_set, "model": model, "trained with": method}
        for name in COLUMNS:
            row[name] = f"{np.nanmean(scores[name]):.3f}"
            row[f"{name} std"] = f"{np.nanstd(scores[name]):.3f}"
        yield row


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=list(N_STEPS), help="data sets (all)")
    parser.add_argument("--models", nargs="*", default=MODELS[:1], choices=MODELS)
    parser.add_argument("--folds", type=int, default=N_FOLDS)
    parser.add_argument("--csv", type=Path, help="file that the figures are written to")
    arguments = parser.parse_args()
    if "MLRESAMPLE_DATA" not in os.environ:
        parser.error("the variable MLRESAMPLE_DATA must name the folder of the data sets")
    folder = Path(os.environ["MLRESAMPLE_DATA"])
    rows = []
    for name in arguments.data:
        X, y = load(folder / f"{name}.npz")
        for model in arguments.models:
            start = time.perf_counter()
            results = compare(trainer(model, name), X, y, METHODS, arguments.folds)
            seconds = time.perf_counter() - start
            print_table(f"{name}, {model}: {len(X):,} samples, {y.shape[1]} classes", results)
            print(f"({seconds:.0f} s)", flush=True)
            rows.extend(table_rows(name, model, results))
    if arguments.csv:
        with arguments.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
