"""Train a model with a recipe, be it an estimator or a function, and score samples with it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier

from mlresample._target.read import as_array, as_target
from mlresample._utils.containers import is_tensor, take_rows
from mlresample._utils.names import plain
from mlresample.model_selection._estimator_scores import class_scores, fit_clone
from mlresample.model_selection._recipes.data import Data
from mlresample.model_selection._recipes.recipe import (
    Recipe,
    draw_batches,
    is_estimator,
    prepare,
)

_ROUNDING = 1e-6  # that a probability in float32 may be off by


class Training(NamedTuple):
    """How long a function trains."""

    n_steps: int
    batch_size: int


def why_not_applicable(recipe: Recipe, model: Any) -> str | None:
    """Return why a recipe cannot be used with its model, None if it can."""
    if not is_estimator(model):
        return None
    if recipe.importance_weights:
        return (
            "scikit-learn fits on all rows at once, and rows that are repeated and weighted back "
            "are the data as they are"
        )
    if recipe.loss_weights is not None and _with_class_weights(model, np.ones(1)) is None:
        return (
            f"{type(model).__name__} does not take weights class by class; it would as "
            f"OneVsRestClassifier or MultiOutputClassifier of an estimator with class_weight"
        )
    return None


def fit_and_score(
    recipe: Recipe,
    model: Any,
    data: Data,
    train: NDArray[np.int64],
    predict: NDArray[np.int64],
    training: Training,
    seed: int,
) -> tuple[NDArray[np.float64], float]:
    """Return the probabilities of the samples `predict`, and the growth of an epoch."""
    ingredients = prepare(recipe, data.true[train], data.class_names, data.unknown)
    plan, pos_weight = ingredients
    growth = plan.epoch_size / len(train)
    if is_estimator(model):
        weighted = _with_class_weights(model, pos_weight) if recipe.loss_weights else model
        rows = train[plan.draw_indices(seed)] if recipe.plan is not None else train
        estimator = fit_clone(
            _seeded(weighted, seed),
            take_rows(data.X, rows),
            take_rows(data.y, rows),
            {},
            f"a training part with the recipe {recipe.name!r}",
        )
        scores = class_scores(estimator, "predict_proba", take_rows(data.X, predict), data.classes)
    else:
        batches, sample_weight = draw_batches(
            plan, *training, seed, of_repeats=recipe.importance_weights
        )
        scores = model(
            train[batches],
            pos_weight=pos_weight.astype(np.float32),
            sample_weight=sample_weight,
            predict=predict.copy(),
            seed=seed,
        )
    shape = len(predict), len(data.classes)
    return _checked(scores, shape, recipe, data.classes), growth


def _checked(
    scores: Any, shape: tuple[int, int], recipe: Recipe, classes: NDArray[Any]
) -> NDArray[np.float64]:
    """Check that scores are probabilities."""
    scores = np.asarray(as_array(scores) if is_tensor(scores) else scores)
    name = f"The model of recipe {recipe.name!r}"
    if scores.shape != shape or scores.dtype.kind not in "fiub":
        raise ValueError(
            f"{name} must return an array of probabilities of shape {shape}, one row per sample "
            f"to predict and one column per class, got {scores.dtype} of shape {scores.shape}."
        )
    scores = scores.astype(np.float64)
    wrong = ~((scores >= -_ROUNDING) & (scores <= 1 + _ROUNDING))  # NaN, too
    if wrong.any():
        row, c = np.argwhere(wrong)[0]
        raise ValueError(
            f"{name} must return probabilities from 0 to 1, got {scores[row, c]} in row {row}, "
            f"class {plain(classes[c])!r}; pass logits through a sigmoid, and lower the learning "
            f"rate if training ends in NaN."
        )
    return scores.clip(0, 1)


# -- estimators --------------------------------------------------------------------------------


def _seeded(estimator: Any, seed: int) -> Any:
    """Return a clone whose random states that are None are set."""
    estimator = clone(estimator)
    unset = {
        name: seed
        for name, value in estimator.get_params(deep=True).items()
        if (name == "random_state" or name.endswith("__random_state")) and value is None
    }
    return estimator.set_params(**unset)


def _with_class_weights(model: Any, pos_weight: NDArray[np.float64]) -> Any:
    """Return a clone that weights each class's positives, None if it has no such weights."""
    model = clone(model)
    steps = getattr(model, "steps", None)
    if steps:
        name, last = steps[-1]
        weighted = _with_class_weights(last, pos_weight)
        return None if weighted is None else model.set_params(**{name: weighted})
    if not isinstance(model, OneVsRestClassifier | MultiOutputClassifier):
        return None
    parameter = _class_weight_of(model.estimator)
    return None if parameter is None else _ClassByClass(model.estimator, parameter, pos_weight)


def _class_weight_of(estimator: Any) -> str | None:
    """Return the name of the parameter class_weight, that of the last step of a pipeline."""
    steps = getattr(estimator, "steps", None)
    name = f"{steps[-1][0]}__class_weight" if steps else "class_weight"
    return name if name in estimator.get_params(deep=True) else None


class _ClassByClass(ClassifierMixin, BaseEstimator):
    """One binary estimator per class, each with its own weight of the positives."""

    def __init__(self, estimator: Any, parameter: str, pos_weight: NDArray[np.float64]) -> None:
        self.estimator = estimator
        self.parameter = parameter
        self.pos_weight = pos_weight

    def fit(self, X: Any, y: Any) -> "_ClassByClass":
        target = as_target(y).to_csr().tocsc()
        self.estimators_ = []
        for c, weight in enumerate(self.pos_weight.tolist()):
            column = target[:, [c]].toarray().ravel()
            if column.min() == column.max():  # nothing to learn
                self.estimators_.append(float(column[0]))
                continue
            estimator = clone(self.estimator)
            estimator.set_params(**{self.parameter: {0: 1.0, 1: weight}})
            self.estimators_.append(estimator.fit(X, column))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        n_samples = X.shape[0] if hasattr(X, "shape") else len(X)
        return np.column_stack(
            [
                np.full(n_samples, estimator)
                if isinstance(estimator, float)
                else estimator.predict_proba(X)[:, 1]
                for estimator in self.estimators_
            ]
        )
