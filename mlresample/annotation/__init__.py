"""What to label next: quotas of each class, which samples of a pool, and hard negatives."""

from mlresample.annotation._plan import AnnotationPlan, plan_annotation

__all__ = ["AnnotationPlan", "plan_annotation"]
