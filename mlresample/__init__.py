"""Max-multiplier resampling for long-tail multi-label data."""

from mlresample._compare import PlanComparison, compare_plans
from mlresample._merge import merge_classes
from mlresample._multipliers import compute_class_multipliers, compute_sample_multipliers
from mlresample._plan import ResamplingPlan, plan_resampling
from mlresample.over_sampling import MaxMultiplierOverSampler

__version__ = "0.1.0"

__all__ = [
    "MaxMultiplierOverSampler",
    "PlanComparison",
    "ResamplingPlan",
    "compare_plans",
    "compute_class_multipliers",
    "compute_sample_multipliers",
    "merge_classes",
    "plan_resampling",
]
