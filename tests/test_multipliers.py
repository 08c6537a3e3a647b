"""Class counts to class multipliers, class multipliers to sample multipliers."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import (
    ClassCounts,
    MaxMultiplierOverSampler,
    ResamplingRule,
    compare_plans,
    plan_resampling,
)

COUNTS = [1000, 100, 50, 10]  # median 75, mean 290


def learn(class_counts, n_samples=None, **parameters):
    """Class multipliers of a rule."""
    counts = ClassCounts.from_numbers(class_counts, n_samples=n_samples)
    return ResamplingRule.from_counts(counts, **parameters).class_multipliers


def apply(y, class_multipliers):
    """Sample multipliers of class multipliers that nothing bounds."""
    plan = plan_resampling(y, class_multipliers=class_multipliers, floor=0, cap=np.inf)
    return plan.sample_multipliers


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [1, 1, 1.5, 4]),
        ({"cap": 10}, [1, 1, 1.5, 7.5]),
        ({"cap": np.inf, "target_count": "mean"}, [1, 2.9, 5.8, 29]),
        ({"target_count": "max"}, [1, 4, 4, 4]),
        ({"target_count": 40}, [1, 1, 1, 4]),
        ({"target_count": 25.0}, [1, 1, 1, 2.5]),
        ({"target_count": 2}, [1, 1, 1, 1]),
        ({"target_count": np.float32(25)}, [1, 1, 1, 2.5]),
        ({"target_count": 0.1, "n_samples": 2000}, [1, 2, 4, 4]),
        ({"target_count": 1.0, "n_samples": 2000}, [2, 4, 4, 4]),
        ({"target_count": 400, "power": 0.5}, [1, 2, np.sqrt(8), 4]),
        ({"power": 0}, [1, 1, 1, 1]),
        ({"floor": 0.1}, [0.1, 0.75, 1.5, 4]),
        ({"floor": 0}, [0.075, 0.75, 1.5, 4]),
    ],
)
def test_rule_gives_the_values_worked_out_by_hand(parameters, expected):
    assert_allclose(learn(COUNTS, **parameters), expected, rtol=1e-15)


def test_class_that_never_occurs_has_no_multiplier_and_no_say_in_the_target():
    assert_array_equal(learn([100, 0, 50, 0, 10]), [1, np.nan, 1, np.nan, 4])
    # Median of 100, 50 and 10.
    assert_array_equal(learn([100, 0, 50, 10], floor=0), [0.5, np.nan, 1, 4])


@pytest.mark.parametrize(
    ("counts", "parameters", "message"),
    [
        ([1, -1], {}, "class_counts must be whole numbers >= 0"),
        ([1, 1.5], {}, "class_counts must be whole numbers >= 0"),
        ([1, np.nan], {}, "class_counts must be whole numbers >= 0"),
        ([[1, 2], [3, 4]], {}, r"one per class, got .* of shape \(2, 2\)"),
        ([0, 0], {}, "No class occurs"),
        (
            COUNTS,
            {"target_count": 0.5},
            "target_count=0.5 is a share of the samples: pass n_samples",
        ),
        (COUNTS, {"target_count": "mode"}, "'target_count' parameter"),
        (COUNTS, {"target_count": 0}, "'target_count' parameter"),
        (COUNTS, {"target_count": -3.0}, "'target_count' parameter"),
        (COUNTS, {"target_count": np.nan}, "'target_count' parameter"),
        (COUNTS, {"target_count": True}, "target_count must be a number"),
        (COUNTS, {"target_count": 1}, "pass 1.0"),
        (COUNTS, {"cap": 0.9}, "'cap' parameter"),
        (COUNTS, {"cap": np.nan}, "'cap' parameter"),
        (COUNTS, {"floor": 1.1}, "'floor' parameter"),
        (COUNTS, {"floor": -0.1}, "'floor' parameter"),
        (COUNTS, {"power": -1}, "'power' parameter"),
        (COUNTS, {"power": np.inf}, "'power' parameter"),
        (COUNTS, {"cap": 10**400}, "cap must be at most 1.8e.308, the largest float"),
        (
            COUNTS,
            {"target_count": 10**400},
            "target_count must be at most 1.8e.308, the largest float",
        ),
        (COUNTS, {"power": 10**400}, "power must be at most 1.8e.308, the largest float"),
    ],
)
def test_rule_refuses_what_it_cannot_use(counts, parameters, message):
    with pytest.raises(ValueError, match=message):
        learn(counts, **parameters)


def test_counts_of_small_types_are_computed_in_float64():
    counts = np.array([1000, 3], dtype=np.float16)
    multipliers = learn(counts, target_count=100_000, cap=np.inf)
    assert_allclose(multipliers, [100, 100_000 / 3], rtol=1e-15)


@pytest.mark.parametrize(
    "parameters",
    [
        {"target_count": np.float16(0.9)},
        {"epoch_size": np.float16(1.01)},
        {"epoch_size": np.float32(1.0123457)},
        {"epoch_size": np.int32(100_001), "floor": np.float16(0.3)},
        {"power": np.float16(0.3), "cap": np.float16(3.3), "target_count": np.longdouble(60_000)},
        {"target_count": np.uint8(200), "floor": np.float16(0.001)},
    ],
)
def test_numbers_of_numpy_are_computed_with_as_python_ones(parameters):
    y = np.repeat([0, 1, 2], [90_000, 9_900, 100])
    expected = plan_resampling(
        y,
        **{
            name: int(value) if isinstance(value, np.integer) else float(value)
            for name, value in parameters.items()
        },
    )

    plan = plan_resampling(y, **parameters)
    assert plan.to_dict() == expected.to_dict()
    sampler = MaxMultiplierOverSampler(**parameters).fit(y.reshape(-1, 1), y)
    assert_array_equal(sampler.class_multipliers_, expected.class_multipliers)
    assert all(sampler.get_params()[name] is value for name, value in parameters.items())
    compared = compare_plans(y, {name: [value] for name, value in parameters.items()})
    assert compared.epoch_size == expected.epoch_size
    assert compared.resolved_target_count == expected.resolved_target_count
    if "epoch_size" not in parameters:
        multipliers = learn(expected.class_counts, n_samples=np.int32(100_000), **parameters)
        assert_array_equal(multipliers, expected.class_multipliers)


@pytest.mark.parametrize("name", ["cap", "target_count", "power", "epoch_size"])
def test_integers_beyond_floats_are_refused_by_name(name):
    message = f"{name} must be at most 1.8e.308, the largest float, got a larger integer"
    with pytest.raises(ValueError, match=message):
        plan_resampling(Y, **{name: 10**400})
    with pytest.raises(ValueError, match=message):
        compare_plans(Y, {name: [10**400]})
    with pytest.raises(ValueError, match=message):
        MaxMultiplierOverSampler(**{name: 10**400}).fit(Y, Y)


def test_masked_values_are_refused():
    masked = np.ma.array([1.0, 2.0], mask=[0, 1])
    with pytest.raises(ValueError, match="masked"):
        learn(masked)
    with pytest.raises(ValueError, match="masked"):
        apply([[1, 0], [0, 1]], masked)


def test_sample_multiplier_is_the_largest_of_its_classes_not_the_sum_or_product():
    y = [[1, 0, 0], [1, 1, 0], [1, 1, 1], [0, 0, 0]]
    assert_array_equal(apply(y, [1.0, 2.0, 3.0]), [1, 2, 3, 1])
    assert_array_equal(apply(y, {2: 3, 1: 2}), [1, 2, 3, 1])
    # Below 1: a sample without a class stays at 1, whatever its neighbors do.
    assert_array_equal(apply(y, [0.5, 0.25, 0.0]), [0.5, 0.5, 0.5, 1])


@pytest.mark.parametrize(
    ("multipliers", "message"),
    [
        ([1.0, -1.0], "numbers >= 0, got -1.0 for class 1"),
        ([1.0, np.nan], "numbers >= 0, got nan for class 1"),
        ([1.0, np.inf], "numbers >= 0, got inf for class 1"),
        ([1.0], "each of the 2 classes, got an array of shape"),
        ([[1.0, 2.0]], "each of the 2 classes, got an array of shape"),
        (["a", "b"], "must be numbers"),
        (np.array([1.0, 2.0 + 1j]), "must be numbers"),
        ({"cat": 2}, "unknown class 'cat'; the classes are 0, 1"),
        ({0: None}, "must be numbers"),
        ([1, 10**400], "class_multipliers must be at most 1.8e.308, the largest float"),
    ],
)
def test_wrong_class_multipliers_are_refused(multipliers, message):
    with pytest.raises(ValueError, match=message):
        apply([[1, 0], [0, 1]], multipliers)


# -- multipliers of the user's own -------------------------------------------------------------

Y = np.repeat(np.eye(3, dtype=int), [6, 3, 1], axis=0)


def test_array_dict_and_callable_say_the_same():
    by_array = plan_resampling(Y, class_multipliers=[1, 2, 3])
    by_dict = plan_resampling(Y, class_multipliers={1: 2, 2: 3})
    by_callable = plan_resampling(Y, class_multipliers=lambda counts: np.array([1, 2, 3]))
    for plan in (by_array, by_dict, by_callable):
        assert_array_equal(plan.class_multipliers, [1, 2, 3])
        assert plan.resolved_target_count is None
        assert plan.epoch_size == 6 + 2 * 3 + 3


def test_callable_receives_the_class_counts_and_may_divide_by_zero():
    y = np.column_stack([Y, np.zeros(10, dtype=int)])
    plan = plan_resampling(y, class_multipliers=lambda counts: counts.max() / counts)
    assert_array_equal(plan.class_multipliers, [1, 2, 4, 1])  # clipped without a warning


def test_callable_cannot_change_the_plans_counts():
    def halve(counts):
        counts //= 2
        return 1 + (counts < 3)

    plan = plan_resampling(Y, class_multipliers=halve)
    assert_array_equal(plan.class_counts, [6, 3, 1])
    assert_array_equal(plan.class_multipliers, [1, 2, 2])


def test_class_that_never_occurs_stays_at_one_whatever_is_given():
    y = np.column_stack([Y, np.zeros(10, dtype=int)])
    for multipliers in ([1, 2, 3, 4], {3: 4}, lambda counts: np.array([1, 1, 1, 4])):
        plan = plan_resampling(y, class_multipliers=multipliers)
        assert plan.class_multipliers[3] == 1
        assert not plan.at_cap[3]


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_name_of_the_only_column_is_no_class_and_the_error_names_the_classes(backend):
    library = pytest.importorskip(backend)
    frame = library.DataFrame({"defect": [0, 0, 0, 1]})
    message = r"names 'defect', the only column of y.* the values, 0, 1: .* example \{1: 3\}"
    for y in (frame, frame["defect"]):
        with pytest.raises(ValueError, match=message):
            plan_resampling(y, class_multipliers={"defect": 3})
        with pytest.raises(ValueError, match=message):
            apply(y, {"defect": 3})
        with pytest.raises(ValueError, match=message):
            MaxMultiplierOverSampler(class_multipliers={"defect": 3}).fit(frame, y)
        with pytest.raises(ValueError, match="unknown class 'cat'; the classes are 0, 1"):
            plan_resampling(y, class_multipliers={"cat": 3})
        assert_array_equal(
            plan_resampling(y, class_multipliers={1: 3}).sample_multipliers, [1, 1, 1, 3]
        )


def test_series_gives_multipliers_by_name_not_by_position():
    pd = pytest.importorskip("pandas")
    multipliers = pd.Series({"c": 3.0, "a": 1.0, "b": 2.0})
    plan = plan_resampling(Y, class_names=["a", "b", "c"], class_multipliers=multipliers)
    assert_array_equal(plan.class_multipliers, [1, 2, 3])
    plan = plan_resampling(
        Y, class_names=["a", "b", "c"], class_multipliers=pd.Series([1.0, 2.0, 3.0])
    )
    assert_array_equal(plan.class_multipliers, [1, 2, 3])


def test_series_whose_index_names_other_classes_is_refused():
    pd = pytest.importorskip("pandas")
    with pytest.raises(ValueError, match="unknown class 1"):
        plan_resampling([0, 2, 5, 0], class_multipliers=pd.Series({0: 1.0, 1: 2.0, 2: 3.0}))
    with pytest.raises(ValueError, match="names a class twice"):
        plan_resampling(Y, class_multipliers=pd.Series([1.0, 2.0], index=[1, 1]))
    frame = pd.DataFrame(Y, columns=[2, 1, 0])
    plan = plan_resampling(frame, class_multipliers=pd.Series({0: 3.0, 1: 2.0, 2: 1.0}))
    assert_array_equal(plan.class_multipliers, [1, 2, 3])


def test_clipping_names_class_value_and_bound():
    with pytest.warns(UserWarning, match=r"class 'c' has 9, above cap=4\.$"):
        plan = plan_resampling(Y, class_names=list("abc"), class_multipliers=[1, 2, 9])
    assert_array_equal(plan.class_multipliers, [1, 2, 4])
    with pytest.warns(UserWarning, match=r"class 0 has 0.5, below floor=1"):
        plan_resampling(Y, class_multipliers={0: 0.5})
    with pytest.warns(UserWarning, match="and 2 more"):
        plan_resampling(np.eye(12, dtype=int), class_multipliers=np.full(12, 9.0))


@pytest.mark.parametrize(
    "parameters",
    [{"target_count": 100}, {"target_count": "mean"}, {"power": 0.5}, {"epoch_size": 1.5}],
)
def test_rule_parameters_beside_own_multipliers_are_refused(parameters):
    with pytest.raises(ValueError, match=f"{next(iter(parameters))} shapes the 'balanced'"):
        plan_resampling(Y, class_multipliers=[1, 2, 3], **parameters)


def test_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="'class_multipliers' parameter"):
        plan_resampling(Y, class_multipliers="unbalanced")


# -- an epoch of a given size ------------------------------------------------------------------

SINGLE_CLASS = np.repeat(np.arange(4), [6000, 2500, 1200, 300])


def test_budget_is_met_as_in_the_worked_case():
    plan = plan_resampling(SINGLE_CLASS, epoch_size=8000, cap=5, floor=0)
    assert_allclose(plan.class_multipliers, [0.36111, 0.86667, 1.80556, 5], atol=5e-6)
    assert_allclose(plan.expected_epoch_size, 8000, rtol=1e-12)
    assert_allclose(plan.resampled_class_counts, [6500 / 3, 6500 / 3, 6500 / 3, 1500])
    assert plan.epoch_size == 8000


def test_budget_as_a_float_is_a_multiple_of_the_samples():
    by_float = plan_resampling(SINGLE_CLASS, epoch_size=1.25)
    by_int = plan_resampling(SINGLE_CLASS, epoch_size=12_500)
    assert by_float.resolved_target_count == by_int.resolved_target_count
    assert by_float.epoch_size == 12_500


def test_budget_of_as_many_samples_as_classes_is_a_number_of_samples():
    plan = plan_resampling(SINGLE_CLASS, epoch_size=4, floor=0)
    assert_allclose(plan.resampled_class_counts, 1)


def test_budget_with_power_zero_changes_nothing():
    plan = plan_resampling(SINGLE_CLASS, epoch_size=1.0, power=0, floor=0.5)
    assert_array_equal(plan.class_multipliers, 1)
    assert plan.resolved_target_count in plan.class_counts


def test_budget_on_a_plateau_takes_the_smallest_target():
    # 10 and 1,000 samples, cap 2: between t = 20 and t = 1,000 an epoch has 1,020 samples.
    y = np.repeat([0, 1], [10, 1000])
    assert plan_resampling(y, epoch_size=1020, cap=2).resolved_target_count == 20
    assert plan_resampling(y, epoch_size=1.0).resolved_target_count == 10


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"epoch_size": 50_000}, r"between 10,000 and 40,000 samples \(1 to 4 times"),
        ({"epoch_size": 9_999}, "between 10,000 and 40,000"),
        ({"epoch_size": 12_000.0}, "a float: a multiple of the samples"),
        ({"epoch_size": 0.5, "floor": 0.6}, "between 6,000 and 40,000"),
        ({"epoch_size": 1.2, "power": 0}, "between 10,000 and 10,000"),
        ({"epoch_size": 3}, "smaller than the number of classes, 4.*1.0 for once"),
        ({"epoch_size": 1.5, "target_count": "mean"}, "leave one of the two"),
        ({"epoch_size": 1.5, "target_count": 50}, "leave one of the two"),
        ({"epoch_size": 0}, "'epoch_size' parameter"),
        ({"epoch_size": np.nan}, "'epoch_size' parameter"),
        ({"epoch_size": True}, "epoch_size must be a number"),
    ],
)
def test_budget_that_cannot_be_met_names_the_feasible_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        plan_resampling(SINGLE_CLASS, **parameters)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("floor", [5e-324, 1e-310, 1e-300])
def test_budget_is_met_with_a_floor_that_floats_can_hardly_tell_from_zero(floor, power):
    for budget in (4, 1000, 12_000):
        plan = plan_resampling(SINGLE_CLASS, epoch_size=budget, floor=floor, power=power)
        assert_allclose(plan.expected_epoch_size, budget, rtol=1e-9)


@pytest.mark.parametrize("epoch_size", [5e-324, 1e-310, 4e-5])
def test_budget_below_half_a_sample_names_the_feasible_range(epoch_size):
    with pytest.raises(ValueError, match=r"cannot be met: .* between 1 and 40,000 samples"):
        plan_resampling(SINGLE_CLASS, epoch_size=epoch_size, floor=0)


def test_budget_is_met_or_refused_at_extreme_powers():
    y = np.repeat([0, 1], [9000, 1000])
    plan = plan_resampling(y, epoch_size=11_000, power=120)
    assert plan.epoch_size == 11_000
    assert plan_resampling(y, epoch_size=11_000, power=np.float16(0.3)).epoch_size == 11_000
    message = r"cannot be solved for: .* power=0\.001 an epoch has between 1,000 and 10,000"
    with pytest.raises(ValueError, match=message):
        plan_resampling(y, epoch_size=5000, power=0.001, floor=0.1, cap=1)


indicators = st.tuples(st.integers(1, 40), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 1))
)


@given(
    y=indicators.filter(lambda y: y.any()),
    floor=st.sampled_from([0.0, 0.3, 1.0]),
    cap=st.sampled_from([1.5, 4.0, np.inf]),
    power=st.sampled_from([0.3, 0.5, 1.0, 2.0]),
    share=st.floats(0, 1),
)
@settings(max_examples=200, deadline=None)
def test_every_budget_within_floor_and_cap_is_met(y, floor, cap, power, share):
    n_without = np.count_nonzero(~y.any(axis=1))
    smallest = n_without + floor * (len(y) - n_without)
    largest = n_without + min(cap, 20.0) * (len(y) - n_without)
    budget = smallest + share * (largest - smallest)
    assume(budget > 0.5)
    plan = plan_resampling(y, epoch_size=budget / len(y), floor=floor, cap=cap, power=power)
    assert_allclose(plan.expected_epoch_size, budget, rtol=1e-8)
    occurs = plan.class_counts > 0
    assert (plan.class_multipliers[occurs] >= floor).all()
    assert (plan.class_multipliers[occurs] <= cap).all()
