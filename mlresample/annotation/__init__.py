"""What to label next: quotas of each class, which samples of a pool, and hard negatives."""

from mlresample.annotation._hard_negatives import find_hard_negatives
from mlresample.annotation._plan import AnnotationPlan, plan_annotation
from mlresample.annotation._ranked import RankedSamples
from mlresample.annotation._select import select_for_annotation

__all__ = [
    "AnnotationPlan",
    "RankedSamples",
    "find_hard_negatives",
    "plan_annotation",
    "select_for_annotation",
]
