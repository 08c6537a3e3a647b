"""Assign the rows of a count table to folds so that every column is spread evenly.

The rows are samples, or groups of samples that must stay together; the columns are classes and
pairs of classes. First the rows are assigned one by one, those of the rarest class first; then
pairs of rows are swapped between folds as long as that brings the counts nearer to their shares.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

_PAIR_WEIGHT = 0.25  # of a pair of classes, beside a class of as many samples
_MOST_PAIRS = 1_000_000  # of classes, in all samples together: a second or two, and 100 MB
_N_CANDIDATES = 128  # rows of a fold with most to gain from a swap; as many are drawn at random
_MOST_PASSES = 50  # over the pairs of folds
_MOST_VISITS = 2_000  # of pairs of folds, in all passes
_EPSILON = 1e-9  # less than this is rounding


def stratified_folds(
    y: csr_array,
    fold_sizes: NDArray[Any],
    random_state: np.random.RandomState,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Assign each sample to a fold.

    Without groups, fold k gets exactly ``fold_sizes[k]`` samples. With groups, numbered from 0,
    the samples of a group get the same fold, and no move of a group to another fold and no swap
    of two groups brings the sizes of two folds nearer to `fold_sizes`.

    y is a CSR matrix of ones, its indices ascending in each row.
    """
    n_samples = y.shape[0]
    y = _with_data(y, y.data.astype(np.float64))
    weights = _weights(y)
    pairs = _class_pairs(y)
    if pairs is not None:
        weights = np.concatenate([weights, _PAIR_WEIGHT * _weights(pairs)])
        y = hstack([y, pairs], format="csr")
    if groups is None:
        sizes = np.ones(n_samples)
        spread = _Spread(y, sizes, fold_sizes, weights)
        spread.assign_all(_rarest_first(y, sizes, random_state))
        spread.improve(random_state)
        return spread.folds
    rows = groups, np.arange(n_samples)
    table = csr_array((np.ones(n_samples), rows)) @ y
    table.sort_indices()
    sizes = np.bincount(groups).astype(np.float64)
    spread = _Spread(table, sizes, fold_sizes, weights)
    spread.assign_all(_rarest_first(table, sizes, random_state))
    spread.level_sizes()
    while spread.improve(random_state) and spread.level_sizes():
        pass
    return spread.folds[groups]


def _with_data(table: csr_array, data: NDArray[Any]) -> csr_array:
    """Return the table with other data, its indices shared."""
    return csr_array((data, table.indices, table.indptr), shape=table.shape)


def _weights(table: csr_array) -> NDArray[np.float64]:
    """Weigh a squared deviation: the rarer a column, the more one sample matters to it."""
    counts = np.bincount(table.indices, minlength=table.shape[1])
    return 1 / np.sqrt(np.maximum(counts, 1))


def _class_pairs(y: csr_array) -> csr_array | None:
    """Return which pairs of classes each sample carries, if there are not too many.

    A pair that only one sample carries is left out: it is never spread evenly, or always.
    """
    n_classes = np.diff(y.indptr).astype(np.int64)
    n_pairs = n_classes * (n_classes - 1) // 2
    if n_pairs.sum() > _MOST_PAIRS:
        return None
    # Each entry is paired with the entries after it in its row.
    ends = np.repeat(y.indptr[1:].astype(np.int64), n_classes)
    n_later = ends - np.arange(y.nnz) - 1
    first = np.repeat(np.arange(y.nnz), n_later)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(n_later) - n_later, n_later)
    names = y.indices[first].astype(np.int64) * y.shape[1] + y.indices[second]
    _, columns, counts = np.unique(names, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(n_pairs)])
    pairs = csr_array((np.ones(len(columns)), columns, starts), shape=(y.shape[0], len(counts)))
    return pairs[:, np.flatnonzero(counts > 1)]


def _rarest_first(
    table: csr_array, sizes: NDArray[np.float64], random_state: np.random.RandomState
) -> NDArray[np.intp]:
    """Order the rows: those of the rarest column first, then those of the rarest remaining [1].

    Rows of a column are in random order, the larger groups first; rows without an entry are last.

    .. [1] Sechidis, K., Tsoumakas, G. and Vlahavas, I. (2011), On the stratification of
       multi-label data.
    """
    n_rows, n_columns = table.shape
    shuffled = random_state.permutation(n_rows)
    shuffled = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    pattern = _with_data(table, np.ones(table.nnz, dtype=np.uint8))
    by_column = pattern[shuffled].tocsc()
    n_left = np.diff(by_column.indptr).astype(np.int64)
    waiting = np.ones(n_rows, dtype=np.bool_)
    parts = []
    for _ in range(n_columns):
        column = int(np.where(n_left > 0, n_left, n_rows + 1).argmin())
        if n_left[column] == 0:
            break
        positions = by_column.indices[by_column.indptr[column] : by_column.indptr[column + 1]]
        positions = np.sort(positions[waiting[positions]])
        waiting[positions] = False
        rows = shuffled[positions]
        n_left -= np.bincount(pattern[rows].indices, minlength=n_columns)
        parts.append(rows)
    return np.concatenate([*parts, shuffled[waiting]])


class _Spread:
    """Rows in folds, and how far the counts of each fold are from its share of every column."""

    def __init__(
        self,
        table: csr_array,
        sizes: NDArray[np.float64],
        fold_sizes: NDArray[Any],
        weights: NDArray[np.float64],
    ) -> None:
        n_rows, n_columns = table.shape
        # A move is a swap with the last row, which is empty.
        indptr = np.append(table.indptr, table.indptr[-1:])
        entries = table.data, table.indices, indptr
        self._table = csr_array(entries, shape=(n_rows + 1, n_columns))
        self._sizes = np.append(sizes, 0)
        self._weights = weights
        self._own = _with_data(self._table, table.data**2) @ weights
        self._shares = np.asarray(fold_sizes) / sizes.sum()
        self._deviations = -np.outer(table.sum(axis=0), self._shares)
        self._size_deviations = -np.asarray(fold_sizes, dtype=np.float64)
        self._fold_of = np.full(n_rows + 1, -1)

    @property
    def folds(self) -> NDArray[np.int64]:
        return self._fold_of[:-1]

    def _put(self, row: int, fold: int) -> None:
        """Put a row into a fold; take it out of the fold that it is in."""
        entries = slice(self._table.indptr[row], self._table.indptr[row + 1])
        columns, counts = self._table.indices[entries], self._table.data[entries]
        previous = self._fold_of[row]
        if previous >= 0:
            self._deviations[columns, previous] -= counts
            self._size_deviations[previous] -= self._sizes[row]
        self._deviations[columns, fold] += counts
        self._size_deviations[fold] += self._sizes[row]
        self._fold_of[row] = fold

    def assign_all(self, order: NDArray[np.intp]) -> None:
        """Assign each row to the fold that is most short of its columns, and has room for it."""
        table = self._table
        for row in order:
            entries = slice(table.indptr[row], table.indptr[row + 1])
            columns = table.indices[entries]
            counts = table.data[entries]
            # What the row adds to the sum of weights * deviations ** 2 / shares.
            growth = 2 * self._deviations[columns] + counts[:, np.newaxis]
            weights = self._weights[columns] * counts
            # Not a matrix product, whose last digit depends on the processor, and so would ties.
            surplus = np.add.reduce(growth * weights[:, np.newaxis], axis=0) / self._shares
            over = self._size_deviations + self._sizes[row]
            surplus += _EPSILON * over
            has_room = over <= max(_EPSILON, over.min())
            self._put(row, int(np.where(has_room, surplus, np.inf).argmin()))

    def improve(self, random_state: np.random.RandomState) -> bool:
        """Swap rows until a pass over the pairs of folds finds no swap; return if there was one.

        A swap brings the columns nearer to even, and the sizes of folds no farther from it.
        """
        n_folds = self._deviations.shape[1]
        n_visits, found = 0, False
        for _ in range(_MOST_PASSES):
            surplus = self._table @ (self._weights[:, np.newaxis] * self._deviations)
            n_swaps = 0
            for a, b in self._uneven_folds()[: _MOST_VISITS - n_visits]:
                difference = surplus[:, a] - surplus[:, b]
                rows = self._candidates(a, difference - self._own, random_state)
                others = self._candidates(b, -difference - self._own, random_state)
                n_swaps += self._swap(a, b, rows, others)
            n_visits += n_folds * (n_folds - 1) // 2
            found |= n_swaps > 0
            if n_swaps == 0 or n_visits >= _MOST_VISITS:
                break
        return found

    def _uneven_folds(self) -> list[tuple[int, int]]:
        """Return all pairs of folds, the most uneven first."""
        products = self._deviations.T @ (self._weights[:, np.newaxis] * self._deviations)
        squares = products.diagonal()
        first, second = np.triu_indices(len(products), 1)
        distances = squares[first] + squares[second] - 2 * products[first, second]
        order = np.argsort(-distances, kind="stable")
        return list(zip(first[order].tolist(), second[order].tolist(), strict=True))

    def _candidates(
        self, fold: int, gains: NDArray[np.float64], random_state: np.random.RandomState
    ) -> NDArray[np.intp]:
        """Return the rows of a fold with most to gain and some at random, the empty row last."""
        rows = np.flatnonzero(self._fold_of == fold)
        if len(rows) > 2 * _N_CANDIDATES:
            best = np.argpartition(-gains[rows], _N_CANDIDATES)
            drawn = random_state.choice(len(rows) - _N_CANDIDATES, _N_CANDIDATES, replace=False)
            rows = rows[np.append(best[:_N_CANDIDATES], best[_N_CANDIDATES:][drawn])]
        return np.append(rows, len(self._fold_of) - 1)

    def _swap(self, a: int, b: int, rows: NDArray[np.intp], others: NDArray[np.intp]) -> int:
        """Swap rows of fold a with rows of fold b, the best swap first; return the number."""
        leaving, coming = self._table[rows], self._table[others]
        weighted = leaving.multiply(self._weights).tocsr()
        # Half of what a swap adds to the sum of weights * deviations ** 2, if folds were equal.
        costs = self._own[rows][:, np.newaxis] + self._own[others]
        costs -= 2 * (weighted @ coming.T).toarray()
        growth = self._sizes[others] - self._sizes[rows][:, np.newaxis]  # of fold a
        n_swaps = 0
        while True:
            difference = self._weights * (self._deviations[:, a] - self._deviations[:, b])
            changes = costs - (leaving @ difference)[:, np.newaxis] + coming @ difference
            gap = self._size_deviations[a] - self._size_deviations[b]
            changes[growth * (growth + gap) > _EPSILON] = np.inf
            i, j = np.unravel_index(changes.argmin(), changes.shape)
            if changes[i, j] >= -_EPSILON:
                return n_swaps
            n_swaps += 1
            for row, fold in ((rows[i], b), (others[j], a)):
                if row != rows[-1]:
                    self._put(int(row), fold)
            # What has moved stays for this time; the empty row can be taken again.
            costs[i if i < len(rows) - 1 else [], :] = np.inf
            costs[:, j if j < len(others) - 1 else []] = np.inf

    def level_sizes(self) -> bool:
        """Move and swap rows until none brings two folds' sizes nearer; return if one did."""
        n_folds = len(self._size_deviations)
        found, again = False, True
        while again:
            again = False
            for a in range(n_folds):
                for b in range(n_folds):
                    again |= self._level(a, b)
            found |= again
        return found

    def _level(self, a: int, b: int) -> bool:
        """Bring the sizes of fold a and the smaller fold b nearer, if one move or swap can."""
        gap = self._size_deviations[a] - self._size_deviations[b]
        if gap <= _EPSILON:
            return False
        rows = np.flatnonzero(self._fold_of == a)
        others = np.append(np.flatnonzero(self._fold_of == b), len(self._fold_of) - 1)
        sizes, other_sizes = np.unique(self._sizes[rows]), np.unique(self._sizes[others])
        passed = sizes[:, np.newaxis] - other_sizes
        i, j = np.unravel_index(np.abs(passed - gap / 2).argmin(), passed.shape)
        if not _EPSILON < passed[i, j] < gap - _EPSILON:
            return False
        difference = self._weights * (self._deviations[:, a] - self._deviations[:, b])
        rows = rows[self._sizes[rows] == sizes[i]]
        others = others[self._sizes[others] == other_sizes[j]]
        row = rows[(self._own[rows] - self._table[rows] @ difference).argmin()]
        other = others[(self._own[others] + self._table[others] @ difference).argmin()]
        self._put(row, b)
        if other < len(self._fold_of) - 1:
            self._put(other, a)
        return True
