"""The data, and the splits on which all recipes are trained and scored."""

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.utils import check_random_state, indexable

from mlresample._target.read import as_array
from mlresample._target.unknown import check_unknown_value
from mlresample._utils.containers import is_tensor
from mlresample.model_selection._splits import (
    MultilabelStratifiedGroupKFold,
    MultilabelStratifiedKFold,
)
from mlresample.model_selection._thresholds import as_multilabel_target

Parts = tuple[NDArray[np.int64], NDArray[np.int64]]


class Split(NamedTuple):
    """Training and test samples of a fold, and the inner folds of its training samples."""

    repeat: int
    fold: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    inner: list[Parts]  # positions in `train`, to train on and to score


UNKNOWN = -1  # in `true`


class Data(NamedTuple):
    """The data as the user passed them, and the target as a sparse matrix.

    In `true`, unknown entries are -1; if there are none, `unknown` is None.
    """

    X: Any
    y: Any
    true: csr_array
    classes: NDArray[Any]
    class_names: NDArray[Any] | None  # None if they are column numbers
    class_counts: NDArray[np.int64]
    unknown: int | None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return int(self.true.shape[0])

    @property
    def is_rare(self) -> NDArray[np.bool_]:
        """Which classes are the rare third of those that occur; ties are included."""
        counts = self.class_counts
        return (counts > 0) & (counts <= np.quantile(counts[counts > 0], 1 / 3))

    def is_trained(self, split: Split) -> NDArray[np.bool_]:
        """Which classes the training part has."""
        return self._occurs(split.train)

    def is_in_both(self, split: Split) -> NDArray[np.bool_]:
        """Which classes both parts have."""
        return self._occurs(split.train) & self._occurs(split.test)

    def _occurs(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        part = self.true[rows]
        return np.bincount(part.indices[part.data == 1], minlength=part.shape[1]) > 0


def read_data(X: Any, y: Any, unknown: Any) -> Data:
    """Read the target, and check that it is as long as the data."""
    target = as_multilabel_target(y, check_unknown_value(unknown))
    if not target.class_counts.any():
        raise ValueError("y has no positives: every known entry is 0.")
    true = target.to_csr()
    if target.unknown is not None:
        true = true.astype(np.int8) + UNKNOWN * target.unknown.to_csr().astype(np.int8)
    if is_tensor(y):
        y = as_array(y)
    elif isinstance(y, list | tuple):
        y = np.asarray(y)
    X, y = indexable(X, y)
    names = target.classes if target.named else None
    mark = None if target.unknown is None else UNKNOWN
    return Data(X, y, true, target.classes, names, target.class_counts, mark)


def as_seed(random_state: Any) -> int:
    """Return an int as it is, and draw one from anything else."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1, dtype=np.int64))


def seed_of(seed: int, *place: int) -> int:
    """Derive the seed of a repeat, a split or an inner fold, below 2**31."""
    return int(np.random.SeedSequence(seed, spawn_key=place).generate_state(1)[0] >> 1)


def draw_splits(
    data: Data, groups: Any, n_folds: int, n_repeats: int, n_inner_folds: int | None, seed: int
) -> list[Split]:
    """Draw stratified folds for each repeat, and inner folds for each of them."""
    groups = None if groups is None else np.asarray(groups)

    def folds(rows: NDArray[np.int64], n: int, *place: int) -> list[Parts]:
        place_seed = seed_of(seed, *place)
        if groups is None:
            plain = MultilabelStratifiedKFold(
                n, shuffle=True, random_state=place_seed, unknown=data.unknown
            )
            return list(plain.split(rows, data.true[rows]))
        if len(groups) != data.n_samples:
            raise ValueError(
                f"groups must have one entry per sample, {data.n_samples:,}, got {len(groups):,}."
            )
        grouped = MultilabelStratifiedGroupKFold(
            n, shuffle=True, random_state=place_seed, unknown=data.unknown
        )
        return list(grouped.split(rows, data.true[rows], groups[rows]))

    splits = []
    everything = np.arange(data.n_samples)
    with warnings.catch_warnings():
        # The report says which classes could not be scored.
        warnings.simplefilter("ignore", UserWarning)
        for repeat in range(n_repeats):
            for fold, (train, test) in enumerate(folds(everything, n_folds, repeat)):
                inner = folds(train, n_inner_folds, repeat, fold) if n_inner_folds else []
                splits.append(Split(repeat, fold, train, test, inner))
    return splits
