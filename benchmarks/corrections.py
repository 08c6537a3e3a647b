"""How near predicted rates are to true ones, before and after correction.

``MLRESAMPLE_DATA=FOLDER python -m benchmarks.corrections`` trains the models of
``benchmarks.fair_comparison`` with resampling, with loss weights and with both, in multi-label
stratified folds. For each class, the mean prediction for samples that were not trained on is
compared with the class's true rate. The error is the factor between the two, averaged over the
classes in logarithms (1.00 means that both are equal for each class). "nearer" counts the classes
whose rate the correction brings nearer to the truth, among those that it changes.
"""

import argparse
import os
from pathlib import Path

import numpy as np
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

from benchmarks._data import load
from benchmarks.fair_comparison import (
    MODELS,
    N_STEPS,
    fit_and_score,
    ingredients,
    trainer,
)
from mlresample import correct_probabilities

TRAINED_WITH = ["nothing", "resampling", "weights", "resampling, weights of the rest"]


def rates(train, X, y, method, n_folds):
    """Return the mean out-of-fold prediction of each class, raw and corrected."""
    raw, corrected = np.zeros(y.shape), np.zeros(y.shape)
    folds = MultilabelStratifiedKFold(n_folds, shuffle=True, random_state=0)
    for seed, (rows, test) in enumerate(folds.split(X, y)):
        raw[test] = fit_and_score(train, X[rows], y[rows], X[test], method, seed)
        _, plan, pos_weight = ingredients(y[rows], method, seed)
        corrected[test] = correct_probabilities(raw[test], plan=plan, pos_weight=pos_weight)
    return raw.mean(axis=0), corrected.mean(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=list(N_STEPS), help="data sets (all)")
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
            for method in TRAINED_WITH:
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
