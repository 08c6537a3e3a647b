"""Thresholds against all others, by hand, and at the edges of floating point."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    fbeta_score,
    matthews_corrcoef,
)

from mlresample.model_selection import tune_thresholds
from tests.containers import TARGETS

METRICS = {
    "f1": lambda y, predicted: f1_score(y, predicted, zero_division=0),
    "fbeta": lambda y, predicted: fbeta_score(y, predicted, beta=2, zero_division=0),
    "balanced_accuracy": balanced_accuracy_score,
    "matthews_corrcoef": matthews_corrcoef,
    "accuracy": accuracy_score,
}


def column(y, scores):
    """Add a second class that doesn't matter, since one column alone is single-label."""
    y, scores = np.asarray(y), np.asarray(scores)
    return np.column_stack([y, 1 - y]), np.column_stack([scores, -scores])


def tuned(y, scores, **options):
    return tune_thresholds(*column(y, scores), shrinkage=0, **options)[0]


def best_of_all(y, scores, metric):
    candidates = [*np.unique(scores), np.inf]
    return max(metric(y, (scores >= candidate).astype(int)) for candidate in candidates)


@st.composite
def one_class(draw):
    n_samples = draw(st.integers(1, 20))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = 32 if dtype == np.float32 else 64
    score = draw(
        st.sampled_from(
            [
                st.floats(width=width, allow_nan=False, allow_infinity=False),  # huge and tiny
                st.floats(0, 1, width=width),
                st.floats(-10, -5, width=width),
                st.integers(-2, 2).map(float),  # ties
                st.just(0.3),
            ]
        )
    )
    scores = draw(st.lists(score, min_size=n_samples, max_size=n_samples))
    share = draw(st.sampled_from([0.1, 0.5, 1.0]))
    bits = st.floats(0, 1).map(lambda u: int(u <= share))
    y = np.array(draw(st.lists(bits, min_size=n_samples, max_size=n_samples)))
    y[draw(st.integers(0, n_samples - 1))] = 1
    return y, np.array(scores, dtype=dtype)


@pytest.mark.filterwarnings("ignore:y_pred contains classes:UserWarning")
@pytest.mark.filterwarnings("ignore:A single label was found:UserWarning")
@pytest.mark.parametrize("metric", METRICS)
@settings(max_examples=80, deadline=None)
@given(case=one_class())
def test_no_other_threshold_is_better(metric, case):
    y, scores = case
    score = METRICS[metric]
    threshold = tuned(y, scores, metric=metric, beta=2 if metric == "fbeta" else 1)
    if metric == "balanced_accuracy" and y.all():
        assert (scores >= threshold).all()  # scikit-learn's F1 is then that of the positives alone
    found = score(y, (scores >= threshold).astype(int))
    assert found == pytest.approx(best_of_all(y, scores, score), abs=1e-12)
    assert threshold.dtype == scores.dtype


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("separation", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("n_positives", [1, 30, 1000, 4500])
@pytest.mark.parametrize("digits", [1, 9])
def test_nothing_is_lost_by_leaving_low_scores_out(metric, separation, n_positives, digits):
    generator = np.random.RandomState(n_positives)
    y = (generator.permutation(5000) < n_positives).astype(int)
    scores = np.round(generator.normal(size=5000) + separation * y, digits)
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    accepted, tp = np.arange(1, 5001)[last_of_ties], np.cumsum(y[order])[last_of_ties]
    beta = 2 if metric == "fbeta" else 1
    threshold = tuned(y, scores, metric=metric, beta=beta)
    with np.errstate(invalid="ignore"):
        values = {
            "f1": 2 * tp / (accepted + n_positives),
            "fbeta": 5 * tp / (accepted + 4 * n_positives),
            "accuracy": (tp + 5000 - n_positives - (accepted - tp)) / 5000,
            "balanced_accuracy": (tp / n_positives + 1 - (accepted - tp) / (5000 - n_positives))
            / 2,
            "matthews_corrcoef": np.nan_to_num(
                (5000 * tp - accepted * n_positives)
                / np.sqrt(1.0 * accepted * (5000 - accepted) * n_positives * (5000 - n_positives))
            ),
        }[metric]
    of_none = {"accuracy": 1 - n_positives / 5000, "balanced_accuracy": 0.5}.get(metric, 0.0)
    found = METRICS[metric](y, (scores >= threshold).astype(int))
    assert found == pytest.approx(max(values.max(), of_none))


def test_order_of_samples_makes_no_difference():
    generator = np.random.RandomState(0)
    y = (np.arange(12_800) % 64 == 1).astype(int)
    scores = generator.normal(size=len(y)) + 3 * y
    everywhere = tuned(y, scores)
    for shift in range(64):  # one in 64 is looked at first: at one shift, all positives
        assert tuned(np.roll(y, shift), np.roll(scores, shift)) == everywhere
    order = np.argsort(scores)
    assert tuned(y[order], scores[order]) == everywhere


@pytest.mark.parametrize("min_positives", [1, 1000])  # a class by itself, all pooled
@pytest.mark.parametrize("order", ["C", "F"])
def test_samples_that_mislead_the_first_look_cost_time_alone(min_positives, order):
    # The samples looked at first show none of the negatives above 50 of the positives, so that
    # the other 200 seem not worth a look.
    y, scores = np.zeros(64 * 512, dtype=int), np.zeros(64 * 512)
    scores[::64] = np.linspace(0.1, 0.2, 512)
    unseen = np.flatnonzero(np.arange(len(y)) % 64)
    positives, above = unseen[:250], unseen[250:2250]
    y[positives] = 1
    scores[positives[:50]], scores[positives[50:]], scores[above] = 0.9, 0.05, 0.95
    twice = np.asarray(np.column_stack([scores, scores]), order=order)
    found = tune_thresholds(
        np.column_stack([y, y]), twice, min_positives=min_positives, shrinkage=0
    )
    assert_allclose(found, [0.025, 0.025])


# -- where the threshold lies ------------------------------------------------------------------


def test_threshold_is_halfway_to_the_next_lower_score():
    assert tuned([1, 1, 0, 0], [0.9, 0.6, 0.4, 0.1]) == 0.5


def test_next_lower_score_may_be_of_a_positive():
    assert tuned([1, 1, 0, 0, 0, 1], [9.0, 8.0, 3.0, 3.0, 3.0, 2.0]) == 5.5
    assert tuned([1, 1, 0, 0, 0, 0, 1], [9.0, 8.0, 3.0, 2.0, 2.0, 2.0, 4.0]) == 3.5
    assert tuned([1, 0, 0, 0, 1], [9.0, 8.0, 8.0, 8.0, 7.0], metric="matthews_corrcoef") == 8.5


def test_lowest_score_is_the_threshold_where_all_are_accepted():
    assert tuned([1, 1, 1], [0.2, 0.7, 0.4]) == 0.2


def test_threshold_is_just_above_the_highest_score_where_none_is_best():
    threshold = tuned([0, 0, 1, 0], [4.0, 3.0, 2.0, 1.0], metric="accuracy")
    assert threshold == np.nextafter(4.0, 5.0)


def test_of_equally_good_thresholds_the_one_with_the_right_number_of_positives_is_taken():
    # F1 is 2 * 1 / (1 + 3) with one accepted, 2 * 3 / (9 + 3) with nine.
    scores = np.arange(12.0)[::-1]
    y = np.array([1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0])
    assert tuned(y, scores) == 10.5


def test_equal_matthews_coefficients_are_a_tie():
    # 100 / (10 * 10) with ten accepted, 36 / (18 * 2) with eighteen; ten is nearer to three.
    y = np.array([1, 1, *[0] * 8, 1, *[0] * 9])
    scores = np.repeat([0.75, 0.5, 0.25], [10, 8, 2])
    assert tuned(y, scores, metric="matthews_corrcoef") == 0.625


def exact_values(tp, fp, n_positives, n_negatives):
    """Values that rise with each metric, as fractions."""
    n = n_positives + n_negatives
    covariance, predicted = tp * n_negatives - fp * n_positives, tp + fp
    variance = predicted * (n - predicted)
    matthews = Fraction(covariance * abs(covariance), variance) if variance else 0
    return {
        "f1": Fraction(2 * tp, n_positives + predicted),
        "fbeta": Fraction(5 * tp, 4 * n_positives + predicted),
        "balanced_accuracy": Fraction(tp, n_positives) - Fraction(fp, max(1, n_negatives)),
        "matthews_corrcoef": matthews,
        "accuracy": Fraction(tp - fp),
    }


@pytest.mark.parametrize("metric", METRICS)
def test_ties_of_every_metric_go_to_the_right_number_of_positives(metric):
    generator = np.random.RandomState(0)
    n_ties = 0
    for _ in range(400):
        n = generator.randint(4, 40)
        n_groups = generator.randint(2, 7)  # for equal scores, the highest threshold first
        scores = np.sort(generator.randint(n_groups, size=n))[::-1]
        y = (generator.permutation(n) < generator.randint(1, n)).astype(int)
        accepted = [0, *np.flatnonzero(np.append(np.diff(scores), -1)) + 1]
        values = [
            exact_values(int(y[:k].sum()), int(k - y[:k].sum()), int(y.sum()), int(n - y.sum()))[
                metric
            ]
            for k in accepted
        ]
        best = [k for k, value in zip(accepted, values, strict=True) if value == max(values)]
        n_ties += len(best) > 1
        nearest = min(best, key=lambda k: (abs(k - y.sum()), k))
        beta = 2 if metric == "fbeta" else 1
        threshold = tuned(y, scores.astype(float), metric=metric, beta=beta)
        assert np.count_nonzero(scores >= threshold) == nearest
    assert n_ties > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighboring_floats_are_separated(dtype):
    for low in np.array([-1.0, 0.0, 1.0, 1e-45, 3e38], dtype=dtype):
        with np.errstate(under="ignore"):
            high = np.nextafter(low, dtype(np.inf), dtype=dtype)
        threshold = tuned([0, 1, 1], np.array([low, high, high], dtype=dtype))
        assert low < threshold <= high


def test_largest_floats_do_not_overflow():
    largest = np.finfo(np.float64).max
    assert tuned([1, 0, 0], [largest, -largest, -largest]) == 0
    assert tuned([1, 0, 0], [largest, largest / 2, 0]) == 0.75 * largest
    above = tune_thresholds([[0, 0], [0, 1]], np.full((2, 2), largest), shrinkage=1)
    assert_array_equal(above, [largest, largest])
    above = tune_thresholds([[0, 0], [0, 0]], np.full((2, 2), largest), shrinkage=1)
    assert_array_equal(above, [np.inf, np.inf])


def test_constant_scores_accept_all_or_none():
    assert tuned([1, 0, 0], [0.5, 0.5, 0.5]) == 0.5
    assert tuned([1, 0, 0], [0.5, 0.5, 0.5], metric="accuracy") > 0.5


# -- the common threshold ----------------------------------------------------------------------

Y = np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]])
SCORES = np.array([[0.9, 0.2, 0.3], [0.8, 0.1, 0.2], [0.7, 0.1, 0.1], [0.2, 0.0, 0.0]])
COMMON = 0.5  # three of the four positives are above, all else below


def test_class_without_positives_takes_the_common_threshold():
    assert_allclose(tune_thresholds(Y, SCORES, shrinkage=0), [0.45, 0.15, COMMON])


def test_class_with_few_positives_takes_the_common_threshold():
    assert_allclose(
        tune_thresholds(Y, SCORES, min_positives=2, shrinkage=0), [0.45, COMMON, COMMON]
    )
    assert_array_equal(tune_thresholds(Y, SCORES, min_positives=4), [COMMON] * 3)


def test_shrinkage_counts_as_so_many_positives():
    found = tune_thresholds(Y, SCORES, shrinkage=1)
    assert_allclose(found, [(3 * 0.45 + COMMON) / 4, (0.15 + COMMON) / 2, COMMON])


def test_the_common_threshold_counts_as_three_positives_by_default():
    found = tune_thresholds(Y, SCORES)
    assert_allclose(found, [(0.45 + COMMON) / 2, (0.15 + 3 * COMMON) / 4, COMMON])


@pytest.mark.parametrize("order", ["C", "F"])
def test_common_threshold_is_the_best_for_all_classes_pooled(order):
    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(500, 7)) < 0.2).astype(int)
    scores = np.asarray(generator.normal(size=y.shape) + y, order=order)
    pooled = tuned(y.ravel(), scores.ravel())
    for target in (y, sp.csr_array(y), np.asfortranarray(y)):
        assert_array_equal(tune_thresholds(target, scores, min_positives=501), [pooled] * 7)


def test_target_without_any_positive_accepts_nothing():
    found = tune_thresholds(np.zeros((3, 2), dtype=int), [[0.1, 0.2], [0.5, 0.3], [0.0, 0.4]])
    assert_array_equal(found, [np.nextafter(0.5, 1)] * 2)


# -- what comes in -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TARGETS)
def test_every_container_of_a_target_gives_the_same(kind):
    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(60, 4)) < [0.5, 0.3, 0.1, 0.0]).astype(np.int64)
    scores = generator.normal(size=y.shape)
    expected = tune_thresholds(y, scores, shrinkage=2)
    assert_array_equal(tune_thresholds(TARGETS[kind](y), scores, shrinkage=2), expected)


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8", "int8", "int64", "object"])
def test_scores_of_every_type_give_the_same(dtype):
    y = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
    scores = np.array([[1, 0], [1, 1], [0, 1], [0, 0]]).astype(dtype)
    assert_array_equal(tune_thresholds(y, scores, shrinkage=0), [0.5, 0.5])


@pytest.mark.parametrize("kind", ["int64", "uint64", "list", "object", "pandas", "polars"])
def test_integers_that_floats_cannot_tell_apart_are_refused(kind):
    large = 2**53 + np.array([[1, 0], [0, 2], [2, 1]])
    if kind in ("int64", "uint64", "object"):
        scores = large.astype(kind)
    elif kind == "list":
        scores = [[0.5, score] for score in large[:, 0].tolist()]
    else:
        frame = pytest.importorskip(kind).DataFrame
        scores = frame({"a": [0.5, 0.2, 0.1], "b": large[:, 0]})
    with pytest.raises(ValueError, match=r"at most 2\*\*53, got 90071992547409(93|94) in row"):
        tune_thresholds([[1, 0], [0, 1], [1, 1]], scores)


def test_large_scores_that_floats_have_are_read():
    y, scores = np.array([[1, 0], [0, 1]]), np.array([[2**53, -(2**53)], [0, 2**52]])
    expected = tune_thresholds(y, scores.astype(float))
    assert_array_equal(tune_thresholds(y, scores), expected)
    assert_array_equal(tune_thresholds(y, scores.tolist()), expected)
    assert_array_equal(tune_thresholds(y, (scores * 2.0**600).tolist()), expected * 2.0**600)


def test_layout_of_the_scores_makes_no_difference():
    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(3000, 70)) < 0.1).astype(int)
    scores = generator.normal(size=y.shape) + y
    expected = tune_thresholds(y, scores)
    for same in (np.asfortranarray(scores), np.repeat(scores, 2, axis=1)[:, ::2], scores.tolist()):
        assert_array_equal(tune_thresholds(y, same), expected)


def test_permuting_classes_permutes_thresholds():
    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(300, 80)) < 0.1).astype(int)
    scores = generator.normal(size=y.shape)
    order = generator.permutation(80)
    expected = tune_thresholds(y, scores, shrinkage=1)[order]
    assert_allclose(tune_thresholds(y[:, order], scores[:, order], shrinkage=1), expected)


def test_scores_and_target_are_left_as_they_are():
    y, scores = sp.csc_array(Y), SCORES.copy()
    scores.flags.writeable = False
    tune_thresholds(y, scores, shrinkage=1)
    assert_array_equal(y.toarray(), Y)


def test_torch_scores_with_a_gradient_are_read():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    scores = torch.tensor(SCORES, requires_grad=True)
    assert_array_equal(tune_thresholds(Y, scores), tune_thresholds(Y, SCORES))


def test_columns_of_data_frames_must_be_in_one_order():
    pd = pytest.importorskip("pandas")
    y = pd.DataFrame(Y, columns=["cat", "lynx", "dog"])
    scores = pd.DataFrame(SCORES, columns=["dog", "lynx", "cat"])
    with pytest.raises(ValueError, match=r"y_score has the classes in the order \['dog'"):
        tune_thresholds(y, scores)
    assert_array_equal(
        tune_thresholds(y, scores.set_axis(y.columns, axis=1)), tune_thresholds(Y, SCORES)
    )


def test_entries_of_a_sparse_target_that_cancel_are_no_positives():
    parts = np.array([1.0, -1, 1, 1]), np.array([0, 0, 1, 0]), np.array([0, 3, 4])
    y = sp.csr_array(parts, shape=(2, 2))
    scores = np.array([[0.1, 0.2], [0.9, 0.7]])
    for target in (y, y.tocsc(), y.tocoo()):
        for order in "CF":
            found = tune_thresholds(target, np.asarray(scores, order=order))
            assert_array_equal(found, tune_thresholds(y.toarray(), scores))


def test_equal_balanced_accuracies_are_a_tie():
    y, scores = [1, 0, 0, 1, 0, 1], [1, 2, 1, 1, 0, 0]
    assert tuned(y, scores, metric="balanced_accuracy") == 0.5  # 2 of 3 and 1 of 3, as for none


def test_random_targets_of_any_size_make_no_warning():
    generator = np.random.RandomState(0)
    for n_samples in range(33, 200):
        y = (generator.permutation(n_samples) < n_samples // 2).astype(int)
        assert tuned(y, generator.uniform(size=n_samples), metric="matthews_corrcoef") > 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_score_that_is_not_finite_is_named_by_row_and_class(value):
    import pandas as pd

    scores = SCORES.copy()
    scores[2, 1] = value
    y = pd.DataFrame(Y, columns=["cat", "lynx", "dog"])
    with pytest.raises(ValueError, match=f"got {value} in row 2, class 'lynx'"):
        tune_thresholds(y, scores)


@pytest.mark.parametrize(
    ("y", "scores", "options", "message"),
    [
        (Y, SCORES[:3], {}, "must have the shape of y_true"),
        (Y, SCORES[:, :2], {}, "must have the shape of y_true"),
        (Y, [SCORES[:, :2]] * 3, {}, "column_stack"),
        (Y[:, 0], SCORES[:, 0], {}, "TunedThresholdClassifierCV"),
        (Y[:, :1], SCORES[:, :1], {}, "TunedThresholdClassifierCV"),
        (2 * Y, SCORES, {}, "must hold only 0 and 1"),
        (Y, SCORES > 0.5, {}, "y_score must be scores, got bool"),
        (Y, np.ma.masked_less(SCORES, 0.3), {}, "y_score has masked values"),
        (Y, SCORES, {"metric": "fbeta", "beta": 1e-200}, "'beta' parameter"),
        (Y, SCORES, {"metric": "roc_auc"}, "'metric' parameter"),
        (Y, SCORES, {"beta": 2.0}, "set metric='fbeta'"),
        (Y, SCORES, {"metric": "fbeta", "beta": 0.0}, "'beta' parameter"),
        (Y, SCORES, {"shrinkage": -1}, "'shrinkage' parameter"),
        (Y, SCORES, {"min_positives": 0}, "'min_positives' parameter"),
    ],
)
def test_what_is_wrong_is_said(y, scores, options, message):
    with pytest.raises(ValueError, match=message):
        tune_thresholds(y, scores, **options)
