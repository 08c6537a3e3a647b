"""Comparison of a candidate with a baseline, by class frequency, over folds or seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, as_rows, finite
from mlresample._utils.names import plain
from mlresample._utils.sklearn import validate_params
from mlresample.metrics._evaluation import FrequencyEvaluation
from mlresample.metrics._evaluation_text import comparison_parts, parts_html, parts_text


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationComparison(Report):
    """Evaluations of a candidate and a baseline in pairs; made by :func:`compare_evaluations`.

    It prints as a report, and shows tables in a notebook.

    Attributes
    ----------
    baseline, candidate : list of FrequencyEvaluation
        What is compared, a pair for each fold or seed.
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Training samples that carry each class, mean over the pairs.
    groups : ndarray of shape (n_classes,)
        Group of each class by that mean: "many", "medium" or "few".
    measures : list of str
        Measures that all evaluations have.
    """

    baseline: list[FrequencyEvaluation]
    candidate: list[FrequencyEvaluation]
    classes: NDArray[Any]
    class_counts: NDArray[np.float64]
    groups: NDArray[Any]
    measures: list[str]

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return len(self.baseline)

    @property
    def averages(self) -> dict[str, dict[str, dict[str, float]]]:
        """Figures by average and measure: ``averages["few"]["f1"]["gain"]``.

        Each has `baseline`, `candidate` and `gain`, means over the pairs, and `gain_std`, the
        standard deviation of the pairs' gains. A group has the same classes in every pair.
        """
        baseline, candidate = (
            [
                replace(evaluation, class_counts=self.class_counts).averages
                for evaluation in evaluations
            ]
            for evaluations in (self.baseline, self.candidate)
        )

        def figures(name: str, measure: str) -> dict[str, float]:
            pairs = (
                np.array([averages[name][measure] for averages in of_pairs])
                for of_pairs in (baseline, candidate)
            )
            return {key: float(value) for key, value in _over_pairs(*pairs).items()}

        return {
            name: {measure: figures(name, measure) for measure in self.measures}
            for name in baseline[0]
        }

    def per_class(self, measure: str = "f1") -> dict[str, NDArray[np.float64]]:
        """Return the figures of one measure for each class.

        Parameters
        ----------
        measure : str, default="f1"
            One of `measures`.

        Returns
        -------
        figures : dict of ndarray of shape (n_classes,)
            `baseline`, `candidate` and `gain`, means over the pairs in which the class has
            positives, NaN if there are none; and `gain_std`, the standard deviation of the gains
            in them, NaN for fewer than two.

        Raises
        ------
        ValueError
            If the evaluations don't have the measure.
        """
        if measure not in self.measures:
            raise ValueError(
                f"measure={measure!r} was not evaluated; there is {', '.join(self.measures)}."
            )
        return _over_pairs(
            *(
                np.array([getattr(evaluation, measure) for evaluation in evaluations])
                for evaluations in (self.baseline, self.candidate)
            )
        )

    def to_dict(self) -> Figures:
        """Return the figures as plain types, NaN as None.

        Returns
        -------
        report : dict
            ``averages`` and ``classes`` are lists of rows, ``left_out`` the classes without
            positives in any pair, by name.
        """
        positives = np.array([evaluation.positives for evaluation in self.baseline])
        occurs: NDArray[np.bool_] = np.any(positives > 0, axis=0)
        columns = {
            "class": list(map(plain, self.classes)),
            "count": self.class_counts.tolist(),
            "group": self.groups.tolist(),
            "positives": positives.mean(axis=0).tolist(),
            "n_pairs": np.sum(positives > 0, axis=0).tolist(),
        }
        for measure in self.measures:
            for key, values in self.per_class(measure).items():
                columns[f"{measure}_{key}"] = finite(values.tolist())
        averages = self.averages
        n_classes = {name: int(occurs[self.groups == name].sum()) for name in averages}
        n_classes |= dict.fromkeys(["macro", "weighted"], int(occurs.sum()))
        n_classes["micro"] = len(self.classes)
        return {
            "schema_version": SCHEMA_VERSION,
            "n_pairs": self.n_pairs,
            "n_classes": len(self.classes),
            "many": self.baseline[0].many,
            "few": self.baseline[0].few,
            "measures": self.measures,
            "left_out": list(map(plain, self.classes[~occurs])),
            "averages": [
                {"measure": measure, "average": name, "n_classes": n_classes[name]}
                | finite(figures[measure])
                for measure in self.measures
                for name, figures in averages.items()
            ],
            "classes": as_rows(columns),
        }

    def __repr__(self) -> str:
        return parts_text(comparison_parts(self.to_dict()))

    def _repr_html_(self) -> str:
        return parts_html(comparison_parts(self.to_dict()))


def _over_pairs(
    baseline: NDArray[np.float64], candidate: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Average over the pairs, the first axis, leaving NaN out."""
    gain = candidate - baseline
    figures = {"baseline": _mean(baseline), "candidate": _mean(candidate), "gain": _mean(gain)}
    n = (~np.isnan(gain)).sum(axis=0)
    squares = np.nansum((gain - figures["gain"]) ** 2, axis=0)
    variance = np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)
    return figures | {"gain_std": np.sqrt(variance)}


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    n = (~np.isnan(values)).sum(axis=0)
    return np.where(n > 0, np.nansum(values, axis=0) / np.maximum(n, 1), np.nan)


_CONSTRAINTS = {name: [FrequencyEvaluation, list, tuple] for name in ("baseline", "candidate")}


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def compare_evaluations(
    baseline: FrequencyEvaluation | Sequence[FrequencyEvaluation],
    candidate: FrequencyEvaluation | Sequence[FrequencyEvaluation],
) -> EvaluationComparison:
    """Compare a candidate with a baseline, side by side.

    Parameters
    ----------
    baseline : FrequencyEvaluation, or list of them
        Evaluations of the baseline, one for each fold or seed.
    candidate : FrequencyEvaluation, or list of them
        Those of the candidate, in the same order.

    Returns
    -------
    comparison : EvaluationComparison
        Averages and measures per class of both, and the gain with its spread.

    Raises
    ------
    ValueError
        If the numbers of evaluations differ, the two of a pair are not of the same data, or
        evaluations differ in classes or thresholds or have no measure in common.

    Notes
    -----
    Fold i of the candidate is compared with fold i of the baseline. The spread is the sample
    standard deviation of these differences: how much the gain varies from fold to fold or seed to
    seed. It is not the standard error of their mean, and folds share training data: a gain within
    one standard deviation may well be none.

    Examples
    --------
    >>> from mlresample.metrics import compare_evaluations, evaluate_by_frequency
    >>> y_true = [[1, 0], [1, 1], [1, 1], [0, 0]]
    >>> y_pred = [[1, 0], [1, 1], [1, 0], [1, 0]], [[1, 0], [1, 1], [1, 1], [1, 0]]
    >>> baseline, candidate = (
    ...     evaluate_by_frequency(y_true, pred, class_counts=[900, 7]) for pred in y_pred
    ... )
    >>> comparison = compare_evaluations(baseline, candidate)
    >>> comparison.averages["few"]["recall"]
    {'baseline': 0.5, 'candidate': 1.0, 'gain': 0.5, 'gain_std': nan}
    >>> comparison.per_class("recall")["gain"]
    array([0. , 0.5])
    """
    both = [
        [evaluations] if isinstance(evaluations, FrequencyEvaluation) else list(evaluations)
        for evaluations in (baseline, candidate)
    ]
    for name, evaluations in zip(_CONSTRAINTS, both, strict=True):
        if not evaluations:
            raise ValueError(f"{name} has no evaluations.")
        for evaluation in evaluations:
            if not isinstance(evaluation, FrequencyEvaluation):
                raise ValueError(f"{name} must hold FrequencyEvaluation, got {evaluation!r}.")
    n_baseline, n_candidate = map(len, both)
    if n_baseline != n_candidate:
        raise ValueError(
            f"baseline has {n_baseline} evaluations and candidate {n_candidate}: pass a pair for "
            f"each fold or seed."
        )
    evaluations = both[0] + both[1]
    first = evaluations[0]
    for evaluation in evaluations:
        if evaluation.classes.tolist() != first.classes.tolist():
            raise ValueError("The evaluations must be of the same classes, in the same order.")
        if (evaluation.many, evaluation.few) != (first.many, first.few):
            raise ValueError("The evaluations must have the same thresholds, many and few.")
    for i, pair in enumerate(zip(*both, strict=True)):
        _check_pair(i, *pair)
    measures = [
        name
        for name in first.measures
        if all(name in evaluation.measures for evaluation in evaluations)
    ]
    if not measures:
        raise ValueError("The evaluations have no measure in common: pass y_pred to all.")
    class_counts = np.mean([evaluation.class_counts for evaluation in both[0]], axis=0)
    groups = replace(first, class_counts=class_counts).groups
    return EvaluationComparison(both[0], both[1], first.classes, class_counts, groups, measures)


def _known(evaluation: FrequencyEvaluation) -> NDArray[np.int64]:
    if evaluation.known_counts is not None:
        return evaluation.known_counts
    return np.full(len(evaluation.classes), evaluation.n_samples)


def _check_pair(i: int, baseline: FrequencyEvaluation, candidate: FrequencyEvaluation) -> None:
    """Refuse a pair that is not of the same samples, as far as the counts show."""
    counts = {"class_counts": "training samples", "positives": "evaluated positives"}
    pairs = [(words, getattr(baseline, n), getattr(candidate, n)) for n, words in counts.items()]
    if baseline.n_samples == candidate.n_samples:
        pairs.append(("known samples", _known(baseline), _known(candidate)))
    for words, ours, theirs in pairs:
        if (ours != theirs).any():
            c = int(np.flatnonzero(ours != theirs)[0])
            raise ValueError(
                f"Pair {i} is not of the same data: class {plain(baseline.classes[c])!r} has "
                f"{ours[c]:,} {words} in the baseline and {theirs[c]:,} in the candidate."
            )
    if baseline.n_samples != candidate.n_samples:
        raise ValueError(
            f"Pair {i} is not of the same data: the baseline has {baseline.n_samples:,} samples "
            f"and the candidate {candidate.n_samples:,}."
        )
