"""The scores of a recipe on one split."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from mlresample.metrics._evaluation import GROUPS, evaluate_by_frequency

RANKING = ["average_precision", "average_precision_rare"]
_AVERAGES = ["macro", "micro", *GROUPS, "rare"]
AT_HALF = [f"{average}_f1" for average in _AVERAGES]
TUNED = [f"{score}_tuned" for score in AT_HALF]
CALIBRATION = "calibration_error"
_MANY, _FEW = 100, 20  # samples of a class
SCORES = [*RANKING, *AT_HALF, *TUNED, CALIBRATION]


def check_some_class_in(score: str, class_counts: NDArray[np.int64]) -> None:
    """Check that some class is in the group that a score is about."""
    is_in = {
        "many": class_counts > _MANY,
        "few": (class_counts > 0) & (class_counts < _FEW),
        "medium": (class_counts >= _FEW) & (class_counts <= _MANY),
    }
    group = score.partition("_")[0]
    if group in is_in and not is_in[group].any():
        raise ValueError(
            f"primary={score!r} is a score of no class: the classes have {class_counts.min():,} "
            f"to {class_counts.max():,} samples, 'many' are over {_MANY} and 'few' under {_FEW}."
        )


def score_split(
    true: csr_array,
    probabilities: NDArray[np.float64],
    thresholds: NDArray[np.float64] | None,
    class_counts: NDArray[np.int64],
    is_rare: NDArray[np.bool_],
    is_trained: NDArray[np.bool_],
    unknown: int | None,
) -> dict[str, float]:
    """Score predictions at 0.5 and at thresholds, without classes that training did not have."""
    true, probabilities = true[:, is_trained], probabilities[:, is_trained]
    counts, is_rare = class_counts[is_trained], is_rare[is_trained]
    scores = dict.fromkeys(SCORES, np.nan)
    cuts: dict[str, Any] = {"": 0.5}
    if thresholds is not None:
        cuts["_tuned"] = thresholds[is_trained]
    for ending, cut in cuts.items():
        evaluation = evaluate_by_frequency(
            true,
            (probabilities >= cut).astype(np.uint8),
            None if ending else probabilities,
            class_counts=counts,
            unknown=unknown,
            many=_MANY,
            few=_FEW,
        )
        averages = evaluation.averages
        for average in _AVERAGES[:-1]:
            scores[f"{average}_f1{ending}"] = averages[average]["f1"]
        scores[f"rare_f1{ending}"] = _mean(evaluation.f1, is_rare)
        if not ending:
            precision = evaluation.average_precision
            scores["average_precision"] = averages["macro"]["average_precision"]
            scores["average_precision_rare"] = _mean(precision, is_rare)
    scores[CALIBRATION] = _calibration_error(true, probabilities, unknown)
    return scores


def _mean(of_classes: Any, chosen: NDArray[np.bool_]) -> float:
    values = of_classes[chosen & ~np.isnan(of_classes)]
    return float(values.mean()) if len(values) else np.nan


def _calibration_error(
    true: csr_array, probabilities: NDArray[np.float64], unknown: int | None
) -> float:
    """Compute the mean over the classes of |log((predicted + 1/2) / (positives + 1/2))|.

    How far the sum of a class's probabilities is from its positives, as a logarithm: 0.69 is
    twice as many or half as many. Half a sample keeps it finite.
    """
    positives = (true == 1).sum(axis=0)
    predicted = probabilities.sum(axis=0)
    if unknown is not None:  # only what is predicted for known entries
        predicted = predicted - (true == unknown).multiply(probabilities).sum(axis=0)
    return float(np.abs(np.log((predicted + 0.5) / (positives + 0.5))).mean())
