"""MLSMOTE: new samples between neighbors of the same minority class."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from imblearn.utils import check_neighbors_object
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, hstack, issparse, vstack
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis

from mlresample._plan.random_plan import class_imbalance
from mlresample._sampler import MultilabelSampler
from mlresample._target.indicators import Indicator, LabelIndicator
from mlresample._utils.containers import append_rows, take_rows
from mlresample._utils.names import count_of, listed
from mlresample._utils.sklearn import HasMethods, Interval, StrOptions
from mlresample.over_sampling._features import Features, append_samples, read_features

Positions = NDArray[np.int64]


def nearest_neighbors(features: Features, bag: Positions, searcher: Any) -> Positions:
    """Return the nearest samples of each sample of a bag, as positions in it, nearest first."""
    points = _points(features, bag)
    n_neighbors = min(searcher.n_neighbors, len(bag))  # with the sample itself
    found = clone(searcher).fit(points).kneighbors(points, n_neighbors, return_distance=False)
    # Equal samples may come before the sample itself, or in its place.
    is_itself = found == np.arange(len(bag))[:, np.newaxis]
    order = np.argsort(is_itself, axis=1, kind="stable")
    return np.take_along_axis(found, order, axis=1)[:, :-1].astype(np.int64)


def _points(features: Features, bag: Positions) -> Any:
    """Return points whose Euclidean distance is that of SMOTE-NC.

    A nominal column in which two samples differ adds the square of the median of the standard
    deviations of the numeric columns: two entries, each half of it.
    """
    numeric = features.numeric[bag]
    if not len(features.nominal):
        return numeric
    unit = 1.0
    if numeric.shape[1]:
        variance = mean_variance_axis(numeric, axis=0)[1] if issparse(numeric) else numeric.var(0)
        unit = float(np.median(np.sqrt(variance)))
    parts = [numeric]
    for codes in features.codes[bag].T:
        one_hot = csr_array((np.full(len(bag), unit / 2**0.5), codes, np.arange(len(bag) + 1)))
        parts.append(one_hot if issparse(numeric) else one_hot.toarray())
    return csr_array(hstack(parts)) if issparse(numeric) else np.hstack(parts)


def labels_of_new(labels: csr_array, neighbors: Positions, strategy: str) -> csr_array:
    """Return the classes of new samples, from those of each sample and of its neighbors."""
    n_samples, k = neighbors.shape
    members = np.column_stack([np.arange(n_samples), neighbors]).ravel()
    ends = np.arange(n_samples + 1) * (k + 1)
    votes = csr_array((np.ones(len(members), dtype=np.int64), members, ends)) @ labels
    least = {"union": 1, "intersection": k + 1, "ranking": (k + 1) // 2 + 1}[strategy]
    votes.data = (votes.data >= least).astype(np.int64)
    votes.eliminate_zeros()
    return csr_array(votes)


def interpolate(numeric: Any, seeds: Positions, references: Positions, generator: Any) -> Any:
    """Return x + u (r - x) for each seed x and reference r, with one u for each feature."""
    start = numeric[seeds]
    step = numeric[references] - start
    if issparse(numeric):
        step.data *= generator.uniform(size=step.nnz)
    else:
        step *= generator.uniform(size=step.shape)
    return start + step


def most_frequent(codes: NDArray[np.int64], neighbors: Positions) -> Positions:
    """Return, for each sample and nominal column, a neighbor with its neighbors' mode.

    Among values that are equally frequent, that of the nearest neighbor.
    """
    values = codes[neighbors]  # sample, neighbor, column
    votes = (values[:, :, np.newaxis] == values[:, np.newaxis]).sum(axis=2)
    return np.take_along_axis(neighbors, votes.argmax(axis=1), axis=1)


class MLSMOTE(MultilabelSampler):
    """Add new samples between neighbors of the same minority class (MLSMOTE).

    A class is a minority class if its imbalance, the largest class count over its own, is above
    the mean imbalance. Each of its samples is the seed of a new one: among its nearest neighbors
    in the class one is chosen at random, and each feature of the new sample is drawn between the
    two. Its classes follow from those of the seed and all its neighbors.

    Parameters
    ----------
    k_neighbors : int or object, default=5
        Number of neighbors; or an object with ``fit``, ``kneighbors`` and ``n_neighbors`` as
        :class:`~sklearn.neighbors.NearestNeighbors`, whose `n_neighbors` counts the sample itself.
        In a class with fewer samples, all others are neighbors.
    label_strategy : {"ranking", "union", "intersection"}, default="ranking"
        Classes of a new sample: those that more than half of the seed and its neighbors carry
        ("ranking"), that any of them carries, or that all carry.
    categorical_features : array-like of int, bool or str, default=None
        Nominal columns of X: their numbers, a mask of all columns, or their names in a data frame.
        A new sample gets the value that is most frequent among the neighbors.
    random_state : int, RandomState instance or None, default=None
        Controls which neighbor is chosen, and where between the two the features lie.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of an indicator matrix, or the labels of a single-label target.
    class_counts_ : ndarray of shape (n_classes,)
        Samples that carry each class.
    seed_indices_ : ndarray of shape (n_new,)
        Row of X that is the seed of each new sample. Set by :meth:`fit_resample`, like the next
        one.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    Warns
    -----
    UserWarning
        If minority classes are skipped because they have a single sample.

    See Also
    --------
    MLROS : Clones samples instead.
    imblearn.over_sampling.SMOTENC : For targets of one class per sample.

    Notes
    -----
    Use it for tables and embeddings, not pixels: a mixture of two images is no image. Features
    are not scaled: put a scaler before it. Integers become float64.

    Classes are taken in the order of the columns. The imbalance of a class is that of the data
    with the new samples so far, and is compared with the mean imbalance of the original data. New
    samples are neither seeds nor neighbors.

    The distance of nominal columns is that of SMOTE-NC: a difference counts as the median of the
    standard deviations of the numeric columns in the class. The paper has the value difference
    metric.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "MLSMOTE: Approaching imbalanced
       multilabel learning through synthetic instance generation", Knowledge-Based Systems 89,
       2015.
    .. [2] N. V. Chawla, K. W. Bowyer, L. O. Hall, W. P. Kegelmeyer, "SMOTE: Synthetic minority
       over-sampling technique", Journal of Artificial Intelligence Research 16, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample.over_sampling import MLSMOTE
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [8.0], [9.0]])
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [1, 1], [0, 1]])
    >>> X_resampled, y_resampled = MLSMOTE(random_state=0).fit_resample(X, y)
    >>> X_resampled[6:].round(1)
    array([[8.5],
           [8.3]])
    >>> y_resampled[6:]
    array([[0, 1],
           [0, 1]])
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "k_neighbors": [
            Interval(Integral, 1, None, closed="left"),
            HasMethods(["fit", "kneighbors"]),
        ],
        "label_strategy": [StrOptions({"ranking", "union", "intersection"})],
        "categorical_features": ["array-like", None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        k_neighbors: Any = 5,
        label_strategy: str = "ranking",
        categorical_features: ArrayLike | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.k_neighbors = k_neighbors
        self.label_strategy = label_strategy
        self.categorical_features = categorical_features
        self.random_state = random_state

    def _read(self, X: Any, y: Any) -> Indicator:
        indicator = super()._read(X, y)
        read_features(X, self.categorical_features)
        return indicator

    def _learn(self, indicator: Indicator) -> dict[str, Any]:
        class_imbalance(indicator)  # some class must occur
        return {"classes_": indicator.classes, "class_counts_": indicator.class_counts}

    def _resample(
        self, X: Any, y: Any, indicator: Indicator, learned: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        generator = check_random_state(self.random_state)
        searcher = check_neighbors_object("k_neighbors", self.k_neighbors, additional_neighbor=1)
        features = read_features(X, self.categorical_features)
        labels = indicator.to_csr().astype(np.int64)  # of neighbors, they are added
        bags = labels.tocsc()
        counts = indicator.class_counts.copy()
        _, mean = class_imbalance(indicator)
        new_numeric, new_labels = [features.numeric[:0]], [labels[:0]]
        seeds, sources = [np.empty(0, dtype=np.int64)], [features.codes[:0]]
        single = []
        for c in np.flatnonzero(counts):
            if counts.max() <= mean * counts[c]:  # IRLbl <= MeanIR of before
                continue
            bag = bags.indices[bags.indptr[c] : bags.indptr[c + 1]].astype(np.int64)
            if len(bag) == 1:
                single.append(c)
                continue
            neighbors = nearest_neighbors(features, bag, searcher)
            chosen = generator.randint(neighbors.shape[1], size=len(bag), dtype=np.int64)
            references = bag[neighbors[np.arange(len(bag)), chosen]]
            new_numeric.append(interpolate(features.numeric, bag, references, generator))
            new_labels.append(labels_of_new(labels[bag], neighbors, self.label_strategy))
            sources.append(bag[most_frequent(features.codes[bag], neighbors)])
            seeds.append(bag)
            counts += new_labels[-1].sum(axis=0)
        if single:
            warnings.warn(
                f"MLSMOTE skips {count_of(len(single), 'minority class', 'minority classes')} "
                f"with a single sample, which has no neighbor: "
                f"{listed(indicator.classes[single].tolist())}. Merge them (merge_classes), or "
                f"clone them (MLROS).",
                stacklevel=5,
            )
        stack = vstack if issparse(features.numeric) else np.vstack
        seed_indices = np.concatenate(seeds)
        X_resampled = append_samples(X, features, stack(new_numeric), np.concatenate(sources))
        if isinstance(indicator, LabelIndicator):  # all samples of a bag have the same label
            kept = np.arange(indicator.n_samples)
            y_resampled = take_rows(y, np.concatenate([kept, seed_indices]))
        else:
            y_resampled = append_rows(y, csr_array(vstack(new_labels)))
        change = counts - indicator.class_counts
        drawn = {
            "seed_indices_": seed_indices,
            "sampling_strategy_": dict(
                zip(indicator.classes.tolist(), change.tolist(), strict=True)
            ),
        }
        return X_resampled, y_resampled, drawn

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = False
        tags.input_tags.string = False
        tags.input_tags.sparse = True
        tags.sampler_tags.sample_indices = False
        return tags
