"""The result: scores of every recipe on every split, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, Rows, finite
from mlresample._utils.names import plain
from mlresample.model_selection._recipes.answer import find_answer
from mlresample.model_selection._recipes.differences import corrected_t_test, holm
from mlresample.model_selection._recipes.scores import CALIBRATION, SCORES
from mlresample.model_selection._recipes.text import comparison_html, comparison_text


@dataclass(frozen=True, eq=False, repr=False)
class RecipeComparison(Report):
    """Scores of recipes on the same splits; made by :func:`compare_recipes`.

    It prints as a report that ends with the answer in words, and shows tables in a notebook.

    Attributes
    ----------
    scores : dict of str to dict of str to ndarray of shape (n_splits,)
        Each recipe's scores by name, repeat by repeat and fold by fold within:
        ``scores["plan"]["macro_f1"]``. NaN on splits where no class could be scored.
    growth : dict of str to float
        Samples of each recipe's epoch over the training samples, median over the splits.
    seconds : dict of str to float
        Time to train and score each recipe on a split, inner folds included, median.
    not_applicable : dict of str to str
        Recipes that the model cannot be trained with, and why.
    simplicity : dict of str to int
        Place of each recipe in the order from simple to complex; 0 is training as it is.
    baseline : str
        Recipe that the others are compared with.
    primary : str
        Score that decides.
    alpha : float
        Probability of finding any recipe better or worse if all are equally good.
    n_folds, n_repeats : int
        Folds, and times that they were drawn.
    test_ratio : float
        Test samples over training samples of a split.
    n_samples : int
        Number of samples.
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class.
    is_rare : ndarray of shape (n_classes,)
        Which classes are the rare third.
    not_scored : ndarray of shape (n_classes,)
        Which classes no split has in both of its parts, so that no score includes them.
    """

    scores: dict[str, dict[str, NDArray[np.float64]]]
    growth: dict[str, float]
    seconds: dict[str, float]
    not_applicable: dict[str, str]
    simplicity: dict[str, int]
    baseline: str
    primary: str
    alpha: float
    n_folds: int
    n_repeats: int
    test_ratio: float
    n_samples: int
    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    is_rare: NDArray[np.bool_]
    not_scored: NDArray[np.bool_]

    @property
    def recommended(self) -> str:
        """Simplest of the recipes that tie with the best one in the primary score.

        Only recipes that are better than the baseline beyond noise are candidates; if there are
        none, it is the baseline.
        """
        rows = self._rows_of(self.primary)
        better = [row["recipe"] for row in rows if row["verdict"] == "better"]
        if not better:
            return self.baseline
        best = max(better, key=lambda name: self._sign * self._mean(name))
        p_values = [
            self._difference(name, best, self.primary).p_value if name != best else np.nan
            for name in better
        ]
        tied = [
            name
            for name, p_value in zip(better, holm(p_values), strict=True)
            if name == best or not p_value <= self.alpha
        ]
        return min(tied, key=lambda name: self.simplicity[name])

    @property
    def _sign(self) -> int:
        return -1 if self.primary == CALIBRATION else 1

    def _mean(self, recipe: str) -> float:
        return _mean(self.scores[recipe][self.primary])

    def _difference(self, recipe: str, other: str, score: str) -> Any:
        differences = self.scores[recipe][score] - self.scores[other][score]
        return corrected_t_test(differences, self.test_ratio, 1 - self.alpha)

    def to_dict(self) -> Figures:
        """Return the figures as plain types, NaN as None.

        Returns
        -------
        report : dict
            ``recipes`` is a list with a row per recipe, ``scores`` one with a row per recipe and
            score: its mean and standard deviation over the splits, the difference to the
            baseline with its confidence interval, p-value and p-value adjusted for the number of
            recipes, and on the primary score a verdict. ``answer`` is a list of codes and texts.
        """
        recipes = [
            {
                "recipe": name,
                "simplicity": self.simplicity[name],
                "growth": self.growth.get(name),
                "seconds": self.seconds.get(name),
                "not_applicable": self.not_applicable.get(name),
            }
            for name in self.simplicity
        ]
        report = {
            "schema_version": SCHEMA_VERSION,
            "n_samples": self.n_samples,
            "n_classes": len(self.classes),
            "n_folds": self.n_folds,
            "n_repeats": self.n_repeats,
            "test_ratio": self.test_ratio,
            "baseline": self.baseline,
            "primary": self.primary,
            "alpha": self.alpha,
            "recommended": self.recommended,
            "rare": list(map(plain, self.classes[self.is_rare])),
            "not_scored": list(map(plain, self.classes[self.not_scored])),
            "recipes": recipes,
            "scores": finite(self._rows()),
            "thresholds": finite(self._thresholds()),
        }
        return report | {"answer": find_answer(report)}

    def _rows(self) -> Rows:
        return [row for score in SCORES for row in self._rows_of(score)]

    def _rows_of(self, score: str) -> Rows:
        """Return the row of each recipe; none if no split has the score, unless it decides."""
        is_scored = any((~np.isnan(of[score])).any() for of in self.scores.values())
        if not is_scored and score != self.primary:
            return []
        others = [name for name in self.scores if name != self.baseline]
        tests = {name: self._difference(name, self.baseline, score) for name in others}
        adjusted = holm([test.p_value for test in tests.values()])
        p_holm = dict(zip(others, adjusted.tolist(), strict=True))
        rows: Rows = []
        for name, of_recipe in self.scores.items():
            test = tests.get(name)
            verdict = None
            if score == self.primary:
                verdict = self._verdict(test.mean, p_holm[name]) if test else "baseline"
            rows.append(
                {
                    "recipe": name,
                    "score": score,
                    "mean": _mean(of_recipe[score]),
                    "std": _std(of_recipe[score]),
                    "difference": test.mean if test else np.nan,
                    "low": test.low if test else np.nan,
                    "high": test.high if test else np.nan,
                    "p_value": test.p_value if test else np.nan,
                    "p_holm": p_holm.get(name, np.nan),
                    "verdict": verdict,
                }
            )
        return rows

    def _verdict(self, difference: float, p_holm: float) -> str:
        if not p_holm <= self.alpha:
            return "tie"
        return "better" if self._sign * difference > 0 else "worse"

    def _thresholds(self) -> dict[str, float]:
        """Return what tuned thresholds change for the recommended recipe, in macro-F1."""
        scores = self.scores[self.recommended]
        gain = scores["macro_f1_tuned"] - scores["macro_f1"]
        test = corrected_t_test(gain, self.test_ratio, 1 - self.alpha)
        return {
            "at_half": _mean(scores["macro_f1"]),
            "tuned": _mean(scores["macro_f1_tuned"]),
            "difference": test.mean,
            "low": test.low,
            "high": test.high,
            "p_value": test.p_value,
        }

    def __repr__(self) -> str:
        return comparison_text(self.to_dict())

    def _repr_html_(self) -> str:
        return comparison_html(self.to_dict())


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _std(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else np.nan
