"""Evaluation of predictions, for common and for rare classes."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.metrics import precision_recall_fscore_support

from mlresample._plan.plan import PlanLike
from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, as_rows, finite
from mlresample._utils.names import plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import ClassCountsLike, MatrixLike, Unknown
from mlresample.metrics._evaluation_text import evaluation_parts, parts_html, parts_text
from mlresample.metrics._predictions import check_like, read_indicator, read_scores, read_truth

GROUPS = ("many", "medium", "few")
MEASURES = ("precision", "recall", "f1", "average_precision")


@dataclass(frozen=True, eq=False, repr=False)
class FrequencyEvaluation(Report):
    """Measures of predictions, per class and by class frequency.

    Made by :func:`evaluate_by_frequency`. It prints as a report, and shows tables in a notebook.
    Measures that were not computed are None.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Training samples that carry each class.
    positives : ndarray of shape (n_classes,)
        Evaluated samples that carry each class.
    precision, recall, f1 : ndarray of shape (n_classes,), or None
        Of each class; NaN for a class without positives.
    average_precision : ndarray of shape (n_classes,), or None
        Of each class; NaN for a class without positives.
    micro : dict of str to float
        Each measure over all decisions at once.
    many, few : int
        Thresholds of the groups.
    n_samples : int
        Number of evaluated samples.
    known_counts : ndarray of shape (n_classes,) or None
        Evaluated samples of which it is known whether they carry each class; None if all are.
    """

    classes: NDArray[Any]
    class_counts: NDArray[Any]
    positives: NDArray[np.int64]
    precision: NDArray[np.float64] | None
    recall: NDArray[np.float64] | None
    f1: NDArray[np.float64] | None
    average_precision: NDArray[np.float64] | None
    micro: dict[str, float]
    many: int
    few: int
    n_samples: int
    known_counts: NDArray[np.int64] | None = None

    @property
    def measures(self) -> list[str]:
        """Names of the measures that were evaluated."""
        return [name for name in MEASURES if getattr(self, name) is not None]

    @property
    def groups(self) -> NDArray[Any]:
        """Group of each class by its class count: "many", "medium" or "few"."""
        is_in = [self.class_counts > self.many, self.class_counts < self.few]
        return np.select(is_in, ["many", "few"], "medium")

    @property
    def averages(self) -> dict[str, dict[str, Any]]:
        """Averages by name: "macro", "many", "medium", "few", "weighted" and "micro".

        Each has its `n_classes` and a value for each measure, NaN if it has no class. Those of
        the groups are macro averages too; "weighted" is weighted by positives.
        """
        occurs = self.positives > 0
        kept = {"macro": occurs} | {group: occurs & (self.groups == group) for group in GROUPS}
        kept["weighted"] = occurs
        averages: dict[str, dict[str, Any]] = {}
        for name, classes in kept.items():
            weights = self.positives[classes] if name == "weighted" else None
            averages[name] = {"n_classes": int(classes.sum())}
            for measure in self.measures:
                values = getattr(self, measure)[classes]
                mean = np.average(values, weights=weights) if len(values) else np.nan
                averages[name][measure] = float(mean)
        return averages | {"micro": {"n_classes": len(self.classes), **self.micro}}

    def to_dict(self) -> Figures:
        """Return the figures as plain types, NaN as None.

        Returns
        -------
        report : dict
            ``averages`` and ``classes`` are lists of rows, ``left_out`` the classes without
            positives, by name. If entries are unknown, ``without_negatives`` names the classes
            of which only positives are known.
        """
        columns = {
            "class": list(map(plain, self.classes)),
            "count": self.class_counts.tolist(),
            "group": self.groups.tolist(),
            "positives": self.positives.tolist(),
        }
        if self.known_counts is not None:
            columns["known"] = self.known_counts.tolist()
        columns |= {name: finite(getattr(self, name).tolist()) for name in self.measures}
        return {
            "schema_version": SCHEMA_VERSION,
            "n_samples": self.n_samples,
            "n_classes": len(self.classes),
            "many": self.many,
            "few": self.few,
            "measures": self.measures,
            "left_out": list(map(plain, self.classes[self.positives == 0])),
            **self._without_negatives(),
            "averages": finite(
                [{"average": name, **figures} for name, figures in self.averages.items()]
            ),
            "classes": as_rows(columns),
        }

    def _without_negatives(self) -> Figures:
        if self.known_counts is None:
            return {}
        has_none = (self.positives == self.known_counts) & (self.positives > 0)
        return {"without_negatives": list(map(plain, self.classes[has_none]))}

    def __repr__(self) -> str:
        return parts_text(evaluation_parts(self.to_dict()))

    def _repr_html_(self) -> str:
        return parts_html(evaluation_parts(self.to_dict()))


@validate_params(
    {
        "y_true": "no_validation",
        "y_pred": "no_validation",
        "y_score": "no_validation",
        "plan": "no_validation",
        "class_counts": "no_validation",
        "class_names": ["array-like", None],
        "unknown": "no_validation",
        "many": [Interval(Integral, 0, None, closed="left")],
        "few": [Interval(Integral, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def evaluate_by_frequency(
    y_true: MatrixLike,
    y_pred: MatrixLike | None = None,
    y_score: MatrixLike | None = None,
    *,
    plan: PlanLike | None = None,
    class_counts: ClassCountsLike | None = None,
    class_names: ArrayLike | None = None,
    unknown: Unknown | None = None,
    many: int = 100,
    few: int = 20,
) -> FrequencyEvaluation:
    """Evaluate predictions per class, on average, and by the frequency of the classes.

    Parameters
    ----------
    y_true : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1.
    y_pred : same kinds of the same shape, default=None
        Predicted classes, 0 and 1: for precision, recall and F1.
    y_score : {array-like, dataframe, tensor} of the same shape, default=None
        Predicted probabilities or logits, floats: for average precision.
    plan : ResamplingPlan or fitted sampler, default=None
        Plan made from the training target: its counts before resampling and its class names are
        used. Exactly one of `plan` and `class_counts` is needed.
    class_counts : array-like of shape (n_classes,), dict or pandas Series, default=None
        Training samples that carry each class. A dict or a Series is read by its names, in any
        order.
    class_names : array-like of shape (n_classes,), default=None
        Names of y's columns. By default the plan's, or the column names of the first data frame
        among the first three arguments, or column numbers.
    unknown : float or mask of y_true's shape, default=None
        Value of the unknown entries of `y_true`, such as -1 or NaN, or a mask of them. They are
        left out: what was predicted for them is neither right nor wrong.
    many : int, default=100
        Classes with more training samples than this are in the group "many".
    few : int, default=20
        Classes with fewer are in the group "few"; the rest is "medium".

    Returns
    -------
    evaluation : FrequencyEvaluation
        Measures per class, and their averages.

    Raises
    ------
    ValueError
        If neither `y_pred` nor `y_score` is passed, or not exactly one of `plan` and
        `class_counts`; if shapes or the order of rows by their index differ, an argument is not of
        its kind, no class occurs in `y_true`, or `many` is below `few`.

    Notes
    -----
    A class without positives in `y_true` has no recall, and so no F1 and no average precision.
    All its measures are NaN, its precision too, and it is left out of every average over classes
    rather than counted as 0. In the micro average, which is over decisions, what was predicted
    for it counts: these are false positives.

    A class that has positives and is never predicted has a precision of 0, as with scikit-learn's
    ``zero_division=0``. If every class has positives, all figures are those of scikit-learn.

    If only positives of a class are known, its precision and average precision are 1 whatever was
    predicted; the report names such classes.

    The groups and their thresholds are those of [1]_.

    References
    ----------
    .. [1] Z. Liu, Z. Miao, X. Zhan, J. Wang, B. Gong, S. X. Yu, "Large-scale long-tailed
       recognition in an open world", CVPR 2019.

    Examples
    --------
    >>> from mlresample.metrics import evaluate_by_frequency
    >>> y_true = [[1, 0, 0], [1, 1, 0], [1, 1, 0], [0, 0, 0]]
    >>> y_pred = [[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 0, 0]]
    >>> evaluation = evaluate_by_frequency(
    ...     y_true, y_pred, class_counts=[900, 60, 7], class_names=["cat", "dog", "lynx"]
    ... )
    >>> evaluation
    FrequencyEvaluation: 3 classes, 4 samples
    average            classes  precision  recall     F1
    macro                    2      0.875   0.750  0.762
    many, over 100           1      0.750   1.000  0.857
    medium, 20 to 100        1      1.000   0.500  0.667
    few, under 20            0          -       -      -
    weighted                 2      0.850   0.800  0.781
    micro                    3      0.667   0.800  0.727
    ----------------------------------------------------
    class  count  group   positives  precision  recall     F1
    lynx       7  few             0          -       -      -
    dog       60  medium          2      1.000   0.500  0.667
    cat      900  many            3      0.750   1.000  0.857
    ---------------------------------------------------------
    - 1 of 3 classes has no positives to evaluate and is left out, not counted as 0: 'lynx'.
      In micro, what was predicted for it counts.
    >>> evaluation.averages["medium"]["recall"]
    0.5
    """
    if y_pred is None and y_score is None:
        raise ValueError("Nothing to evaluate: pass y_pred, y_score or both.")
    if many < few:
        raise ValueError(f"many must be at least few, got many={many} and few={few}.")
    target, classes, counts = read_truth(
        y_true, [y_pred, y_score], plan, class_counts, class_names, unknown
    )
    positives = target.class_counts
    if not positives.any():
        raise ValueError("No class occurs in y_true: every known entry is 0.")
    true = target.to_csr()
    mask = None if target.unknown is None else target.unknown.to_csr()

    values: dict[str, Any] = dict.fromkeys(MEASURES)
    micro: dict[str, float] = {}
    if y_pred is not None:
        predicted = read_indicator(y_pred, "y_pred")
        shape = predicted.n_samples, predicted.n_classes
        check_like(y_pred, shape, "y_pred", classes, target, y_true)
        pred = predicted.to_csr()
        if mask is not None:  # neither true nor predicted: in no count of a measure
            pred = pred - pred.multiply(mask)
        names = MEASURES[:3]
        values |= zip(names, _precision_recall_f1(true, pred, average=None), strict=True)
        micro |= zip(names, map(float, _precision_recall_f1(true, pred, "micro")), strict=True)
    if y_score is not None:
        score = read_scores(y_score)
        check_like(y_score, score.shape, "y_score", classes, target, y_true)
        if mask is not None:  # below every score, and so never ranked above a positive
            score = np.where(mask.astype(np.bool_).toarray(), -np.inf, score)
        values["average_precision"] = _average_precision_per_class(true, score)
        rows, columns = true.nonzero()
        micro["average_precision"] = _average_precision(score.ravel(), score[rows, columns])
    for of_classes in values.values():
        if of_classes is not None:
            of_classes[positives == 0] = np.nan
    return FrequencyEvaluation(
        classes,
        counts,
        positives,
        **values,
        micro=micro,
        many=many,
        few=few,
        n_samples=target.n_samples,
        known_counts=target.known_counts,
    )


def _precision_recall_f1(true: csr_array, pred: csr_array, average: str | None) -> Any:
    return precision_recall_fscore_support(true, pred, average=average, zero_division=0.0)[:3]


def _average_precision_per_class(
    true: csr_array, score: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Compute average precision of each class, NaN without positives."""
    by_class = true.tocsc()
    rows = np.split(by_class.indices, by_class.indptr[1:-1])
    per_class = np.full(len(rows), np.nan)
    for c, positives in enumerate(rows):
        if len(positives):
            per_class[c] = _average_precision(score[:, c], score[positives, c])
    return per_class


def _average_precision(score: NDArray[Any], positives: NDArray[Any]) -> float:
    """Average over the positives the precision among what scores at least as high.

    The same as scikit-learn's average_precision_score, ties too, which takes 25 to 100 times as
    long: half a minute for 8,000 classes.
    """
    positives = np.sort(positives)
    n_as_high = len(score) - np.sort(score).searchsorted(positives)
    n_positive = len(positives) - positives.searchsorted(positives)
    return float(np.mean(n_positive / n_as_high))
