"""How evenly multi-label folds are spread, beside iterative-stratification; time and memory.

``python -m benchmarks.splits`` takes generated targets, ``python -m benchmarks.splits FOLDER`` the
data sets in FOLDER (benchmarks/README.md). Five folds; means over ``--seeds`` seeds. The peer is
left out of targets that would take it hours; sparse targets are made dense for it.
"""

import argparse
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold as Peer

from benchmarks._measure import peak_memory
from benchmarks._scales import SCALES, make_target
from mlresample.model_selection import MultilabelStratifiedKFold

N_FOLDS = 5
MOST_ENTRIES_OF_PEER = 100_000_000  # of the dense target


def load_folder(folder):
    for path in sorted(folder.glob("*.npz")):
        stored = np.load(path, allow_pickle=False)
        parts = tuple(stored[f"y_{part}"] for part in ("data", "indices", "indptr"))
        yield path.stem, sp.csr_array(parts, shape=tuple(stored["y_shape"]))
    path = folder / "posters" / "labels.csv"
    if path.is_file():
        from mlresample.readers import read_labels

        yield "posters", read_labels(path, separator="|").y


def generate():
    for name in ("S1", "S2", "S3"):
        scale = SCALES[name]
        yield f"{scale.n_samples:,} x {scale.n_classes:,}", make_target(scale)


def pair_counts(y, folds):
    """Samples of each fold that carry each pair of classes that occurs."""
    counts = []
    for fold in range(N_FOLDS):
        part = y[folds == fold]
        counts.append(sp.triu((part.T @ part).tocsr(), 1).tocoo())
    n_classes = y.shape[1]
    names = [part.row.astype(np.int64) * n_classes + part.col for part in counts]
    known = np.unique(np.concatenate(names))
    table = np.zeros((N_FOLDS, len(known)))
    for fold, part in enumerate(counts):
        table[fold, np.searchsorted(known, names[fold])] = part.data
    return table


def distribution(counts, sizes):
    """Mean difference of the odds in a fold and in all samples (Sechidis et al. 2011)."""
    total, n_samples = counts.sum(axis=0), sizes.sum()
    proper = (total > 0) & (total < n_samples)
    counts, total = counts[:, proper], total[proper]
    with np.errstate(divide="ignore"):
        return np.abs(counts / (sizes[:, None] - counts) - total / (n_samples - total)).mean()


def measure(kind, target, y, seeds, with_pairs):
    rows = []
    for seed in range(seeds):
        start = time.process_time()
        folds = np.empty(y.shape[0], dtype=np.int64)
        splitter = kind(N_FOLDS, shuffle=True, random_state=seed)
        for fold, (_, test) in enumerate(splitter.split(np.zeros(len(folds)), target)):
            folds[test] = fold
        seconds = time.process_time() - start
        sizes = np.bincount(folds)
        counts = np.array([y[folds == fold].sum(axis=0) for fold in range(N_FOLDS)])
        pairs = distribution(pair_counts(y, folds), sizes) if with_pairs else np.nan
        missing = (counts == 0).sum()
        rows.append([distribution(counts, sizes), pairs, missing, np.ptp(sizes), seconds])
    rows = np.array(rows)
    return rows.mean(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # of classes with fewer samples than folds
    titles = ("classes", "pairs", "missing", "sizes", "CPU s", "MB")
    print(f"{'':16} {'':5} " + " ".join(f"{title:>9}" for title in titles))
    found = load_folder(arguments.folder) if arguments.folder else generate()
    for name, y in found:
        y = sp.csr_array(y).astype(np.int64)
        small = y.shape[0] * y.shape[1] <= MOST_ENTRIES_OF_PEER
        kinds = {"ours": (MultilabelStratifiedKFold, y)}
        if small:
            kinds["peer"] = (Peer, y.toarray())
        for who, (kind, target) in kinds.items():
            figures = measure(kind, target, y, arguments.seeds if small else 1, with_pairs=small)
            splitter = kind(N_FOLDS, shuffle=True, random_state=0)
            splits = splitter.split(np.zeros(y.shape[0]), target)
            memory = peak_memory(partial(next, splits)) / 1e6
            classes, pairs, missing, sizes, seconds = figures
            print(
                f"{name:16} {who:5} {classes:9.2e} {pairs:9.2e} {missing:9.1f} {sizes:9.1f} "
                f"{seconds:9.2f} {memory:9.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
