"""Make a plan from a target: learn a rule there, and apply it there."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from mlresample._plan.plan import ResamplingPlan, ResamplingRule, SampleFigures
from mlresample._rule.class_table import SampleTable
from mlresample._rule.counts import check_target_has_class, counts_of
from mlresample._rule.epoch_size import learn_by_table
from mlresample._rule.parameters import RuleParameters
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.sklearn import validate_parameter_constraints
from mlresample._utils.typing import ClassMultipliers, MatrixLike, TargetCount, Unknown

_OF_TARGET = {"class_names": ["array-like", None], "instances": ["boolean"]}


def make_plan(indicator: Indicator, parameters: RuleParameters) -> ResamplingPlan:
    """Learn a rule from an indicator matrix and apply it there."""
    check_target_has_class(indicator)
    counts = counts_of(indicator)
    table_of = partial(SampleTable.of, indicator)
    learned = learn_by_table(counts, table_of, parameters, indicator.column_name)
    class_counts = counts.class_counts
    multipliers = np.where(class_counts > 0, learned.class_multipliers, 1.0)
    samples = SampleFigures.of(indicator, multipliers, parameters.background)
    counts = replace(counts, n_without_class=samples.n_without_class)
    return ResamplingPlan(
        rule=ResamplingRule(counts, *learned),
        classes=counts.classes,
        class_counts=class_counts,
        class_multipliers=multipliers,
        instance_counts=counts.instance_counts,
        unknown_counts=None if indicator.unknown is None else indicator.unknown.class_counts,
        **samples._asdict(),
    )


def plan_resampling(
    y: MatrixLike,
    *,
    class_names: ArrayLike | None = None,
    instances: bool = False,
    unknown: Unknown | None = None,
    class_multipliers: ClassMultipliers = RuleParameters.class_multipliers,
    cap: float = RuleParameters.cap,
    floor: float = RuleParameters.floor,
    target_count: TargetCount = RuleParameters.target_count,
    power: float = RuleParameters.power,
    epoch_size: float | None = RuleParameters.epoch_size,
    background: float = RuleParameters.background,
    instance_aware: bool = RuleParameters.instance_aware,
) -> ResamplingPlan:
    """Plan the resampling of a multi-label target.

    Parameters
    ----------
    y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
        Multi-label indicator matrix of 0 and 1, in any container; or class labels of shape
        (n_samples,), one per sample.
    class_names : array-like of shape (n_classes,), default=None
        Names of the classes; by default the column names of a data frame, the labels of a
        single-label target, or column numbers.
    instances : bool, default=False
        Whether `y` holds counts of instances, such as the boxes of each class in an image. A
        sample carries the classes whose count is > 0.
    unknown : float or mask of shape (n_samples, n_classes), default=None
        Value of the entries of `y` that are unknown, because nobody looked, such as -1; nan
        stands for missing values of all kinds. Or a mask in any container, whose rows and columns
        are in the order of those of `y`: where it is True, the entry is unknown whatever `y`
        holds. For both blanks and -1, pass ``y.fillna(-1)`` and ``unknown=-1``. If None, all is
        known. Not for class labels, and not with `instances`.
    class_multipliers : "balanced", array-like, dict or callable, default="balanced"
        The rule below; or one multiplier per class, {class: multiplier} (classes left out get
        1), or a function from the array of class counts to an array of multipliers. Values
        outside [floor, cap] are clipped, with a warning for arrays and dicts. A pandas
        Series is read by its index, like a dict.
    cap : float, default=4.0
        Largest multiplier: no sample is seen more often than this on average. At least 1;
        ``inf`` for none.
    floor : float, default=1.0
        Smallest multiplier, between 0 and 1. Below 1, samples that carry only common classes
        may be left out.
    target_count : {"median", "mean", "max"}, int, float, array-like or dict, default="median"
        Count that rare classes are raised towards: a statistic over the classes that occur, a
        share of the samples, of those known for each class (float in (0, 1]), or a count (int,
        or float above 1). Or such a number for each class, which the class should at least have:
        an array, or {class: number} (classes left out keep theirs).
    power : float, default=1.0
        1 is inverse frequency, 0.5 its square root, 0 makes all multipliers 1.
    epoch_size : int or float, default=None
        Samples that an epoch should have: an int is a number, a float a multiple of n_samples.
        The target count is then solved for.
    background : float, default=1.0
        Multiplier of samples without a class, between 0 and `cap`; 0 leaves them out.
    instance_aware : bool, default=False
        Whether the count of a class is ``n * sqrt(f_i * f_b)``, with its share f_i of the
        samples and its share f_b of all instances, instead of its samples alone. Needs
        `instances`.

    Returns
    -------
    plan : ResamplingPlan
        How often each class and sample will be seen, and the effect on the class counts.

    Raises
    ------
    ValueError
        If `y` is no target that can be resampled, parameters are outside their range or
        contradict each other, or `epoch_size` cannot be met within floor and cap.

    Notes
    -----
    The multiplier of a class is ``clip((t / n_c) ** power, floor, cap)``, with class count n_c
    and target count t; that of a sample is the largest among its classes, and `background` for a
    sample without a class. Classes that never occur have multiplier 1.

    An unknown entry is neither positive nor negative: a class count n_c is that of the known
    positives, and a share is of the samples known for its class. A sample with unknown entries
    and no class may have a class that nobody looked for: its multiplier is 1, not `background`.

    With `instance_aware`, n_c is ``n * sqrt(f_i * f_b)``. Repeat-factor sampling by images and
    instances (IRFS [3]_) with threshold t is then ``target_count=t, power=0.5, cap=np.inf``.

    References
    ----------
    .. [1] W. Ouyang et al., "Analysis of the Human Protein Atlas Image Classification
       competition", Nature Methods 16, 2019.
    .. [2] A. Gupta, P. Dollár, R. Girshick, "LVIS: A Dataset for Large Vocabulary Instance
       Segmentation", CVPR 2019, appendix.
    .. [3] B. Yaman, T. Mahmud, C.-H. Liu, "Instance-Aware Repeat Factor Sampling for Long-Tailed
       Object Detection", arXiv:2305.08069, 2023.

    Examples
    --------
    >>> from mlresample import plan_resampling
    >>> plan = plan_resampling([[1, 0], [1, 0], [1, 0], [1, 1]], cap=2)
    >>> plan.class_multipliers
    array([1., 2.])
    >>> plan.epoch_size
    5
    """
    # validate_params would do the same, but takes as long as the rest of a small plan.
    parameters = RuleParameters.validated(locals(), "plan_resampling")
    if class_names is not None or instances is not False:  # `unknown` is checked with y
        given = {"class_names": class_names, "instances": instances}
        validate_parameter_constraints(_OF_TARGET, given, "plan_resampling")
    indicator = as_target(y, class_names=class_names, instances=instances, unknown=unknown)
    return make_plan(indicator, parameters)
