"""Select the samples of a pool to label next."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from mlresample._plan.repeats import round_half_up
from mlresample._utils.names import count_of, plain
from mlresample._utils.sklearn import Interval, validate_params
from mlresample._utils.typing import MatrixLike
from mlresample.annotation._greedy import Chosen, expected_multipliers, fill_quotas
from mlresample.annotation._plan import AnnotationPlan
from mlresample.annotation._pool import (
    check_enough,
    classes_of_scores,
    multipliers_of,
    read_pool_groups,
    read_probabilities,
    read_quotas,
    read_rule,
)
from mlresample.annotation._ranked import RankedSamples

_LIKELY, _AT_MOST = 0.05, 3  # classes that a row names


@validate_params(
    {
        "y_score": "no_validation",
        "n": [Interval(Integral, 1, None, closed="left")],
        "quotas": ["array-like", dict, AnnotationPlan, None],
        "rule": "no_validation",
        "groups": "no_validation",
        "max_per_group": [Interval(Integral, 1, None, closed="left")],
        "exploration": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
        "class_names": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def select_for_annotation(
    y_score: MatrixLike,
    n: int,
    *,
    quotas: ArrayLike | dict[Any, Any] | AnnotationPlan | None = None,
    rule: Any = None,
    groups: ArrayLike | None = None,
    max_per_group: int = 1,
    exploration: float = 0.1,
    random_state: int | np.random.RandomState | None = None,
    class_names: ArrayLike | None = None,
) -> RankedSamples:
    """Select the samples of an unlabeled pool to label next.

    Parameters
    ----------
    y_score : {array-like, dataframe, tensor} of shape (n_pool, n_classes)
        Probabilities of each class, by a first model.
    n : int
        Number of samples to select.
    quotas : array-like of shape (n_classes,), dict or AnnotationPlan, default=None
        Positives wanted of each class; of a plan, those that its first batch brings on average.
        Classes left out of a dict have none.
    rule : ResamplingRule, ResamplingPlan or fitted sampler, default=None
        Instead of quotas: select the samples that it would show most often.
    groups : array-like of shape (n_pool,), default=None
        Group of each sample, such as video, patient or cluster of near-duplicates.
    max_per_group : int, default=1
        Maximum number of samples selected per group; those drawn at random count, too.
    exploration : float, default=0.1
        Share of the `n` samples that is drawn at random first, from the whole pool, regardless
        of groups.
    random_state : int, RandomState instance or None, default=None
        Controls the random draw.
    class_names : array-like of shape (n_classes,), default=None
        Names of the columns of `y_score`; by default those of a data frame, else those of the
        rule or the plan.

    Returns
    -------
    selection : RankedSamples
        Its `indices` are the samples, those drawn at random first. Its columns: "index";
        "is_random"; "gain", missing for random ones; "class", which contributes most to the gain;
        "classes", the likeliest that are wanted, with their probabilities.

    Raises
    ------
    ValueError
        If scores are not in [0, 1], the pool or its groups have fewer than `n` samples, or
        quotas or rule are for other classes.

    See Also
    --------
    plan_annotation : Quotas of each class and batch.

    Notes
    -----
    With quotas, the gain of a selection is the expected number of positives, where no class counts
    beyond its quota: sum_c min(q_c, sum of p_ic over the selected i). Samples are selected
    greedily, which for such a gain is within 1 - 1/e of the best selection, and within 1/2 with
    groups [1]_. When all quotas are filled, they are filled a second time. If no sample has a
    positive probability of a wanted class, the rest is drawn at random, with a gain of 0.

    With a rule, the gain is the expected sample multiplier, as if classes were independent. A
    class that the rule has never seen gets the largest multiplier of the rule.

    The random share is there to estimate frequencies in the pool: ``selection.indices`` where
    ``selection.reasons["is_random"]``. Estimates from all selected samples would be biased.

    References
    ----------
    .. [1] G. Nemhauser, L. Wolsey, M. Fisher, "An analysis of approximations for maximizing
       submodular set functions", Mathematical Programming 14, 1978.

    Examples
    --------
    >>> from mlresample.annotation import select_for_annotation
    >>> y_score = [[0.9, 0.1], [0.8, 0.0], [0.1, 0.6], [0.2, 0.1]]
    >>> select_for_annotation(y_score, 2, quotas={0: 1, 1: 1}, exploration=0)
    2 of 4 samples, 0 of them at random
    index  random   gain  class  classes
        0          1.000  0      0 0.90, 1 0.10
        2          0.700  1      1 0.60, 0 0.10
    """
    if (quotas is None) == (rule is None):
        raise ValueError("Pass either quotas or rule: they say which classes are wanted.")
    scores = read_probabilities(y_score)
    n_pool, n = len(scores), int(n)
    if n > n_pool:
        raise ValueError(f"n must be at most the size of the pool, {n_pool:,}, got {n:,}.")
    checked = None if rule is None else read_rule(rule)
    classes = classes_of_scores(y_score, scores, class_names, quotas if rule is None else checked)
    of_groups = read_pool_groups(groups, n_pool, int(max_per_group))
    rng = check_random_state(random_state)

    n_random = int(round_half_up(exploration * n))
    at_random = rng.choice(n_pool, n_random, replace=False).astype(np.int64)
    is_free = np.ones(n_pool, dtype=np.bool_)
    is_free[at_random] = False
    if of_groups is not None:
        for sample in at_random.tolist():
            is_free[of_groups.take(sample)] = False
    check_enough(is_free, of_groups, n - n_random, n)

    if checked is None:
        wanted = read_quotas(quotas, classes)
        left = np.maximum(wanted - scores[at_random].sum(axis=0, dtype=np.float64), 0)
        chosen = fill_quotas(scores, wanted, left, n - n_random, is_free, of_groups)
        names_from = wanted > 0
    else:
        multipliers, background = multipliers_of(checked, classes)
        gains, main = expected_multipliers(scores, multipliers, background)
        order = np.argsort(-gains, kind="stable")
        order = order[is_free[order]]
        if of_groups is not None:
            order = of_groups.first_with_room(order)
        order = order[: n - n_random]
        chosen = Chosen(order, gains[order], main[order])
        names_from = multipliers > background
    n_rest = n - n_random - len(chosen.indices)
    if n_rest:
        is_free[chosen.indices] = False
        order = rng.permutation(np.flatnonzero(is_free))
        if of_groups is not None:
            order = of_groups.first_with_room(order)
        rest = order[:n_rest]
        chosen = Chosen(
            np.append(chosen.indices, rest),
            np.append(chosen.gains, np.zeros(n_rest)),
            np.append(chosen.classes, np.full(n_rest, -1)),
        )
    return _ranked(scores, classes, names_from, at_random, chosen)


# -- the report --------------------------------------------------------------------------------


def _ranked(
    scores: NDArray[Any],
    classes: NDArray[Any],
    is_wanted: NDArray[np.bool_],
    at_random: NDArray[np.int64],
    chosen: Chosen,
) -> RankedSamples:
    indices = np.append(at_random, chosen.indices)
    n_random = len(at_random)
    main = np.full(len(indices), None, dtype=object)
    main[n_random:] = [None if c < 0 else plain(classes[c]) for c in chosen.classes.tolist()]
    reasons = {
        "index": indices,
        "is_random": np.arange(len(indices)) < n_random,
        "gain": np.append(np.full(n_random, np.nan), chosen.gains),
        "class": main,
        "classes": _likeliest(scores[indices], classes, is_wanted),
    }
    title = (
        f"{len(indices):,} of {count_of(len(scores), 'sample')}, {n_random:,} of them at random"
    )
    return RankedSamples(indices, len(scores), reasons, title)


def _likeliest(
    scores: NDArray[Any], classes: NDArray[Any], is_wanted: NDArray[np.bool_]
) -> NDArray[Any]:
    """Write the likeliest wanted classes of each sample with their probabilities."""
    wanted = np.flatnonzero(is_wanted)
    texts = []
    for p in scores[:, wanted]:
        order = np.argsort(-p, kind="stable")[:_AT_MOST]
        likely = [(classes[wanted[k]], p[k]) for k in order if p[k] >= _LIKELY]
        texts.append(", ".join(f"{name} {value:.2f}" for name, value in likely))
    return np.array(texts, dtype=object)
