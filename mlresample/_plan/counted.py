"""Class counts before and after resampling, and their imbalance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.repeats import LevelFigures
from mlresample._reporting.base import Figures, Report, finite
from mlresample._rule.counts import imbalance_per_class


@dataclass(frozen=True, eq=False, repr=False)
class CountedFigures(LevelFigures, Report):
    """How many samples have which multiplier, and the effect on the class counts."""

    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    resampled_class_counts: NDArray[np.float64]

    @property
    def known_counts(self) -> NDArray[np.int64] | None:
        """Samples of which it is known whether they carry each class; None if of all."""
        return None

    @property
    def resampled_known_counts(self) -> NDArray[np.float64] | None:
        """Expected known counts after resampling; None if all is known."""
        return None

    @property
    def imbalance_ratio(self) -> float:
        """Largest class count over the smallest, of the classes that occur."""
        return float(imbalance_per_class(self.class_counts, self.class_counts).max())

    @property
    def resampled_imbalance_ratio(self) -> float:
        """Imbalance ratio of the expected class counts after resampling."""
        return float(imbalance_per_class(self.resampled_class_counts, self.class_counts).max())

    @property
    def mean_imbalance(self) -> float:
        """Mean over the classes that occur of the largest class count over the class's own.

        The literature's MeanIR, the mean of IRLbl.
        """
        return float(imbalance_per_class(self.class_counts, self.class_counts).mean())

    @property
    def resampled_mean_imbalance(self) -> float:
        """Mean imbalance of the expected class counts after resampling."""
        return float(imbalance_per_class(self.resampled_class_counts, self.class_counts).mean())

    def _cost_and_imbalance(self) -> Figures:
        """Return the figures of every report: the epoch, and the imbalance before and after."""
        return {
            "epoch_size": self.epoch_size,
            "epoch_size_deviation": None,  # of a plan in memory, whose epochs have one size
            "growth": self.expected_epoch_size / self.n_samples,
            "imbalance_ratio": self.imbalance_ratio,
            "resampled_imbalance_ratio": finite(self.resampled_imbalance_ratio),
            "mean_imbalance": self.mean_imbalance,
            "resampled_mean_imbalance": finite(self.resampled_mean_imbalance),
            "samples_per_multiplier": [
                {"multiplier": multiplier, "n_samples": n_samples}
                for multiplier, n_samples in zip(
                    self.level_multipliers.tolist(), self.level_sizes.tolist(), strict=True
                )
                if n_samples
            ],
        }
