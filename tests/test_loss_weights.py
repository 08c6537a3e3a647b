"""Loss weights, and predictions corrected for weights and resampling."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.special import expit, logit, softmax
from sklearn.linear_model import LogisticRegression

from mlresample import (
    MaxMultiplierOverSampler,
    compute_loss_weights,
    correct_logits,
    correct_probabilities,
    plan_resampling,
)

# 90 cats, 30 cats with a lynx: epochs of 90 + 30 * 2.5 = 165
PLAN = plan_resampling([[1, 0]] * 90 + [[1, 1]] * 30, class_names=["cat", "lynx"])


# -- weights -----------------------------------------------------------------------------------


def test_weights_are_of_the_counts_after_resampling():
    weights = compute_loss_weights(PLAN)
    assert weights.classes.tolist() == ["cat", "lynx"]
    assert_allclose(weights.pos_weight, [1, 90 / 75])
    assert_allclose(weights.class_weight, [165 / (2 * 165), 165 / (2 * 75)])
    assert_allclose(weights.odds, [np.nan, 90 / 30])
    assert_allclose(weights.resampled_odds, [np.nan, 90 / 75])
    assert_allclose(weights.taken_by_resampling, [np.nan, 2.5])


def test_weights_as_plain_types_and_as_a_frame():
    weights = compute_loss_weights(PLAN)
    assert [row["odds"] for row in weights.to_dict()["classes"]] == [None, 3.0]
    assert json.loads(weights.to_json()) == weights.to_dict()
    frame = weights.to_frame("polars")
    assert frame["class"].to_list() == ["cat", "lynx"]
    assert frame["pos_weight"].to_list() == pytest.approx([1, 1.2])


def test_weights_of_counts_are_those_without_resampling():
    weights = compute_loss_weights(
        class_counts=[100, 10, 0], n_samples=100, class_names=["a", "b", "c"]
    )
    assert_allclose(weights.pos_weight, [1, 9, 1])
    assert_allclose(weights.class_weight, [1 / 3, 10 / 3, 1])
    assert_allclose(weights.taken_by_resampling, [np.nan, 1, np.nan])
    assert weights.classes.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("make", [dict, "Series"])
def test_counts_with_names_go_by_their_names(make):
    make = pytest.importorskip("pandas").Series if make == "Series" else make
    counts = make({"lynx": 20, "cat": 80})
    weights = compute_loss_weights(class_counts=counts, n_samples=100)
    assert weights.classes.tolist() == ["lynx", "cat"]
    assert_allclose(weights.pos_weight, [4, 0.25])
    ordered = compute_loss_weights(class_counts=counts, n_samples=100, class_names=["cat", "lynx"])
    assert ordered.classes.tolist() == ["cat", "lynx"]
    assert_allclose(ordered.pos_weight, [0.25, 4])


@pytest.mark.parametrize("names", [["cat", "dog"], ["cat"], ["cat", "lynx", "dog"]])
def test_counts_of_other_names_are_refused(names):
    with pytest.raises(
        ValueError, match=r"class_counts must name each of the .*; got 'lynx', 'ca"
    ):
        compute_loss_weights(
            class_counts={"lynx": 20, "cat": 80}, n_samples=100, class_names=names
        )


def test_a_series_without_names_is_by_position():
    counts = pytest.importorskip("pandas").Series([80, 20])
    weights = compute_loss_weights(class_counts=counts, n_samples=100, class_names=["cat", "lynx"])
    assert_allclose(weights.pos_weight, [0.25, 4])


def test_a_fitted_sampler_stands_for_its_plan():
    y = [[1, 0]] * 90 + [[1, 1]] * 30
    sampler = MaxMultiplierOverSampler().fit(np.zeros((120, 1)), y)
    assert_allclose(
        compute_loss_weights(sampler).pos_weight, compute_loss_weights(PLAN).pos_weight
    )
    logits = np.zeros((1, 2))
    assert_allclose(correct_logits(logits, plan=sampler), correct_logits(logits, plan=PLAN))


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array])
def test_sums_of_sparse_targets_are_counts(make):
    counts = make([[1, 1], [1, 0], [1, 0], [0, 0]]).sum(axis=0)  # of a matrix: shape (1, 2)
    assert_allclose(compute_loss_weights(class_counts=counts, n_samples=4).pos_weight, [1 / 3, 3])
    with pytest.raises(ValueError, match=r"(?s)class_counts must be .* of shape \(2, 1\)"):
        compute_loss_weights(class_counts=np.reshape(counts, (2, 1)), n_samples=4)


def test_power_and_cap_temper_the_weights_on_both_sides():
    counts = [1, 20, 99]
    assert_allclose(
        compute_loss_weights(class_counts=counts, n_samples=100, power=0.5).pos_weight,
        [np.sqrt(99), 2, np.sqrt(1 / 99)],
    )
    for cap in (10, np.float16(10)):
        weights = compute_loss_weights(class_counts=counts, n_samples=100, cap=cap)
        assert_allclose(weights.pos_weight, [10, 4, 0.1])
    assert_allclose(
        compute_loss_weights(class_counts=counts, n_samples=100, power=0).pos_weight, 1
    )


def test_positives_and_negatives_weigh_the_same_in_an_epoch():
    rng = np.random.RandomState(0)
    y = rng.uniform(size=(500, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.02]
    plan = plan_resampling(y, cap=8)
    y_epoch = y[plan.draw_indices(0)]
    positives = y_epoch.sum(axis=0)
    weights = compute_loss_weights(plan).pos_weight
    assert_allclose(weights * positives, len(y_epoch) - positives, rtol=0.04)


def test_the_text_says_what_each_takes_and_both_together():
    lines = repr(compute_loss_weights(PLAN)).splitlines()
    assert lines[2].split() == ["lynx", "3.00", "1.20", "1.20", "3.00"]


@pytest.mark.parametrize(
    ("class_counts", "options", "message"),
    [
        ([10, 5], {}, "n_samples is needed with class_counts"),
        ([10, 5], {"n_samples": 9}, "class_counts must be at most n_samples=9, got 10"),
        ([1.5, 2], {"n_samples": 9}, "whole numbers"),
        ([0, 0], {"n_samples": 9}, "No class occurs in class_counts: all of it is 0"),
        ([1e300, 1], {"n_samples": 9}, r"at most 2\*\*53"),
        ([1, 2], {"n_samples": 9, "cap": 0.5}, "'cap' parameter"),
        ([1, 2], {"n_samples": 9, "cap": 10**400}, "cap must be at most 1.8e.308"),
        ([1, 2], {"n_samples": 9, "power": -1}, "'power' parameter"),
        ([1, 2], {"n_samples": 10**9, "power": 100}, "power=100 makes weights"),
        ([1, 2], {"n_samples": 9, "class_names": ["a"]}, "1 name for 2 classes"),
    ],
)
def test_wrong_counts_and_options_are_named(class_counts, options, message):
    with pytest.raises(ValueError, match=message):
        compute_loss_weights(class_counts=class_counts, **options)


@pytest.mark.parametrize(
    ("plan", "options", "message"),
    [
        (None, {}, "exactly one of plan and class_counts, got neither"),
        (PLAN, {"class_counts": [10, 5]}, "exactly one of plan and class_counts, got both"),
        ([10, 5], {"n_samples": 9}, r"got \[10, 5\]; pass counts as class_counts=, with n_samp"),
        (MaxMultiplierOverSampler(), {}, "ResamplingPlan or a fitted sampler, got MaxMultiplier"),
        (PLAN, {"n_samples": 9}, "leave them out, the plan has its own"),
        (PLAN, {"class_names": ["cat", "lynx"]}, "leave them out, the plan has its own"),
    ],
)
def test_weights_are_of_either_a_plan_or_counts(plan, options, message):
    with pytest.raises(ValueError, match=message):
        compute_loss_weights(plan, **options)


# -- corrections -------------------------------------------------------------------------------


def trained_logits(probabilities, positive_weight, sample_weight):
    """Logits at the optimum of the weighted loss, of samples of so many kinds."""
    n = len(probabilities)
    X = np.vstack([np.eye(n), np.eye(n)])
    y = np.repeat([1, 0], n)
    weight = np.r_[probabilities * positive_weight, 1 - probabilities] * np.tile(sample_weight, 2)
    model = LogisticRegression(
        C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000
    )
    return model.fit(X, y, sample_weight=weight).decision_function(np.eye(n))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Line search")
def test_the_correction_for_weights_recovers_the_true_logits():
    truth = np.array([0.01, 0.2, 0.5, 0.93])
    trained = np.column_stack([trained_logits(truth, w, np.ones(4)) for w in (1.0, 4.0, 25.0)])
    corrected = correct_logits(trained, pos_weight=[1, 4, 25])
    assert_allclose(corrected, np.tile(logit(truth)[:, None], 3), atol=1e-6)
    assert np.abs(trained - corrected).max() > 3
    assert_allclose(
        correct_probabilities(expit(trained), pos_weight=[1, 4, 25]), expit(corrected), rtol=1e-9
    )


def posteriors(shares):
    """Posteriors of three classes of normal densities, as a function of their shares."""
    X = np.linspace(-4, 4, 41)[:, np.newaxis]
    joint = np.exp(-((X - [-1.5, 0.0, 2.0]) ** 2) / 2) * shares
    return joint / joint.sum(axis=1, keepdims=True)


CATS = np.repeat(["cat", "dog", "lynx"], [900, 90, 10])
SHARES = np.array([0.9, 0.09, 0.01])
RULES = {
    "default": ({}, [1, 1, 4]),
    "floor": ({"floor": 0.2}, [0.2, 1, 4]),
    "power": ({"power": 0.5, "target_count": "max", "cap": 20}, [1, np.sqrt(10), np.sqrt(90)]),
    "epoch size": ({"epoch_size": 1000, "floor": 0.1}, None),
    "user-supplied": ({"class_multipliers": [0.5, 3, 7], "floor": 0, "cap": np.inf}, [0.5, 3, 7]),
}


@pytest.mark.parametrize("one_hot", [False, True])
@pytest.mark.parametrize("rule", RULES)
def test_posteriors_of_a_single_label_target_are_recovered_exactly(rule, one_hot):
    options, multipliers = RULES[rule]
    y = (CATS[:, np.newaxis] == ["cat", "dog", "lynx"]).astype(int) if one_hot else CATS
    plan = plan_resampling(y, **options)
    if multipliers is not None:
        assert_allclose(plan.class_multipliers, multipliers)
    truth, trained = posteriors(SHARES), posteriors(SHARES * plan.class_multipliers)
    assert np.abs(trained - truth).max() > 0.1
    assert_allclose(correct_probabilities(trained, plan=plan), truth, rtol=1e-12, atol=0)
    logits = np.log(trained) + 5
    assert_allclose(
        softmax(correct_logits(logits, plan=plan), axis=1), truth, rtol=1e-12, atol=1e-15
    )
    permuted = plan_resampling(np.array(y)[::-1], **options)
    assert_allclose(correct_probabilities(trained, plan=permuted), truth, rtol=1e-12, atol=0)


def test_corrected_probabilities_of_three_classes_sum_to_one():
    plan = plan_resampling(np.repeat([0, 1, 2], [900, 90, 10]))  # multipliers 1, 1, 4
    corrected = correct_probabilities(np.array([[0.40, 0.41, 0.19]]), plan=plan)
    assert_allclose(corrected, np.array([[1.60, 1.64, 0.19]]) / 3.43, rtol=1e-14)


def test_two_classes_have_the_odds_of_the_data():
    plan = plan_resampling(np.repeat(["cat", "lynx"], [90, 30]), cap=2, target_count=90)  # 1 and 2
    trained = np.array([[0.6, 0.4]])  # odds of 2 / 3 for a lynx, which are 1 / 3 in the data
    assert_allclose(correct_probabilities(trained, plan=plan), [[0.75, 0.25]], rtol=1e-15)
    assert_allclose(correct_logits(np.log(trained), plan=plan) @ [-1, 1], [np.log(1 / 3)])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:Line search")
def test_the_optimum_of_a_weighted_cross_entropy_on_resampled_data_is_corrected():
    # Four kinds of samples with different shares of the classes, in a saturated model.
    truth = np.array([[0.95, 0.04, 0.01], [0.9, 0.09, 0.01], [0.5, 0.3, 0.2], [0.97, 0.01, 0.02]])
    counts = np.round(truth * 1000).astype(int).ravel()
    kind, label = np.repeat(np.indices((4, 3)).reshape(2, 12), counts, axis=1)
    plan = plan_resampling(label, cap=3)
    class_weight = compute_loss_weights(plan).class_weight
    sample_weight = plan.sample_multipliers * class_weight[label]
    model = LogisticRegression(
        C=np.inf, fit_intercept=False, solver="newton-cholesky", tol=1e-12, max_iter=1000
    ).fit(np.eye(4)[kind], label, sample_weight=sample_weight)
    trained = model.predict_proba(np.eye(4))
    for weights in (class_weight, compute_loss_weights(plan)):
        corrected = correct_probabilities(trained, plan=plan, class_weight=weights)
        assert_allclose(corrected, truth, atol=1e-6)
        logits = correct_logits(
            model.decision_function(np.eye(4)), plan=plan, class_weight=weights
        )
        assert_allclose(softmax(logits, axis=1), truth, atol=1e-6)
    assert np.abs(trained - truth).max() > 0.3
    # Weights alone: 1 / n_c without resampling is m_c w_c with it, except for a constant.
    alone = compute_loss_weights(class_counts=plan.class_counts, n_samples=len(label))
    assert_allclose(correct_probabilities(trained, class_weight=alone), truth, atol=1e-6)


def test_nearest_rounding_is_corrected_by_the_plan_of_the_rounded_multipliers():
    plan = plan_resampling(CATS, cap=2.6, target_count=150)
    assert_allclose(plan.class_multipliers, [1, 150 / 90, 2.6])
    epoch = CATS[plan.draw_indices(0, rounding="nearest")]
    counts = np.unique(epoch, return_counts=True)[1]
    realised = plan_resampling(
        CATS, class_multipliers=np.floor(plan.class_multipliers + 0.5), floor=0, cap=np.inf
    )
    trained = posteriors(counts / counts.sum())
    corrected = correct_probabilities(trained, plan=realised)
    assert_allclose(corrected, posteriors(SHARES), rtol=1e-12)


def test_predictions_of_sigmoids_on_a_single_label_target_are_normalised():
    plan = plan_resampling(CATS)
    corrected = correct_probabilities(np.array([[0.8, 0.4, 0.8], [1, 0, 0]]), plan=plan)
    assert_allclose(corrected, [[0.8 / 1.4, 0.4 / 1.4, 0.2 / 1.4], [1, 0, 0]])
    raised = np.array([[0.5, 0.25, 0.5]])  # odds 1, 1/3, 1, the last by a weight of 3
    in_turn = correct_probabilities(correct_probabilities(raised, pos_weight=[1, 1, 3]), plan=plan)
    assert_allclose(in_turn, np.array([[0.5, 0.25, 0.0625]]) / 0.8125)


def test_one_sample_with_two_classes_or_none_makes_a_target_multi_label():
    y = np.eye(3)[np.repeat([0, 1, 2], [90, 9, 1])]
    for row in ([1, 1, 0], [0, 0, 0]):
        y[0] = row
        plan = plan_resampling(y)
        corrected = correct_probabilities(np.array([[0.0, 0.5, 0.5]]), plan=plan)
        assert corrected.sum() < 1
        with pytest.raises(ValueError, match=r"several classes or none: pass pos_weight"):
            correct_logits(np.zeros((1, 3)), plan=plan, class_weight=[1, 1, 1])


def test_a_class_that_is_left_out_is_named():
    plan = plan_resampling(CATS, class_multipliers={"dog": 0}, floor=0)
    with pytest.raises(ValueError, match="leaves out all samples of class 'dog'"):
        correct_probabilities(np.full((1, 3), 1 / 3), plan=plan)


def test_single_label_predictions_keep_type_shape_and_graph():
    plan = plan_resampling(CATS)
    predicted = np.full((2, 5, 3), 1 / 3, dtype=np.float16)
    corrected = correct_probabilities(predicted, plan=plan)
    assert corrected.dtype == np.float16
    assert_allclose(
        corrected, np.broadcast_to(np.array([4, 4, 1]) / 9, predicted.shape), rtol=1e-3
    )
    assert_allclose(correct_probabilities(predicted[0, 0], plan=plan), corrected[0, 0])
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from mlresample.torch import loss_weights

    logits = torch.zeros(1, 3, requires_grad=True)
    probabilities = correct_probabilities(logits.softmax(-1), plan=plan)
    assert_allclose(probabilities.detach(), [[4 / 9, 4 / 9, 1 / 9]], rtol=1e-6)
    probabilities[0, 0].backward()
    assert_allclose(logits.grad, np.array([[20, -16, -4]]) / 81, rtol=1e-5)
    weights = loss_weights(plan)
    both = correct_logits(logits, plan=plan, class_weight=weights).softmax(-1)
    assert_allclose(both.detach(), [SHARES], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_single_label_predictions_bear_weights_outside_their_range(dtype):
    predicted = np.array([[1, 0, 0], [0.5, 0.25, 0.25]], dtype=dtype)
    for extreme, expected in ((1e300, [0, 0.5, 0.5]), (1e-300, [1, 0, 0])):
        options = {"class_weight": [extreme, 1, 1]}
        assert_allclose(
            correct_probabilities(predicted, **options), [[1, 0, 0], expected], atol=1e-29
        )
    torch = pytest.importorskip("torch", reason="torch is not installed")
    corrected = correct_probabilities(torch.tensor(predicted), class_weight=[1e300, 1, 1])
    assert_allclose(corrected, [[1, 0, 0], [0, 0.5, 0.5]], atol=1e-29)


def test_both_corrections_add_up():
    logits = np.array([[0.3, -2.0], [5.0, 1.0]])
    both = correct_logits(logits, plan=PLAN, pos_weight=compute_loss_weights(PLAN))
    assert_allclose(both, logits - [0, np.log(2.5) + np.log(1.2)])
    one_by_one = correct_logits(correct_logits(logits, plan=PLAN), pos_weight=[1, 1.2])
    assert_allclose(both, one_by_one)


def test_the_correction_brings_mean_predictions_to_the_true_rates():
    rng = np.random.RandomState(0)
    X = rng.normal(size=(6000, 4))
    y = rng.uniform(size=(6000, 3)) < expit(X @ rng.normal(size=(4, 3)) - [0, 2, 4])
    plan = plan_resampling(y, cap=8, target_count="max")
    epoch = plan.draw_indices(0)
    trained = np.column_stack(
        [LogisticRegression().fit(X[epoch], y[epoch, c]).predict_proba(X)[:, 1] for c in range(3)]
    )
    before = np.abs(np.log(trained.mean(axis=0) / y.mean(axis=0)))
    corrected = correct_probabilities(trained, plan=plan)
    after = np.abs(np.log(corrected.mean(axis=0) / y.mean(axis=0)))
    assert before[2] > 1.5
    assert after.max() < 0.06


def test_zero_and_one_stay_and_small_probabilities_keep_their_digits():
    predicted = np.array([[0.0, 1.0, 1e-30, 1 - 1e-16]])
    corrected = correct_probabilities(predicted, pos_weight=[9, 9, 9, 9])
    assert corrected[0, :2].tolist() == [0, 1]
    assert_allclose(corrected[0, 2], 1e-30 / 9)
    assert_allclose(1 - corrected[0, 3], 9 * (1 - predicted[0, 3]), rtol=0.2)


def test_half_precision_bears_weights_outside_its_range():
    predicted = np.array([[0, 1, 0.5]], dtype=np.float16)
    for weight in (1e5, 1e-9):
        corrected = correct_probabilities(predicted, pos_weight=[weight] * 3)
        assert corrected.dtype == np.float16
        assert corrected[0, :2].tolist() == [0, 1]
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = correct_probabilities(torch.tensor(predicted), pos_weight=[1e5] * 3)
    assert tensor.dtype == torch.float16
    assert tensor[0].tolist() == [0, 1, corrected.dtype.type(1e-5)]


@pytest.mark.parametrize("weight", [1e39, 1e-46, 1e300])
def test_tensors_bear_weights_outside_their_range(weight):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    predicted = torch.tensor([[0.0, 1.0]])
    assert correct_probabilities(predicted, pos_weight=[weight] * 2).tolist() == [[0, 1]]


def test_factors_whose_product_is_infinite_are_corrected_as_logarithms():
    plan = plan_resampling([[1, 0]] * 9999 + [[1, 1]], cap=np.inf, class_multipliers=[1, 5000])
    corrected = correct_logits(np.zeros((1, 2)), plan=plan, pos_weight=[1, 1e308])
    assert_allclose(corrected, [[0, -np.log(5000) - np.log(1e308)]], rtol=1e-9)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_probabilities_beyond_one_by_rounding_are_one(dtype):
    above = np.nextafter(np.array([[1.0, 0.5]], dtype=dtype), np.array(2, dtype=dtype))
    assert above[0, 0] > 1
    corrected = correct_probabilities(above, pos_weight=[3, 1])
    assert corrected[0, 0] == 1
    below = np.array([[-np.finfo(dtype).eps, 0.5]], dtype=dtype)
    assert correct_probabilities(below, pos_weight=[3, 1])[0, 0] == 0
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert correct_probabilities(torch.tensor(above), pos_weight=[3, 1])[0, 0] == 1
    with pytest.raises(ValueError, match=r"has NaN at index \(0, 1\)"):
        correct_probabilities(torch.tensor([[0.5, np.nan]]), pos_weight=[3, 1])


def test_classes_without_positives_or_negatives_are_left_as_they_are():
    y = np.zeros((20, 3), dtype=int)
    y[:, 0] = y[:4, 1] = 1  # everywhere, sometimes, never
    plan = plan_resampling(y)
    logits = np.ones((2, 3))
    assert correct_logits(logits, plan=plan)[:, [0, 2]].tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_arrays_keep_their_type_and_any_leading_shape(dtype):
    predicted = np.full((2, 5, 2), 0.5, dtype=dtype)
    for correct in (correct_logits, correct_probabilities):
        assert correct(predicted, plan=PLAN).dtype == dtype
        assert correct(predicted, plan=PLAN).shape == predicted.shape
        assert_allclose(
            correct(predicted[0, 0], plan=PLAN), correct(predicted, plan=PLAN)[1, 3], rtol=1e-3
        )


def test_tensors_stay_tensors_in_their_graph():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    logits = torch.tensor([[0.3, -2.0]], requires_grad=True)
    weight = torch.tensor([1.0, 4.0])
    corrected = correct_logits(logits, plan=PLAN, pos_weight=weight)
    assert corrected.dtype == torch.float32
    expected = correct_logits(logits.detach().numpy(), plan=PLAN, pos_weight=[1, 4])
    assert_allclose(corrected.detach().numpy(), expected, rtol=1e-6)
    corrected.sum().backward()
    assert logits.grad.tolist() == [[1, 1]]
    probabilities = correct_probabilities(torch.sigmoid(logits), plan=PLAN, pos_weight=weight)
    assert_allclose(probabilities.detach().numpy(), expit(expected), rtol=1e-5)


@pytest.mark.parametrize(
    ("correct", "values", "options", "message"),
    [
        (correct_logits, [[0.0, 1.0]], {}, "plan, pos_weight or class_weight"),
        (
            correct_logits,
            [[0.0]],
            {"plan": PLAN},
            "plan must be for the 1 class .* got one for 2",
        ),
        (correct_logits, [[0.0, 1.0]], {"pos_weight": [1]}, "pos_weight must be for the 2"),
        (correct_logits, [[0.0, 1.0]], {"pos_weight": [1, 0]}, "finite values above 0"),
        (correct_logits, [[0.0, 1.0]], {"pos_weight": [1, np.nan]}, "finite values above 0"),
        (correct_logits, [[0, 1]], {"plan": PLAN}, "must be floats"),
        (correct_logits, 1.0, {"plan": PLAN}, "last dimension"),
        (correct_probabilities, [[0.5, 1.5]], {"plan": PLAN}, r"in \[0, 1\], got 1.5 at .*\(0, 1"),
        (correct_probabilities, [[0.5, -1e-3]], {"plan": PLAN}, r"in \[0, 1\], got -0.001"),
        (correct_probabilities, [[0.5, np.nan]], {"plan": PLAN}, r"has NaN at index \(0, 1\)"),
        (
            correct_probabilities,
            [[0.5, 0.5]],
            {"plan": plan_resampling([0, 0, 1]), "pos_weight": [1, 2]},
            "exactly one class: pass class_weight",
        ),
        (
            correct_probabilities,
            [[0.5, 0.5], [0.0, 0.0]],
            {"plan": plan_resampling([0, 0, 1])},
            r"sample \(1,\) are all 0",
        ),
        (
            correct_logits,
            [[0.0, 1.0]],
            {"pos_weight": [1, 2], "class_weight": [1, 2]},
            "Pass only one of pos_weight and class_weight",
        ),
        (correct_logits, [[0.0, 1.0]], {"class_weight": [1]}, "class_weight must be for the 2"),
        (
            correct_logits,
            [[0.0, 1.0]],
            {"class_weight": np.ma.masked_less([1, 2], 2)},
            "class_weight has masked",
        ),
        (correct_logits, [[0.0, 1.0]], {"class_weight": [1, 2j]}, "must be an array of floats"),
        (correct_logits, [[0.0, 1.0]], {"class_weight": [1, 10**400]}, "array of floats or int"),
        (correct_logits, [[0.0, 1.0]], {"class_weight": "balanced"}, "got 'balanced'"),
        (correct_probabilities, [np.full((1, 2), 0.5)] * 2, {"plan": PLAN}, "got a list of arra"),
        (correct_logits, np.ma.masked_less([[0.0, 1]], 1), {"plan": PLAN}, "masked values"),
        (
            correct_logits,
            [[0.0, 1.0]],
            {
                "plan": PLAN,
                "pos_weight": compute_loss_weights(
                    class_counts={"lynx": 1, "cat": 2}, n_samples=4
                ),
            },
            r"pos_weight has the classes in the order \['lynx', 'cat'\], but plan in \['cat'",
        ),
        (correct_probabilities, [[0.5, 0.5]], {"plan": 3}, "plan must be a ResamplingPlan or a"),
    ],
)
def test_wrong_predictions_are_named(correct, values, options, message):
    with pytest.raises(ValueError, match=message):
        correct(values, **options)


def test_names_that_may_be_in_another_order_are_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="got a data frame"):
        correct_logits(pd.DataFrame([[0.5, 0.5]], columns=["lynx", "cat"]), plan=PLAN)
    with pytest.raises(ValueError, match="got a data frame or series"):
        correct_probabilities(pd.Series({"lynx": 0.9, "cat": 0.1}), plan=PLAN)
    with pytest.raises(ValueError, match=r"(?s)class_counts must be .* of shape \(1, 2\)"):
        compute_loss_weights(class_counts=pd.DataFrame({"lynx": [9], "cat": [1]}), n_samples=9)
    with pytest.raises(ValueError, match="a series may be in another"):
        correct_logits([[0.5, 0.5]], pos_weight=pd.Series({"lynx": 9.0, "cat": 1.0}))


def test_tensors_of_weights_are_in_their_range():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from mlresample.torch import loss_weights

    with pytest.raises(ValueError, match=r"outside the range of torch\.float16"):
        loss_weights(class_counts=[1, 99_999], n_samples=100_000, dtype=torch.float16)
    with pytest.raises(ValueError, match=r"one of torch's floats, got torch\.int64"):
        loss_weights(class_counts=[1, 60], n_samples=100, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"one of torch's floats, got 'float32'"):
        loss_weights(class_counts=[1, 60], n_samples=100, dtype="float32")
    with pytest.raises(ValueError, match=r"outside the range of torch\.float8_e4m3fn"):
        loss_weights(class_counts=[1, 60], n_samples=100_000, dtype=torch.float8_e4m3fn)


def test_weights_as_tensors_are_the_same_weights():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from mlresample.torch import loss_weights

    options = {"power": 0.5, "cap": 3.0}
    expected = compute_loss_weights(PLAN, **options)
    weights = loss_weights(PLAN, **options)
    assert weights.pos_weight.dtype == torch.float32
    assert_allclose(weights.pos_weight, expected.pos_weight, rtol=1e-6)
    assert_allclose(weights.class_weight, expected.class_weight, rtol=1e-6)
    of_counts = loss_weights(
        class_counts={"lynx": 30, "cat": 120},
        n_samples=120,
        class_names=["cat", "lynx"],
        dtype=torch.float64,
        device="cpu",
    )
    assert of_counts.pos_weight.tolist() == [1, 3]
    loss = torch.nn.BCEWithLogitsLoss(pos_weight=of_counts.pos_weight)
    assert loss(torch.zeros(1, 2, dtype=torch.float64), torch.ones(1, 2).double()) > 0
