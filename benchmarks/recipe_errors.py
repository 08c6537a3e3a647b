"""How often compare_recipes is wrong: recipes that are equally good, and weights that help.

``python -m benchmarks.recipe_errors`` makes 100 small data sets of either kind and counts those
in which some recipe is found to be better than the baseline beyond noise, with one repeat of the
folds and with two, the default. It takes three minutes.

* *Null*: the recipes are the same classifier with other random noise among its features. Any
  finding is wrong; at most 5 of 100 are expected with the default `alpha`, better or worse.
* *Planted*: a logistic regression in short training, whose rare classes stay below 0.5 without
  loss weights. Not finding the weights to be better in macro-F1 at 0.5 is wrong.
"""

import argparse
import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin

from mlresample.model_selection import compare_recipes

N_NOISE = 4  # features


class NoisyMeans(ClassifierMixin, BaseEstimator):
    """Score by the distance from the classes' means, with one of several blocks of noise."""

    def __init__(self, block=0):
        self.block = block

    def _features(self, X):
        start = X.shape[1] % N_NOISE or N_NOISE  # informative ones first
        noise = start + N_NOISE * self.block
        return np.hstack([X[:, :start], X[:, noise : noise + N_NOISE]])

    def fit(self, X, y):
        X = self._features(X)
        present, absent = (
            np.array([X[column == value].mean(axis=0) for column in y.T]) for value in (1, 0)
        )
        self.direction_ = (present - absent).T
        self.middle_ = ((present + absent) * (present - absent)).sum(axis=1) / 2
        return self

    def predict_proba(self, X):
        return 1 / (1 + np.exp(self.middle_ - self._features(X) @ self.direction_))


def make_data(seed, shares, n_samples, scale):
    """Return features that each show one class, and the target."""
    generator = np.random.RandomState(seed)
    y = (generator.uniform(size=(n_samples, len(shares))) < shares).astype(np.uint8)
    return y + generator.normal(scale=scale, size=y.shape), y


def null(seed, n_recipes=4, **options):
    """Compare recipes that differ in their noise alone."""
    X, y = make_data(seed, [0.5, 0.3, 0.2], 120, 1.0)
    noise = np.random.RandomState(seed + 10_000).normal(size=(len(X), N_NOISE * (n_recipes + 1)))
    recipes = {f"noise {block}": NoisyMeans(block) for block in range(1, n_recipes + 1)}
    options = {"recipes": recipes, "n_inner_folds": None, "random_state": seed} | options
    return compare_recipes(NoisyMeans(), np.hstack([X, noise]), y, **options)


def planted(seed, **options):
    """Compare recipes in a case in which loss weights help."""
    X, y = make_data(seed, [0.5, 0.12, 0.12], 240, 0.5)

    def train(batches, *, pos_weight, sample_weight, predict, seed):
        weights = np.zeros((X.shape[1] + 1, y.shape[1]))
        features = np.column_stack([X, np.ones(len(X))])
        for rows, of_samples in zip(batches, sample_weight, strict=True):
            scores = 1 / (1 + np.exp(-features[rows] @ weights))
            gradient = scores * (1 - y[rows]) - pos_weight * (1 - scores) * y[rows]
            weights -= features[rows].T @ (gradient * of_samples[:, np.newaxis]) / len(rows)
        return 1 / (1 + np.exp(-features[predict] @ weights))

    return compare_recipes(
        train,
        None,
        y,
        primary="macro_f1",
        n_inner_folds=None,
        n_steps=15,
        batch_size=32,
        random_state=seed,
        **options,
    )


def better(comparison):
    """Return the recipes that are found to be better than the baseline."""
    rows = comparison.to_dict()["scores"]
    return {row["recipe"] for row in rows if row["verdict"] == "better"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=100)
    seeds = range(parser.parse_args().seeds)
    for n_repeats in (1, 2):
        start = time.process_time()
        wrong = sum(bool(better(null(seed, n_repeats=n_repeats))) for seed in seeds)
        found = sum("loss weights" in better(planted(seed, n_repeats=n_repeats)) for seed in seeds)
        print(
            f"5 folds x {n_repeats}: null, some recipe better in {wrong} of {len(seeds)}; "
            f"planted, weights better in {found} of {len(seeds)} "
            f"({time.process_time() - start:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
