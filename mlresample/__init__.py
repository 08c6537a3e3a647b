"""Max-multiplier resampling for long-tail multi-label data."""

from mlresample._corrections import correct_logits, correct_probabilities
from mlresample._loss_weights import LossWeights, compute_loss_weights
from mlresample._merge import merge_classes
from mlresample._plan.compare import PlanComparison, compare_plans
from mlresample._plan.explore import explore_plans
from mlresample._plan.make import plan_resampling
from mlresample._plan.plan import ResamplingPlan, ResamplingRule
from mlresample._rule.counts import ClassCounts
from mlresample.over_sampling import MaxMultiplierOverSampler

__version__ = "0.2.0"

__all__ = [
    "ClassCounts",
    "LossWeights",
    "MaxMultiplierOverSampler",
    "PlanComparison",
    "ResamplingPlan",
    "ResamplingRule",
    "compare_plans",
    "compute_loss_weights",
    "correct_logits",
    "correct_probabilities",
    "explore_plans",
    "merge_classes",
    "plan_resampling",
]
