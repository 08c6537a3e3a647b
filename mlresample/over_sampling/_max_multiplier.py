"""Sampler for pipelines: learn a plan from y, draw it once, apply it to X and y."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.make import make_plan
from mlresample._plan.plan import ResamplingPlan
from mlresample._plan.repeats import ROUNDINGS, RepeatPlan
from mlresample._rule.parameters import RULE_CONSTRAINTS, RuleParameters
from mlresample._sampler import RepeatingSampler
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._target.unknown import check_unknown_value
from mlresample._utils.sklearn import StrOptions
from mlresample._utils.typing import ClassMultipliers, TargetCount


class MaxMultiplierOverSampler(RepeatingSampler):
    """Over-sample multi-label data by the largest multiplier among a sample's classes.

    Each class gets a multiplier that depends on its count: 1 for common classes and more for rare
    ones, never above a cap. A sample is repeated as often as the largest multiplier among its
    classes.

    Parameters
    ----------
    class_multipliers : "balanced", array-like, dict or callable, default="balanced"
        "balanced" is the rule in the Notes. Otherwise one multiplier per class, {class:
        multiplier} (classes left out get 1), or a function from the array of class counts to an
        array of multipliers. Values outside [floor, cap] are clipped, with a warning for arrays
        and dicts. A pandas Series is read by its index, like a dict.
    cap : float, default=4.0
        Largest multiplier: no sample is repeated more often than this on average. At least 1;
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
        1 is inverse frequency, 0.5 its square root; 0 makes all multipliers 1.
    epoch_size : int or float, default=None
        Number of samples of the result: an int is a number, a float a multiple of n_samples. The
        target count is then solved for.
    background : float, default=1.0
        Multiplier of samples without a class, between 0 and `cap`; 0 leaves them out.
    instance_aware : bool, default=False
        Whether the count of a class is ``n * sqrt(f_i * f_b)``, with its share f_i of the
        samples and its share f_b of all instances, instead of its samples alone. Needs
        `instances`.
    instances : bool, default=False
        Whether y holds counts of instances, such as the boxes of each class in an image. A sample
        carries the classes whose count is > 0.
    unknown : float, default=None
        Value of the entries of y that are unknown, because nobody looked, such as -1; nan stands
        for missing values of all kinds. They are neither positive nor negative, as in
        :func:`~mlresample.plan_resampling`, and come back as they are. If None, all is known.
    rounding : {"stratified", "bernoulli", "nearest"}, default="stratified"
        How fractions become whole repeats: with "stratified", the result has the same size for
        every seed; "bernoulli" rounds each sample by itself; "nearest" uses no randomness.
    shuffle : bool, default=False
        Whether to put the result in random order.
    random_state : int, RandomState instance or None, default=None
        Controls which samples are repeated for the fractions of multipliers, and the order.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of an indicator matrix, or the labels of a single-label target.
    class_counts_ : ndarray of shape (n_classes,)
        Samples that carry each class.
    class_multipliers_ : ndarray of shape (n_classes,)
        Multiplier of each class: times that its samples should be seen.
    target_count_ : float, ndarray of shape (n_classes,) or None
        Count that rare classes are raised towards, or that each class should at least have; None
        with user-supplied multipliers.
    rule_ : ResamplingRule
        What was learned from the class counts, to be written down or applied to other samples.
    plan_ : ResamplingPlan
        How often each sample is seen, and the resulting class counts.
    sample_indices_ : ndarray of shape (n_samples_new,)
        Rows of X in the result: the kept originals in order, then the copies. Set by
        :meth:`fit_resample`, like the next two.
    sample_repeats_ : ndarray of shape (n_samples,)
        Times that each sample is in the result.
    sampling_strategy_ : dict
        Change in the number of positives of each class.
    n_features_in_ : int
        Size of the second dimension of X, if it has one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if they are all strings.

    See Also
    --------
    mlresample.plan_resampling : Make the same plan from a target alone.
    imblearn.over_sampling.RandomOverSampler : For single-label targets.

    Notes
    -----
    The multiplier of a class is ``clip((t / n_c) ** power, floor, cap)``, with class count n_c
    and target count t. Samples without a class have the multiplier `background`. Classes that
    never occur have multiplier 1.

    X and y are returned in their own containers. A target of one dimension, or with one column,
    is single-label: each sample has one class.

    Anything that splits the result again (early stopping, inner cross-validation, calibration,
    out-of-bag scores) has copies of a sample in both parts, so that its scores are too good: wrap
    such a step around the pipeline, not around the classifier inside it.

    References
    ----------
    .. [1] W. Ouyang et al., "Analysis of the Human Protein Atlas Image Classification
       competition", Nature Methods 16, 2019.
    .. [2] A. Gupta, P. Dollár, R. Girshick, "LVIS: A Dataset for Large Vocabulary Instance
       Segmentation", CVPR 2019, appendix.

    Examples
    --------
    >>> import numpy as np
    >>> from mlresample import MaxMultiplierOverSampler
    >>> X = np.arange(8).reshape(4, 2)
    >>> y = np.array([[1, 0], [1, 0], [1, 0], [1, 1]])
    >>> sampler = MaxMultiplierOverSampler(cap=2, random_state=0)
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> y_resampled.sum(axis=0)
    array([5, 2])
    >>> sampler.sampling_strategy_
    {0: 1, 1: 1}
    """

    _parameter_constraints: dict[str, Any] = {
        **RULE_CONSTRAINTS,
        "instances": ["boolean"],
        "unknown": "no_validation",
        "rounding": [StrOptions(ROUNDINGS)],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        class_multipliers: ClassMultipliers = RuleParameters.class_multipliers,
        cap: float = RuleParameters.cap,
        floor: float = RuleParameters.floor,
        target_count: TargetCount = RuleParameters.target_count,
        power: float = RuleParameters.power,
        epoch_size: float | None = RuleParameters.epoch_size,
        background: float = RuleParameters.background,
        instance_aware: bool = RuleParameters.instance_aware,
        instances: bool = False,
        unknown: float | None = None,
        rounding: str = "stratified",
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.class_multipliers = class_multipliers
        self.cap = cap
        self.floor = floor
        self.target_count = target_count
        self.power = power
        self.epoch_size = epoch_size
        self.background = background
        self.instance_aware = instance_aware
        self.instances = instances
        self.unknown = unknown
        self.rounding = rounding
        self.shuffle = shuffle
        self.random_state = random_state

    def _as_target(self, y: Any) -> Indicator:
        unknown = check_unknown_value(self.unknown)
        return as_target(y, instances=self.instances, unknown=unknown)

    def _make_plan(self, indicator: Indicator) -> ResamplingPlan:
        return make_plan(indicator, RuleParameters.of(vars(self)))

    def _learn(self, indicator: Indicator) -> dict[str, Any]:
        learned = super()._learn(indicator)
        plan = learned["plan_"]
        return learned | {
            "rule_": plan.rule,
            "class_multipliers_": plan.class_multipliers,
            "target_count_": plan.resolved_target_count,
        }

    def _draw_indices(self, plan: RepeatPlan) -> NDArray[np.int64]:
        indices = plan.draw_indices(
            self.random_state, rounding=self.rounding, shuffle=self.shuffle
        )
        if len(indices) == 0:
            raise ValueError(
                "No sample is left after resampling: raise floor, background or epoch_size."
            )
        return indices
