"""Rounding of multipliers to repeats, and repeats as indices."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import compare_plans, plan_resampling
from mlresample._plan.repeats import (
    RepeatPlan,
    plan_of_multipliers,
    round_half_up,
    share_extra_copies,
)

N_SEEDS = 2000


def plan_of(sizes, multipliers):
    """Single-label plan with levels of given sizes; multipliers may lie below 1."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    return plan_resampling(y, class_multipliers=multipliers, floor=0.0, cap=np.inf)


levels = st.lists(
    st.tuples(st.integers(1, 30), st.floats(0, 9).map(lambda x: round(x, 3))),
    min_size=2,
    max_size=25,
)


@given(levels=levels, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_stratified_draw_has_the_rounded_size_and_stays_within_one(levels, seed):
    sizes, multipliers = map(np.array, zip(*levels, strict=True))
    assume(sizes @ multipliers > 0.5)
    plan = plan_of(sizes, multipliers)
    repeats = plan.draw_repeats(seed)
    r = plan.sample_multipliers

    assert repeats.dtype == np.int64
    assert repeats.sum() == plan.epoch_size
    assert abs(plan.epoch_size - plan.expected_epoch_size) <= 0.5
    assert (repeats >= np.floor(r)).all()
    assert (repeats <= np.ceil(r)).all()
    for level in np.unique(plan.levels):
        at_level = plan.levels == level
        assert abs(repeats[at_level].sum() - r[at_level].sum()) < 1 + 1e-6


@pytest.mark.parametrize(
    ("sizes", "multipliers"),
    [
        # Twenty levels of one sample each: none may be frozen at 0 or 1 copies.
        ([1] * 20, 1 + (np.arange(20) + 0.5) / 20),
        ([1] * 20, 1 + 0.3 + np.arange(20) * 1e-6),
        ([50, 7, 1, 1, 3, 20], [1.0, 1.37, 2.9, 3.05, 1.5, 0.42]),
    ],
)
def test_stratified_means_match_the_multipliers_to_half_a_sample(sizes, multipliers):
    plan = plan_of(sizes, multipliers)
    r = plan.sample_multipliers
    mean = np.mean([plan.draw_repeats(seed) for seed in range(N_SEEDS)], axis=0)
    # A level's copies round up or down: their variance is at most 1/4.
    noise = 0.5 / np.sqrt(N_SEEDS)
    by_level = [abs((mean - r)[plan.levels == level].sum()) for level in np.unique(plan.levels)]
    assert sum(by_level) < 0.5 + 1.5 * noise * len(by_level)
    # A constant size costs this much, and no more.
    assert_allclose(mean.sum(), plan.epoch_size)


def test_stratified_copies_of_a_level_go_to_each_of_its_samples_alike():
    plan = plan_of([40, 1], [1.25, 1.0])
    extra = np.sum([plan.draw_repeats(seed)[:40] - 1 for seed in range(N_SEEDS)], axis=0)
    # 10 of 40 at random: hypergeometric, standard deviation below sqrt(N / 4 * 3 / 4).
    assert abs(extra - N_SEEDS / 4).max() < 4.5 * np.sqrt(N_SEEDS * 3 / 16)


@pytest.mark.parametrize("start", [0.0, 0.05, 0.5, np.nextafter(1, 0)])
@pytest.mark.parametrize(
    "shares", [[0.1] * 10, [0.1] * 10 + [0.0], [0.0, 0.7, 1.0, 0.3], [2.5, 0.5], [1.0, 2.0]]
)
def test_shared_copies_add_up_whatever_the_start(shares, start):
    extra = share_extra_copies(np.array(shares), round(sum(shares)), start)
    assert extra.sum() == round(sum(shares))
    assert (extra >= np.floor(shares)).all()
    assert (extra <= np.ceil(shares)).all()


def test_bernoulli_rounds_each_sample_by_itself():
    plan = plan_of([30, 20, 10], [1.0, 1.4, 2.75])
    draws = np.array([plan.draw_repeats(seed, rounding="bernoulli") for seed in range(N_SEEDS)])
    r = plan.sample_multipliers
    assert (draws >= np.floor(r)).all()
    assert (draws <= np.ceil(r)).all()
    assert abs(draws.mean(axis=0) - r).max() < 4.5 * 0.5 / np.sqrt(N_SEEDS)
    variance = 20 * 0.4 * 0.6 + 10 * 0.75 * 0.25
    assert_allclose(draws.sum(axis=1).var(), variance, rtol=0.15)


def test_nearest_uses_no_randomness_and_halves_go_up():
    plan = plan_of([1, 1, 1, 1, 1], [0.4, 0.5, 1.5, 2.49, 2.5])
    assert_array_equal(plan.draw_repeats(0, rounding="nearest"), [0, 1, 2, 2, 3])
    generator = np.random.RandomState(0)
    before = generator.get_state()[1].copy()
    plan.draw_repeats(generator, rounding="nearest")
    assert_array_equal(generator.get_state()[1], before)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.5, 1),
        (1.5, 2),
        (2.5, 3),
        (np.nextafter(0.5, 0), 0),
        (2.0**52 + 1, 2**52 + 1),
        (2.0**51 + 0.5, 2**51 + 1),
    ],
)
def test_halves_go_up(x, expected):
    assert round_half_up(x) == expected
    assert_array_equal(round_half_up(np.array([x])), [expected])


def test_epoch_sizes_round_a_half_up_everywhere():
    plan = plan_of([1, 1], [1.5, 1.0])  # 2.5 samples
    assert plan.epoch_size == plan.draw_repeats(0).sum() == 3
    assert plan.draw_repeats(0, rounding="nearest").sum() == 3
    assert plan_of([1, 1], [0.5, 0.0]).epoch_size == 1

    y = np.repeat([0, 1], [3, 1])  # 3 + 1.5 samples
    assert plan_resampling(y, target_count=1.5).epoch_size == 5
    assert plan_resampling(y, epoch_size=1.125).epoch_size == 5
    assert_array_equal(compare_plans(y, {"target_count": [1.5]}).epoch_size, [5])
    assert_array_equal(compare_plans(y, {"epoch_size": [1.125]}).epoch_size, [5])


@pytest.mark.parametrize("rounding", ["stratified", "nearest"])
def test_constant_sizes_round_a_half_up(rounding):
    plans = pytest.importorskip("mlresample.torch._plans", reason="torch is not installed")
    assert plans.constant_size(plan_of([1, 1], [1.5, 1.0]), rounding) == 3


def test_levels_without_a_fraction_use_no_randomness():
    plan = plan_of([3, 2], [1.0, 3.0])
    generator = np.random.RandomState(0)
    before = generator.get_state()[2]
    assert_array_equal(plan.draw_repeats(generator), [1, 1, 1, 3, 3])
    assert generator.get_state()[2] == before


def test_indices_are_the_kept_originals_in_order_then_the_copies():
    plan = plan_of([2, 2, 1], [0.0, 1.0, 3.0])
    assert_array_equal(plan.draw_indices(0), [2, 3, 4, 4, 4])
    plan = plan_of([2, 1], [2.0, 3.0])
    assert_array_equal(plan.draw_indices(0), [0, 1, 2, 0, 1, 2, 2])


def test_indices_hold_each_sample_as_often_as_drawn():
    plan = plan_of([30, 20, 10], [0.5, 1.4, 2.75])
    for rounding in ("stratified", "bernoulli", "nearest"):
        indices = plan.draw_indices(3, rounding=rounding)
        repeats = plan.draw_repeats(3, rounding=rounding)
        assert indices.dtype == np.int64
        assert_array_equal(np.bincount(indices, minlength=60), repeats)


def test_shuffle_changes_the_order_alone():
    plan = plan_of([30, 20, 10], [0.5, 1.4, 2.75])
    ordered, shuffled = plan.draw_indices(0), plan.draw_indices(0, shuffle=True)
    assert (ordered != shuffled).any()
    assert_array_equal(np.sort(ordered), np.sort(shuffled))


def test_same_seed_same_draw_and_other_seeds_differ():
    plan = plan_of([30, 20, 10], [0.5, 1.4, 2.75])
    assert_array_equal(plan.draw_repeats(5), plan.draw_repeats(5))
    assert_array_equal(plan.draw_repeats(5), plan.draw_repeats(np.random.RandomState(5)))
    assert any((plan.draw_repeats(5) != plan.draw_repeats(seed)).any() for seed in range(6, 9))


@pytest.mark.parametrize("call", ["draw_repeats", "draw_indices"])
def test_unknown_rounding_is_refused(call):
    with pytest.raises(ValueError, match=r"rounding must be one of .*, got 'up'"):
        getattr(plan_of([1, 1], [1, 2]), call)(0, rounding="up")


@pytest.mark.parametrize("fraction", [0.0005, 0.002, 0.499, 3 / 256, 3 / 256 + 0.001, 0.999])
@pytest.mark.parametrize("whole", [0, 3, 300, 70_000])
def test_bernoulli_draws_fractions_finer_than_its_first_bits(fraction, whole):
    n = 400_000
    plan = plan_of([n, 5], [whole + fraction, 1.0])
    up = plan.draw_repeats(0, rounding="bernoulli")[:n] - whole
    assert set(np.unique(up)) <= {0, 1}
    deviation = np.sqrt(n * fraction * (1 - fraction))
    assert abs(up.sum() - n * fraction) < 4 * deviation


@pytest.mark.parametrize("bits", [0, 4, 18])
def test_stratified_choice_is_uniform_with_few_numbers_and_many_chunks(bits, monkeypatch):
    monkeypatch.setattr("mlresample._plan.repeats._HISTOGRAM_BITS", bits)
    monkeypatch.setattr("mlresample._plan.repeats._CHUNK", 7)
    plan = plan_of([40, 20, 3], [1.25, 2.7, 1.0])
    draws = np.array([plan.draw_repeats(seed) for seed in range(N_SEEDS)])
    extra = draws - np.floor(plan.sample_multipliers).astype(int)
    assert (extra[:, :40].sum(axis=1) == 10).all()
    assert (extra[:, 40:60].sum(axis=1) == 14).all()
    for extra_of_level, share in [(extra[:, :40], 0.25), (extra[:, 40:60], 0.7)]:
        deviation = np.sqrt(N_SEEDS * share * (1 - share))
        assert abs(extra_of_level.sum(axis=0) - N_SEEDS * share).max() < 4.5 * deviation
        # Two samples are chosen together as often as without replacement from the level.
        n, k = extra_of_level.shape[1], extra_of_level[0].sum()
        together = (extra_of_level.T @ extra_of_level)[np.triu_indices(n, 1)] / N_SEEDS
        assert abs(together - k * (k - 1) / (n * (n - 1))).max() < 5 * 0.5 / np.sqrt(N_SEEDS)


def test_levels_of_one_sample_are_rounded_without_a_shuffle():
    n = 1 << 18
    multipliers = 1 + (np.arange(n) + 0.5) / n
    plan = RepeatPlan(multipliers, np.random.RandomState(0).permutation(n).astype(np.uint32))
    generator, expected = np.random.RandomState(1), np.random.RandomState(1)
    repeats = plan.draw_repeats(generator)
    assert repeats.sum() == plan.epoch_size == 3 * n // 2
    assert set(repeats) == {1, 2}
    # Systematic sampling leaves less than a sample of difference between any run of levels and
    # its share: here the upper half, whose multipliers are 1.75 on average.
    assert abs(repeats[plan.levels >= n // 2].sum() - 1.75 * n / 2) <= 1
    expected.uniform()
    assert generator.uniform() == expected.uniform()


def test_draws_stay_what_they_were():
    # Seeds are written down in papers and logs; any change here changes their epochs.
    plan = plan_of([5, 4, 3], [1.0, 1.5, 2.4])  # 5 + 6 + 7.2 samples
    assert_array_equal(plan.draw_repeats(0), [1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 3, 2])
    assert_array_equal(plan.draw_repeats(1), [1, 1, 1, 1, 1, 2, 2, 1, 1, 2, 2, 3])
    bernoulli = plan.draw_repeats(0, rounding="bernoulli")
    assert_array_equal(bernoulli, [1, 1, 1, 1, 1, 2, 2, 2, 1, 3, 2, 3])


@pytest.mark.parametrize("few", [1, 3, 1000])
def test_plan_of_multipliers_has_the_distinct_ones_as_levels(few, monkeypatch):
    monkeypatch.setattr("mlresample._plan.repeats._FEW_LEVELS", few)
    monkeypatch.setattr("mlresample._plan.repeats._CHUNK", 2)
    plan = plan_of_multipliers(np.array([2.5, 1.0, 0.0, 1.0, -0.0]))
    assert_array_equal(plan.level_multipliers, [0, 1, 2.5])
    assert not np.signbit(plan.level_multipliers).any()
    assert_array_equal(plan.levels, [2, 1, 0, 1, 0])
    assert plan.levels.dtype == np.uint8
    assert_array_equal(plan.level_sizes, [2, 2, 1])


def test_draw_of_a_large_plan_is_exact_and_spread_over_the_level():
    multipliers = np.random.RandomState(0).choice([1.0, 1.3, 2.6], 300_000)
    distinct, levels = np.unique(multipliers, return_inverse=True)
    plan = RepeatPlan(distinct, levels.astype(np.uint8))
    repeats = plan.draw_repeats(0)
    assert repeats.sum() == plan.epoch_size
    for level, multiplier in enumerate(distinct):
        repeats_at_level = repeats[levels == level]
        assert abs(repeats_at_level.sum() - multiplier * len(repeats_at_level)) < 1
    of_level_1 = repeats[levels == 1]
    first_half = of_level_1[: len(of_level_1) // 2]
    assert abs(first_half.mean() - 1.3) < 0.006  # not all at one end


def test_plan_without_a_sample_left_is_refused():
    with pytest.raises(ValueError, match="epoch is empty"):
        plan_of([3, 2], [0.0, 0.0])
    with pytest.raises(ValueError, match="epoch is empty"):
        plan_of([3, 2], [0.1, 0.05])
    assert plan_of([3, 2], [0.2, 0.05]).epoch_size == 1


def test_plan_of_more_samples_than_floats_can_count_is_refused():
    with pytest.raises(ValueError, match=r"would have 1\.8e\+16 samples: lower the cap"):
        plan_of([3, 2], [1.0, 9e15])
    assert plan_of([3, 1], [1.0, 9e15]).epoch_size == 9e15 + 3
