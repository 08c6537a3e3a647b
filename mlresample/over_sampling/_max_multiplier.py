"""Sampler for pipelines: learn a plan from y, draw it once, apply it to X and y."""

from typing import Any, Self

import numpy as np
from imblearn.base import BaseSampler
from scipy.sparse import issparse
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from mlresample._plan.make import make_plan
from mlresample._plan.plan import ResamplingPlan
from mlresample._plan.repeats import ROUNDINGS
from mlresample._rule.parameters import RULE_CONSTRAINTS, RuleParameters
from mlresample._target.indicators import Indicator
from mlresample._target.read import as_target
from mlresample._utils.containers import is_series, take_rows
from mlresample._utils.sklearn import StrOptions, fit_context
from mlresample._utils.typing import X_, Y_, ClassMultipliers, MatrixLike, TargetCount


class MaxMultiplierOverSampler(BaseSampler):
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
        share of the samples (float in (0, 1]) or a count (int, or float above 1). Or such a
        number for each class, which the class should at least have: an array, or {class: number}
        (classes left out keep theirs).
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

    _sampling_type = "bypass"

    _parameter_constraints: dict[str, Any] = {
        **RULE_CONSTRAINTS,
        "instances": ["boolean"],
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
        self.rounding = rounding
        self.shuffle = shuffle
        self.random_state = random_state

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: MatrixLike) -> Self:
        """Learn the class multipliers.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data with any number of dimensions; only their length and column names are read.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).

        Returns
        -------
        self : MaxMultiplierOverSampler
            The fitted sampler.

        Raises
        ------
        ValueError
            If a parameter, X or y is not as described, or their lengths differ.
        """
        _, plan = self._plan(X, y)
        self._set_learned(X, plan)
        for drawn in ("sample_indices_", "sample_repeats_", "sampling_strategy_"):
            if hasattr(self, drawn):
                delattr(self, drawn)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_resample(self, X: X_, y: Y_) -> tuple[X_, Y_]:
        """Learn the class multipliers and resample.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data with any number of dimensions, or a list of paths; NaN is allowed.
        y : {array-like, sparse matrix, dataframe, tensor} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1; or class labels of shape (n_samples,).

        Returns
        -------
        X_resampled : same kind as X, of n_samples_new rows
            The kept originals in order, then the copies. Arrays of other libraries keep their kind
            if their rows can be indexed, and become NumPy arrays otherwise.
        y_resampled : same kind as y, of n_samples_new rows
            The targets of these rows.

        Raises
        ------
        ValueError
            If a parameter, X or y is not as described, or their lengths differ.
        """
        return self._fit_resample(X, y)

    def _fit_resample(self, X: X_, y: Y_) -> tuple[X_, Y_]:
        indicator, plan = self._plan(X, y)
        indices = plan.draw_indices(
            self.random_state, rounding=self.rounding, shuffle=self.shuffle
        )
        if len(indices) == 0:
            raise ValueError(
                "No sample is left after resampling: raise floor, background or epoch_size."
            )
        repeats = np.bincount(indices, minlength=indicator.n_samples)
        change = indicator.weighted_class_counts(np.arange(repeats.max() + 1) - 1.0, repeats)
        resampled = take_rows(X, indices), take_rows(y, indices)
        # Nothing below can fail, so that an error leaves the sampler unchanged.
        self._set_learned(X, plan)
        self.sample_indices_ = indices
        self.sample_repeats_ = repeats
        names = self.classes_.tolist()
        self.sampling_strategy_ = dict(zip(names, map(int, change), strict=True))
        return resampled

    def _plan(self, X: Any, y: Any) -> tuple[Indicator, ResamplingPlan]:
        _check_X(X)
        indicator = as_target(y, instances=self.instances)
        check_consistent_length(X, y)
        return indicator, make_plan(indicator, RuleParameters.of(vars(self)))

    def _set_learned(self, X: Any, plan: ResamplingPlan) -> None:
        validate_data(self, X=X, skip_check_array=True)  # n_features_in_, feature_names_in_
        self.rule_ = plan.rule
        self.plan_ = plan
        self.classes_ = plan.classes
        self.class_counts_ = plan.class_counts
        self.class_multipliers_ = plan.class_multipliers
        self.target_count_ = plan.resolved_target_count

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.sampler_tags.sample_indices = True
        tags.target_tags.multi_output = True
        return tags


def _check_X(X: Any) -> None:
    """Check that X has rows; nothing is converted or copied."""
    if X is None or isinstance(X, str):
        raise ValueError(f"Expected array-like (array or non-string sequence), got {X!r} as X.")
    paths = isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype.kind in "OUST"
    if (isinstance(X, np.ndarray) or issparse(X)) and not paths:
        check_array(X, accept_sparse=True, dtype=None, ensure_all_finite=False, allow_nd=True)
        return
    if isinstance(X, list | tuple) or getattr(X, "ndim", 0) == 1 or is_series(X):
        rows = np.asarray(X[:1])
    elif hasattr(X, "__array__") and not hasattr(X, "__getitem__"):
        rows = np.asarray(X)
    else:
        return
    if rows.ndim == 1 and rows.dtype.kind in "biufc":
        raise ValueError(
            "Expected 2D array, got numbers in one dimension as X. Reshape your data, either "
            "with X.reshape(-1, 1) if it has one feature or X.reshape(1, -1) if it is one sample."
        )
