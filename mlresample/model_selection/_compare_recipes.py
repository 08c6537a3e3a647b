"""Compare recipes against imbalance on a user's own data and model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mlresample._utils.sklearn import Interval, StrOptions, validate_params
from mlresample._utils.typing import MatrixLike
from mlresample.model_selection._recipes.comparison import RecipeComparison
from mlresample.model_selection._recipes.data import as_seed, draw_splits, read_data
from mlresample.model_selection._recipes.models import Training, why_not_applicable
from mlresample.model_selection._recipes.recipe import (
    NOTHING,
    Recipe,
    check_model,
    is_estimator,
    read_recipes,
)
from mlresample.model_selection._recipes.run import Runner
from mlresample.model_selection._recipes.saved import SavedSplits
from mlresample.model_selection._recipes.scores import SCORES, TUNED, check_some_class_in

_PASSES = 10  # over the data, if n_steps is None


@validate_params(
    {
        "model": "no_validation",
        "X": "no_validation",
        "y": "no_validation",
        "recipes": [dict, None],
        "baseline": [str],
        "primary": [StrOptions(set(SCORES))],
        "alpha": [Interval(Real, 0, 1, closed="neither")],
        "unknown": "no_validation",
        "groups": "no_validation",
        "n_folds": [Interval(Integral, 2, None, closed="left")],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "n_inner_folds": [Interval(Integral, 2, None, closed="left"), None],
        "n_steps": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
        "cache": [str, os.PathLike, None],
        "model_name": [str, None],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def compare_recipes(
    model: Any,
    X: Any,
    y: MatrixLike,
    *,
    recipes: Mapping[str, Any] | None = None,
    baseline: str = NOTHING,
    primary: str = "average_precision",
    alpha: float = 0.05,
    unknown: float | None = None,
    groups: ArrayLike | None = None,
    n_folds: int = 5,
    n_repeats: int = 2,
    n_inner_folds: int | None = 3,
    n_steps: int | None = None,
    batch_size: int = 64,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = None,
    cache: str | os.PathLike[str] | None = None,
    model_name: str | None = None,
    verbose: int = 0,
) -> RecipeComparison:
    r"""Compare resampling, loss weights and thresholds on your own data and model.

    Every recipe trains on the same folds, with the same seeds, and is scored at a threshold of
    0.5 and at thresholds tuned on inner folds. The report says what is better beyond noise, what
    ties, and what it costs.

    Parameters
    ----------
    model : estimator instance or callable
        Multi-label classifier or pipeline with ``predict_proba``; or a function that trains, see
        Notes.
    X : {array-like, sparse matrix, dataframe, list} of n_samples rows, or None
        Data that an estimator accepts. A function reads its data itself, so that X may be None.
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1.
    recipes : dict of str to dict, estimator or callable, default=None
        Recipes by name, see Notes; "nothing", ``{}``, is always one of them. If None: loss
        weights, uniform copies, a plan, the plan with weights of the rest, and importance weights
        with loss weights.
    baseline : str, default="nothing"
        Name of the recipe that the others are compared with.
    primary : str, default="average_precision"
        Score that decides. No threshold can change average precision, so that a gain in it has
        been learned. Or "average_precision_rare"; "macro_f1", "micro_f1", "many_f1", "medium_f1",
        "few_f1" and "rare_f1", at 0.5 or, ending in "_tuned", at tuned thresholds;
        "calibration_error". Rare is the third of the classes with the fewest samples. Calibration
        error is the mean over the classes of \|log(sum of probabilities / number of positives)\|,
        each plus half a sample: 0 is perfect, 0.69 twice or half as many, and there is no upper
        limit.
    alpha : float, default=0.05
        Probability of calling any recipe better or worse if none is.
    unknown : float, default=None
        Value of the unknown entries of y, such as -1 or NaN: they are in no count, threshold and
        score. A model must leave them out of its loss itself; an estimator gets y as it is.
    groups : array-like of shape (n_samples,), default=None
        Groups of samples that stay together in every fold, inner ones too.
    n_folds : int, default=5
        Number of folds.
    n_repeats : int, default=2
        Times that the folds are drawn. With 1, only large differences are beyond noise.
    n_inner_folds : int or None, default=3
        Folds of a training part that thresholds are tuned on; with None there are no tuned
        thresholds, and a recipe is trained once instead of four times.
    n_steps : int, default=None
        Steps that a function trains for, with every recipe; if None, ten passes over the data.
    batch_size : int, default=64
        Samples of a step.
    random_state : int, RandomState instance or None, default=0
        Controls folds, draws and seeds, and those random states of estimators that are None.
    n_jobs : int, default=None
        Number of trainings in parallel.
    cache : str or path, default=None
        Folder where each recipe is saved when a split is finished. The same call finds it there,
        and goes on where it was interrupted.
    model_name : str, default=None
        Name under which `cache` saves the results of a function, required there. Change it when
        you change the function or its data.
    verbose : int, default=0
        If above 0, print a line per recipe and split, with the time left.

    Returns
    -------
    comparison : RecipeComparison
        Scores, differences, and the answer in words.

    Raises
    ------
    ValueError
        If a parameter or a recipe is not as described, a model returns no probabilities, or an
        estimator cannot be fitted to a training part that lacks a class.

    Notes
    -----
    A recipe is a dict with any of these keys:

    - "plan": parameters of :func:`~mlresample.plan_resampling`, such as ``{"cap": 4}``;
    - "copies": "uniform" makes as many copies as the plan, of samples chosen at random: the
      control of what more rows alone do;
    - "loss_weights": "counts" or "rest", of the data or of what the plan leaves, with
      "loss_weights_cap" (10) and "loss_weights_power" (1), see
      :func:`~mlresample.compute_loss_weights`;
    - "importance_weights": True; a sample that an epoch of S samples repeats R times weighs
      (S / n) / R, so that the plan changes no mean gradient;
    - "model": another model for this recipe. A model instead of a dict is short for that.

    A function is called as ``train(batches, *, pos_weight, sample_weight, predict, seed)`` and
    returns the probabilities, of shape (len(predict), n_classes), of the samples `predict`.
    `batches` has the row numbers of each step, of shape (n_steps, batch_size): every recipe takes
    equally many steps. `pos_weight`, of shape (n_classes,), and `sample_weight`, of the shape of
    `batches`, are float32 and 1 unless the recipe has weights. The loss of a batch is the sum of
    its samples' weighted losses over its size.

    An estimator is fitted to one epoch; compare a plan with uniform copies, which has as many
    rows. Loss weights need one binary estimator per class, as in
    :class:`~sklearn.multiclass.OneVsRestClassifier`, with the parameter `class_weight`.

    Differences to the baseline are paired by split. Their t-test is corrected for training parts
    that overlap [1]_, and p-values for the number of recipes [2]_; intervals are not. Only the
    primary score decides: a difference in another score is a question for new data.

    A class that is not in the training part of a split is in none of its scores.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52,
       2003.
    .. [2] S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
       Journal of Statistics 6, 1979.

    Examples
    --------
    >>> from mlresample.datasets import make_multilabel_digits
    >>> from mlresample.model_selection import compare_recipes
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> X, y, _ = make_multilabel_digits(300, random_state=0)
    >>> comparison = compare_recipes(
    ...     KNeighborsClassifier(5), X.reshape(300, -1), y, recipes={"plan": {"plan": {"cap": 4}}}
    ... )
    >>> comparison.scores["plan"]["macro_f1"].shape
    (10,)
    >>> comparison.recommended
    'nothing'
    """
    data = read_data(X, y, unknown)
    read = read_recipes(recipes)
    models = _models(read, model, X)
    reasons = {recipe.name: why_not_applicable(recipe, models[recipe.name]) for recipe in read}
    applicable = [recipe for recipe in read if not reasons[recipe.name]]
    if baseline not in {recipe.name for recipe in applicable}:
        known = ", ".join(repr(recipe.name) for recipe in applicable)
        raise ValueError(f"baseline must be one of {known}, got {baseline!r}.")
    if primary in TUNED and n_inner_folds is None:
        raise ValueError(f"primary={primary!r} needs tuned thresholds: set n_inner_folds.")
    check_some_class_in(primary, data.class_counts)
    saved = None
    if cache is not None:
        _check_recognizable(models, model_name, random_state)
        saved = SavedSplits(cache)

    seed = as_seed(random_state)
    splits = draw_splits(data, groups, n_folds, n_repeats, n_inner_folds, seed)
    if n_steps is None:
        n_steps = -(-_PASSES * data.n_samples // batch_size)
    runner = Runner(data, Training(int(n_steps), int(batch_size)), seed, models, model_name, saved)
    of_recipes = runner.run(applicable, splits, n_jobs=n_jobs, verbose=verbose)
    is_scored = np.any([data.is_in_both(split) for split in splits], axis=0)
    return RecipeComparison(
        **of_recipes,
        not_applicable={name: reason for name, reason in reasons.items() if reason},
        simplicity={recipe.name: recipe.simplicity for recipe in read},
        baseline=baseline,
        primary=primary,
        alpha=float(alpha),
        n_folds=int(n_folds),
        n_repeats=int(n_repeats),
        test_ratio=sum(len(s.test) for s in splits) / sum(len(s.train) for s in splits),
        n_samples=data.n_samples,
        classes=data.classes,
        class_counts=data.class_counts,
        is_rare=data.is_rare,
        not_scored=~is_scored,
    )


def _models(recipes: list[Recipe], model: Any, X: Any) -> dict[str, Any]:
    """Return the model of each recipe."""
    check_model(model, "model")
    models = {recipe.name: model if recipe.model is None else recipe.model for recipe in recipes}
    for name, of_recipe in models.items():
        if X is None and is_estimator(of_recipe):
            raise ValueError(
                f"X is None, but the model of recipe {name!r} is an estimator, "
                f"{type(of_recipe).__name__}: pass its data as X."
            )
    return models


def _check_recognizable(models: dict[str, Any], model_name: Any, random_state: Any) -> None:
    """Check that what is saved can be found by a later call."""
    if not isinstance(random_state, Integral):
        raise ValueError(
            f"random_state must be an int with cache, so that a later call makes the same splits, "
            f"got {random_state!r}."
        )
    for name, model in models.items():
        if model_name is None and not is_estimator(model):
            raise ValueError(
                f"model_name is needed with cache, because the model of recipe {name!r} is a "
                f"function: pass a name, and another one when the function or its data change."
            )
