"""Class counts: checked, put into the order of class names, and added up over batches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any, Self

import numpy as np
from narwhals.dependencies import is_pandas_series
from numpy.typing import ArrayLike, NDArray

from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.containers import is_dataframe
from mlresample._utils.immutable import Immutable
from mlresample._utils.names import as_classes, count_of, is_positional, listed, plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import ClassCountsLike, MatrixLike, Unknown

_MOST = 2**53  # up to which floats hold every whole number


@dataclass(frozen=True, eq=False)
class ClassCounts(Immutable):
    """How many samples carry each class; the counts of batches add up.

    Made by :meth:`from_target` and :meth:`from_numbers`; immutable. ``first + second`` are the
    counts of both batches together. Classes are matched by name; if the batches do not name the
    same classes in the same order, the result has the classes of both, sorted, so that the order
    of the batches changes nothing. Column numbers are no names: batches that have only these must
    have the same number of classes.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Class names, or column numbers.
    class_counts : ndarray of shape (n_classes,)
        Samples that carry each class, int64.
    n_samples : int or None
        Number of samples; None if unknown.
    n_without_class : int or None
        Samples that carry no class; None if unknown.
    named : bool
        Whether `classes` are names; otherwise, they are column numbers.
    instance_counts : ndarray of shape (n_classes,) or None
        Instances of each class, such as its boxes, int64; None if unknown. The sum of batches is
        known if it is known of each.
    known_counts : ndarray of shape (n_classes,) or None
        Samples of which it is known whether they carry each class, int64; None if that is known
        of all samples.

    Examples
    --------
    >>> from mlresample import ClassCounts
    >>> monday = ClassCounts.from_target([[1, 0], [1, 1], [0, 0]], class_names=["cat", "dog"])
    >>> tuesday = ClassCounts.from_numbers({"lynx": 1, "cat": 7}, n_samples=9, n_without_class=2)
    >>> week = monday + tuesday
    >>> dict(zip(week.classes.tolist(), week.class_counts.tolist()))
    {'cat': 9, 'dog': 1, 'lynx': 1}
    >>> week.n_samples, week.n_without_class
    (12, 3)
    """

    classes: NDArray[Any]
    class_counts: NDArray[np.int64]
    n_samples: int | None
    n_without_class: int | None
    named: bool
    instance_counts: NDArray[np.int64] | None = None
    known_counts: NDArray[np.int64] | None = None

    @classmethod
    def from_target(
        cls,
        y: MatrixLike,
        *,
        class_names: ArrayLike | None = None,
        instances: bool = False,
        unknown: Unknown | None = None,
    ) -> ClassCounts:
        """Count the classes of a target.

        Parameters
        ----------
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,). A
            batch of labels may be all of one class.
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes; by default the column names of a data frame, the labels of a
            single-label target, or column numbers.
        instances : bool, default=False
            Whether `y` holds counts of instances, as for :func:`~mlresample.plan_resampling`.
        unknown : float or mask of shape (n_samples, n_classes), default=None
            Value of the unknown entries of `y`, or a mask of them, as for
            :func:`~mlresample.plan_resampling`.

        Returns
        -------
        counts : ClassCounts
            The counts, with the number of samples and of those without a class.

        Raises
        ------
        ValueError
            If `y` is not a target.
        """
        indicator = as_target(
            y, class_names=class_names, is_batch=True, instances=instances, unknown=unknown
        )
        has_class = indicator.row_maximum(np.ones(indicator.n_classes, dtype=np.uint8))
        n_with_class = int(np.count_nonzero(has_class))
        n_undecided = int(np.count_nonzero(indicator.undecided(has_class)))
        n_without_class = indicator.n_samples - n_with_class - n_undecided
        return replace(counts_of(indicator), n_without_class=n_without_class)

    @classmethod
    @validate_params(
        {
            "cls": "no_validation",
            "class_counts": "no_validation",
            "class_names": ["array-like", None],
            "n_samples": [Interval(Integral, 0, None, closed="left"), None],
            "n_without_class": [Interval(Integral, 0, None, closed="left"), None],
            "instance_counts": "no_validation",
            "known_counts": "no_validation",
        },
        prefer_skip_nested_validation=True,
    )
    def from_numbers(
        cls,
        class_counts: ClassCountsLike,
        *,
        class_names: ArrayLike | None = None,
        n_samples: int | None = None,
        n_without_class: int | None = None,
        instance_counts: ClassCountsLike | None = None,
        known_counts: ClassCountsLike | None = None,
    ) -> Self:
        """Take counts that were made elsewhere.

        Parameters
        ----------
        class_counts : array-like of shape (n_classes,), dict or Series
            Samples that carry each class, whole numbers. A dict or a pandas Series is read by its
            names.
        class_names : array-like of shape (n_classes,), default=None
            Names of the classes, by default those of a dict or Series, or column numbers. A dict
            or Series is put into this order.
        n_samples : int, default=None
            Number of samples, if known.
        n_without_class : int, default=None
            Number of samples without a class, if known.
        instance_counts : array-like of shape (n_classes,), dict or Series, default=None
            Instances of each class, such as its boxes, if known: at least one for each sample
            that carries it. Read as `class_counts` are.
        known_counts : array-like of shape (n_classes,), dict or Series, default=None
            Samples of which it is known whether they carry each class, from its class count to
            `n_samples`, which it needs; None if that is known of all. Read as `class_counts` are.

        Returns
        -------
        counts : ClassCounts
            The counts.

        Raises
        ------
        ValueError
            If counts are not whole numbers >= 0, or contradict each other.
        """
        counts, names = counts_by_name(class_counts, class_names)
        classes = classes_of_counts(counts, names)
        n_samples = None if n_samples is None else int(n_samples)
        n_without = None if n_without_class is None else int(n_without_class)
        instances = _further_counts(instance_counts, names, classes, "instance_counts")
        known = _further_counts(known_counts, names, classes, "known_counts")
        if instances is not None:
            _check_instances_fit(instances, counts, classes)
        if known is not None:
            known = _checked_known(known, counts, n_samples, instances, classes)
        check_counts_fit(counts, n_samples, n_without, known)
        return cls(classes, counts, n_samples, n_without, names is not None, instances, known)

    def __add__(self, other: Any) -> Self:
        if not isinstance(other, ClassCounts):
            return NotImplemented
        if self.named != other.named:
            raise ValueError(
                "Counts of classes that have names and of classes that have none cannot be added, "
                "because columns may be in a different order: pass class_names."
            )
        names, other_names = self.classes.tolist(), other.classes.tolist()
        if names == other_names:
            classes, positions = self.classes, [list(range(len(names)))] * 2
        elif not self.named:
            raise ValueError(
                f"Counts of {len(names)} and of {count_of(len(other_names), 'class')} cannot be "
                f"added: without names, the batches must have the same number of classes."
            )
        else:
            union = _sorted({*names, *other_names})
            position = {name: i for i, name in enumerate(union)}
            classes = as_classes(union)
            positions = [[position[name] for name in batch] for batch in (names, other_names)]

        def total(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
            counts = np.zeros(len(classes), dtype=np.int64)
            counts[positions[0]] += first
            counts[positions[1]] += second
            _check_not_too_many(counts)
            return counts

        n_samples = _sum_if_known(self.n_samples, other.n_samples)
        known = None
        if self.known_counts is not None or other.known_counts is not None:
            if n_samples is None:
                raise ValueError(
                    "Counts of a batch with unknown entries can be added only to counts with a "
                    "number of samples: pass n_samples to ClassCounts.from_numbers."
                )
            known = n_samples - total(self._unknown_counts, other._unknown_counts)
        instances = None
        if self.instance_counts is not None and other.instance_counts is not None:
            instances = total(self.instance_counts, other.instance_counts)
        return type(self)(
            classes,
            total(self.class_counts, other.class_counts),
            n_samples,
            _sum_if_known(self.n_without_class, other.n_without_class),
            self.named,
            instances,
            known,
        )

    @property
    def _unknown_counts(self) -> NDArray[np.int64]:
        """Samples of which it is not known whether they carry each class."""
        if self.known_counts is None or self.n_samples is None:
            return np.zeros_like(self.class_counts)
        return self.n_samples - self.known_counts

    def __radd__(self, other: Any) -> Self:
        return self if isinstance(other, int) and other == 0 else NotImplemented  # for sum()


def _sorted(names: set[Any]) -> list[Any]:
    try:
        return sorted(names)
    except TypeError as error:
        raise ValueError(
            f"Class names of different types cannot be sorted, got {listed(names)}: name the "
            f"classes of all batches in the same way."
        ) from error


def _sum_if_known(first: int | None, second: int | None) -> int | None:
    return None if first is None or second is None else first + second


def _check_not_too_many(counts: NDArray[Any], name: str = "class_counts") -> None:
    if counts.max(initial=0) > _MOST:
        raise ValueError(f"{name} must be at most 2**53, got {counts.max():g}.")


def classes_of_counts(counts: NDArray[np.int64], names: NDArray[Any] | None) -> NDArray[Any]:
    """Return the names of the classes, which are column numbers if there are none."""
    if names is None:
        return as_classes(range(len(counts)))
    if len(names) != len(counts):
        raise ValueError(
            f"class_names has {count_of(len(names), 'name')} for {count_of(len(counts), 'class')}."
        )
    return names


def check_counts_fit(
    counts: NDArray[np.int64],
    n_samples: int | None,
    n_without_class: int | None = None,
    known: NDArray[np.int64] | None = None,
) -> None:
    """Check class counts against the number of samples, and of samples without a class.

    A sample with an unknown entry may be neither with a class nor without.
    """
    if n_samples is None:
        return
    most = int(counts.max(initial=0))
    if most > n_samples:
        raise ValueError(f"class_counts must be at most n_samples={n_samples}, got {most:,}.")
    if n_without_class is not None:
        n_with_class = n_samples - n_without_class
        at_most = int(counts.sum()) + (0 if known is None else int((n_samples - known).sum()))
        if not most <= n_with_class <= at_most:
            raise ValueError(
                f"n_without_class={n_without_class} contradicts the counts: {n_with_class:,} of "
                f"{n_samples:,} samples would have a class, but the counts need at least "
                f"{most:,} and at most {at_most:,}."
            )
        negatives = n_samples if known is None else int((known - counts).min(initial=n_samples))
        if n_without_class > negatives:
            raise ValueError(
                f"n_without_class={n_without_class} contradicts known_counts: a class has only "
                f"{negatives:,} known negatives, and a sample without a class is one of each."
            )


def _further_counts(
    values: Any, names: NDArray[Any] | None, classes: NDArray[Any], parameter: str
) -> NDArray[np.int64] | None:
    """Read further counts of the classes, in the order of their names."""
    if values is None:
        return None
    counts, their_names = counts_by_name(values, names, parameter)
    if their_names is not None and names is None:
        raise ValueError(f"{parameter} has class names, class_counts has none: name both.")
    if len(counts) != len(classes):
        raise ValueError(
            f"{parameter} has {count_of(len(counts), 'number')} for "
            f"{count_of(len(classes), 'class')}."
        )
    return counts


def _checked_known(
    known: NDArray[np.int64],
    counts: NDArray[np.int64],
    n_samples: int | None,
    instances: NDArray[np.int64] | None,
    classes: NDArray[Any],
) -> NDArray[np.int64] | None:
    """Check how many samples are known for each class; return None if all are."""
    if n_samples is None:
        raise ValueError("known_counts needs the number of samples: pass n_samples.")
    if instances is not None:
        raise ValueError("instance_counts and known_counts do not go together: leave out one.")
    wrong = np.flatnonzero((known < counts) | (known > n_samples))
    if len(wrong):
        i = wrong[0]
        raise ValueError(
            f"known_counts must be from the class's count to n_samples={n_samples}, got "
            f"{known[i]:,} for class {plain(classes[i])!r} with count {counts[i]:,}."
        )
    return None if (known == n_samples).all() else known


def _check_instances_fit(
    instances: NDArray[np.int64], counts: NDArray[np.int64], classes: NDArray[Any]
) -> None:
    """Check that there is at least one instance per sample of a class, and none without."""
    wrong = np.flatnonzero((instances < counts) | ((instances > 0) & (counts == 0)))
    if len(wrong):
        i = wrong[0]
        raise ValueError(
            f"instance_counts must be at least class_counts, and 0 for a class without samples, "
            f"got {instances[i]:,} instances in {counts[i]:,} samples of class "
            f"{plain(classes[i])!r}."
        )


def counts_of(indicator: Indicator) -> ClassCounts:
    """Return the class counts of a target, without the number of samples without a class."""
    return ClassCounts(
        indicator.classes,
        indicator.class_counts,
        indicator.n_samples,
        None,
        indicator.named,
        indicator.instance_counts,
        indicator.known_counts,
    )


def effective_counts(counts: ClassCounts, instance_aware: bool) -> NDArray[Any]:
    """Return the counts that the rule goes by: n_c, or n sqrt(f_i f_b) if instance-aware.

    f_i is the share of samples with the class, f_b its share of all instances.
    """
    n_samples, instances = counts.n_samples, counts.instance_counts
    if not instance_aware:
        return counts.class_counts
    if instances is None:
        raise ValueError(
            "instance_aware=True needs the instances of each class: pass counts of instances as "
            "y with instances=True, or instance_counts to ClassCounts.from_numbers."
        )
    if n_samples is None:
        raise ValueError(
            "instance_aware=True needs the number of samples: pass n_samples to "
            "ClassCounts.from_numbers."
        )
    f_i = counts.class_counts / n_samples
    f_b = instances / instances.sum(dtype=np.float64)
    return np.asarray(n_samples * np.sqrt(f_i * f_b))


def _checked(class_counts: Any, name: str = "class_counts") -> NDArray[np.int64]:
    """Check class counts and return them as integers."""
    counts = np.asarray(class_counts)
    if np.ma.is_masked(class_counts):
        raise ValueError(f"{name} has masked values.")
    if counts.ndim == 2 and len(counts) == 1 and not is_dataframe(class_counts):
        # The sum of a SciPy matrix over its rows. Columns of a frame may be in a different order.
        counts = np.ravel(counts)
    if counts.ndim != 1 or counts.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} must be numbers of shape (n_classes,), one per class, got "
            f"{class_counts!r} of shape {counts.shape}."
        )
    if not (np.isfinite(counts).all() and (counts >= 0).all() and (counts % 1 == 0).all()):
        raise ValueError(f"{name} must be whole numbers >= 0, got {class_counts!r}.")
    _check_not_too_many(counts.astype(np.float64), name)
    return counts.astype(np.int64)


def counts_by_name(
    class_counts: Any, class_names: ArrayLike | None, parameter: str = "class_counts"
) -> tuple[NDArray[np.int64], NDArray[Any] | None]:
    """Read class counts and their names; a dict or a pandas Series is read by its own names.

    They are put into the order of `class_names` if these are given.
    """
    if isinstance(class_counts, ClassCounts):
        class_counts = _as_dict_or_array(class_counts, class_counts.class_counts)
    names = None if class_names is None else as_classes(class_names)
    values = list(class_counts.values()) if isinstance(class_counts, dict) else class_counts
    counts = _checked(values, parameter)
    if isinstance(class_counts, dict):
        keys = list(class_counts)
    elif is_pandas_series(class_counts) and not is_positional(class_counts, names):
        keys = class_counts.index.tolist()
    else:
        return counts, names
    if names is None:
        return counts, as_classes(keys)
    position = {name: i for i, name in enumerate(keys)}
    if len(position) < len(keys) or set(position) != set(names.tolist()):
        raise ValueError(
            f"{parameter} must name each of the {count_of(len(names), 'class')} once: "
            f"{listed(names.tolist())}; got {listed(keys)}. If y has no names, pass class_names "
            f"in the order of its columns."
        )
    return counts[[position[name] for name in names.tolist()]], names


def known_by_name(
    class_counts: Any, names: NDArray[Any] | None, n_samples: int
) -> NDArray[np.int64] | None:
    """Read how many samples are known for each class, if counts say so; None if all are."""
    if not isinstance(class_counts, ClassCounts) or class_counts.known_counts is None:
        return None
    if n_samples != class_counts.n_samples:
        raise ValueError(
            f"n_samples={n_samples} is not the {class_counts.n_samples} of class_counts, some of "
            f"which are unknown: leave n_samples out."
        )
    known = _as_dict_or_array(class_counts, class_counts.known_counts)
    return counts_by_name(known, names, "known_counts")[0]


def _as_dict_or_array(counts: ClassCounts, values: NDArray[np.int64]) -> Any:
    if not counts.named:
        return values
    return dict(zip(counts.classes.tolist(), values, strict=True))


def check_some_class_occurs(class_counts: NDArray[Any], name: str = "y") -> None:
    """Check that there is a positive."""
    if not class_counts.any():
        raise ValueError(f"No class occurs in {name}: all of it is 0.")


def check_target_has_class(indicator: Indicator) -> None:
    """Check that a target has a positive."""
    name = "y" if indicator.unknown is None else "the known part of y"
    check_some_class_occurs(indicator.class_counts, name)


def imbalance_per_class(
    counts: NDArray[Any], class_counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Compute the largest count over that of each class (IRLbl) that occurs before resampling.

    A class that resampling leaves out altogether has an infinite imbalance.
    """
    counts = counts[class_counts > 0]
    with np.errstate(divide="ignore"):
        return np.asarray(counts.max() / counts)
