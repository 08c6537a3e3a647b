"""Plan annotation: what each class lacks, quotas per batch, and when to stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._reporting.base import SCHEMA_VERSION, Figures, Report, Rows, as_rows, finite
from mlresample._rule.by_class import as_floats, read_by_class
from mlresample._rule.counts import (
    ClassCounts,
    check_some_class_occurs,
    classes_of_counts,
    counts_by_name,
)
from mlresample._rule.parameters import RULE_CONSTRAINTS
from mlresample._rule.target_count import (
    counts_at_cap,
    given_target_counts,
    resolve_target_count,
    resolve_target_counts,
)
from mlresample._utils.names import listed, plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import ClassCountsLike, TargetCount
from mlresample.annotation._plan_text import annotation_html, annotation_text, find_advice
from mlresample.annotation._quotas import images_wanted, quotas_of_batches


@dataclass(frozen=True, eq=False, repr=False)
class AnnotationPlan(Report):
    """How many images to label for each class, batch by batch; see :func:`plan_annotation`.

    It prints as a report, and shows tables in a notebook.

    Attributes
    ----------
    counts : ClassCounts
        Labels so far.
    needed_counts : ndarray of shape (n_classes,)
        Images that each class should have, int64.
    batch_size : int
        Images per batch.
    images : ndarray of shape (n_batches, n_classes)
        Images of each batch that are picked for each class, int64.
    quotas : ndarray of shape (n_batches, n_classes)
        Positives of each class that each batch should bring, int64: `images` times the hit rate.
    hit_rates : ndarray of shape (n_classes,) or None
        Share of the images picked for a class that carry it, if known.
    start : ClassCounts or None
        Labels at the start, if this is the plan after some batches, see :meth:`progress`.
    """

    counts: ClassCounts
    needed_counts: NDArray[np.int64]
    batch_size: int
    images: NDArray[np.int64]
    quotas: NDArray[np.int64]
    hit_rates: NDArray[np.float64] | None
    start: ClassCounts | None = None

    @property
    def classes(self) -> NDArray[Any]:
        """Class names, or column numbers, of shape (n_classes,)."""
        return self.counts.classes

    @property
    def to_collect(self) -> NDArray[np.int64]:
        """Positives that each class lacks, of shape (n_classes,)."""
        return np.maximum(self.needed_counts - self.counts.class_counts, 0)

    @property
    def images_at_random(self) -> NDArray[np.float64] | None:
        """Images that bring what each class lacks if they are picked at random, on average.

        Of shape (n_classes,): what a class lacks, divided by its frequency so far; infinity if
        it has no sample yet. None if the number of samples is unknown.
        """
        if self.counts.n_samples is None:
            return None
        to_collect, counts = self.to_collect, self.counts.class_counts
        with np.errstate(divide="ignore", invalid="ignore"):
            images = to_collect * (self.counts.n_samples / counts)  # k / (n_c / n)
        return np.where(to_collect > 0, images, 0.0)

    def progress(self, counts: ClassCountsLike) -> Self:
        """Return the plan from later counts on, with what has been found since the start.

        Parameters
        ----------
        counts : ClassCounts, array-like of shape (n_classes,), dict or Series
            Class counts of all labels, the earlier ones included; classes are matched by name.

        Returns
        -------
        plan : AnnotationPlan
            The plan of what is still lacking, for as many batches as that takes, with the same
            `needed_counts`, `batch_size` and `hit_rates`.

        Raises
        ------
        ValueError
            If the classes differ, or a count is smaller than at the start.
        """
        start = self.counts if self.start is None else self.start
        later = _read_counts(counts, None)
        if later.named and self.counts.named:
            if set(later.classes.tolist()) != set(self.classes.tolist()):
                raise ValueError(
                    f"counts has the classes {listed(later.classes)}, the plan has "
                    f"{listed(self.classes)}: both need all classes, 0 for one without labels."
                )
            later = _read_counts(counts, self.classes)
        if len(later.classes) != len(self.classes):
            raise ValueError(
                f"counts has {len(later.classes)} classes, the plan has {len(self.classes)}."
            )
        fewer = np.flatnonzero(later.class_counts < start.class_counts)
        if len(fewer):
            c = fewer[0]
            raise ValueError(
                f"counts must include the labels of the start, got {later.class_counts[c]:,} of "
                f"class {plain(self.classes[c])!r}, which had {start.class_counts[c]:,}."
            )
        if (_n_new_samples(start, later) or 0) < 0:
            raise ValueError(
                f"counts must include the samples of the start, got n_samples={later.n_samples} "
                f"after {start.n_samples}."
            )
        images, quotas = quotas_of_batches(
            later.class_counts, self.needed_counts, self.hit_rates, self.batch_size, None
        )
        return replace(self, counts=later, images=images, quotas=quotas, start=start)

    def to_dict(self) -> Figures:
        """Return the figures of the report as plain types.

        Returns
        -------
        report : dict
            ``classes`` is a list with a row for each class, ``batches`` one for each batch, whose
            ``images`` and ``quotas`` are in the order of the classes; ``advice`` is a list of
            sentences. None for what is unknown or infinite.
        """
        wanted = images_wanted(self.to_collect, self.hit_rates)
        at_random = self.images_at_random
        report: Figures = {
            "schema_version": SCHEMA_VERSION,
            "n_classes": len(self.classes),
            "n_samples": self.counts.n_samples,
            "n_samples_since_start": _n_new_samples(self.start, self.counts),
            "batch_size": self.batch_size,
            "n_batches": len(self.images),
            "n_batches_needed": -(-int(wanted.sum()) // self.batch_size),
            "n_classes_lacking": int(np.count_nonzero(self.to_collect)),
            "to_collect": int(self.to_collect.sum()),
            "images": int(wanted.sum()),
            "images_at_random": None if at_random is None else finite(float(at_random.max())),
            "is_hit_rate_known": self.hit_rates is not None,
            "classes": self._rows(),
            "batches": [
                {
                    "batch": i + 1,
                    "n_images": int(images.sum()),
                    "images": images.tolist(),
                    "quotas": quotas.tolist(),
                }
                for i, (images, quotas) in enumerate(zip(self.images, self.quotas, strict=True))
            ],
        }
        return report | {"advice": find_advice(report)}

    def _rows(self) -> Rows:
        none = [None] * len(self.classes)
        start, at_random, to_collect = self.start, self.images_at_random, self.to_collect
        counts = self.counts.class_counts
        first = self.quotas[0] if len(self.quotas) else np.zeros_like(to_collect)
        done = (self.quotas.cumsum(axis=0) >= to_collect) & (to_collect > 0)
        by_chance = none
        n_new = _n_new_samples(start, self.counts)
        if start is not None and start.n_samples and n_new is not None:
            by_chance = (start.class_counts / start.n_samples * n_new).tolist()
        columns = {
            "class": list(map(plain, self.classes)),
            "count": counts.tolist(),
            "count_at_start": none if start is None else start.class_counts.tolist(),
            "found": none if start is None else (counts - start.class_counts).tolist(),
            "found_by_chance": by_chance,
            "needed": self.needed_counts.tolist(),
            "to_collect": to_collect.tolist(),
            "hit_rate": none if self.hit_rates is None else self.hit_rates.tolist(),
            "images": images_wanted(to_collect, self.hit_rates).tolist(),
            "images_at_random": none if at_random is None else finite(at_random.tolist()),
            "quota": first.tolist(),
            "done_in_batch": [
                int(batches.argmax()) + 1 if batches.any() else None for batches in done.T
            ],
        }
        return as_rows(columns)

    def __repr__(self) -> str:
        return annotation_text(self.to_dict())

    def _repr_html_(self) -> str:
        return annotation_html(self.to_dict())


@validate_params(
    {
        "counts": "no_validation",
        "target_count": RULE_CONSTRAINTS["target_count"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_batches": [Interval(Integral, 1, None, closed="left"), None],
        "cap": RULE_CONSTRAINTS["cap"],
        "hit_rate": [Interval(Real, 0, 1, closed="right"), "array-like", dict, None],
    },
    prefer_skip_nested_validation=True,
)
def plan_annotation(
    counts: ClassCountsLike,
    *,
    target_count: TargetCount,
    batch_size: int,
    n_batches: int | None = None,
    cap: float = 1.0,
    hit_rate: float | ArrayLike | dict[Any, Any] | None = None,
) -> AnnotationPlan:
    """Plan what to label: what each class lacks, and its quota in each batch.

    Parameters
    ----------
    counts : ClassCounts, array-like of shape (n_classes,), dict or Series
        Class counts so far. With the number of samples, as :class:`~mlresample.ClassCounts` has
        it, the plan says how many images random picking takes.
    target_count : {"median", "mean", "max"}, int, float, array-like or dict
        Images that each class should have, as for :func:`~mlresample.plan_resampling`: a count, a
        statistic or a share; or one per class (classes left out of a dict need none).
    batch_size : int
        Images per batch, such as those that are labeled in a day.
    n_batches : int, default=None
        Number of batches that there is time for; by default, as many as it takes.
    cap : float, default=1.0
        How many images one image may stand for. With the cap of a resampling plan, a class lacks
        the plan's `samples_to_collect`; with 1, copies do not count.
    hit_rate : float, array-like or dict, default=None
        Share of the images picked for a class that do carry it, in (0, 1]; or one per class. If
        None, all of them are assumed to, which gives the smallest number of images.

    Returns
    -------
    plan : AnnotationPlan
        Quotas per class and batch, and when each class is done.

    Raises
    ------
    ValueError
        If `counts` or a parameter is not as described, or there are more than ten million
        quotas.

    Notes
    -----
    Each batch is shared evenly among the classes that still lack images, so that those that lack
    few are done first. An image counts for one class only. As images bring other classes along,
    make the plan anew from the counts after each batch, by :meth:`AnnotationPlan.progress`; only
    its first batch is ever used.

    Examples
    --------
    >>> from mlresample import ClassCounts
    >>> from mlresample.annotation import plan_annotation
    >>> counts = ClassCounts.from_numbers({"road": 900, "crack": 40, "rebar": 10}, n_samples=1000)
    >>> plan = plan_annotation(counts, target_count=50, batch_size=20, hit_rate=0.5)
    >>> plan.quotas
    array([[ 0,  5,  5],
           [ 0,  5,  5],
           [ 0,  0, 10],
           [ 0,  0, 10],
           [ 0,  0, 10]])
    """
    read = _read_counts(counts, None)
    if isinstance(target_count, str):
        check_some_class_occurs(read.class_counts, "counts")
    needed = _needed(target_count, read, float(cap))
    rates = None if hit_rate is None else _read_hit_rates(hit_rate, read.classes)
    images, quotas = quotas_of_batches(
        read.class_counts, needed, rates, int(batch_size), n_batches
    )
    return AnnotationPlan(read, needed, int(batch_size), images, quotas, rates)


def _read_counts(counts: Any, class_names: NDArray[Any] | None) -> ClassCounts:
    """Read class counts, in the order of the names if these are given."""
    numbers, names = counts_by_name(counts, class_names, "counts")
    classes = classes_of_counts(numbers, names)
    if not len(classes):
        raise ValueError("counts has no classes.")
    if isinstance(counts, ClassCounts):
        return replace(counts, classes=classes, class_counts=numbers, instance_counts=None)
    return ClassCounts.from_numbers(numbers, class_names=names)


def _n_new_samples(start: ClassCounts | None, later: ClassCounts) -> int | None:
    """Return how many samples have been labeled since the start, None if unknown."""
    if start is None or start.n_samples is None or later.n_samples is None:
        return None
    return later.n_samples - start.n_samples


def _needed(target_count: Any, counts: ClassCounts, cap: float) -> NDArray[np.int64]:
    """Return how many images each class needs for the cap to suffice."""
    target: float | NDArray[np.float64]
    if isinstance(target_count, str | Real):
        target = resolve_target_count(target_count, counts.class_counts, counts.n_samples)
    else:
        asked = given_target_counts(target_count, counts.classes)
        target = resolve_target_counts(asked, counts.class_counts, counts.n_samples)
    return np.broadcast_to(counts_at_cap(target, cap), counts.class_counts.shape).copy()


def _read_hit_rates(hit_rate: Any, classes: NDArray[Any]) -> NDArray[np.float64]:
    if isinstance(hit_rate, Real):
        return np.full(len(classes), float(hit_rate))
    values, given = read_by_class(hit_rate, "hit_rate", classes)
    rates = as_floats(values, "hit_rate", len(classes))
    wrong = np.flatnonzero(~(given & (rates > 0) & (rates <= 1)))
    if len(wrong):
        value = f"{rates[wrong[0]]:g}" if given[wrong[0]] else "none"
        raise ValueError(
            f"hit_rate must be in (0, 1] for each class, got {value} for class "
            f"{plain(classes[wrong[0]])!r}."
        )
    return rates
