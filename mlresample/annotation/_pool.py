"""Read the scores of a pool, and which of its classes are wanted."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._plan.plan import ResamplingPlan, ResamplingRule, as_plan
from mlresample._rule.by_class import as_floats, read_by_class
from mlresample._utils.containers import is_dataframe, row_slices
from mlresample._utils.names import as_classes, count_of, in_another_order, listed, plain
from mlresample.annotation._greedy import Groups
from mlresample.annotation._plan import AnnotationPlan
from mlresample.metrics._predictions import names_of_columns, read_scores
from mlresample.model_selection._splits import read_groups

_ROWS = 8192  # of scores that are checked at once


def read_probabilities(y_score: Any) -> NDArray[np.floating[Any]]:
    scores = read_scores(y_score)
    if scores.ndim != 2 or 0 in scores.shape:
        raise ValueError(
            f"y_score must be of shape (n_pool, n_classes), with samples and classes, got "
            f"{scores.shape}."
        )
    for rows in row_slices(len(scores), _ROWS):
        wrong = (scores[rows] < 0) | (scores[rows] > 1)
        if wrong.any():
            row, c = np.argwhere(wrong)[0]
            raise ValueError(
                f"y_score must be probabilities in [0, 1], got {scores[rows][row, c]:g} in row "
                f"{rows.start + row}, column {c}: turn logits into probabilities by "
                f"scipy.special.expit."
            )
    return scores


def read_rule(rule: Any) -> ResamplingRule:
    rule = as_plan(rule)
    rule = rule.rule if isinstance(rule, ResamplingPlan) else rule
    if not isinstance(rule, ResamplingRule):
        raise TypeError(
            f"rule must be a ResamplingRule, a ResamplingPlan or a fitted sampler, got "
            f"{type(rule).__name__}."
        )
    return rule


def classes_of_scores(
    y_score: Any, scores: NDArray[Any], class_names: ArrayLike | None, source: Any
) -> NDArray[Any]:
    """Return the names of the columns of scores; those of rule or plan may be in another order."""
    n_classes = scores.shape[1]
    of_frame = names_of_columns(y_score) if is_dataframe(y_score) else None
    known = source.counts if isinstance(source, ResamplingRule | AnnotationPlan) else None
    if class_names is not None:
        classes = as_classes(class_names)
        if of_frame is not None and in_another_order(of_frame, classes.tolist()):
            raise ValueError(
                f"y_score has the classes in the order {of_frame[:10]}, not "
                f"{classes.tolist()[:10]}: leave class_names out."
            )
    elif of_frame is not None:
        classes = as_classes(of_frame)
    elif known is not None:
        classes = known.classes
    else:
        classes = as_classes(range(n_classes))
    if len(classes) != n_classes:
        raise ValueError(f"y_score has {n_classes} columns for {len(classes)} classes.")
    return classes


def _in_order(values: NDArray[np.float64], source: Any, classes: NDArray[Any]) -> NDArray[Any]:
    """Put what rule or plan have for their classes into the order of the columns of scores."""
    if not source.counts.named:
        if len(values) != len(classes):
            raise ValueError(f"y_score has {len(classes)} columns for {len(values)} classes.")
        return values
    position = {name: i for i, name in enumerate(source.counts.classes.tolist())}
    if set(position) != set(classes.tolist()):
        raise ValueError(
            f"y_score has the classes {listed(classes.tolist())}; those of the quotas or the rule "
            f"are {listed(position)}."
        )
    return values[[position[name] for name in classes.tolist()]]


def read_quotas(quotas: Any, classes: NDArray[Any]) -> NDArray[np.float64]:
    if isinstance(quotas, AnnotationPlan):
        if not len(quotas.quotas):
            raise ValueError("quotas is a plan in which no class lacks images: none is wanted.")
        rates = 1.0 if quotas.hit_rates is None else quotas.hit_rates
        expected = np.minimum(quotas.images[0] * rates, quotas.to_collect)  # quotas are rounded
        return _in_order(expected, quotas, classes)
    values, given = read_by_class(quotas, "quotas", classes)
    numbers = np.where(given, as_floats(values, "quotas", len(classes)), 0)
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers < np.inf)))
    if len(wrong):
        raise ValueError(
            f"quotas must be finite numbers >= 0, got {numbers[wrong[0]]:g} for class "
            f"{plain(classes[wrong[0]])!r}."
        )
    if not numbers.any():
        raise ValueError("quotas are 0 for every class: name the classes that are wanted.")
    return numbers


def multipliers_of(
    rule: ResamplingRule, classes: NDArray[Any]
) -> tuple[NDArray[np.float64], float]:
    multipliers = rule.class_multipliers
    multipliers = np.where(np.isnan(multipliers), np.nanmax(multipliers), multipliers)
    return _in_order(multipliers, rule, classes), rule.parameters.background


def read_pool_groups(groups: Any, n_pool: int, max_per_group: int) -> Groups | None:
    if groups is None:
        if max_per_group != 1:
            raise ValueError(f"max_per_group={max_per_group} has no effect without groups.")
        return None
    _, group = read_groups(groups)
    if len(group) != n_pool:
        raise ValueError(f"groups has {len(group):,} values for a pool of {n_pool:,} samples.")
    return Groups(group, max_per_group)


def check_enough(is_free: NDArray[np.bool_], groups: Groups | None, n_wanted: int, n: int) -> None:
    """Check that the groups have room for the samples that are still wanted."""
    if groups is None:
        return
    available = len(groups.first_with_room(np.flatnonzero(is_free)))
    if available < n_wanted:
        raise ValueError(
            f"groups allow {count_of(n - n_wanted + available, 'sample')}, fewer than n={n:,}: "
            f"raise max_per_group, or select fewer."
        )
