"""The rule: what is learned from class counts, and how it is applied to a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._rule.counts import ClassCounts, check_some_class_occurs
from mlresample._rule.multipliers import learn_multipliers, sample_levels
from mlresample._rule.parameters import RuleParameters, as_number
from mlresample._rule.written import read_rule, write_rule
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.immutable import Immutable
from mlresample._utils.names import count_of, listed
from mlresample._utils.typing import (
    ClassCountsLike,
    ClassMultipliers,
    MatrixLike,
    TargetCount,
    Unknown,
)


@dataclass(frozen=True, eq=False)
class LearnedRule(Immutable):
    """A rule without the plans that it makes: :class:`~mlresample.ResamplingRule` adds these."""

    counts: ClassCounts
    class_multipliers: NDArray[np.float64]
    resolved_target_count: float | NDArray[np.float64] | None
    parameters: RuleParameters

    @classmethod
    def from_counts(
        cls,
        class_counts: ClassCounts | ClassCountsLike,
        *,
        class_multipliers: ClassMultipliers = RuleParameters.class_multipliers,
        cap: float = RuleParameters.cap,
        floor: float = RuleParameters.floor,
        target_count: TargetCount = RuleParameters.target_count,
        power: float = RuleParameters.power,
        epoch_size: None = RuleParameters.epoch_size,
        background: float = RuleParameters.background,
        instance_aware: bool = RuleParameters.instance_aware,
    ) -> Self:
        """Learn a rule from class counts.

        Parameters
        ----------
        class_counts : ClassCounts, array-like of shape (n_classes,), dict or Series
            Samples that carry each class. A dict or a pandas Series is read by its names.
        class_multipliers : "balanced", array-like, dict or callable, default="balanced"
            "balanced" is the rule in the Notes; or one multiplier per class, {class: multiplier}
            (classes left out get 1), or a function from the array of class counts to an array of
            multipliers.
        cap : float, default=4.0
            Largest multiplier, at least 1; ``inf`` for none.
        floor : float, default=1.0
            Smallest multiplier, between 0 and 1.
        target_count : {"median", "mean", "max"}, int, float, array-like or dict, default="median"
            Count that rare classes are raised towards: a statistic over the classes that occur, a
            share of the samples, of those known for each class (float in (0, 1]), or a count
            (int, or float above 1). Or such a number for each class, which the class should at
            least have: an array, or {class: number} (classes left out keep theirs).
        power : float, default=1.0
            1 is inverse frequency, 0.5 its square root; 0 makes all multipliers 1.
        epoch_size : None, default=None
            Not for counts alone: :func:`~mlresample.plan_resampling` solves for it.
        background : float, default=1.0
            Multiplier of samples without a class, between 0 and `cap`; 0 leaves them out.
        instance_aware : bool, default=False
            Whether the count of a class is ``n * sqrt(f_i * f_b)``, with its share f_i of the
            samples and its share f_b of all instances. Needs counts with `instance_counts`.

        Returns
        -------
        rule : ResamplingRule
            The rule.

        Raises
        ------
        ValueError
            If counts are not whole numbers >= 0, no class occurs, parameters are outside their
            range or contradict each other, or the target count is a share of an unknown number of
            samples.

        Notes
        -----
        The multiplier of a class is ``clip((t / n_c) ** power, floor, cap)``, with class count n_c
        and target count t. A class without samples has none, which is NaN, unless the user gave
        it by an array or a dict.
        """
        parameters = RuleParameters.validated(locals(), "ResamplingRule.from_counts")
        if parameters.epoch_size is not None:
            raise ValueError(
                f"epoch_size={epoch_size!r} depends on which classes occur together, which class "
                f"counts do not tell: use plan_resampling(y, epoch_size={epoch_size!r}).rule."
            )
        if not isinstance(class_counts, ClassCounts):
            class_counts = ClassCounts.from_numbers(class_counts)
        check_some_class_occurs(class_counts.class_counts, "class_counts")
        return cls(class_counts, *learn_multipliers(class_counts, parameters))

    @property
    def classes(self) -> NDArray[Any]:
        """Class names, or column numbers, of shape (n_classes,)."""
        return self.counts.classes

    def sample_multipliers(
        self,
        y: MatrixLike,
        *,
        class_names: ArrayLike | None = None,
        unseen: float | None = None,
        instances: bool = False,
        unknown: Unknown | None = None,
    ) -> NDArray[np.float64]:
        """Compute how often each sample of a target is seen.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,). Any
            samples, such as a batch.
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes of `y`, as in :func:`~mlresample.plan_resampling`.
        unseen : float, default=None
            Multiplier, between 0 and the cap, of classes that the rule does not know or that had
            no sample when it was learned. If None, such a class is an error once it occurs.
        instances : bool, default=False
            Whether `y` holds counts of instances, as for :func:`~mlresample.plan_resampling`.
        unknown : float or mask of shape (n_samples, n_classes), default=None
            Value of the unknown entries of `y`, or a mask of them, as for
            :func:`~mlresample.plan_resampling`.

        Returns
        -------
        sample_multipliers : ndarray of shape (n_samples,)
            Times that each sample is seen per epoch, float64: the largest multiplier among its
            classes; the background's for a sample without a class, and 1 for one with unknown
            entries and no class.

        Raises
        ------
        ValueError
            If `y` is not a target, its classes cannot be matched with those of the rule, or one
            occurs that has no multiplier.

        Notes
        -----
        Classes are matched by name if both have names, else by position; then `y` must have as
        many classes as the rule.
        """
        indicator = as_target(
            y, class_names=class_names, is_batch=True, instances=instances, unknown=unknown
        )
        _, multipliers = self._of_columns(indicator, unseen)
        samples = sample_levels(indicator, multipliers, self.parameters.background)
        return samples.level_multipliers.take(samples.levels)

    def to_json(self, *, indent: int | None = None) -> str:
        """Write the rule as JSON.

        Parameters
        ----------
        indent : int, default=None
            As for :func:`json.dumps`.

        Returns
        -------
        text : str
            All that :meth:`from_json` needs for the same rule, exact to the last bit. Infinity is
            ``"inf"``, the multiplier of a class that has none is null, and a function that gave
            the class multipliers is written as what it gave.

        Raises
        ------
        ValueError
            If a class name is neither a string nor an integer.
        """
        return write_rule(self, indent)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a rule from JSON.

        Parameters
        ----------
        text : str
            What :meth:`to_json` wrote.

        Returns
        -------
        rule : ResamplingRule
            The same rule.

        Raises
        ------
        ValueError
            If the text is incomplete, of another version, or not a rule.
        """
        return cls(*read_rule(text))

    def _positions(self, indicator: Indicator) -> NDArray[np.intp]:
        """Find the position of each class of a target among the rule's, -1 for an unknown one."""
        names, others = self.classes.tolist(), indicator.classes.tolist()
        if self.counts.named and indicator.named:
            if names == others:
                return np.arange(len(names))
            position = {name: i for i, name in enumerate(names)}
            return np.array([position.get(name, -1) for name in others], dtype=np.intp)
        if len(names) != len(others):
            nameless = "y" if self.counts.named else "the rule"
            raise ValueError(
                f"y has {count_of(len(others), 'class')}, the rule has {len(names)}. Since "
                f"{nameless} has no class names, both must have the same classes in the same "
                f"order; or pass class_names."
            )
        return np.arange(len(names))

    def _of_columns(
        self, indicator: Indicator, unseen: float | None
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the position and the multiplier of each class of a target.

        A class without samples has multiplier 1.
        """
        unseen = checked_unseen(unseen, self.parameters.cap)
        positions = self._positions(indicator)
        multipliers = np.append(self.class_multipliers, np.nan)[positions]
        multipliers[indicator.class_counts == 0] = 1.0
        unknown = np.isnan(multipliers)
        if unknown.any():
            if unseen is None:
                raise ValueError(self._unknown_classes(indicator, positions, unknown))
            multipliers[unknown] = unseen
        return positions, multipliers

    def _unknown_classes(
        self, indicator: Indicator, positions: NDArray[np.intp], unknown: NDArray[np.bool_]
    ) -> str:
        reasons = {
            "classes that the rule does not know": unknown & (positions < 0),
            "classes that had no sample when the rule was learned": unknown & (positions >= 0),
        }
        found = "; and ".join(
            f"{reason}: {listed(indicator.classes[which].tolist())}"
            for reason, which in reasons.items()
            if which.any()
        )
        return (
            f"y has samples of {found}. Pass unseen=, the multiplier of such classes, or learn "
            f"the rule from counts that include them."
        )


def checked_unseen(unseen: Any, cap: float) -> float | None:
    """Check the multiplier of classes that a rule with this cap does not know."""
    if unseen is None:
        return None
    number = as_number("unseen", unseen)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"unseen must be a number or None, got {unseen!r}.")
    if not 0 <= number <= cap or number == np.inf:
        raise ValueError(f"unseen must be from 0 to cap={cap:g} and finite, got {unseen!r}.")
    return float(number)
