"""Importance weights of repeats, and the mean repeats over all draws."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mlresample._plan.importance import (
    check_no_epoch_leaves_out,
    expected_sample_repeats,
    importance_weights,
)
from mlresample._plan.repeats import expected_repeats, plan_of_multipliers
from tests.draws import possible_draws

multipliers = st.lists(st.floats(0, 9).map(lambda x: round(x, 3)), min_size=1, max_size=30)


def plan_of(*multipliers):
    return plan_of_multipliers(np.array(multipliers, dtype=float))


def test_weight_is_the_growth_over_the_repeats():
    # Four samples, an epoch of eight: S / n = 2.
    assert_array_equal(importance_weights(np.array([1, 1, 2, 4])), [2, 2, 1, 0.5])


@given(repeats=st.lists(st.integers(1, 300), min_size=1, max_size=50))
def test_all_samples_have_the_same_weight_in_an_epoch_and_its_items_1_on_average(repeats):
    repeats = np.array(repeats)
    weights = importance_weights(repeats)
    assert_allclose(weights * repeats, repeats.sum() / len(repeats))
    assert_allclose(weights.repeat(repeats).mean(), 1)


def test_repeats_that_leave_out_a_sample_have_no_weights():
    with pytest.raises(ValueError, match=r"leaves out 2 of 4 samples, such as sample 1, .* floor"):
        importance_weights(np.array([1, 0, 2, 0]))


@pytest.mark.parametrize(
    "plan",
    [
        plan_of(1, 1.5, 1.5, 2.25, 2.25, 3),  # the size is the sum: 11.5 rounds up
        plan_of(0.3, 0.6, 1.1, 1.1, 1.1),  # 4.2 rounds down, so that shares are taken away
        plan_of(0.3, 0.6, 1.1, 1.1, 1.6),  # 4.7 rounds up
        plan_of(0.4, 1, 1),  # no epoch has sample 0
        plan_of(0.6, 1, 1),  # each has it
        plan_of(0, 2.5, 2.5, 1.5),
        plan_of(1, 2, 3),
    ],
)
def test_expected_repeats_are_the_mean_of_all_possible_draws(plan):
    draws = possible_draws(plan)
    assert_allclose(sum(draws.values()), 1)
    mean = sum(share * np.array(repeats) for repeats, share in draws.items())
    found = expected_repeats(plan, "stratified")[plan.levels]
    assert_allclose(found, mean, rtol=0, atol=1e-12)


def test_expected_repeats_of_stratified_rounding_add_up_to_its_size():
    plan = plan_of(1, 1, 1.25, 1.25)  # 4.5 samples, an epoch of 5: half a sample more
    assert_array_equal(expected_repeats(plan, "stratified"), [1, 1.5])
    assert_array_equal(expected_repeats(plan, "bernoulli"), [1, 1.25])
    assert_array_equal(expected_repeats(plan, "nearest"), [1, 1])


@given(multipliers=multipliers)
@settings(max_examples=100, deadline=None)
def test_expected_repeats_are_within_the_repeats_that_are_drawn(multipliers):
    assume(sum(multipliers) > 0.5)
    plan = plan_of(*multipliers)
    means = expected_repeats(plan, "stratified")
    assert_allclose(means @ plan.level_sizes, plan.epoch_size)
    drawn = np.array([plan.draw_repeats(seed) for seed in range(10)])
    assert (drawn.min(axis=0) >= np.floor(means[plan.levels] + 1e-9)).all()
    assert (drawn.max(axis=0) <= np.ceil(means[plan.levels] - 1e-9)).all()


@pytest.mark.parametrize("rounding", ["stratified", "bernoulli"])
def test_expected_repeats_are_the_mean_of_many_draws(rounding):
    plan = plan_of(0.25, 0.5, 1, 1.3, 1.3, 1.3, 2.8)  # 8.45 samples
    drawn = [plan.draw_repeats(seed, rounding=rounding) for seed in range(2000)]
    noise = 0.5 / np.sqrt(len(drawn))
    difference = np.mean(drawn, axis=0) - expected_repeats(plan, rounding)[plan.levels]
    assert abs(difference).max() < 4.5 * noise


def test_plans_whose_epochs_may_lack_a_sample_are_told_by_their_draws():
    plans = [plan_of(0.6, 1, 1), plan_of(0.5, 0.5, 1), plan_of(0.2, 0.9), plan_of(1, 1.7, 2)]
    for plan in plans:
        if all(min(repeats) > 0 for repeats in possible_draws(plan)):
            check_no_epoch_leaves_out(plan, "stratified")
        else:
            with pytest.raises(ValueError, match="leave"):
                check_no_epoch_leaves_out(plan, "stratified")


def test_error_says_which_samples_are_left_out_and_what_helps():
    plan = plan_of(1, 0.25, 0.5, 1, 1, 1.5)
    with pytest.raises(
        ValueError,
        match=r"Some epochs leave out 2 of 6 samples, such as sample 1 "
        r"with multiplier 0\.25, .* at least 1, or pass expected=True",
    ):
        check_no_epoch_leaves_out(plan, "stratified")
    expected_sample_repeats(plan, "stratified")
    for check in (check_no_epoch_leaves_out, expected_sample_repeats):
        with pytest.raises(
            ValueError,
            match=r"Every epoch leaves out 1 of 6 samples, such as "
            r"sample 1 .* a plan whose floor and background are at least 0\.5",
        ):
            check(plan, "nearest")
        with pytest.raises(ValueError, match=r"Every epoch leaves out 1 of 2 .* multiplier 0,"):
            check(plan_of(1, 0), "stratified")
