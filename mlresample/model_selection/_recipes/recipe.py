"""What a recipe is, and what it makes of a training part: repeats, batches and loss weights."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.utils import check_random_state

from mlresample._loss_weights import compute_loss_weights
from mlresample._plan.importance import check_no_epoch_leaves_out, importance_weights
from mlresample._plan.make import plan_resampling
from mlresample._plan.repeats import RepeatPlan, plan_of_multipliers
from mlresample._rule.counts import ClassCounts
from mlresample._rule.parameters import PARAMETERS, RuleParameters
from mlresample._utils.sklearn import Interval, StrOptions, validate_parameter_constraints

NOTHING = "nothing"

_PLAN_AND_WEIGHTS = {"plan": {}, "loss_weights": "rest"}
_IMPORTANCE = {"plan": {}, "importance_weights": True, "loss_weights": "counts"}
DEFAULT_RECIPES: dict[str, Any] = {
    NOTHING: {},
    "loss weights": {"loss_weights": "counts"},
    "uniform copies": {"plan": {}, "copies": "uniform"},
    "plan": {"plan": {}},
    "plan + weights of the rest": _PLAN_AND_WEIGHTS,
    "importance weights + loss weights": _IMPORTANCE,
}

_CONSTRAINTS: dict[str, Any] = {
    "plan": [dict, None],
    "copies": [StrOptions({"plan", "uniform"})],
    "loss_weights": [StrOptions({"counts", "rest"}), None],
    "loss_weights_cap": [Interval(Real, 1, None, closed="both")],
    "loss_weights_power": [Interval(Real, 0, None, closed="left")],
    "importance_weights": ["boolean"],
    "model": "no_validation",
}


@dataclass(frozen=True)
class Recipe:
    """How the samples of an epoch are chosen and weighted; the keys of a user's dict."""

    name: str
    plan: dict[str, Any] | None = None
    copies: str = "plan"
    loss_weights: str | None = None
    loss_weights_cap: float = 10.0
    loss_weights_power: float = 1.0
    importance_weights: bool = False
    model: Any = None

    @classmethod
    def of(cls, name: Any, value: Any) -> "Recipe":
        """Read a user's recipe; a model alone is a recipe with that model."""
        if not isinstance(name, str) or not name:
            raise ValueError(f"recipes must be named by strings, got {name!r}.")
        where = f"recipes[{name!r}]"
        if not isinstance(value, Mapping):
            check_model(value, where)
            return cls(name, model=value)
        keys = [field.name for field in fields(cls) if field.name != "name"]
        unknown = [key for key in value if key not in keys]
        if unknown:
            raise ValueError(
                f"{where} has the key {unknown[0]!r}; a recipe has {', '.join(keys)}."
            )
        constraints = {f"{where}[{key!r}]": _CONSTRAINTS[key] for key in value}
        given = {f"{where}[{key!r}]": entry for key, entry in value.items()}
        validate_parameter_constraints(constraints, given, "compare_recipes")
        recipe = cls(name, **value)
        recipe._check(where)
        return recipe

    def _check(self, where: str) -> None:
        if self.model is not None:
            check_model(self.model, f"{where}['model']")
        if self.plan is not None:
            unknown = [key for key in self.plan if key not in PARAMETERS]
            if unknown:
                raise ValueError(
                    f"{where}['plan'] has the key {unknown[0]!r}; a plan has "
                    f"{', '.join(PARAMETERS)}."
                )
            RuleParameters.validated(self.plan, "compare_recipes")
        elif self.copies == "uniform" or self.loss_weights == "rest" or self.importance_weights:
            raise ValueError(
                f"{where} has uniform copies, weights of the rest or importance weights, which "
                f"need a plan: add 'plan': {{}} for that of the default parameters."
            )
        if self.loss_weights == "rest" and (self.importance_weights or self.copies == "uniform"):
            other = "importance weights" if self.importance_weights else "uniform copies"
            raise ValueError(
                f"{where} has loss_weights='rest' with {other}, which leave the odds of each "
                f"class as they are: set loss_weights='counts'."
            )

    @property
    def simplicity(self) -> int:
        """Place in the order from simple to complex; of two that tie, the simpler is named."""
        if self.model is not None:
            return 6
        if self.importance_weights:
            return 5
        if self.plan is None:
            return 0 if self.loss_weights is None else 1
        if self.copies == "uniform":
            return 2
        return 3 if self.loss_weights is None else 4


def check_model(model: Any, name: str) -> None:
    """Refuse what is neither an estimator nor a function that trains."""
    if isinstance(model, type) or not (is_estimator(model) or callable(model)):
        raise ValueError(
            f"{name} must be an estimator instance with fit and predict_proba, or a function that "
            f"trains and returns scores, got {model!r}."
        )
    if is_estimator(model) and not hasattr(model, "predict_proba"):
        raise ValueError(
            f"{name} must have predict_proba, because it is scored at 0.5 and for calibration, "
            f"got {type(model).__name__}; wrap it in sklearn.calibration.CalibratedClassifierCV."
        )


def is_estimator(model: Any) -> bool:
    """Whether a model is fitted by its method, rather than called."""
    return hasattr(model, "fit")


def read_recipes(recipes: Mapping[str, Any] | None) -> list[Recipe]:
    """Read the recipes; training without any comes first."""
    given = dict(DEFAULT_RECIPES if recipes is None else recipes)
    read = [Recipe.of(name, value) for name, value in given.items()]
    baseline = Recipe(NOTHING)
    for recipe in read:
        if recipe.name == NOTHING and recipe != baseline:
            raise ValueError(
                f"recipes[{NOTHING!r}] must be {{}}, training on the data as they are; give this "
                f"recipe another name."
            )
    return [baseline, *(recipe for recipe in read if recipe.name != NOTHING)]


# -- what a recipe makes of a training part -----------------------------------------------------


class Ingredients(NamedTuple):
    """How often an epoch repeats the training samples, and the weights of the classes."""

    plan: RepeatPlan
    pos_weight: NDArray[np.float64]


def prepare(
    recipe: Recipe, y: csr_array, class_names: NDArray[Any] | None, unknown: int | None
) -> Ingredients:
    """Apply a recipe to the target of a training part."""
    n_samples, n_classes = y.shape
    plan: RepeatPlan = plan_of_multipliers(np.ones(n_samples))
    if recipe.plan is not None:
        plan = plan_resampling(y, class_names=class_names, unknown=unknown, **recipe.plan)
    pos_weight = np.ones(n_classes)
    if recipe.loss_weights is not None:
        counts = ClassCounts.from_target(y, unknown=unknown)
        source = {"plan": plan} if recipe.loss_weights == "rest" else {"class_counts": counts}
        pos_weight = compute_loss_weights(
            **source, power=recipe.loss_weights_power, cap=recipe.loss_weights_cap
        ).pos_weight
    if recipe.copies == "uniform":  # as many, of samples chosen at random
        plan = plan_of_multipliers(np.full(n_samples, plan.epoch_size / n_samples))
    if recipe.importance_weights:
        check_no_epoch_leaves_out(plan, "stratified")
    return Ingredients(plan, pos_weight)


def draw_batches(
    plan: RepeatPlan, n_steps: int, batch_size: int, seed: int, *, of_repeats: bool
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Draw the samples of each step, and their weights; an epoch may go on in the next batch.

    The weights are importance weights if they are `of_repeats`, else 1.
    """
    n_needed = n_steps * batch_size
    generator = check_random_state(seed)
    epochs, weights, n_drawn = [], [], 0
    while n_drawn < n_needed:
        indices = plan.draw_indices(generator, shuffle=True)
        epochs.append(indices)
        weights.append(_weights(indices, plan.n_samples, of_repeats))
        n_drawn += len(indices)
    shape = n_steps, batch_size
    order, weight = np.concatenate(epochs)[:n_needed], np.concatenate(weights)[:n_needed]
    return order.reshape(shape), weight.reshape(shape)


def _weights(indices: NDArray[np.int64], n_samples: int, of_repeats: bool) -> NDArray[np.float32]:
    """Compute the weight of each entry of an epoch."""
    if not of_repeats:
        return np.ones(len(indices), dtype=np.float32)
    repeats = np.bincount(indices, minlength=n_samples)
    return importance_weights(repeats)[indices].astype(np.float32)
