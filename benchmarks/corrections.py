"""How near predicted rates are to true ones, before and after correction.

``MLRESAMPLE_DATA=FOLDER python -m benchmarks.corrections`` trains networks for a fixed number of
steps, or linear models (``--models linear``) to convergence, with resampling, with loss weights
and with both, in multi-label stratified folds. For each class, the mean prediction for samples
that were not trained on is compared with the class's true rate. The error is the factor between
the two, averaged over the classes in logarithms (1.00 means that both are equal for each class).
"nearer" counts the classes whose rate the correction brings nearer to the truth, among those that
it changes.
"""

import argparse
import os
from functools import partial
from pathlib import Path

import numpy as np
import torch
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from sklearn.preprocessing import StandardScaler

from benchmarks._data import load
from benchmarks.recipes import N_STEPS, dense_network
from mlresample import compute_loss_weights, correct_probabilities, plan_resampling

torch.set_num_threads(1)  # such small products are slower on several

DATA_SETS = ["yeast", "birds", "enron", "corel5k"]
CAP = 4  # of the plan
WEIGHT_CAP = 10  # of pos_weight
BATCH_SIZE = 64
PENALTY = 300  # of the linear models' squared weights: the best log loss without any method

METHODS = {  # whether the plan repeats samples, and what the loss weights are computed from
    "nothing": (False, None),
    "resampling": (True, None),
    "weights": (False, "counts"),
    "resampling, weights of the rest": (True, "plan"),
}


# -- models ------------------------------------------------------------------------------------


def train_network(X, y, multipliers, pos_weight, seed, n_steps):
    """Train a network with one hidden layer for a fixed number of steps."""
    torch.manual_seed(seed)
    model = dense_network(X.shape[1], y.shape[1])
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


def ingredients(y, method):
    """Return the sample multipliers, the plan or None, and the weights of the positives."""
    resamples, weights_of = METHODS[method]
    plan = plan_resampling(y, cap=CAP)
    multipliers = plan.sample_multipliers if resamples else np.ones(len(y))
    pos_weight = np.ones(y.shape[1])
    if weights_of == "plan":
        pos_weight = compute_loss_weights(plan, cap=WEIGHT_CAP).pos_weight
    elif weights_of == "counts":
        pos_weight = compute_loss_weights(
            class_counts=plan.class_counts, n_samples=len(y), cap=WEIGHT_CAP
        ).pos_weight
    return multipliers, plan if resamples else None, pos_weight


def fit_and_score(train, X, y, X_new, multipliers, pos_weight, seed):
    """Train on X, and return the probabilities for X_new."""
    X, X_new = X.astype(np.float32), X_new.astype(np.float32)
    scaler = StandardScaler().fit(X)
    X, X_new = (torch.from_numpy(scaler.transform(part)).float() for part in (X, X_new))
    model = train(X, torch.from_numpy(y).float(), multipliers, pos_weight, seed)
    with torch.no_grad():
        return torch.sigmoid(model(X_new)).numpy()


def rates(train, X, y, method, n_folds):
    """Return the mean out-of-fold prediction of each class, raw and corrected."""
    raw, corrected = np.zeros(y.shape), np.zeros(y.shape)
    folds = MultilabelStratifiedKFold(n_folds, shuffle=True, random_state=0)
    for seed, (rows, test) in enumerate(folds.split(X, y)):
        multipliers, plan, pos_weight = ingredients(y[rows], method)
        raw[test] = fit_and_score(train, X[rows], y[rows], X[test], multipliers, pos_weight, seed)
        corrected[test] = correct_probabilities(raw[test], plan=plan, pos_weight=pos_weight)
    return raw.mean(axis=0), corrected.mean(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=DATA_SETS, help="data sets (all)")
    parser.add_argument("--models", nargs="*", default=MODELS[:1], choices=MODELS)
    parser.add_argument("--folds", type=int, default=5)
    arguments = parser.parse_args()
    if "MLRESAMPLE_DATA" not in os.environ:
        parser.error("the variable MLRESAMPLE_DATA must name the folder of the data sets")
    folder = Path(os.environ["MLRESAMPLE_DATA"])
    print(f"{'':<18}{'trained with':<33}{'error':>8}{'corrected':>11}{'nearer':>12}")
    for name in arguments.data:
        X, y = load(folder / f"{name}.npz")
        occurs = np.flatnonzero(y.sum(axis=0) >= arguments.folds)
        truth = y.mean(axis=0)[occurs]
        for model in arguments.models:
            for method in METHODS:
                found = rates(trainer(model, name), X, y, method, arguments.folds)
                raw, corrected = (np.abs(np.log(rate[occurs] / truth)) for rate in found)
                changed = raw != corrected
                nearer = f"{(corrected < raw)[changed].sum()} of {changed.sum()}"
                print(
                    f"{name + ', ' + model:<18}{method:<33}{np.exp(raw.mean()):>8.2f}"
                    f"{np.exp(corrected.mean()):>11.2f}{nearer:>12}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
