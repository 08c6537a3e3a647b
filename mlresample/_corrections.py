"""Correct predictions of a model that was trained with resampling or loss weights.

Both multiply the odds of each class by a factor, or its posterior if each sample has exactly one
class. In logits, that is an offset.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._loss_weights import LossWeights, compute_loss_weights
from mlresample._plan.plan import PlanFigures, PlanLike, as_plan
from mlresample._plan.random_plan import RandomPlan
from mlresample._utils.containers import is_dataframe, is_series, is_tensor
from mlresample._utils.names import count_of, in_another_order, plain
from mlresample._utils.typing import ArrayOrTensor, LossWeightsLike


def correct_logits(
    logits: ArrayOrTensor,
    *,
    plan: PlanLike | None = None,
    pos_weight: LossWeightsLike | None = None,
    class_weight: LossWeightsLike | None = None,
) -> ArrayOrTensor:
    """Correct predicted logits for resampling and loss weights.

    Parameters
    ----------
    logits : {ndarray, tensor} of shape (..., n_classes)
        Log odds of each class; for a single-label plan or with `class_weight`, logits of a softmax
        over the classes.
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model was trained on, if any.
    pos_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the positives in the binary cross-entropy used in training, if any.
    class_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the classes in the cross-entropy over classes used in training, if any.

    Returns
    -------
    corrected : same kind as logits
        Logits for data that are not resampled; a tensor keeps its device and its graph.

    Raises
    ------
    ValueError
        If neither plan nor weights are given, they are for different kinds of targets or for
        another number of classes, a weight is not above 0, or a single-label plan leaves out a
        class.

    Notes
    -----
    A plan is single-label if each of its samples has exactly one class, in labels of shape
    (n_samples,) or in an indicator matrix. Training has then multiplied the posterior of class c
    by its multiplier m_c and weight w_c, and the correction, ``z_c - log(m_c w_c)``, is exact
    under a softmax [1]_ [2]_. For a sigmoid per class, pass its probabilities to
    :func:`correct_probabilities`.

    With several classes per sample and weight w, the loss is smallest at the odds
    ``w p / (1 - p)``: the correction for `pos_weight`, ``logit(p) = logit(p') - log(w)``, is
    exact. That for `plan` is the correction for a shift of prior probabilities [1]_ [2]_, with the
    class shares before and after resampling. It would be exact if samples were repeated because
    of each class alone. But a sample may be repeated because of another of its classes, so that
    the correction is right on average over samples, not for each of them. A class without
    positives or negatives, before or after resampling, is not corrected. If entries are unknown,
    shares are of the known ones.

    Epochs drawn with ``rounding="nearest"`` have the rounded multipliers: pass a plan with these,
    ``plan_resampling(y, class_multipliers=np.floor(plan.class_multipliers + 0.5), floor=0,
    cap=np.inf)``.

    References
    ----------
    .. [1] Charles Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.
    .. [2] M. Saerens, P. Latinne, C. Decaestecker, "Adjusting the outputs of a classifier to new a
       priori probabilities: a simple procedure", Neural Computation 14, 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample import correct_logits
    >>> correct_logits(np.array([[0.0, 0.0]]), pos_weight=[1.0, np.e])
    array([[ 0., -1.]])
    """
    logits = _predictions(logits, "logits")
    log_factors, _ = _log_factors(logits.shape[-1], plan, pos_weight, class_weight)
    return logits - _like(log_factors, logits)


def correct_probabilities(
    probabilities: ArrayOrTensor,
    *,
    plan: PlanLike | None = None,
    pos_weight: LossWeightsLike | None = None,
    class_weight: LossWeightsLike | None = None,
) -> ArrayOrTensor:
    """Correct predicted probabilities for resampling and loss weights.

    Parameters
    ----------
    probabilities : {ndarray, tensor} of shape (..., n_classes)
        Predicted probability of each class, in [0, 1] up to rounding.
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model was trained on, if any.
    pos_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the positives in the binary cross-entropy used in training, if any.
    class_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the classes in the cross-entropy over classes used in training, if any.

    Returns
    -------
    corrected : same kind as probabilities
        Probabilities for data that are not resampled; 0 stays 0, and 1 stays 1. For a single-label
        plan or with `class_weight`, they sum to 1 for each sample.

    Raises
    ------
    ValueError
        As for :func:`correct_logits`, or if a probability is NaN or outside [0, 1].

    Notes
    -----
    Several classes per sample: ``p = p' / (p' + f (1 - p'))``, f being the factor by which
    resampling and weights have raised the odds.

    A single-label plan, or `class_weight`: ``p_c = (p'_c / f_c) / sum_k (p'_k / f_k)``, with
    ``f_c = m_c w_c``. Predictions of one sigmoid per class need not sum to 1, but each
    estimates the same posterior as a softmax does, so the result is normalized as well. If they
    were trained with `pos_weight`, correct for that first and for `plan` after it.

    See :func:`correct_logits` for the origin of the factors and how exact they are.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample import correct_probabilities, plan_resampling
    >>> correct_probabilities(np.array([[0.5, 0.5]]), pos_weight=[1.0, 3.0])
    array([[0.5 , 0.25]])
    >>> plan = plan_resampling(np.repeat([0, 1, 2], [900, 90, 10]))  # multipliers 1, 1, 4
    >>> correct_probabilities(np.array([[0.40, 0.40, 0.20]]), plan=plan)
    array([[0.47058824, 0.47058824, 0.05882353]])
    """
    given = _predictions(probabilities, "probabilities")
    wide = _wide(_checked_probabilities(given))
    log_factors, is_single_label = _log_factors(wide.shape[-1], plan, pos_weight, class_weight)
    if is_single_label:
        # The largest factor becomes 1, so that quotients do not vanish.
        factors = np.exp(np.maximum(log_factors - log_factors.max(), np.log(_SMALLEST_RATIO)))
        corrected = wide / _like(factors, wide)
        total = corrected.sum(-1)[..., np.newaxis]
        if not (total > 0).all():
            raise ValueError(
                f"probabilities of sample {_first_index(total[..., 0] == 0)} are all 0, but each "
                f"sample of a single-label target has a class."
            )
        corrected = corrected / total
    else:
        factors = _like(np.exp(np.clip(log_factors, *np.log(_RANGE))), wide)
        corrected = wide / (wide + factors * (1 - wide))
    return corrected.to(given.dtype) if is_tensor(given) else corrected.astype(given.dtype)


# Of float32: beyond it, a factor moves all but 0 and 1 to a limit anyway.
_RANGE = 2.0**-126, 2.0**127
_SMALLEST_RATIO = 2.0**-100  # sums of quotients by it stay finite in float32


# -- factors of training ------------------------------------------------------------------------


def _log_factors(
    n_classes: int, plan: Any, pos_weight: Any, class_weight: Any
) -> tuple[NDArray[np.float64], bool]:
    """Compute the logarithm of each class's factor, and whether it multiplies a posterior.

    Training multiplies the posterior of each class by its factor if samples have exactly one
    class, and its odds otherwise.
    """
    if plan is None and pos_weight is None and class_weight is None:
        raise ValueError("Pass what to correct for: plan, pos_weight or class_weight.")
    if pos_weight is not None and class_weight is not None:
        raise ValueError(
            "Pass only one of pos_weight and class_weight: a loss has one of the two."
        )
    plan = as_plan(plan)
    if plan is not None and not isinstance(plan, PlanFigures | RandomPlan):
        raise ValueError(
            f"plan must be a ResamplingPlan or a fitted sampler that repeats samples or leaves "
            f"them out, got {type(plan).__name__}."
        )
    is_single_label = class_weight is not None if plan is None else _is_single_label(plan)
    if class_weight is not None and not is_single_label:
        raise ValueError(
            "class_weight is for a cross-entropy over classes, in which each sample has exactly "
            "one class, but the plan has samples with several classes or none: pass pos_weight."
        )
    if pos_weight is not None and is_single_label:
        raise ValueError(
            "pos_weight is for a binary cross-entropy per class, but each sample of the plan has "
            "exactly one class: pass class_weight. For one sigmoid per class, correct for "
            "pos_weight first: "
            "correct_probabilities(correct_probabilities(p, pos_weight=w), plan=plan)."
        )
    log_factors = np.zeros(n_classes)
    if plan is not None:
        # Logarithms are added: a product of factors may be infinite.
        factors = _posterior_factors(plan) if is_single_label else _odds_factors(plan)
        log_factors += np.log(_for_classes(factors, n_classes, "plan"))
    for name, weights in {"pos_weight": pos_weight, "class_weight": class_weight}.items():
        if weights is not None:
            log_factors += np.log(_for_classes(_read(weights, name, plan), n_classes, name))
    return log_factors, is_single_label


def _is_single_label(plan: PlanFigures | RandomPlan) -> bool:
    """Check whether every sample is known to have exactly one class."""
    all_known = plan.known_counts is None
    return (
        all_known and plan.n_without_class == 0 and int(plan.class_counts.sum()) == plan.n_samples
    )


def _posterior_factors(plan: PlanFigures | RandomPlan) -> NDArray[np.float64]:
    """Return the factor by which resampling has raised the posterior of each class."""
    if isinstance(plan, PlanFigures):
        factors = plan.class_multipliers
    else:
        before, after = plan.class_counts, plan.resampled_class_counts
        factors = np.divide(after, before, out=np.ones(len(before)), where=before > 0)
    left_out = np.flatnonzero(factors == 0)
    if len(left_out):
        raise ValueError(
            f"plan leaves out all samples of class {plain(plan.classes[left_out[0]])!r}: "
            f"predictions of a model that has not seen the class cannot be corrected."
        )
    return factors


def _odds_factors(plan: PlanFigures | RandomPlan) -> NDArray[np.float64]:
    """Return the factor by which resampling has raised the odds of each class; 1 if unknown."""
    factors = compute_loss_weights(plan).taken_by_resampling
    return np.where(np.isnan(factors), 1.0, factors)


def _read(weights: Any, name: str, plan: PlanFigures | RandomPlan | None) -> Any:
    """Return weights as an array in the order of the classes."""
    if is_series(weights):
        raise ValueError(
            f"{name} must be in the order of the classes, and a series may be in another: pass "
            f"LossWeights or an array."
        )
    if isinstance(weights, LossWeights) and plan is not None:
        names, expected = weights.classes.tolist(), plan.classes.tolist()
        if in_another_order(names, expected):
            raise ValueError(
                f"{name} has the classes in the order {names[:10]}, but plan in {expected[:10]}."
            )
    weights = getattr(weights, name, weights)
    return weights.detach().cpu().double().numpy() if is_tensor(weights) else weights


def _for_classes(factors: ArrayLike, n_classes: int, name: str) -> NDArray[np.float64]:
    if np.ma.is_masked(factors):
        raise ValueError(f"{name} has masked values.")
    given, factors = factors, np.asarray(factors)
    if factors.dtype.kind not in "iuf":
        raise ValueError(f"{name} must be an array of floats or integers, got {given!r}.")
    factors = factors.astype(np.float64)
    if factors.shape != (n_classes,):
        raise ValueError(
            f"{name} must be for the {count_of(n_classes, 'class')} of the predictions, got one "
            f"for {factors.size if factors.ndim == 1 else factors.shape}."
        )
    if not ((factors > 0) & np.isfinite(factors)).all():
        raise ValueError(f"{name} must have finite values above 0.")
    return factors


# -- predictions -------------------------------------------------------------------------------


def _predictions(values: Any, name: str) -> Any:
    if is_dataframe(values) or is_series(values):
        raise ValueError(
            f"{name} must be an array or a tensor with the classes in their order, got a data "
            f"frame or series: reorder it and pass an array."
        )
    if isinstance(values, list | tuple) and np.ndim(values[0] if len(values) else 0) == 2:
        raise ValueError(
            f"{name} must be one array with a last dimension of classes, got a list of arrays, as "
            f"predict_proba of trees returns it: pass np.column_stack([p[:, 1] for p in {name}])."
        )
    if np.ma.is_masked(values):
        raise ValueError(f"{name} has masked values; fill them or drop their rows.")
    if not is_tensor(values):
        values = np.asarray(values)
        if values.dtype.kind != "f":
            raise ValueError(f"{name} must be floats, got {values.dtype}.")
    elif not values.is_floating_point():
        raise ValueError(f"{name} must be floats, got {values.dtype}.")
    if values.ndim == 0:
        raise ValueError(f"{name} must have a last dimension of classes.")
    return values


def _checked_probabilities(probabilities: Any) -> Any:
    """Check that probabilities are in [0, 1], and clip those that rounding moved out of it."""
    library = sys.modules["torch"] if is_tensor(probabilities) else np
    tolerance = max(1e-6, 4 * float(library.finfo(probabilities.dtype).eps))
    is_valid = (probabilities >= -tolerance) & (probabilities <= 1 + tolerance)
    if not is_valid.all():
        index = _first_index(~is_valid)
        value = float(probabilities[index])
        if np.isnan(value):
            raise ValueError(
                f"probabilities has NaN at index {index}: drop samples without a prediction."
            )
        raise ValueError(
            f"probabilities must be in [0, 1], got {value:g} at index {index}; for logits use "
            f"correct_logits."
        )
    return probabilities.clip(0, 1)


def _first_index(chosen: Any) -> tuple[int, ...]:
    """Return the index of the first True of an array or tensor."""
    indices = chosen.nonzero() if is_tensor(chosen) else np.argwhere(chosen)
    return tuple(map(int, indices[0]))


def _wide(values: Any) -> Any:
    """Convert floats to a type with enough range for all factors."""
    if is_tensor(values):
        return values.float() if values.dtype.itemsize < 4 else values
    return values.astype(np.float64)


def _like(factors: NDArray[np.float64], values: Any) -> Any:
    if is_tensor(values):
        return values.new_tensor(factors)
    return factors.astype(values.dtype, copy=False)
