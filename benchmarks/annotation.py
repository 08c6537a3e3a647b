"""Simulate ten rounds of annotation: rare positives found, and macro average precision.

``python -m benchmarks.annotation FOLDER`` takes yeast, enron, birds and corel5k as .npz files and
posters from FOLDER (``benchmarks/README.md``). ``--csv FILE`` adds the figures of each round to a
file (``benchmarks/results/annotation.csv`` has those of the guide), and ``--csv FILE --summarize``
prints the tables of a file.

70 % of the samples are the pool, 30 % the test data. Of the pool, 5 %, at least 50 samples, are
labelled at first, and 2 % more, at least 10, in each of ten rounds. Before each round, a logistic
regression of all classes is fitted to what is labelled, on 100 principal components of the
features (of posters, of features of patches, learned without labels). "Rare" is the third of the
classes with the fewest positives in the pool, of those with at least five. Strategies:

- random: a random batch;
- entropy: the largest sum of the entropies of the classes;
- rare score: the largest score of a class of the third that has the fewest labels so far;
- quotas: ``select_for_annotation`` with the quotas of ``plan_annotation``, until the mean count;
- median quotas: the same until the median count, so that fewer classes lack images;
- rule: ``select_for_annotation`` with the rule of the labels so far, target count "mean", cap 16;
- expected finds: the largest sum of the scores of the rare third, which no user knows;
- oracle: as quotas, with the true labels in place of scores.

The scores are those of the model; raised to the powers 3 and 1/3, which are not calibrated; of an
over-fitted network; or of the model cross-fitted on the whole pool with all its labels
(``--scores``). No user has the last: with "expected finds" they show how much a selection by
scores of such a model can find at all.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit, xlogy
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import PCA
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.metrics import average_precision_score
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPClassifier

from benchmarks._data import load
from mlresample import ClassCounts, ResamplingRule
from mlresample.annotation import plan_annotation, select_for_annotation

DATA = ["yeast", "enron", "birds", "corel5k", "posters"]
LIMITS = ["expected finds", "oracle"]  # know the labels, in part or all
STRATEGIES = ["random", "entropy", "rare score", "quotas", "median quotas", "rule", *LIMITS]
SCORES = ["model", "power 3", "power 1/3", "over-fitted", "whole pool"]
N_ROUNDS = 10
COLUMNS = [
    "data",
    "scores",
    "strategy",
    "seed",
    "round",
    "n_labelled",
    "rare_found",
    "rare_in_pool",
    "average_precision",
]

# -- models ------------------------------------------------------------------------------------


def logistic_regression(X, y, X_new, *, C=0.02, n_iterations=40):
    """Fit all classes at once by L-BFGS, and return the probabilities of new samples."""
    n, n_classes = y.shape
    shape, y = (X.shape[1], n_classes), y.astype(np.float32)
    prior = logit((y.sum(axis=0) + 0.5) / (n + 1)).astype(np.float32)

    def loss(flat):
        weights = flat.astype(np.float32).reshape(shape)
        z = X @ weights + prior
        small = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1, small) / (1 + small)
        value = (np.maximum(z, 0) + np.log1p(small) - y * z).sum(dtype=np.float64)
        gradient = C * (X.T @ (p - y)) + weights
        return C * value + 0.5 * float(flat @ flat), gradient.ravel().astype(np.float64)

    start = np.zeros(shape[0] * shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": n_iterations})
    return expit(X_new @ found.x.astype(np.float32).reshape(shape) + prior)


def over_fitted_network(X, y, X_new, seed):
    network = MLPClassifier(
        (64,), alpha=0, learning_rate_init=1e-2, max_iter=60, random_state=seed
    )
    return network.fit(X, y).predict_proba(X_new)


def cross_fitted(X, y):
    """Return the probabilities of samples by the model of the other four fifths."""
    p = np.empty(y.shape)
    for others, fifth in KFold(5, shuffle=True, random_state=0).split(X):
        p[fifth] = logistic_regression(X[others], y[others], X[fifth])
    return p


# -- features ----------------------------------------------------------------------------------


def patch_features(images, n_clusters=200):
    """Return how near the patches of each quadrant are to clusters of patches, without labels.

    After A. Coates, H. Lee, A. Ng, "An analysis of single-layer networks in unsupervised feature
    learning", 2011: patches of 6 x 6 pixels, normalized and whitened, k-means, "triangle".
    """

    def patches(images, of_each=None):
        extractor = PatchExtractor(patch_size=(6, 6), max_patches=of_each, random_state=0)
        found = extractor.transform(images).reshape(-1, 108).astype(np.float32)
        found -= found.mean(axis=1, keepdims=True)
        return found / np.sqrt(found.var(axis=1, keepdims=True) + 10)

    some = patches(images[::8], 64)
    mean = some.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov((some - mean).T))
    whitening = ((vectors / np.sqrt(values + 0.1)) @ vectors.T).astype(np.float32)
    k_means = MiniBatchKMeans(n_clusters, random_state=0, n_init=1, batch_size=4096)
    k_means.fit((some - mean) @ whitening)
    features = []
    for image in images:
        distances = k_means.transform((patches(image[None]) - mean) @ whitening)
        near = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0)
        near = near.reshape(27, 27, n_clusters)
        quadrants = (near[i : i + 14, j : j + 14] for i in (0, 13) for j in (0, 13))
        features.append(np.concatenate([part.sum(axis=(0, 1)) for part in quadrants]))
    return np.array(features)


def principal_components(X):
    X = X.astype(np.float32)
    std = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(std > 0, std, 1)
    X = PCA(min(100, X.shape[1]), random_state=0).fit_transform(np.clip(X, -8, 8))
    return X / X.std()


def read(name, folder):
    if name == "posters":
        from benchmarks.recipes import read_posters  # needs torch

        X, y = read_posters(folder / "posters")
        return principal_components(patch_features(X.transpose(0, 2, 3, 1))), y
    X, y = load(folder / f"{name}.npz")
    return principal_components(X), y


# -- strategies --------------------------------------------------------------------------------


def choose(strategy, p, y_pool, rare_third, counts, n, rng):
    """Return which samples of the rest of the pool to label, as positions in `p`."""
    if strategy == "random":
        return rng.choice(len(p), n, replace=False)
    if strategy == "entropy":
        gains = -(xlogy(p, p) + xlogy(1 - p, 1 - p)).sum(axis=1)
        return np.argsort(-gains, kind="stable")[:n]
    if strategy == "rare score":
        rare = np.argsort(counts.class_counts, kind="stable")[: len(counts.classes) // 3]
        return np.argsort(-p[:, rare].max(axis=1), kind="stable")[:n]
    if strategy == "expected finds":
        return np.argsort(-p[:, rare_third].sum(axis=1), kind="stable")[:n]
    if strategy == "rule":
        rule = ResamplingRule.from_counts(counts, target_count="mean", cap=16)
        return select_for_annotation(p, n, rule=rule, random_state=rng).indices
    scores = y_pool.astype(np.float64) if strategy == "oracle" else p
    target_count = "median" if strategy == "median quotas" else "mean"
    plan = plan_annotation(counts, target_count=target_count, batch_size=n)
    if not plan.to_collect.any():  # all counts are the same
        return rng.choice(len(p), n, replace=False)
    return select_for_annotation(scores, n, quotas=plan, random_state=rng).indices


def distorted(p, scores):
    power = {"power 3": 3, "power 1/3": 1 / 3}.get(scores, 1)
    return np.clip(p.astype(np.float64), 0, 1) ** power


def simulate(X, y, strategy, scores, seed):
    """Yield the figures after each round, the first before any."""
    rng = np.random.RandomState(seed)
    order = rng.permutation(len(X))
    test, pool = np.split(order, [int(0.3 * len(X))])
    n_first, n = max(50, len(pool) // 20), max(10, len(pool) // 50)
    labelled, rest = np.split(pool, [n_first])
    in_pool = y[pool].sum(axis=0)
    proper = np.flatnonzero(in_pool >= 5)
    rare = proper[np.argsort(in_pool[proper], kind="stable")][: len(proper) // 3]
    tested = np.flatnonzero((y[test].sum(axis=0) > 0) & (in_pool >= 5))
    at_first, in_rest = y[labelled][:, rare].sum(), y[rest][:, rare].sum()
    if scores == "whole pool":
        best = np.full(y.shape, np.nan)
        best[pool] = cross_fitted(X[pool], y[pool])
    for i in range(N_ROUNDS + 1):
        rows = np.append(test, rest)
        if scores == "over-fitted":
            p = over_fitted_network(X[labelled], y[labelled], X[rows], seed)
        else:
            p = logistic_regression(X[labelled], y[labelled], X[rows])
        of_test, of_rest = p[: len(test)], p[len(test) :]
        precision = average_precision_score(y[test][:, tested], of_test[:, tested])
        found = y[labelled][:, rare].sum() - at_first
        yield i, len(labelled), found, in_rest, precision
        if i < N_ROUNDS:
            counts = ClassCounts.from_target(y[labelled])
            p = best[rest] if scores == "whole pool" else distorted(of_rest, scores)
            chosen = choose(strategy, p, y[rest], rare, counts, n, rng)
            labelled = np.append(labelled, rest[chosen])
            rest = np.delete(rest, chosen)


# -- tables ------------------------------------------------------------------------------------


def summarize(rows):
    """Print means over the seeds after the last round, and their standard deviations."""
    for data in DATA:
        for scores in SCORES:
            of_both = [row for row in rows if row["data"] == data and row["scores"] == scores]
            if not of_both:
                continue
            last = [row for row in of_both if int(row["round"]) == N_ROUNDS]
            by = {
                strategy: [row for row in last if row["strategy"] == strategy]
                for strategy in STRATEGIES
            }
            at_random = np.mean([float(row["rare_found"]) for row in by["random"]])
            share = np.mean([float(row["rare_in_pool"]) for row in last])
            print(f"\n{data}, scores: {scores}; {share:.0f} rare positives in the pool")
            print(f"{'':14} {'rare found':>14} {'times':>6} {'macro AP':>15} {'mean AP':>8}")
            for strategy, of_strategy in by.items():
                if not of_strategy:
                    continue
                found = np.array([float(row["rare_found"]) for row in of_strategy])
                ap = np.array([float(row["average_precision"]) for row in of_strategy])
                mean_ap = np.mean(
                    [
                        float(row["average_precision"])
                        for row in of_both
                        if row["strategy"] == strategy and int(row["round"]) > 0
                    ]
                )
                print(
                    f"{strategy:14} {found.mean():7.1f} ± {found.std(ddof=1):4.1f} "
                    f"{found.mean() / at_random:6.2f} {ap.mean():7.3f} ± {ap.std(ddof=1):.3f} "
                    f"{mean_ap:8.3f}"
                )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA)
    parser.add_argument("--scores", nargs="+", choices=SCORES, default=SCORES[:1])
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=STRATEGIES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--csv", type=Path, help="file to which rows are added")
    parser.add_argument("--summarize", action="store_true", help="read the file, run nothing")
    arguments = parser.parse_args()
    rows = []
    if arguments.summarize:
        with arguments.csv.open(newline="") as file:
            summarize(list(csv.DictReader(file)))
        return
    if arguments.folder is None:
        sys.exit("FOLDER is missing; benchmarks/README.md says where the data come from.")
    for data in arguments.data:
        X, y = read(data, arguments.folder)
        for scores in arguments.scores:
            for strategy in arguments.strategies:
                start = time.perf_counter()
                for seed in range(arguments.seeds):
                    for figures in simulate(X, y, strategy, scores, seed):
                        values = [
                            data,
                            scores,
                            strategy,
                            seed,
                            *figures[:-1],
                            f"{figures[-1]:.5f}",
                        ]
                        rows.append(dict(zip(COLUMNS, values, strict=True)))
                print(
                    f"{data}, {scores}, {strategy}: {time.perf_counter() - start:.0f} s",
                    flush=True,
                )
        if arguments.csv:
            is_new = not arguments.csv.is_file()
            with arguments.csv.open("a", newline="") as file:
                writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                if is_new:
                    writer.writeheader()
                writer.writerows(row for row in rows if row["data"] == data)
    summarize(rows)


if __name__ == "__main__":
    main()
