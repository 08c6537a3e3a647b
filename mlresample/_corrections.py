"""Predictions of a model that was trained with resampling or weights, set right again.

Both shift the odds of each class by a factor: in logits, by an offset.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlresample._containers import is_dataframe, is_series, is_tensor
from mlresample._loss_weights import LossWeights, compute_loss_weights
from mlresample._plan import ResamplingPlan, as_plan
from mlresample._targets import in_another_order


def correct_logits(logits: Any, *, plan: Any = None, pos_weight: Any = None) -> Any:
    """Take resampling and loss weights out of predicted logits.

    Parameters
    ----------
    logits : {ndarray, tensor} of shape (..., n_classes)
        Predicted log odds of each class.
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model was trained on, if it was.
    pos_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the positives in the binary cross-entropy that it was trained with, if any.

    Returns
    -------
    corrected : same kind as logits
        Log odds in data that are not resampled; a tensor stays on its device and in its graph.

    Raises
    ------
    ValueError
        If neither `plan` nor `pos_weight` is given, they are for another number of classes, or a
        weight is not above 0.

    Notes
    -----
    With weight w, the loss is smallest at the odds ``w p / (1 - p)``: the correction for
    `pos_weight`, ``logit(p) = logit(p') - log(w)``, is exact. That for `plan` is the correction
    for a shift of prior probabilities [1]_ [2]_, with the class shares before and after
    resampling. It would be exact if samples were chosen by each class alone; here another class
    of a sample may have chosen it, so that it is right on average over samples, not for each.

    A class without positives or without negatives, before or after, is left as it is.

    References
    ----------
    .. [1] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001.
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
    offset = np.log(_odds_factor(logits.shape[-1], plan, pos_weight))
    return logits - _like(offset, logits)


def correct_probabilities(probabilities: Any, *, plan: Any = None, pos_weight: Any = None) -> Any:
    """Take resampling and loss weights out of predicted probabilities.

    Parameters
    ----------
    probabilities : {ndarray, tensor} of shape (..., n_classes)
        Predicted probability of each class, in [0, 1].
    plan : ResamplingPlan or fitted sampler, default=None
        The plan whose epochs the model was trained on, if it was.
    pos_weight : LossWeights, LossWeightTensors, array-like or tensor of shape (n_classes,)
        Weights of the positives in the binary cross-entropy that it was trained with, if any.

    Returns
    -------
    corrected : same kind as probabilities
        Probabilities in data that are not resampled; 0 and 1 stay 0 and 1.

    Raises
    ------
    ValueError
        As for :func:`correct_logits`, or if a probability is outside [0, 1].

    Notes
    -----
    ``p = p' / (p' + f (1 - p'))``, f being the factor by which resampling and weights have raised
    the odds; see :func:`correct_logits` for where it comes from and how exact it is.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample import correct_probabilities
    >>> correct_probabilities(np.array([[0.5, 0.5]]), pos_weight=[1.0, 3.0])
    array([[0.5 , 0.25]])
    """
    probabilities = _predictions(probabilities, "probabilities")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities must be in [0, 1]; for log odds use correct_logits.")
    given, probabilities = probabilities, _wide(probabilities)
    factor = _odds_factor(probabilities.shape[-1], plan, pos_weight)
    factor = _like(np.clip(factor, *_RANGE), probabilities)
    corrected = probabilities / (probabilities + factor * (1 - probabilities))
    return corrected.to(given.dtype) if is_tensor(given) else corrected.astype(given.dtype)


_RANGE = 2.0**-126, 2.0**127  # of float32: a factor beyond it takes all but 0 and 1 there too


def _odds_factor(n_classes: int, plan: Any, pos_weight: Any) -> NDArray[np.float64]:
    """Factor by which training has raised the odds of each class."""
    if plan is None and pos_weight is None:
        raise ValueError("Name what to take out: plan, pos_weight or both.")
    factor = np.ones(n_classes)
    plan = as_plan(plan)
    if plan is not None:
        if not isinstance(plan, ResamplingPlan):
            raise ValueError(
                f"plan must be a ResamplingPlan or a fitted sampler, got {type(plan).__name__}."
            )
        taken = compute_loss_weights(plan).taken_by_resampling
        factor = factor * _for_classes(np.where(np.isnan(taken), 1.0, taken), n_classes, "plan")
    if pos_weight is not None:
        if is_series(pos_weight):
            raise ValueError(
                "pos_weight must be in the classes' order, and a series may have another: pass "
                "LossWeights or an array."
            )
        if isinstance(pos_weight, LossWeights) and plan is not None:
            own, expected = pos_weight.classes.tolist(), plan.classes.tolist()
            if in_another_order(own, expected):
                raise ValueError(
                    f"pos_weight has the classes in the order {own[:10]}, plan {expected[:10]}."
                )
        weights: Any = getattr(pos_weight, "pos_weight", pos_weight)
        weights = weights.detach().cpu().double().numpy() if is_tensor(weights) else weights
        factor = factor * _for_classes(weights, n_classes, "pos_weight")
    return factor


def _for_classes(factor: ArrayLike, n_classes: int, name: str) -> NDArray[np.float64]:
    try:
        factor = np.asarray(factor, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be numbers, got {factor!r}.") from error
    if factor.shape != (n_classes,):
        raise ValueError(
            f"{name} must be for the {n_classes} classes of the predictions, got one for "
            f"{factor.size if factor.ndim == 1 else factor.shape}."
        )
    if not ((factor > 0) & np.isfinite(factor)).all():
        raise ValueError(f"{name} must have finite weights above 0.")
    return factor


def _predictions(values: Any, name: str) -> Any:
    if is_dataframe(values):
        raise ValueError(
            f"{name} must be an array or a tensor with the classes in their order, got a data "
            f"frame: order its columns and pass them as an array."
        )
    if isinstance(values, list | tuple) and np.ndim(values[0] if len(values) else 0) == 2:
        raise ValueError(
            f"{name} must be one array with a last dimension of classes, got a list of arrays, as "
            f"predict_proba of trees gives it: pass np.column_stack([p[:, 1] for p in {name}])."
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


def _wide(values: Any) -> Any:
    """Give floats a type whose range a factor cannot leave."""
    if is_tensor(values):
        return values.float() if values.dtype.itemsize < 4 else values
    return values.astype(np.float64)


def _like(factor: NDArray[np.float64], values: Any) -> Any:
    if is_tensor(values):
        return values.new_tensor(factor)
    return factor.astype(values.dtype, copy=False)
