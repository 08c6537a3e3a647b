"""The plan: figures, immutability, text."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import ResamplingPlan, plan_resampling

# Four classes of 6, 3, 1 and 0 samples; the last sample has none.
Y = np.array(
    [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [1, 0, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 0],
        [0, 0, 0, 0],
    ]
)


def test_plan_gives_the_figures_worked_out_by_hand():
    plan = plan_resampling(Y, cap=2.5)  # median of 6, 3 and 1 is 3
    assert_array_equal(plan.class_counts, [6, 3, 1, 0])
    assert_array_equal(plan.class_multipliers, [1, 1, 2.5, 1])
    assert_array_equal(plan.sample_multipliers, [1, 1, 1, 1, 1, 2.5, 1])
    assert_array_equal(plan.resampled_class_counts, [7.5, 4.5, 2.5, 0])
    assert_array_equal(plan.at_cap, [False, False, True, False])
    assert plan.resolved_target_count == 3
    assert plan.n_samples == 7
    assert plan.expected_epoch_size == 8.5
    assert plan.epoch_size == 9
    assert plan.imbalance_ratio == 6
    assert plan.resampled_imbalance_ratio == 3
    assert_allclose(plan.mean_imbalance, (1 + 2 + 6) / 3)
    assert_allclose(plan.resampled_mean_imbalance, (1 + 7.5 / 4.5 + 3) / 3)


def test_resampled_counts_are_the_mean_of_what_is_drawn():
    plan = plan_resampling(Y, target_count="max", cap=2.7, floor=0.5)
    drawn = [Y[plan.draw_indices(seed)].sum(axis=0) for seed in range(2000)]
    # Within half a sample for the constant size, and noise.
    assert abs(np.mean(drawn, axis=0) - plan.resampled_class_counts).max() < 0.6


def test_small_resampled_counts_are_not_lost_beside_large_ones():
    y = np.repeat([0, 1], [100_000, 10])
    plan = plan_resampling(y, floor=0, target_count=10, power=3)
    assert_allclose(plan.resampled_class_counts, [1e5 * 1e-12, 10], rtol=1e-9)
    assert_allclose(plan.resampled_imbalance_ratio, 1e8, rtol=1e-9)


def test_class_that_is_left_out_altogether_has_an_infinite_imbalance():
    y = np.repeat(np.eye(2, dtype=int), [5, 3], axis=0)
    plan = plan_resampling(y, class_multipliers=[1, 0], floor=0)
    assert plan.imbalance_ratio == 5 / 3
    assert plan.resampled_imbalance_ratio == np.inf
    assert "inf" in repr(plan)


def test_no_class_is_at_the_cap_where_the_cap_is_one():
    assert not plan_resampling(Y, cap=1).at_cap.any()


def test_shuffled_indices_are_in_random_order():
    plan = plan_resampling(np.ones((4, 2), dtype=int))
    orders = {tuple(plan.draw_indices(seed, shuffle=True)) for seed in range(300)}
    assert len(orders) == 24


def test_levels_are_small_integers_among_the_distinct_multipliers():
    plan = plan_resampling(Y, cap=2.5)
    assert_array_equal(plan.level_multipliers, [1, 2.5])
    assert_array_equal(plan.levels, [0, 0, 0, 0, 0, 1, 0])
    assert plan.levels.dtype == np.uint8


def test_plan_cannot_be_changed():
    plan = plan_resampling(Y)
    with pytest.raises(AttributeError):
        plan.cap = 3
    for name in ("class_multipliers", "class_counts", "levels", "classes"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(plan, name)[0] = 3
    assert pickle.loads(pickle.dumps(plan)).levels.flags.writeable is False


def test_pickled_plan_draws_the_same():
    plan = plan_resampling(Y, target_count="max", class_names=list("abcd"))
    loaded = pickle.loads(pickle.dumps(plan))
    assert isinstance(loaded, ResamplingPlan)
    assert_array_equal(loaded.draw_indices(0), plan.draw_indices(0))
    assert repr(loaded) == repr(plan)
