"""How imbalanced a multi-label target is, in the measures of the literature."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, Rows, as_rows, finite
from mlresample._reporting.text import bullets
from mlresample._reporting.verdicts import judge_near_subsets
from mlresample._rule.counts import check_target_has_class, imbalance_per_class
from mlresample._rule.scumble import sample_scumble
from mlresample._target.label_sets import HALF, MOST_CLASSES, Complexes, label_sets
from mlresample._target.read import as_target
from mlresample._utils.containers import row_slices
from mlresample._utils.names import plain
from mlresample._utils.sklearn import StrOptions, validate_params
from mlresample._utils.typing import MatrixLike, Unknown

_NEAR = 0.9  # share of a class's samples that carry the other class
_FEWEST = 5  # samples of the class
_MOST_SUBSETS = 3
_N_SETS = 1 << 12  # read at a time


@dataclass(frozen=True, eq=False, repr=False)
class ImbalanceMeasures(Report):
    """Measures of a multi-label target; made by :func:`measure_imbalance`.

    Attributes
    ----------
    n_samples : int
        Number of samples.
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    imbalance_per_class : ndarray of shape (n_classes,)
        Largest class count over that of the class (IRLbl). For a class that never occurs NaN, or 0
        with ``absent_classes="zero"``.
    imbalance_ratio : float
        Largest class count over the smallest, of the classes that occur.
    mean_imbalance : float
        Mean of `imbalance_per_class` (MeanIR).
    imbalance_variation : float
        Sample standard deviation of `imbalance_per_class` over its mean (CVIR); NaN for one
        class.
    scumble : float
        Mean over all samples of how far common and rare classes occur together, from 0 to 1
        (SCUMBLE): 1 minus the geometric over the arithmetic mean of the imbalance of a sample's
        classes, and 0 for a sample without a class.
    scumble_per_class : ndarray of shape (n_classes,)
        Mean of the same over the samples that carry each class; NaN for a class that never
        occurs.
    cardinality : float
        Classes per sample, on average.
    density : float
        Share of the known entries that are positive: the cardinality over the number of classes
        if all are known.
    n_label_sets : int
        Number of distinct sets of classes, the empty set included if it occurs.
    share_without_class : float
        Share of the samples that carry no class; one with unknown entries might.
    near_subsets : list of dict, or None
        Pairs of classes of which one hardly occurs without the other: of the samples of ``class``
        (5 or more), ``n_both`` also carry the class ``other``, a ``share`` of 0.9 or more. Up to
        three pairs of the highest shares. A class that 0.9 of all samples carry is no ``other``.
        None for more than 100 classes.
    known_counts : ndarray of shape (n_classes,) or None
        Samples of which it is known whether they carry each class; None if all are.
    """

    n_samples: int
    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    imbalance_per_class: NDArray[np.float64]
    imbalance_ratio: float
    mean_imbalance: float
    imbalance_variation: float
    scumble: float
    scumble_per_class: NDArray[np.float64]
    cardinality: float
    density: float
    n_label_sets: int
    share_without_class: float
    near_subsets: Rows | None
    known_counts: NDArray[np.int64] | None = None

    @property
    def minority_classes(self) -> NDArray[Any]:
        """Classes whose imbalance is above the mean, by name."""
        return self.classes[self.imbalance_per_class > self.mean_imbalance]

    def to_dict(self) -> Figures:
        """Return the measures as plain types, NaN as None.

        Returns
        -------
        report : dict
            A number for each scalar attribute, by its name, and ``near_subsets``; ``classes`` is
            a list of rows with ``class``, ``count``, ``share`` (of the known samples),
            ``imbalance`` and ``scumble``, and ``known`` if entries are unknown.
        """
        known: Any = self.n_samples
        if self.known_counts is not None:  # of a class of which nothing is known, NaN
            known = np.where(self.known_counts > 0, self.known_counts, np.nan)
        columns = {
            "class": list(map(plain, self.classes)),
            "count": self.class_counts.tolist(),
            "share": finite((self.class_counts / known).tolist()),
            "imbalance": finite(self.imbalance_per_class.tolist()),
            "scumble": finite(self.scumble_per_class.tolist()),
        }
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        known_counts = values.pop("known_counts")
        if known_counts is not None:
            columns["known"] = known_counts.tolist()
        scalars = {k: finite(v) for k, v in values.items() if not isinstance(v, np.ndarray)}
        return {
            "schema_version": SCHEMA_VERSION,
            "n_samples": scalars.pop("n_samples"),
            "n_classes": len(self.classes),
            **scalars,
            "classes": as_rows(columns),
        }

    def __repr__(self) -> str:
        absent = int((self.class_counts == 0).sum())
        lines = [
            ("samples", f"{self.n_samples:,}"),
            ("without a class", f"{100 * self.share_without_class:.1f} %"),
            ("classes", f"{len(self.classes):,}" + (f", {absent} absent" if absent else "")),
            ("classes per sample", f"{self.cardinality:.2f}"),
            ("distinct label sets", f"{self.n_label_sets:,}"),
            ("imbalance ratio", f"{self.imbalance_ratio:,.2f}"),
            ("mean imbalance", f"{self.mean_imbalance:,.2f}"),
            ("its variation", f"{self.imbalance_variation:.3f}"),
            ("SCUMBLE", f"{self.scumble:.3f}"),
        ]
        return "\n".join(
            [
                "ImbalanceMeasures",
                *(f"  {name:<20} {figure}" for name, figure in lines),
                *bullets(judge_near_subsets(self.near_subsets)),
            ]
        )


@validate_params(
    {
        "y": "no_validation",
        "class_names": ["array-like", None],
        "absent_classes": [StrOptions({"leave_out", "zero"})],
        "unknown": "no_validation",
    },
    prefer_skip_nested_validation=True,
)
def measure_imbalance(
    y: MatrixLike,
    *,
    class_names: ArrayLike | None = None,
    absent_classes: str = "leave_out",
    unknown: Unknown | None = None,
) -> ImbalanceMeasures:
    """Measure how imbalanced a multi-label target is.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes, as for :func:`~mlresample.plan_resampling`.
    absent_classes : {"leave_out", "zero"}, default="leave_out"
        Whether classes that never occur are left out of means, or have an imbalance of 0 that
        is averaged in, as in the R package mldr.
    unknown : float or mask of y's shape, default=None
        Value of the unknown entries of y, such as -1 or NaN, or a mask of them.
        Measures are those of the known positives; shares are of known entries.

    Returns
    -------
    measures : ImbalanceMeasures
        The measures, by name.

    Raises
    ------
    ValueError
        If `y` is not a target, or no class occurs in it.

    Notes
    -----
    For up to 100 classes, label sets are compared exactly, and all pairs of classes are counted.
    For more classes, label sets are compared by two random sums of 43 bits each: at nine million
    samples, two different sets are mistaken for the same with a probability below 1e-12.

    References
    ----------
    .. [1] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Addressing imbalance in
       multilabel classification: Measures and random resampling algorithms", Neurocomputing 163,
       2015.
    .. [2] F. Charte, A. J. Rivera, M. J. del Jesus, F. Herrera, "Dealing with difficult minority
       labels in imbalanced multilabel data sets", Neurocomputing 326-327, 2019.

    Examples
    --------
    >>> from mlresample.metrics import measure_imbalance
    >>> measures = measure_imbalance([[1, 0], [1, 0], [1, 0], [1, 1]])
    >>> measures.imbalance_per_class
    array([1., 4.])
    >>> round(measures.scumble, 4)  # (1 - 2 / 2.5) / 4
    0.05
    """
    indicator = as_target(y, class_names=class_names, unknown=unknown)
    counts, n_samples = indicator.class_counts, indicator.n_samples
    check_target_has_class(indicator)
    occurs = counts > 0
    per_class = np.full(len(counts), 0.0 if absent_classes == "zero" else np.nan)
    per_class[occurs] = imbalance_per_class(counts, counts)
    n_carried, scumble = sample_scumble(indicator, np.where(occurs, per_class, 1.0))
    scumble_sums = indicator.weighted_class_counts(scumble, np.arange(n_samples))
    scumble_per_class = np.full(len(counts), np.nan)
    scumble_per_class[occurs] = scumble_sums[occurs] / counts[occurs]
    sets, set_counts = np.unique(label_sets(indicator), return_counts=True)
    near_subsets = None
    if indicator.n_classes <= MOST_CLASSES:
        pairs = _pair_counts(sets, set_counts, indicator.n_classes)
        near_subsets = _near_subsets(pairs, n_samples, indicator.classes)
    return ImbalanceMeasures(
        n_samples=n_samples,
        classes=indicator.classes,
        class_counts=counts,
        imbalance_per_class=per_class,
        **measures_of_counts(
            counts, per_class[~np.isnan(per_class)], n_samples, indicator.known_counts
        ),
        scumble=float(scumble.mean()),
        scumble_per_class=scumble_per_class,
        n_label_sets=len(sets),
        share_without_class=float(np.mean((n_carried == 0) & ~indicator.undecided(n_carried))),
        near_subsets=near_subsets,
        known_counts=indicator.known_counts,
    )


def measures_of_counts(
    counts: NDArray[np.int64],
    imbalance: NDArray[np.float64],
    n_samples: int,
    known_counts: NDArray[np.int64] | None = None,
) -> dict[str, float]:
    """Compute the measures that follow from class counts and imbalance per class alone."""
    mean, n_positive = float(imbalance.mean()), int(counts.sum())
    n_known = n_samples * len(counts) if known_counts is None else int(known_counts.sum())
    return {
        "imbalance_ratio": float(imbalance.max()),
        "mean_imbalance": mean,
        "imbalance_variation": float(imbalance.std(ddof=1)) / mean
        if len(imbalance) > 1
        else np.nan,
        "cardinality": n_positive / n_samples,
        "density": n_positive / n_known,
    }


def _pair_counts(
    sets: Complexes, set_counts: NDArray[np.int64], n_classes: int
) -> NDArray[np.int64]:
    """Count the samples that carry both classes of each pair, from sets of powers of two."""
    column = np.arange(n_classes)
    bit = 64 * (column // HALF) + column % HALF
    exact = np.float32 if set_counts.sum() < 2**24 else np.float64  # float32 takes half the time
    counts = np.zeros((n_classes, n_classes))
    for rows in row_slices(len(sets), _N_SETS):
        numbers = sets[rows].view(np.float64).reshape(-1, 2).astype("<u8")
        bits = np.unpackbits(numbers.view(np.uint8), axis=1, bitorder="little")
        carried = bits[:, bit].astype(exact)
        counts += (carried * set_counts[rows, None].astype(exact)).T @ carried
    return counts.astype(np.int64)


def _near_subsets(pairs: NDArray[np.int64], n_samples: int, classes: NDArray[Any]) -> Rows:
    """Return the pairs of the highest shares, and among equal ones those of the most samples."""
    counts = pairs.diagonal()
    shares = pairs / np.maximum(counts, 1)[:, None]
    is_near = (shares >= _NEAR) & (counts >= _FEWEST)[:, None] & (counts < _NEAR * n_samples)
    np.fill_diagonal(is_near, False)
    rows, others = np.nonzero(is_near)
    order = np.lexsort([-counts[rows], -shares[rows, others]])[:_MOST_SUBSETS]
    return [
        {
            "class": plain(classes[c]),
            "other": plain(classes[d]),
            "count": int(counts[c]),
            "n_both": int(pairs[c, d]),
            "share": float(shares[c, d]),
        }
        for c, d in zip(rows[order], others[order], strict=True)
    ]
