"""Meta-estimator that tunes the thresholds of any multi-label classifier."""

from __future__ import annotations

from numbers import Integral
from time import perf_counter
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.model_selection import KFold, check_cv
from sklearn.utils import get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import (
    check_is_fitted,
)

from mlresample._target.indicators import Indicator
from mlresample._target.unknown import check_unknown_value
from mlresample._utils.containers import take_rows
from mlresample._utils.sklearn import (
    HasMethods,
    StrOptions,
    check_method_params,
    estimator_has,
    fit_context,
    raise_for_params,
)
from mlresample._utils.typing import MatrixLike
from mlresample.model_selection._estimator_scores import (
    check_no_nan,
    class_scores,
    fit_clone,
)
from mlresample.model_selection._thresholds import (
    TUNING_CONSTRAINTS,
    as_multilabel_target,
    tune_thresholds,
)

_RESPONSES = ["predict_proba", "decision_function"]


class MultilabelTunedThresholdClassifierCV(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Multi-label classifier with a threshold for each class, tuned by cross-validation.

    The estimator is fitted on the training part of each fold and scores the test part. From all
    these scores together, :func:`tune_thresholds` finds the threshold of each class. Then the
    estimator is fitted on all data.

    Parameters
    ----------
    estimator : estimator instance
        Multi-label classifier with ``predict_proba`` or ``decision_function``, or a pipeline of
        :class:`~mlresample.MaxMultiplierOverSampler` and such a classifier.
    metric : {"f1", "fbeta", "balanced_accuracy", "matthews_corrcoef", "accuracy"}, default="f1"
        Metric that is maximized for each class by itself.
    beta : float, default=1.0
        Weight of recall in F-beta; only for "fbeta".
    min_positives : int, default=1
        Classes with fewer positives get the common threshold, see :func:`tune_thresholds`.
    shrinkage : float, default=3.0
        Number of positives that the common threshold counts as; at 0, each class has its own
        threshold. See :func:`tune_thresholds`.
    unknown : float, default=None
        Value of the unknown entries of y, such as -1 or NaN; thresholds are tuned without them.
        `estimator` is fitted to y as it is, and must accept them.
    response_method : {"auto", "predict_proba", "decision_function"}, default="auto"
        Method that returns the scores; "auto" is the first of the two that the estimator has.
    cv : int, cross-validation generator, iterable or "prefit", default=None
        An int, or None for 5, is a number of shuffled folds. With "prefit", `estimator` is
        already fitted, and the data passed to :meth:`fit`, on which it must not have been
        trained, are used for tuning alone.
    n_jobs : int, default=None
        Number of folds that are fitted in parallel.
    random_state : int, RandomState instance or None, default=0
        Controls the shuffling if `cv` is an int or None. If None, folds and thresholds differ
        from fit to fit.
    verbose : int, default=0
        If above 0, print one line per scored fold and one for the final fit, with the seconds
        each took.

    Attributes
    ----------
    estimator_ : estimator instance
        The estimator, fitted on all data.
    thresholds_ : ndarray of shape (n_classes,)
        A sample is predicted to carry a class if its score by `estimator_` is not below the
        threshold. If you correct scores by :func:`~mlresample.correct_probabilities`, correct
        the thresholds as well.
    classes_ : ndarray of shape (n_classes,)
        Column names or numbers of y.
    n_features_in_ : int
        Number of features, if `estimator_` has this attribute.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Column names of X, if `estimator_` has this attribute.

    See Also
    --------
    tune_thresholds : Tune on given scores.
    sklearn.model_selection.TunedThresholdClassifierCV : For binary targets.

    Notes
    -----
    Put it around a pipeline that resamples, not inside it: after the sampler, copies of a sample
    are in both parts of each fold, and the thresholds are tuned on scores that are too good.

    scikit-learn's TunedThresholdClassifierCV refuses multi-label targets. Inside
    :class:`~sklearn.multiclass.OneVsRestClassifier` it is fitted for each class, but ``predict``
    uses 0.5 (or 0), so that the tuned thresholds have no effect; inside
    :class:`~sklearn.multioutput.MultiOutputClassifier` they do.

    If the training part of a fold lacks a class, trees and nearest neighbors return no score for
    it, which counts as 0. Multi-label stratified folds make that rare.

    For multi-label targets, ``predict_proba`` of scikit-learn's ``StackingClassifier`` returns
    the probability of *not* carrying a class: stack inside
    :class:`~sklearn.multioutput.MultiOutputClassifier` instead.

    X may be any container with rows that `estimator` accepts; y must not be single-label.

    Examples
    --------
    >>> from imblearn.pipeline import make_pipeline
    >>> from mlresample import MaxMultiplierOverSampler
    >>> from mlresample.datasets import make_multilabel_digits
    >>> from mlresample.model_selection import MultilabelTunedThresholdClassifierCV
    >>> from sklearn.ensemble import ExtraTreesClassifier
    >>> from sklearn.metrics import f1_score
    >>> X, y, _ = make_multilabel_digits(500, random_state=0)
    >>> X = X.reshape(len(X), -1)
    >>> pipeline = make_pipeline(
    ...     MaxMultiplierOverSampler(random_state=0), ExtraTreesClassifier(20, random_state=0)
    ... )
    >>> tuned = MultilabelTunedThresholdClassifierCV(pipeline, cv=3, random_state=0).fit(X, y)
    >>> X_test, y_test, _ = make_multilabel_digits(500, subset="test", random_state=0)
    >>> X_test = X_test.reshape(len(X_test), -1)
    >>> def macro_f1(model):
    ...     return f1_score(y_test, model.predict(X_test), average="macro", zero_division=0)
    >>> macro_f1(tuned) > macro_f1(pipeline.fit(X, y)) + 0.1
    True
    """

    _parameter_constraints: dict[str, Any] = {
        "estimator": [HasMethods(["fit", name]) for name in _RESPONSES],
        **TUNING_CONSTRAINTS,
        "unknown": "no_validation",
        "response_method": [StrOptions({"auto", *_RESPONSES})],
        "cv": ["cv_object", StrOptions({"prefit"})],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        metric: str = "f1",
        beta: float = 1.0,
        min_positives: int = 1,
        shrinkage: float = 3.0,
        unknown: float | None = None,
        response_method: str = "auto",
        cv: Any = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.metric = metric
        self.beta = beta
        self.min_positives = min_positives
        self.shrinkage = shrinkage
        self.unknown = unknown
        self.response_method = response_method
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: MatrixLike, **params: Any) -> Self:
        """Tune the thresholds and fit the estimator on all data.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data that `estimator` accepts.
        y : {array-like, sparse matrix, dataframe} of shape (n_samples, n_classes)
            Multi-label indicator matrix of 0 and 1.
        **params : dict
            Parameters of `estimator.fit` and of the splitter, passed according to their metadata
            requests; requires ``sklearn.set_config(enable_metadata_routing=True)``.

        Returns
        -------
        self : MultilabelTunedThresholdClassifierCV
            The fitted classifier.

        Raises
        ------
        ValueError
            If a parameter or y is not as described, lengths differ, `estimator` returns scores of
            another shape or infinite ones, or cannot be fitted to a fold that lacks a class.
        IndexError
            If a fold of `cv` is a mask of another length than X, or neither mask nor integers.
        """
        raise_for_params(params, self, None)
        unknown = check_unknown_value(self.unknown)
        target = as_multilabel_target(y, unknown)
        classes = target.classes
        if isinstance(y, list | tuple):
            y = np.asarray(y)
        X, y = indexable(X, y)
        routed = process_routing(self, "fit", **params)

        if isinstance(self.cv, str):
            check_is_fitted(self.estimator)
            estimator, tested, scores = self.estimator, y, self._scores(self.estimator, X, classes)
        else:
            tested, scores = self._out_of_fold(X, y, target, routed)
            start = perf_counter()
            estimator = fit_clone(
                self.estimator, X, y, routed.estimator.fit, "all data", self.unknown
            )
            self._print_time("fit on all data", start)
        self.thresholds_ = tune_thresholds(
            tested,
            scores,
            metric=self.metric,
            beta=self.beta,
            min_positives=self.min_positives,
            shrinkage=self.shrinkage,
            unknown=unknown,
        )
        self.estimator_ = estimator
        self.classes_ = classes
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(estimator, name):
                setattr(self, name, getattr(estimator, name))
            elif hasattr(self, name):
                delattr(self, name)
        return self

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Predict the classes of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data that `estimator_` accepts.

        Returns
        -------
        y : ndarray of shape (n_samples, n_classes)
            Indicator of the classes whose score is not below their threshold.

        Raises
        ------
        ValueError
            If a score is NaN.
        """
        check_is_fitted(self)
        scores = self._scores(self.estimator_, X, self.classes_)
        check_no_nan(self.estimator_, scores, self.classes_)
        return (scores >= self.thresholds_).astype(np.int64)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data that `estimator_` accepts.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One array, even if `estimator_` returns a list of arrays.
        """
        check_is_fitted(self)
        return class_scores(self.estimator_, "predict_proba", X, self.classes_)

    @available_if(estimator_has("predict_proba"))
    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Compute the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data that `estimator_` accepts.

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
            The logarithm of :meth:`predict_proba`; -inf for a probability of 0.
        """
        probabilities = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(probabilities))

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> NDArray[Any]:
        """Compute the decision value of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe, list} of n_samples rows
            Data that `estimator_` accepts.

        Returns
        -------
        decisions : ndarray of shape (n_samples, n_classes)
            Larger for likelier classes.
        """
        check_is_fitted(self)
        return class_scores(self.estimator_, "decision_function", X, self.classes_)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return which metadata is routed to the estimator and which to the splitter.

        Returns
        -------
        routing : MetadataRouter
            Routing information of scikit-learn.
        """
        to_fit = MethodMapping().add(caller="fit", callee="fit")
        to_split = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=self).add(estimator=self.estimator, method_mapping=to_fit)
        return router.add(splitter=self.cv, method_mapping=to_split)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.multi_label = True
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags

    def _scores(self, estimator: Any, X: Any, classes: NDArray[Any]) -> NDArray[Any]:
        names = _RESPONSES if self.response_method == "auto" else self.response_method
        return class_scores(estimator, names, X, classes)

    def _out_of_fold(
        self, X: Any, y: Any, target: Indicator, routed: Any
    ) -> tuple[Any, NDArray[Any]]:
        """Return the targets and the scores of all samples that were tested, fold by fold."""
        if self.cv is None or isinstance(self.cv, Integral):
            n_folds = 5 if self.cv is None else self.cv
            cv = KFold(n_folds, shuffle=True, random_state=self.random_state)
        else:
            cv = check_cv(self.cv)
        splits = cv.split(X, y, **routed.splitter.split)
        folds = [
            tuple(_positions(part, target.n_samples, fold) for part in parts)
            for fold, parts in enumerate(splits)
        ]
        if not folds:
            raise ValueError(f"cv={self.cv!r} yields no folds.")

        def score(fold: int, train: NDArray[Any], test: NDArray[Any]) -> NDArray[Any]:
            start = perf_counter()
            params = check_method_params(X, routed.estimator.fit, indices=train)
            part = f"the training part of fold {fold}"
            X_train, y_train = take_rows(X, train), take_rows(y, train)
            estimator = fit_clone(self.estimator, X_train, y_train, params, part, self.unknown)
            scores = self._scores(estimator, take_rows(X, test), target.classes)
            self._print_time(f"fold {fold + 1} of {len(folds)}", start)
            return scores

        scores = Parallel(n_jobs=self.n_jobs)(
            delayed(score)(fold, *parts) for fold, parts in enumerate(folds)
        )
        return take_rows(y, np.concatenate([test for _, test in folds])), np.concatenate(scores)

    def _print_time(self, part: str, start: float) -> None:
        if self.verbose:
            print(f"[{type(self).__name__}] {part}: {perf_counter() - start:.1f} s", flush=True)


def _positions(part: Any, n_samples: int, fold: int) -> NDArray[Any]:
    """Return the row numbers of a part of a fold, which may be a mask."""
    part = np.asarray(part)
    if part.dtype == np.bool_:
        if part.shape != (n_samples,):
            raise IndexError(
                f"cv has a mask of shape {part.shape} in fold {fold}, but X has {n_samples} "
                f"samples: a mask must have one entry per sample."
            )
        part = np.flatnonzero(part)
    if part.size == 0:
        raise ValueError(
            f"cv must yield samples to train on and to test on, got none in fold {fold}."
        )
    if part.ndim != 1 or part.dtype.kind not in "iu":
        raise IndexError(
            f"cv must yield the samples of a fold as a vector of integers or a mask, got {part!r} "
            f"in fold {fold}."
        )
    return part.astype(np.int64)
