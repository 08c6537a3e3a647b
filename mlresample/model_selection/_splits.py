"""Splitters in scikit-learn's sense that stratify multi-label targets."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.model_selection import BaseShuffleSplit
from sklearn.utils import check_array, check_random_state, column_or_1d

from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._target.unknown import check_unknown_value
from mlresample._utils.names import count_of, listed, plain
from mlresample._utils.sklearn import (
    BaseKFold,
    GroupsConsumerMixin,
    validate_shuffle_split,
)
from mlresample.model_selection._stratify import stratified_folds

Split = tuple[NDArray[np.int64], NDArray[np.int64]]


class MultilabelStratifiedKFold(BaseKFold):
    """K folds that hold equal shares of every class of a multi-label target.

    Samples of the rarest class are assigned first, each to the fold that is most short of its
    classes [1]_ and, if samples carry few classes, of its pairs of classes [2]_. Then samples
    are swapped between folds until no swap that is tried makes the counts more even. Fold sizes
    differ by at most 1.

    Parameters
    ----------
    n_splits : int, default=3
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether the folds depend on `random_state`. If False, every call returns the same folds.
    random_state : int, RandomState instance or None, default=None
        Controls the folds if `shuffle` is True: an int gives the same folds on every call.
    unknown : float, default=None
        Value of the unknown entries of y, such as -1 or NaN. Known positives are
        spread evenly.

    See Also
    --------
    MultilabelStratifiedGroupKFold : Keep groups of samples together.
    MultilabelStratifiedShuffleSplit : A training and a test part of any size.
    sklearn.model_selection.StratifiedKFold : For single-label targets.

    Notes
    -----
    If a fold lacks a class, one warning names the classes that have fewer samples than there are
    folds and, apart from them, classes that have enough. An exact solution is NP-hard.

    Names and parameters are those of iterative-stratification, but with `shuffle` False the folds
    do not differ between calls.

    References
    ----------
    .. [1] Sechidis, K., Tsoumakas, G. and Vlahavas, I. (2011), On the stratification of
       multi-label data, ECML PKDD 2011, 145-158.
    .. [2] Szymański, P. and Kajdanowicz, T. (2017), A network perspective on stratification of
       multi-label data, PMLR 74, 22-35.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.model_selection import MultilabelStratifiedKFold
    >>> y = np.array([[1, 1], [1, 1], [1, 0], [1, 0], [0, 1], [0, 1]])
    >>> folds = MultilabelStratifiedKFold(2, shuffle=True, random_state=0)
    >>> for train, test in folds.split(y, y):
    ...     print(y[test].sum(axis=0))
    [2 2]
    [2 2]
    """

    def __init__(
        self,
        n_splits: int = 3,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
        unknown: float | None = None,
    ) -> None:
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)
        self.unknown = unknown

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[Split]:
        """Generate the training and test indices of each fold.

        Parameters
        ----------
        X : array-like, sparse matrix or dataframe of n_samples rows
            Data; only the number of rows is used.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or labels, of shape (n_samples,).
        groups : object
            Ignored, with a warning; see :class:`MultilabelStratifiedGroupKFold`.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the samples outside the fold.
        test : ndarray of shape (n_test,)
            Indices of the samples of the fold.

        Raises
        ------
        ValueError
            If `y` is no target, or has fewer samples than there are folds.
        """
        _warn_of_ignored(groups, self)
        yield from super().split(X, y)

    def _iter_test_masks(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[NDArray[np.bool_]]:
        folds = assign_folds(_read(y, self), self.n_splits, _random_state(self))
        return (folds == fold for fold in range(self.n_splits))


class MultilabelStratifiedGroupKFold(GroupsConsumerMixin, BaseKFold):
    """K folds that keep groups together and hold near-equal shares of every class.

    Groups are patients, scenes, videos or near-duplicates: no group is in two folds. Groups are
    assigned and swapped as samples are in :class:`MultilabelStratifiedKFold`, by the counts of
    their classes. No move of one group and no swap of two would bring the sizes of two folds
    nearer to each other.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether the folds depend on `random_state`. If False, every call returns the same folds.
    random_state : int, RandomState instance or None, default=None
        Controls the folds if `shuffle` is True: an int gives the same folds on every call.
    unknown : float, default=None
        Value of the unknown entries of y, such as -1 or NaN. Known positives are
        spread evenly.

    See Also
    --------
    MultilabelStratifiedKFold : For samples without groups.
    sklearn.model_selection.StratifiedGroupKFold : For single-label targets.

    Notes
    -----
    Even sizes come first, even classes second. If a fold lacks a class, one warning names the
    classes that are in fewer groups than there are folds and, apart from them, classes that are
    in enough. It also names the groups that hold most samples of a class, which cannot be spread.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.model_selection import MultilabelStratifiedGroupKFold
    >>> y = np.array([[1, 0], [1, 1], [0, 1], [1, 0], [0, 1], [1, 0]])
    >>> patients = ["a", "a", "b", "c", "c", "d"]
    >>> folds = MultilabelStratifiedGroupKFold(2)
    >>> for train, test in folds.split(y, y, groups=patients):
    ...     print(sorted({patients[i] for i in test}), y[test].sum(axis=0))
    ['c', 'd'] [2 1]
    ['a', 'b'] [2 2]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
        unknown: float | None = None,
    ) -> None:
        super().__init__(n_splits, shuffle=shuffle, random_state=random_state)
        self.unknown = unknown

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[Split]:
        """Generate the training and test indices of each fold.

        Parameters
        ----------
        X : array-like, sparse matrix or dataframe of n_samples rows
            Data; only the number of rows is used.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or labels, of shape (n_samples,).
        groups : array-like of shape (n_samples,)
            Group of each sample, as numbers or strings.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the samples outside the fold.
        test : ndarray of shape (n_test,)
            Indices of the samples of the fold.

        Raises
        ------
        ValueError
            If `y` is no target, `groups` is missing, of another length or has missing values, or
            there are fewer groups than folds.
        """
        yield from super().split(X, y, groups)

    def _iter_test_masks(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Iterator[NDArray[np.bool_]]:
        names, group = read_groups(groups)
        folds = assign_folds(_read(y, self), self.n_splits, _random_state(self), names, group)
        return (folds == fold for fold in range(self.n_splits))


class MultilabelStratifiedShuffleSplit(BaseShuffleSplit):
    """Random training and test parts that hold equal shares of every class.

    The parts have the sizes that scikit-learn's splitters give them, and are stratified as in
    :class:`MultilabelStratifiedKFold`.

    Parameters
    ----------
    n_splits : int, default=10
        Number of splits, each drawn anew.
    test_size : float, int or None, default=None
        Share or number of the test samples. If None, all that are not for training or, if
        `train_size` is None, too, 0.1.
    train_size : float, int or None, default=None
        Share or number of the training samples. If None, all that are not for testing.
    random_state : int, RandomState instance or None, default=None
        Controls the splits: an int gives the same splits on every call.
    unknown : float, default=None
        Value of the unknown entries of y, such as -1 or NaN. Known positives are
        spread evenly.

    See Also
    --------
    MultilabelStratifiedKFold : Test parts that do not overlap.
    sklearn.model_selection.StratifiedShuffleSplit : For single-label targets.

    Notes
    -----
    A class whose share of a part comes to less than one sample may be missing there. The first
    split in which one is missing warns, and names it.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.model_selection import MultilabelStratifiedShuffleSplit
    >>> y = np.array([[1, 1], [1, 1], [1, 0], [1, 0], [0, 1], [0, 1]])
    >>> halves = MultilabelStratifiedShuffleSplit(1, test_size=0.5, random_state=0)
    >>> train, test = next(halves.split(y, y))
    >>> y[train].sum(axis=0), y[test].sum(axis=0)
    (array([2, 2]), array([2, 2]))
    """

    def __init__(
        self,
        n_splits: int = 10,
        *,
        test_size: float | None = None,
        train_size: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        unknown: float | None = None,
    ) -> None:
        super().__init__(
            n_splits, test_size=test_size, train_size=train_size, random_state=random_state
        )
        self.unknown = unknown

    def split(self, X: Any, y: Any, groups: Any = None) -> Iterator[Split]:
        """Generate the training and test indices of each split.

        Parameters
        ----------
        X : array-like, sparse matrix or dataframe of n_samples rows
            Data; only the number of rows is used.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or labels, of shape (n_samples,).
        groups : object
            Ignored, with a warning.

        Yields
        ------
        train : ndarray of shape (n_train,)
            Indices of the training samples.
        test : ndarray of shape (n_test,)
            Indices of the test samples.

        Raises
        ------
        ValueError
            If `y` is no target, or a size does not fit its samples.
        """
        _warn_of_ignored(groups, self)
        yield from super().split(X, y)

    def _iter_indices(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[Split]:
        target = _read(y, self)
        n_samples = target.n_samples
        n_train, n_test = validate_shuffle_split(
            n_samples, self.test_size, self.train_size, default_test_size=self._default_test_size
        )
        table = target.to_csr()
        sizes = np.array([n_train, n_test, n_samples - n_train - n_test])
        random_state = check_random_state(self.random_state)
        scarce = target.class_counts * min(n_train, n_test) < n_samples
        warned = False
        for _ in range(self.n_splits):
            folds = stratified_folds(table, sizes[sizes > 0], random_state)
            missing = (_counts_by_fold(table, folds, 3)[:2] == 0).any(axis=0)
            if not warned:
                warned = _warn_of_missing(
                    target.classes,
                    f"a share of less than one sample in a training part of {n_train:,} or a "
                    f"test part of {n_test:,}",
                    missing & scarce,
                    missing & ~scarce,
                    [],
                )
            yield np.flatnonzero(folds == 0), np.flatnonzero(folds == 1)


# -- folds -------------------------------------------------------------------------------------


def assign_folds(
    target: Indicator,
    n_folds: int,
    random_state: np.random.RandomState,
    names: NDArray[Any] | None = None,
    group: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return the fold of each sample; warn of classes that a fold lacks.

    With groups, `names` are their names, and `group` the number of each sample's group.
    """
    n_samples = target.n_samples
    table = target.to_csr()
    sizes = np.full(n_folds, n_samples // n_folds)
    sizes[: n_samples % n_folds] += 1
    if names is None or group is None:
        folds = stratified_folds(table, sizes, random_state)
        scarce = target.class_counts < n_folds
        reason, large_groups = "fewer samples than there are folds", []
    else:
        if len(names) < n_folds:
            raise ValueError(
                f"Cannot have number of splits n_splits={n_folds} greater than the number of "
                f"groups: {len(names)}."
            )
        if len(names) == n_samples:
            folds = stratified_folds(table, sizes, random_state)
        else:
            even = np.full(n_folds, n_samples / n_folds)
            folds = stratified_folds(table, even, random_state, group)
        by_class = target.sparse_joint_counts(group, len(names)).tocsc()
        scarce = np.diff(by_class.indptr) < n_folds
        reason = "samples in fewer groups than there are folds"
        large_groups = _large_groups(by_class, names, target.classes, ~scarce, n_folds)
    missing = (_counts_by_fold(table, folds, n_folds) == 0).any(axis=0)
    _warn_of_missing(
        target.classes, f"{reason} ({n_folds})", scarce, missing & ~scarce, large_groups
    )
    return folds


# -- input -------------------------------------------------------------------------------------


def _read(y: Any, splitter: Any) -> Indicator:
    return as_target(y, unknown=check_unknown_value(splitter.unknown))


def _random_state(splitter: BaseKFold) -> np.random.RandomState:
    return check_random_state(splitter.random_state if splitter.shuffle else 0)


def _warn_of_ignored(groups: Any, splitter: Any) -> None:
    if groups is not None:
        warnings.warn(
            f"The groups parameter is ignored by {type(splitter).__name__}; to keep groups "
            f"together, use MultilabelStratifiedGroupKFold.",
            UserWarning,
            stacklevel=3,
        )


def read_groups(groups: Any) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the names of the groups, and the number of each sample's group."""
    if groups is None:
        raise ValueError("The 'groups' parameter should not be None.")
    values = column_or_1d(check_array(groups, input_name="groups", ensure_2d=False, dtype=None))
    try:
        names, group = np.unique(values, return_inverse=True)
    except TypeError as error:
        kinds = ", ".join(sorted({type(value).__name__ for value in values}))
        raise ValueError(
            f"groups must be all strings or all numbers, none missing, got values of type {kinds}."
        ) from error
    return names, group


# -- what cannot be kept -----------------------------------------------------------------------


def _counts_by_fold(table: csr_array, folds: NDArray[np.int64], n_folds: int) -> NDArray[np.int64]:
    ones = np.ones(len(folds), dtype=np.int64)
    members = csr_array((ones, (folds, np.arange(len(folds)))), shape=(n_folds, len(folds)))
    return (members @ table).toarray()


def _large_groups(
    by_class: Any,
    names: NDArray[Any],
    classes: NDArray[Any],
    spreadable: NDArray[np.bool_],
    n_folds: int,
) -> list[str]:
    """Describe groups that hold most of a class, and so more than a fold should."""
    most = max(1 / 2, 4 / (3 * n_folds))
    found = []
    for c in np.flatnonzero(spreadable):
        entries = slice(by_class.indptr[c], by_class.indptr[c + 1])
        counts = by_class.data[entries]
        largest = int(counts.argmax())
        if counts[largest] > most * counts.sum():
            name = plain(names[by_class.indices[entries][largest]])
            found.append(
                f"group {name!r} holds {counts[largest]} of the "
                f"{count_of(counts.sum(), 'sample')} of class {plain(classes[c])!r}"
            )
    return found


def _warn_of_missing(
    classes: NDArray[Any],
    reason: str,
    scarce: NDArray[np.bool_],
    lost: NDArray[np.bool_],
    large_groups: list[str],
) -> bool:
    """Warn of classes that some part lacks; return whether there was anything to say."""
    sentences = []
    if scarce.any():
        have = "has" if scarce.sum() == 1 else "have"
        sentences.append(
            f"{scarce.sum()} of {count_of(len(classes), 'class')} {have} {reason}, so that some "
            f"lack them: {listed(map(plain, classes[scarce]))}."
        )
    if lost.any():
        sentences.append(
            f"Some lack classes that another split might have kept: "
            f"{listed(map(plain, classes[lost]))}."
        )
    if large_groups:
        more = f"; {len(large_groups) - 3} more classes" if len(large_groups) > 3 else ""
        sentences.append(f"Uneven by its groups: {'; '.join(large_groups[:3])}{more}.")
    if sentences:
        warnings.warn(" ".join(sentences), UserWarning, stacklevel=4)
    return bool(sentences)
