"""Unknown labels in thresholds, measures, splits: each class by its known entries alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from mlresample import compute_loss_weights, plan_resampling
from mlresample.metrics import compare_evaluations, evaluate_by_frequency, measure_imbalance
from mlresample.model_selection import (
    MultilabelStratifiedGroupKFold,
    MultilabelStratifiedKFold,
    MultilabelStratifiedShuffleSplit,
    MultilabelTunedThresholdClassifierCV,
    compare_recipes,
    tune_thresholds,
)

METRICS = ["f1", "balanced_accuracy", "matthews_corrcoef", "accuracy"]


def random_case(seed, n_samples=None, n_classes=None):
    """Return a target of -1, 0 and 1, and scores with ties."""
    rng = np.random.default_rng(seed)
    shape = n_samples or rng.integers(2, 60), n_classes or rng.integers(2, 6)
    y = (rng.random(shape) < rng.uniform(0.05, 0.6, shape[1])).astype(np.int64)
    scores = np.round(0.3 * y + rng.random(shape), 1)
    y[rng.random(shape) < rng.uniform(0, 0.9, shape[1])] = -1
    y[0, 0] = 1
    return y, scores


def as_kind(y, kind):
    """Return the same target in another container, and how its unknown entries are named."""
    if kind == "mask":
        rng = np.random.default_rng(0)
        below = np.where(y == -1, rng.integers(0, 2, y.shape), y)  # any value below the mask
        return below, y == -1
    if kind == "sparse":
        return csr_array(y), -1
    if kind == "nan":
        return np.where(y == -1, np.nan, y), np.nan
    return y, -1


# -- thresholds --------------------------------------------------------------------------------


def threshold_of_one(truth, scores, metric):
    """Tune one class that is known throughout, as a target of two equal columns."""
    return tune_thresholds(
        np.column_stack([truth, truth]),
        np.column_stack([scores, scores]),
        metric=metric,
        shrinkage=0,
    )[0]


@pytest.mark.parametrize("kind", ["value", "nan", "mask", "sparse"])
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), metric=st.sampled_from(METRICS))
def test_each_class_is_tuned_on_its_known_entries_alone(kind, seed, metric):
    y, scores = random_case(seed)
    truth, unknown = as_kind(y, kind)
    common = threshold_of_one(y[y != -1], scores[y != -1], metric)
    alone = np.array(
        [
            threshold_of_one(of_class[of_class != -1], of_scores[of_class != -1], metric)
            if (of_class == 1).any()
            else common
            for of_class, of_scores in zip(y.T, scores.T, strict=True)
        ]
    )
    tuned = tune_thresholds(truth, scores, metric=metric, shrinkage=0, unknown=unknown)
    np.testing.assert_array_equal(tuned, alone)
    positives = (y == 1).sum(axis=0)
    weight = positives / (positives + 3)
    np.testing.assert_allclose(
        tune_thresholds(truth, scores, metric=metric, unknown=unknown),
        weight * alone + (1 - weight) * common,
        rtol=1e-12,
    )


@pytest.mark.parametrize("order", ["C", "F"])
def test_thresholds_of_many_samples_are_those_of_the_known_ones(order):
    y, scores = random_case(0, n_samples=5000, n_classes=5)
    scores = np.asarray(scores + np.random.default_rng(1).random(scores.shape), order=order)
    for metric in METRICS:
        alone = [
            threshold_of_one(of_class[of_class != -1], of_scores[of_class != -1], metric)
            for of_class, of_scores in zip(y.T, scores.T, strict=True)
        ]
        tuned = tune_thresholds(y, scores, metric=metric, shrinkage=0, unknown=-1)
        np.testing.assert_array_equal(tuned, alone)


def test_unknown_entries_that_count_as_negatives_raise_the_threshold():
    y = np.array([[1, 0]] * 6 + [[0, 1]] * 6)
    scores = np.column_stack([np.linspace(1, 0, 12), np.linspace(0, 1, 12)])
    seen = y.copy()
    seen[2:6, 0] = -1  # of the six positives, the lower four
    as_negatives = tune_thresholds(np.maximum(seen, 0), scores, shrinkage=0)
    known = tune_thresholds(seen, scores, shrinkage=0, unknown=-1)
    assert as_negatives[0] > scores[2, 0]  # refuses all positives that nobody looked at
    assert scores[6, 0] < known[0] <= scores[1, 0]


def test_nothing_can_be_tuned_if_every_entry_is_unknown():
    with pytest.raises(ValueError, match="Every entry of y_true is unknown"):
        tune_thresholds(np.full((3, 2), -1), np.zeros((3, 2)), unknown=-1)


def test_unknown_entries_need_scores_too():
    y, scores = random_case(1)
    scores[0, 0] = np.nan
    with pytest.raises(ValueError, match="y_score must be finite"):
        tune_thresholds(y, scores, unknown=-1)


class ScoreOfFirstColumns(ClassifierMixin, BaseEstimator):
    """Returns its data as probabilities, and takes any target."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        return X

    def __sklearn_is_fitted__(self):
        return hasattr(self, "fitted_")


@pytest.mark.parametrize("cv", [None, 3, "prefit"])
def test_tuned_classifier_leaves_unknown_entries_out(cv):
    y, scores = random_case(2, n_samples=60, n_classes=3)
    estimator = ScoreOfFirstColumns().fit(scores, y)
    tuned = MultilabelTunedThresholdClassifierCV(estimator, cv=cv, unknown=-1).fit(scores, y)
    np.testing.assert_array_equal(tuned.thresholds_, tune_thresholds(y, scores, unknown=-1))


def test_tuned_classifier_takes_no_mask():
    y, scores = random_case(3)
    tuned = MultilabelTunedThresholdClassifierCV(ScoreOfFirstColumns(), unknown=y == -1)
    with pytest.raises(ValueError, match="A mask would not follow the rows"):
        tuned.fit(scores, np.maximum(y, 0))


# -- measures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["value", "nan", "mask", "sparse"])
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_each_class_is_evaluated_on_its_known_entries_alone(kind, seed):
    y, scores = random_case(seed)
    truth, unknown = as_kind(y, kind)
    predicted = (scores >= 0.5).astype(int)
    counts = np.arange(1, y.shape[1] + 1)
    evaluation = evaluate_by_frequency(
        truth, predicted, scores, class_counts=counts, unknown=unknown
    )
    np.testing.assert_array_equal(evaluation.positives, (y == 1).sum(axis=0))
    if (y == -1).any():
        np.testing.assert_array_equal(evaluation.known_counts, (y != -1).sum(axis=0))
    else:
        assert evaluation.known_counts is None
    for c in range(y.shape[1]):
        known = y[:, c] != -1
        of_class = y[known, c], predicted[known, c], scores[known, c]
        figures = [getattr(evaluation, name)[c] for name in evaluation.measures]
        if not (y[:, c] == 1).any():
            assert np.isnan(figures).all()
            continue
        expected = precision_recall_fscore_support(
            *of_class[:2], average="binary", zero_division=0.0
        )[:3]
        ap = average_precision_score(of_class[0], of_class[2])
        np.testing.assert_allclose(figures, [*expected, ap], rtol=1e-12)
    known = y != -1
    micro = precision_recall_fscore_support(
        y[known], predicted[known], average="binary", zero_division=0.0
    )[:3]
    ap = average_precision_score(y[known], scores[known])
    np.testing.assert_allclose(list(evaluation.micro.values()), [*micro, ap], rtol=1e-12)


def test_report_names_classes_of_which_only_positives_are_known():
    y = np.array([[1, 0, 1], [1, -1, 0], [-1, 1, 1]])
    evaluation = evaluate_by_frequency(
        y,
        np.ones((3, 3)),
        class_counts=[30, 20, 10],
        class_names=["cat", "dog", "lynx"],
        unknown=-1,
    )
    assert evaluation.to_dict()["without_negatives"] == ["cat"]
    assert "Of 1 of 3 classes only positives are known" in str(evaluation)
    assert [row["known"] for row in evaluation.to_dict()["classes"]] == [2, 2, 3]
    assert "known" in str(evaluation).partition("class ")[2].splitlines()[0]


def test_evaluations_with_other_unknown_entries_are_not_compared():
    y, scores = random_case(7, n_samples=50, n_classes=3)
    options = {"class_counts": [30, 20, 10], "unknown": -1}
    other = y.copy()
    other[np.flatnonzero(y[:, 0] == 0)[:2], 0] = -1  # two negatives that are known in the first
    first, second = (evaluate_by_frequency(t, y_score=scores, **options) for t in (y, other))
    assert compare_evaluations(first, first).averages["macro"]["average_precision"]["gain"] == 0
    with pytest.raises(ValueError, match=r"not of the same data: class 0 has .* known samples"):
        compare_evaluations(first, second)


def test_reports_of_known_targets_do_not_speak_of_unknown_entries():
    y, scores = random_case(4)
    y = np.maximum(y, 0)
    options = {"class_counts": np.ones(y.shape[1], dtype=int)}
    evaluation = evaluate_by_frequency(y, y_score=scores, **options)
    same = evaluate_by_frequency(y, y_score=scores, unknown=-1, **options)
    assert same.to_dict() == evaluation.to_dict()
    assert "without_negatives" not in evaluation.to_dict()
    assert measure_imbalance(y, unknown=-1).to_dict() == measure_imbalance(y).to_dict()


@pytest.mark.parametrize("kind", ["value", "nan", "mask", "sparse"])
def test_imbalance_is_that_of_the_known_positives(kind):
    y, _ = random_case(5, n_samples=80, n_classes=4)
    truth, unknown = as_kind(y, kind)
    measures = measure_imbalance(truth, unknown=unknown)
    positives = measure_imbalance(np.maximum(y, 0))
    np.testing.assert_array_equal(measures.class_counts, positives.class_counts)
    assert measures.mean_imbalance == positives.mean_imbalance
    assert measures.scumble == positives.scumble
    known = y != -1
    np.testing.assert_array_equal(measures.known_counts, known.sum(axis=0))
    assert measures.density == pytest.approx((y == 1).sum() / known.sum(), rel=1e-12)
    assert measures.share_without_class == pytest.approx((y == 0).all(axis=1).mean())
    shares = [row["share"] for row in measures.to_dict()["classes"]]
    np.testing.assert_allclose(shares, (y == 1).sum(axis=0) / known.sum(axis=0))


def test_class_of_which_nothing_is_known_has_no_share():
    y = np.array([[1, -1], [0, -1], [1, -1]])
    assert measure_imbalance(y, unknown=-1).to_dict()["classes"][1]["share"] is None


# -- splits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "splitter",
    [
        MultilabelStratifiedKFold(3, shuffle=True, random_state=0),
        MultilabelStratifiedGroupKFold(3, shuffle=True, random_state=0),
        MultilabelStratifiedShuffleSplit(3, test_size=0.3, random_state=0),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_splits_spread_the_known_positives(splitter):
    y, _ = random_case(6, n_samples=90, n_classes=4)
    groups = np.arange(90) // 3 if "Group" in type(splitter).__name__ else None
    expected = list(splitter.split(y, np.maximum(y, 0), groups))
    with pytest.raises(ValueError, match="pass unknown=-1"):
        list(splitter.split(y, y, groups))
    splitter.unknown = -1
    found = list(splitter.split(y, y, groups))
    assert "unknown=-1" in repr(splitter)
    for parts, known_parts in zip(found, expected, strict=True):
        for part, known_part in zip(parts, known_parts, strict=True):
            np.testing.assert_array_equal(part, known_part)
    splitter.unknown = y == -1
    with pytest.raises(ValueError, match="A mask would not follow the rows"):
        list(splitter.split(y, y, groups))


# -- recipes -----------------------------------------------------------------------------------


def test_recipes_are_planned_weighted_tuned_and_scored_by_known_entries():
    rng = np.random.default_rng(0)
    truth = (rng.random((120, 3)) < [0.5, 0.3, 0.2]).astype(int)
    y = np.where(rng.random(truth.shape) < 0.4, -1, truth)
    scores = 0.3 * truth + 0.7 * rng.random(truth.shape)
    calls = []

    def train(batches, *, pos_weight, sample_weight, predict, seed):
        calls.append((np.unique(batches), pos_weight, predict))
        return scores[predict]

    recipes = {
        "plan": {"plan": {"cap": 3}, "loss_weights": "rest"},
        "weights": {"loss_weights": "counts", "loss_weights_cap": 100},
    }
    comparison = compare_recipes(
        train, None, y, recipes=recipes, unknown=-1, n_folds=2, n_repeats=1, n_inner_folds=2
    )
    assert len(calls) == 3 * 2 * 3
    for i, (rows, pos_weight, predict) in enumerate(calls):
        part = y[rows]
        if i // 3 % 3 == 1:
            plan = plan_resampling(part, cap=3, unknown=-1)
            expected = compute_loss_weights(plan, cap=10).pos_weight
        elif i // 3 % 3 == 2:
            expected = (part == 0).sum(axis=0) / (part == 1).sum(axis=0)
        else:
            expected = np.ones(3)
        np.testing.assert_allclose(pos_weight, expected, rtol=1e-6)
        if i % 3 == 2:
            fold = comparison.scores["nothing"]["average_precision"][i // 9]
            of_classes = [
                average_precision_score(labels[labels >= 0], of_class[labels >= 0])
                for labels, of_class in zip(y[predict].T, scores[predict].T, strict=True)
            ]
            assert fold == pytest.approx(np.mean(of_classes), rel=1e-12)
            error = comparison.scores["nothing"]["calibration_error"][i // 9]
            predicted = np.where(y[predict] >= 0, scores[predict], 0).sum(axis=0)
            positives = (y[predict] == 1).sum(axis=0)
            expected = np.abs(np.log((predicted + 0.5) / (positives + 0.5))).mean()
            assert error == pytest.approx(expected, rel=1e-12)
            tuned = comparison.scores["nothing"]["macro_f1_tuned"][i // 9]
            thresholds = tune_thresholds(y[rows], scores[rows], unknown=-1)
            f1 = [
                precision_recall_fscore_support(
                    labels[labels >= 0],
                    (of_class >= cut)[labels >= 0],
                    average="binary",
                    zero_division=0.0,
                )[2]
                for labels, of_class, cut in zip(
                    y[predict].T, scores[predict].T, thresholds, strict=True
                )
            ]
            assert tuned == pytest.approx(np.mean(f1), rel=1e-12)
    with pytest.raises(ValueError, match="pass unknown=-1"):
        compare_recipes(train, None, y)
    with pytest.raises(ValueError, match="A mask would not follow the rows"):
        compare_recipes(train, None, truth, unknown=y == -1)
