"""What all samplers share: any X and any target, read once, and results in their containers."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from imblearn.base import BaseSampler
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import validate_data

from mlresample._plan.repeats import RepeatPlan
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.containers import is_series, take_rows
from mlresample._utils.sklearn import Interval, fit_context
from mlresample._utils.typing import X_, Y_, MatrixLike

# What only `fit_resample` sets.
_DRAWN = ("sample_indices_", "sample_repeats_", "sampling_strategy_", "seed_indices_")


class MultilabelSampler(BaseSampler):
    """Base of all samplers; a subclass defines `_learn` and `_resample`."""

    _sampling_type = "bypass"

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: MatrixLike) -> Self:
        """Learn from the classes of the samples.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data, of which only the length and the column names are read.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).

        Returns
        -------
        self : object
            The fitted sampler.

        Raises
        ------
        ValueError
            If a parameter, X or y is not as described, or their lengths differ.
        """
        learned = self._learn(self._read(X, y))
        validate_data(self, X=X, skip_check_array=True)  # n_features_in_, feature_names_in_
        self.__dict__.update(learned)
        for drawn in _DRAWN:
            if hasattr(self, drawn):
                delattr(self, drawn)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: X_, y: Y_) -> tuple[X_, Y_]:
        """Learn from the classes of the samples, and resample.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data. Samplers that only repeat or leave out samples take any number of dimensions,
            lists of paths, and NaN.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).

        Returns
        -------
        X_resampled : same kind as X, of n_samples_new rows
            The kept originals in order, then the copies or new samples. Arrays of other libraries
            keep their kind if their rows can be indexed, and become NumPy arrays otherwise.
        y_resampled : same kind as y, of n_samples_new rows
            The targets of these rows.

        Raises
        ------
        ValueError
            If a parameter, X or y is not as described, or their lengths differ.
        """
        return self._fit_resample(X, y)

    def _fit_resample(self, X: X_, y: Y_) -> tuple[X_, Y_]:
        indicator = self._read(X, y)
        learned = self._learn(indicator)
        X_resampled, y_resampled, drawn = self._resample(X, y, indicator, learned)
        validate_data(self, X=X, skip_check_array=True)
        # Nothing below can fail, so that an error leaves the sampler unchanged.
        self.__dict__.update(learned | drawn)
        return X_resampled, y_resampled

    def _read(self, X: Any, y: Any) -> Indicator:
        _check_X(X)
        indicator = self._as_target(y)
        check_consistent_length(X, y)
        return indicator

    def _as_target(self, y: Any) -> Indicator:
        return as_target(y)

    @abstractmethod
    def _learn(self, indicator: Indicator) -> dict[str, Any]:
        """Return the learned attributes by name."""

    @abstractmethod
    def _resample(
        self, X: Any, y: Any, indicator: Indicator, learned: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Return the resampled data, and the attributes that only this sets, by name."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        tags.target_tags.multi_output = True
        return tags


class RepeatingSampler(MultilabelSampler):
    """Base of the samplers that repeat samples or leave them out, by a plan."""

    @abstractmethod
    def _make_plan(self, indicator: Indicator) -> RepeatPlan:
        """Plan how often each sample is seen."""

    def _draw_indices(self, plan: RepeatPlan) -> NDArray[np.int64]:
        return plan.draw_indices()

    def _learn(self, indicator: Indicator) -> dict[str, Any]:
        return {
            "plan_": self._make_plan(indicator),
            "classes_": indicator.classes,
            "class_counts_": indicator.class_counts,
        }

    def _resample(
        self, X: Any, y: Any, indicator: Indicator, learned: dict[str, Any]
    ) -> tuple[Any, Any, dict[str, Any]]:
        indices = self._draw_indices(learned["plan_"])
        repeats = np.bincount(indices, minlength=indicator.n_samples)
        change = indicator.weighted_class_counts(np.arange(repeats.max() + 1) - 1.0, repeats)
        names = indicator.classes.tolist()
        drawn = {
            "sample_indices_": indices,
            "sample_repeats_": repeats,
            "sampling_strategy_": dict(zip(names, map(int, change), strict=True)),
        }
        return take_rows(X, indices), take_rows(y, indices), drawn


class PercentageSampler(RepeatingSampler):
    """Base of the samplers that draw whole repeats, for a percentage of the samples."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "percentage": [Interval(Real, 0, np.inf, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        percentage: float = 25.0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.percentage = percentage
        self.random_state = random_state

    def _make_plan(self, indicator: Indicator) -> RepeatPlan:
        n_samples = int(indicator.n_samples * self.percentage / 100)
        if self.percentage > 0 and n_samples == 0:
            warnings.warn(
                f"percentage={self.percentage:g} of n_samples={indicator.n_samples:,} is less "
                f"than one sample: all samples stay as they are.",
                UserWarning,
                stacklevel=6,
            )
        return self._draw(indicator, n_samples, check_random_state(self.random_state))

    @abstractmethod
    def _draw(
        self, indicator: Indicator, n_samples: int, generator: np.random.RandomState
    ) -> RepeatPlan:
        """Draw which samples are repeated or left out, at most `n_samples` in all."""


def _check_X(X: Any) -> None:
    """Check that X has rows; nothing is converted or copied."""
    if X is None or isinstance(X, str):
        raise ValueError(f"Expected array-like (array or non-string sequence), got {X!r} as X.")
    paths = isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "OUST"
    if (isinstance(X, np.ndarray) or issparse(X)) and not paths:
        check_array(X, accept_sparse=True, dtype=None, ensure_all_finite=False, allow_nd=True)
        return
    if isinstance(X, list | tuple) or getattr(X, "ndim", 0) == 1 or is_series(X):
        rows = np.asarray(X[:1])
    elif hasattr(X, "__array__") and not hasattr(X, "__getitem__"):
        rows = np.asarray(X)
    else:
        return
    if rows.ndim == 1 and rows.dtype.kind in "biufc":
        raise ValueError(
            "Expected 2D array, got numbers in one dimension as X. Reshape your data, either "
            "with X.reshape(-1, 1) if it has one feature or X.reshape(1, -1) if it is one sample."
        )
