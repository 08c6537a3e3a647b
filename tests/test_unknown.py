"""Targets with unknown entries, which nobody looked at."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from mlresample import (
    ClassCounts,
    MaxMultiplierOverSampler,
    ResamplingRule,
    compare_plans,
    compute_loss_weights,
    correct_logits,
    correct_probabilities,
    merge_classes,
    plan_resampling,
)
from mlresample._target.read import as_target
from mlresample.metrics import measure_imbalance

NAN = float("nan")
Y = np.array([[1, -1, 0], [0, -1, 0], [1, 1, 0], [0, 0, -1], [0, 0, 0]])
KNOWN_ONES = [2, 1, 0]
UNKNOWN_ONES = [0, 2, 1]


def polars_frame(y):
    polars = pytest.importorskip("polars")
    return polars.DataFrame(y, schema=["a", "b", "c"][: y.shape[1]])


def with_nulls(y):
    """Return a polars frame with nulls for -1."""
    frame = polars_frame(y)
    polars = pytest.importorskip("polars")
    return frame.select(polars.when(polars.all() >= 0).then(polars.all()))


def torch_tensor(y):
    return pytest.importorskip("torch").tensor(y)


def pandas_frame(y):
    return pd.DataFrame(y, columns=["a", "b", "c"][: y.shape[1]])


def with_nan(y):
    return np.where(y < 0, NAN, y)


def with_none(y):
    return np.where(y < 0, None, y.astype(object))


# Containers of a target in which -1 or a missing value stands for unknown entries.
OF_VALUE = {
    "int64": np.array,
    "int8": lambda y: y.astype(np.int8),
    "float16": lambda y: y.astype(np.float16),
    "Fortran": np.asfortranarray,
    "objects": lambda y: y.astype(object),
    "list": lambda y: y.tolist(),
    "csr": sp.csr_array,
    "csr_matrix": sp.csr_matrix,
    "csc": sp.csc_array,
    "coo": sp.coo_array,
    "pandas": pandas_frame,
    "pandas of several dtypes": lambda y: pandas_frame(y).astype({"a": "float32"}),
    "polars": polars_frame,
    "torch": torch_tensor,
}
OF_NAN = {
    "float64": with_nan,
    "Fortran": lambda y: np.asfortranarray(with_nan(y)),
    "None": with_none,
    "list of None": lambda y: with_none(y).tolist(),
    "list of nan": lambda y: with_nan(y).tolist(),
    "csr": lambda y: sp.csr_array(with_nan(y)),
    "csc": lambda y: sp.csc_array(with_nan(y)),
    "pandas": lambda y: pandas_frame(with_nan(y)),
    "pandas of several dtypes": lambda y: pandas_frame(with_nan(y)).astype({"a": "int8"}),
    "pandas with nulls allowed": lambda y: pandas_frame(with_nan(y)).astype("Int8"),
    "pandas boolean": lambda y: pandas_frame(with_none(y)).astype("boolean"),
    "polars with nulls": with_nulls,
    "torch": lambda y: torch_tensor(with_nan(y)),
}
MASKS = {
    "array": np.array,
    "Fortran": np.asfortranarray,
    "list": lambda mask: mask.tolist(),
    "csr": sp.csr_array,
    "csc": sp.csc_array,
    "pandas": pandas_frame,
    "pandas boolean": lambda mask: pandas_frame(mask).astype("boolean"),
    "polars": polars_frame,
    "torch": torch_tensor,
}


def assert_split_right(target, y=Y):
    """Check positives and unknown entries, read in all the ways that an indicator has."""
    for indicator, expected in ((target, y == 1), (target.unknown, y == -1)):
        assert_array_equal(indicator.class_counts, expected.sum(axis=0))
        numbers = np.arange(1, 1 + y.shape[1], dtype=np.uint8)
        assert_array_equal(indicator.row_maximum(numbers), (expected * numbers).max(axis=1))
        levels = np.arange(len(y)) % 3
        weights = np.array([0.25, 0.0, 2.0])
        weighted = indicator.weighted_class_counts(weights, levels)
        assert_array_equal(weighted, weights[levels] @ expected)
        assert_array_equal(indicator.row_sums(np.eye(y.shape[1])), expected)
        joint = np.array([expected[levels == level].sum(axis=0) for level in range(3)])
        assert_array_equal(indicator.joint_counts(levels, 3), joint)
        assert_array_equal(indicator.sparse_joint_counts(levels, 3).toarray(), joint)
    assert_array_equal(target.known_counts, (y != -1).sum(axis=0))
    undecided = (y == -1).any(axis=1) & ~(y == 1).any(axis=1)
    maximum = target.row_maximum(np.ones(y.shape[1], dtype=np.uint8))
    assert_array_equal(target.undecided(maximum), undecided)


# -- the target --------------------------------------------------------------------------------


@pytest.mark.parametrize("container", OF_VALUE)
def test_a_value_stands_for_unknown_entries_in_every_container(container):
    assert_split_right(as_target(OF_VALUE[container](Y), unknown=-1))


@pytest.mark.parametrize("container", OF_NAN)
def test_nan_stands_for_all_that_is_missing_in_every_container(container):
    y = OF_NAN[container](Y)
    assert_split_right(as_target(y, unknown=NAN))
    with pytest.raises(ValueError, match=r"unknown=nan to functions that have it"):
        as_target(y)


def test_nan_stands_for_all_that_is_missing_without_pandas(monkeypatch):
    monkeypatch.setattr("narwhals.dependencies.get_pandas", lambda: None)
    y = with_none(Y)
    y[0, 1] = NAN
    assert_split_right(as_target(y, unknown=NAN))


@pytest.mark.parametrize("of_mask", MASKS)
@pytest.mark.parametrize("container", OF_VALUE)
def test_a_mask_of_any_container_covers_whatever_a_target_holds(container, of_mask):
    mask = MASKS[of_mask](Y == -1)
    assert_split_right(as_target(OF_VALUE[container](Y), unknown=mask))
    covered = np.where(Y == -1, [[1], [0], [7], [1], [0]], Y)
    assert_split_right(as_target(OF_VALUE[container](covered), unknown=mask))


@pytest.mark.parametrize("value", [-1, -1.0, np.int8(-1), np.float32(-1)])
def test_the_type_of_the_value_does_not_matter(value):
    for dtype in (np.int8, np.int64, np.float32, object):
        assert_split_right(as_target(Y.astype(dtype), unknown=value))


def test_unsigned_bytes_may_have_an_unknown_value():
    for kind in (np.array, np.asfortranarray, sp.csr_array, sp.csc_array):
        assert_split_right(as_target(kind(Y.astype(np.uint8)), unknown=255))


@pytest.mark.parametrize("kind", [np.array, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("as_mask", [False, True])
def test_blocks_of_a_few_entries_change_nothing(kind, as_mask, monkeypatch):
    rng = np.random.default_rng(0)
    y = rng.choice([-1, 0, 1], size=(500, 7), p=[0.1, 0.6, 0.3])
    monkeypatch.setattr("mlresample._target.kernels.BLOCK_SIZE", 32)
    assert_split_right(as_target(kind(y), unknown=y == -1 if as_mask else -1), y)
    y[333, 4] = 3
    with pytest.raises(ValueError, match=r"got 3 in row 333, class 4"):
        as_target(kind(y), unknown=y == -1 if as_mask else -1)


@pytest.mark.parametrize("container", ["int64", "Fortran", "objects", "csr", "csc", "pandas"])
def test_a_target_in_which_nothing_is_unknown_is_read_as_it_is(container):
    y = OF_VALUE[container](np.maximum(Y, 0))
    for unknown in (-1, NAN, np.zeros(Y.shape, dtype=bool), None):
        target = as_target(y, unknown=unknown)
        assert target.unknown is target.known_counts is None
        assert type(target) is type(as_target(y))
        assert vars(target).keys() == vars(as_target(y)).keys()


def test_duplicates_of_a_sparse_matrix_are_added_before_entries_are_compared():
    data, columns, indptr = np.array([-2, 1, 1, 1]), [1, 1, 0, 1], [0, 2, 3, 4]
    y = sp.csr_array((data, columns, indptr), shape=(3, 2))
    for unknown in (-1, sp.csr_array([[False, True], [False, False], [False, False]])):
        target = as_target(y, unknown=unknown)
        assert_array_equal(target.class_counts, [1, 1])
        assert_array_equal(target.unknown.class_counts, [0, 1])
    assert y.nnz == 4


def test_the_target_and_the_mask_are_left_as_they_are():
    y, mask = Y.copy(), sp.csr_array(Y == -1)
    as_target(y, unknown=-1)
    as_target(sp.csr_array(y), unknown=mask)
    assert_array_equal(y, Y)
    assert_array_equal(mask.toarray(), Y == -1)


# -- wrong input -------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 1, 0.0, True, np.False_])
def test_0_and_1_cannot_be_unknown(value):
    with pytest.raises(ValueError, match="another value than 0 and 1"):
        as_target(Y, unknown=value)


@pytest.mark.parametrize("value", [-1, -1.0])
def test_minus_1_without_unknown_is_an_error_that_names_the_way_out(value):
    with pytest.raises(ValueError, match=rf"got {value} in row 0, class 1.*pass unknown=-1 to"):
        as_target(np.where(Y < 0, value, Y))


@pytest.mark.parametrize("kind", [np.array, np.asfortranarray, sp.csr_array, pandas_frame])
def test_an_entry_that_is_neither_0_nor_1_nor_unknown_is_an_error(kind):
    y = Y.copy()
    y[4, 2] = 2
    with pytest.raises(ValueError, match=r"must hold only 0 and 1, got 2 in row 4, class (2|'c')"):
        as_target(kind(y), unknown=-1)
    y = y.astype(float)
    y[4, 2] = NAN
    with pytest.raises(ValueError, match=r"got nan in row 4, class (2|'c')"):
        as_target(kind(y), unknown=-1)


@pytest.mark.parametrize("shape", [(5,), (4, 3), (5, 2), (3, 5)])
def test_a_mask_of_another_shape_is_an_error(shape):
    for y in (Y, sp.csr_array(Y), pandas_frame(Y)):
        with pytest.raises(ValueError, match=r"mask of y's shape \(5, 3\), got one of shape"):
            as_target(y, unknown=np.zeros(shape, dtype=bool))


@pytest.mark.parametrize(
    "wrong", ["-1", (Y == -1).astype(int), pandas_frame(Y), [[None] * 3] * 5, [-1], pd.NA, {}]
)
def test_what_is_neither_a_number_nor_a_mask_is_an_error(wrong):
    with pytest.raises(ValueError, match="unknown must be the number that stands for unknown"):
        as_target(Y, unknown=wrong)


def test_a_mask_frame_with_the_columns_in_another_order_is_an_error():
    mask = pandas_frame(Y == -1)[["b", "a", "c"]]
    with pytest.raises(ValueError, match="unknown has the classes in the order"):
        as_target(pandas_frame(Y), unknown=mask)


@pytest.mark.parametrize(
    "labels", [["a", "b"], [[0], [1]], pd.Series([0, 1]), pd.DataFrame({"a": [0, 1]})]
)
def test_class_labels_cannot_be_unknown(labels):
    with pytest.raises(ValueError, match="unknown is for an indicator matrix"):
        as_target(labels, unknown=-1)


def test_counts_of_instances_cannot_be_unknown():
    with pytest.raises(ValueError, match="leave out one of the two"):
        as_target(Y, instances=True, unknown=-1)


# -- the rule and the plan, against brute force over known entries -------------------------------

fuzzed = settings(max_examples=60, deadline=None)
KINDS = [np.array, np.asfortranarray, sp.csr_array, sp.csc_array]


def random_target(seed, n_samples=None, n_classes=None):
    """Generate a small target of -1, 0 and 1, some of whose classes are hardly known."""
    rng = np.random.default_rng(seed)
    shape = n_samples or rng.integers(2, 25), n_classes or rng.integers(2, 6)
    y = (rng.random(shape) < rng.uniform(0.05, 0.7, shape[1])).astype(int)
    y[rng.random(shape) < rng.choice([0, 0.1, 0.5, 0.95], shape[1])] = -1
    y[0, 0] = 1
    return y


def count_known(y):
    """Count positives and known entries of each class, entry by entry."""
    n_classes = len(y[0])
    positives, known = [0] * n_classes, [0] * n_classes
    for row in y.tolist():
        for c, value in enumerate(row):
            if value != -1:
                known[c] += 1
                positives[c] += value
    return positives, known


def multipliers_of(
    y, target_count="median", power=1.0, cap=4.0, floor=1.0, background=1.0, solved=False
):
    """Compute the multipliers of classes and samples, class by class and row by row."""
    positives, known = count_known(y)
    of_class = []
    for c, n in enumerate(positives):
        t = target_count
        if t == "median":
            t = float(np.median([n for n in positives if n > 0]))
        elif isinstance(t, float) and t <= 1 and not solved:
            t = t * known[c]  # a share
        of_class.append(min(max((t / n) ** power, floor), cap) if n else 1.0)
    of_sample = []
    for row in y.tolist():
        of_row = [m for m, value in zip(of_class, row, strict=True) if value == 1]
        if of_row:
            of_sample.append(max(of_row))
        else:
            of_sample.append(1.0 if -1 in row else background)
    return np.array(of_class), np.array(of_sample)


RULES = st.fixed_dictionaries(
    {
        "target_count": st.sampled_from(["median", 0.05, 0.3, 1.0, 3, 7.5]),
        "power": st.sampled_from([1.0, 0.5]),
        "cap": st.sampled_from([1.0, 2.0, 4.0, np.inf]),
        "floor": st.sampled_from([1.0, 0.5]),
        "background": st.sampled_from([0.0, 1.0]),
    }
)


@fuzzed
@given(seed=st.integers(0, 10_000), rule=RULES, kind=st.sampled_from(KINDS))
def test_a_plan_equals_brute_force_over_known_entries(seed, rule, kind):
    y = random_target(seed)
    plan = plan_resampling(kind(y), unknown=-1, **rule)
    positives, known = count_known(y)
    of_class, of_sample = multipliers_of(y, **rule)
    assert plan.class_counts.tolist() == positives
    np.testing.assert_allclose(plan.class_multipliers, of_class, rtol=1e-12)
    np.testing.assert_allclose(plan.sample_multipliers, of_sample, rtol=1e-12)
    np.testing.assert_allclose(plan.resampled_class_counts, of_sample @ (y == 1), rtol=1e-12)
    if (y == -1).any():
        assert plan.known_counts.tolist() == plan.rule.counts.known_counts.tolist() == known
        resampled_known = of_sample @ (y != -1)
        np.testing.assert_allclose(
            plan.resampled_known_counts, resampled_known, rtol=1e-9, atol=1e-9
        )
    else:
        assert plan.known_counts is plan.resampled_known_counts is None
    without = [1 not in row and -1 not in row for row in y.tolist()]
    undecided = [1 not in row and -1 in row for row in y.tolist()]
    assert (plan.n_without_class, plan.n_undecided) == (sum(without), sum(undecided))
    by_rule = plan.rule.sample_multipliers(kind(y), unknown=-1)
    np.testing.assert_array_equal(by_rule, plan.sample_multipliers)


@fuzzed
@given(seed=st.integers(0, 10_000), rule=RULES, kind=st.sampled_from(KINDS))
def test_a_mask_and_missing_values_give_the_plan_of_a_value(seed, rule, kind):
    y = random_target(seed)
    report = plan_resampling(kind(y), unknown=-1, **rule).to_dict()
    covered = np.where(y == -1, np.random.default_rng(seed).integers(0, 2, y.shape), y)
    for target, unknown in (
        (kind(np.where(y == -1, NAN, y)), NAN),
        (kind(covered), kind(y == -1)),
    ):
        assert plan_resampling(target, unknown=unknown, **rule).to_dict() == report


@fuzzed
@given(seed=st.integers(0, 10_000), rule=RULES, kind=st.sampled_from(KINDS))
def test_a_target_in_which_all_is_known_gives_the_same_report_to_the_bit(seed, rule, kind):
    y = kind(np.maximum(random_target(seed), 0))
    plan = plan_resampling(y, **rule)
    for unknown in (-1, NAN, np.zeros(y.shape, dtype=bool)):
        same = plan_resampling(y, unknown=unknown, **rule)
        assert same.to_dict() == plan.to_dict()
        assert same.rule.to_json() == plan.rule.to_json()
        assert_array_equal(same.levels, plan.levels)
        assert repr(same) == repr(plan)


@fuzzed
@given(seed=st.integers(0, 10_000), epoch_size=st.floats(0.6, 3), kind=st.sampled_from(KINDS))
def test_a_budget_is_met_with_undecided_samples_seen_once(seed, epoch_size, kind):
    y = random_target(seed, n_samples=20)
    rule = {"cap": 4.0, "floor": 0.5, "background": 0.25}
    smallest, largest = (
        multipliers_of(y, target_count=t, solved=True, **rule)[1].mean() for t in (1e-9, 1e9)
    )
    if not smallest <= epoch_size <= largest:
        with pytest.raises(ValueError, match="cannot be met"):
            plan_resampling(kind(y), unknown=-1, epoch_size=epoch_size, **rule)
        return
    plan = plan_resampling(kind(y), unknown=-1, epoch_size=epoch_size, **rule)
    t = plan.resolved_target_count
    of_class, of_sample = multipliers_of(y, target_count=t, solved=True, **rule)
    np.testing.assert_allclose(of_sample.sum(), epoch_size * len(y), rtol=1e-6)
    np.testing.assert_allclose(plan.sample_multipliers, of_sample, rtol=1e-12)
    np.testing.assert_allclose(plan.class_multipliers, of_class, rtol=1e-12)


@fuzzed
@given(seed=st.integers(0, 10_000), kind=st.sampled_from(KINDS))
def test_compared_plans_equal_brute_force_over_known_entries(seed, kind):
    y = random_target(seed)
    grid = {
        "target_count": ["median", 0.05, 0.3, 1.0, 3],
        "power": [1.0, 0.5],
        "background": [0.5, 1.0],
    }
    comparison = compare_plans(kind(y), grid, unknown=-1)
    for i, parameters in enumerate(comparison.parameters):
        _, of_sample = multipliers_of(y, **parameters)
        np.testing.assert_allclose(comparison.growth[i], of_sample.mean(), rtol=1e-12)
        counts = (of_sample @ (y == 1))[(y == 1).any(axis=0)]
        ratio, mean = counts.max() / counts.min(), (counts.max() / counts).mean()
        np.testing.assert_allclose(comparison.resampled_imbalance_ratio[i], ratio, rtol=1e-12)
        np.testing.assert_allclose(comparison.resampled_mean_imbalance[i], mean, rtol=1e-12)


def test_a_share_of_the_known_samples_may_reorder_the_classes():
    # a: 4 of 8 known; b: 3 of 4 known. Half of the known: a has 4 of 4, b has 3 of 2.
    y = np.array([[1, 1]] * 2 + [[1, -1]] * 2 + [[0, 1], [0, 0], [0, -1], [0, -1]])
    plan = plan_resampling(y, unknown=-1, target_count=1.0)
    assert_array_equal(plan.resolved_target_count, [8, 4])
    assert_array_equal(plan.class_multipliers, [2, 4 / 3])
    assert_array_equal(plan.sample_multipliers, [2, 2, 2, 2, 4 / 3, 1, 1, 1])
    comparison = compare_plans(y, {"target_count": [1.0]}, unknown=-1)
    np.testing.assert_allclose(comparison.growth, (8 + 4 / 3 + 3) / 8)
    assert np.isnan(comparison.resolved_target_count[0])


def test_an_undecided_sample_is_not_background():
    plan = plan_resampling(Y, unknown=-1, background=0)
    assert_array_equal(plan.sample_multipliers, [1, 1, 1.5, 1, 0])
    assert (plan.n_without_class, plan.n_undecided) == (1, 2)


def test_a_rule_is_applied_to_other_samples_with_unknown_entries():
    rule = plan_resampling(Y[:, :2], class_names=["a", "b"], unknown=-1).rule
    y = pd.DataFrame({"b": [1, -1, 0], "c": [0, 0, -1]})
    plan = rule.plan(y, unknown=-1)
    assert plan.classes.tolist() == ["a", "b"]
    assert_array_equal(plan.known_counts, [3, 2])  # a is known to be absent
    assert_array_equal(plan.resampled_known_counts, [3.5, 2.5])
    assert_array_equal(plan.sample_multipliers, [1.5, 1, 1])
    assert plan.n_undecided == 2


def test_nothing_known_is_an_error_and_a_class_of_which_nothing_is_known_a_verdict():
    with pytest.raises(ValueError, match="No class occurs in the known part of y"):
        plan_resampling(np.full((3, 2), -1), unknown=-1)
    with pytest.raises(ValueError, match="No class occurs in the known part of y"):
        compare_plans([[0, -1], [-1, 0]], {"cap": [2]}, unknown=-1)
    plan = plan_resampling([[1, -1], [0, -1], [1, -1]], unknown=-1, target_count=0.5)
    assert_array_equal(plan.class_multipliers, [1, 1])
    verdicts = {found["code"]: found for found in plan.to_dict()["verdicts"]}
    assert verdicts["never_known"]["classes"] == [1]
    assert "Nothing is known of 1 class: 1 (0)." in verdicts["never_known"]["text"]
    assert "absent" not in verdicts
    plan.to_json()


# -- class counts ------------------------------------------------------------------------------


@fuzzed
@given(seed=st.integers(0, 10_000), cut=st.integers(1, 9))
def test_counts_of_batches_add_up(seed, cut):
    y = random_target(seed, n_samples=10, n_classes=3)
    whole = ClassCounts.from_target(y, unknown=-1)
    total = sum(ClassCounts.from_target(batch, unknown=-1) for batch in (y[:cut], y[cut:]))
    positives, known = count_known(y)
    assert total.class_counts.tolist() == positives
    assert total.n_without_class == whole.n_without_class
    for counts in (whole, total):
        if (y == -1).any():
            assert counts.known_counts.tolist() == known
        else:
            assert counts.known_counts is None
    share = {"target_count": 0.4}
    if any(positives):
        rule = ResamplingRule.from_counts(total, **share)
        of_target = plan_resampling(y, unknown=-1, **share).rule
        assert rule.to_json() == of_target.to_json()
        again = ResamplingRule.from_json(rule.to_json())
        assert again.to_json() == rule.to_json()


def test_a_batch_without_a_class_is_known_not_to_have_it():
    monday = ClassCounts.from_numbers({"cat": 3}, n_samples=9, known_counts={"cat": 5})
    tuesday = ClassCounts.from_numbers({"lynx": 1}, n_samples=2)
    week = monday + tuesday
    assert week.classes.tolist() == ["cat", "lynx"]
    assert week.known_counts.tolist() == [7, 11]
    assert (tuesday + monday).known_counts.tolist() == [7, 11]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"known_counts": [2, 5], "n_samples": 9}, r"got 2 for class 0 with count 3"),
        ({"known_counts": [5, 10], "n_samples": 9}, r"to n_samples=9, got 10 for class 1"),
        ({"known_counts": [5, 5]}, "known_counts needs the number of samples"),
        ({"known_counts": [5], "n_samples": 9}, "known_counts has 1 number for 2 classes"),
        ({"known_counts": {"a": 5, "b": 5}, "n_samples": 9}, "class_counts has none: name both"),
        (
            {"known_counts": [5, 5], "n_samples": 9, "instance_counts": [3, 2]},
            "do not go together",
        ),
        (
            {"known_counts": [9, 8], "n_samples": 9, "n_without_class": 2},
            "at least 3 and at most 6",
        ),
    ],
)
def test_known_counts_that_contradict_the_others_are_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        ClassCounts.from_numbers([3, 2], **options)


def test_known_counts_of_all_samples_are_none():
    counts = ClassCounts.from_numbers([3, 2], n_samples=9, known_counts=[9, 9])
    assert counts.known_counts is None
    assert "known_counts" not in ResamplingRule.from_counts(counts).to_json()


def test_counts_with_unknown_entries_cannot_be_added_to_those_of_an_unknown_number_of_samples():
    counts = ClassCounts.from_numbers([3, 2], n_samples=9, known_counts=[9, 8])
    with pytest.raises(ValueError, match="pass n_samples"):
        counts + ClassCounts.from_numbers([3, 2])


# -- the report --------------------------------------------------------------------------------


def test_a_report_says_how_much_is_known():
    plan = plan_resampling(Y, unknown=-1, class_names=["a", "b", "c"], target_count=0.5)
    text = repr(plan)
    assert "target count 50 % of the known samples" in text
    assert "\nundecided                   2         2\n" in text
    assert "\nknown entries          80.0 %\n" in text  # 12 of 15
    for cell in ("known", "of known", "60.00 %", "33.33 %"):  # b: 3 of 5 known, 1 of 3 carry it
        assert cell in text
        assert cell in plan._repr_html_()
    report = plan.to_dict()
    assert (report["n_undecided"], report["known_share"], report["target_share"]) == (2, 0.8, 0.5)
    (row,) = (row for row in report["classes"] if row["class"] == "b")
    assert (row["known"], row["known_share"], row["share"]) == (3, 0.6, 1 / 3)
    assert row["target_count"] == 1.5
    frame = plan.to_frame()
    assert frame["known"].tolist() == [5, 3, 4]


def test_a_report_of_a_known_target_has_no_such_column():
    plan = plan_resampling(np.maximum(Y, 0))
    assert "known" not in repr(plan)
    assert "of known" not in plan._repr_html_()


def test_verdicts_on_little_known_classes_and_on_those_without_known_negatives():
    y = np.array([[1, 1, 1], [1, 0, 1], [0, -1, -1], [0, -1, -1], [0, -1, -1]])
    verdicts = {v["code"]: v for v in plan_resampling(y, unknown=-1).to_dict()["verdicts"]}
    assert verdicts["little_known"]["classes"] == [1, 2]
    assert verdicts["no_known_negatives"]["classes"] == [2]
    half = np.array([[1, 1], [0, -1]])
    codes = [v["code"] for v in plan_resampling(half, unknown=-1).to_dict()["verdicts"]]
    assert "little_known" not in codes


# -- the estimator -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.array, sp.csr_array, pandas_frame, with_nan])
def test_the_estimator_hands_back_unknown_entries_as_they_are(kind):
    rng = np.random.default_rng(0)
    y = random_target(0, n_samples=60, n_classes=3)
    X = rng.normal(size=(60, 2))
    target = kind(y)
    unknown = NAN if kind is with_nan else -1
    sampler = MaxMultiplierOverSampler(unknown=unknown, background=0, random_state=0)
    _, resampled = sampler.fit_resample(X, target)
    assert type(resampled) is type(target)
    rows = resampled.toarray() if sp.issparse(resampled) else np.asarray(resampled)
    assert_array_equal(rows, (with_nan(y) if kind is with_nan else y)[sampler.sample_indices_])
    plan = plan_resampling(target, unknown=unknown, background=0)
    assert sampler.plan_.to_dict() == plan.to_dict()
    assert sampler.fit(X, target).plan_.to_dict() == plan.to_dict()
    change = (y[sampler.fit(X, target).plan_.draw_indices(0)] == 1).sum(axis=0) - plan.class_counts
    sampler.fit_resample(X, target)
    assert list(sampler.sampling_strategy_.values()) == change.tolist()


def test_a_mask_is_an_error_of_the_estimator_that_names_the_way_out():
    sampler = MaxMultiplierOverSampler(unknown=Y == -1)
    with pytest.raises(ValueError, match=r"got ndarray\. A mask.*np\.where\(mask, -1, y\)"):
        sampler.fit(np.zeros((5, 1)), Y)


def test_the_estimator_can_be_cloned_with_nan():
    sampler = clone(MaxMultiplierOverSampler(unknown=NAN))
    sampler.fit_resample(np.zeros((5, 1)), with_nan(Y))
    assert sampler.plan_.n_undecided == 2


# -- loss weights and corrections --------------------------------------------------------------


def odds_of(y, of_sample):
    """Compute known negatives per positive of each class, entry by entry; NaN without either."""
    odds = []
    for column in y.T.tolist():
        weights = list(zip(column, of_sample.tolist(), strict=True))
        positives = sum(weight for value, weight in weights if value == 1)
        negatives = sum(weight for value, weight in weights if value == 0)
        odds.append(negatives / positives if positives and negatives else NAN)
    return np.array(odds)


@fuzzed
@given(seed=st.integers(0, 10_000), rule=RULES, kind=st.sampled_from(KINDS))
def test_loss_weights_and_corrections_equal_brute_force_over_known_entries(seed, rule, kind):
    y = random_target(seed)
    plan = plan_resampling(kind(y), unknown=-1, **rule)
    _, of_sample = multipliers_of(y, **rule)
    before, after = odds_of(y, np.ones(len(y))), odds_of(y, of_sample)
    weights = compute_loss_weights(plan)
    np.testing.assert_allclose(weights.odds, before, rtol=1e-9)
    np.testing.assert_allclose(weights.resampled_odds, after, rtol=1e-9)
    np.testing.assert_allclose(weights.pos_weight, np.nan_to_num(after, nan=1.0), rtol=1e-9)
    positives, known = of_sample @ (y == 1), of_sample @ (y != -1)
    has_any = positives > 0
    inverse = known[has_any] / (y.shape[1] * positives[has_any])
    np.testing.assert_allclose(weights.class_weight[has_any], inverse, rtol=1e-9)
    if (y == -1).any():
        p = np.full((1, y.shape[1]), 0.25)
        factor = np.nan_to_num(before / after, nan=1.0)
        corrected = p / (p + factor * (1 - p))
        np.testing.assert_allclose(correct_probabilities(p, plan=plan), corrected, rtol=1e-9)
        logits = correct_logits(np.zeros_like(p), plan=plan)
        np.testing.assert_allclose(logits, -np.log(factor)[np.newaxis], atol=1e-9)
    counts = ClassCounts.from_target(kind(y), unknown=-1)
    without_resampling = compute_loss_weights(class_counts=counts)
    np.testing.assert_allclose(without_resampling.odds, before, rtol=1e-12)


def test_loss_weights_by_hand():
    # b: 1 of 3 known samples carry it, once 4 times; c: 2 known of 4, both negative.
    y = [[1, -1, -1], [1, 0, -1], [1, 1, 0], [0, 0, 0]]
    names = ["a", "b", "c"]
    counts = ClassCounts.from_target(y, unknown=-1, class_names=names)
    weights = compute_loss_weights(class_counts=counts)
    assert_array_equal(weights.pos_weight, [1 / 3, 2, 1])
    assert_array_equal(weights.class_weight, [4 / 9, 1, 1])
    reordered = compute_loss_weights(class_counts=counts, class_names=["b", "c", "a"])
    assert_array_equal(reordered.pos_weight, [2, 1, 1 / 3])
    plan = plan_resampling(y, unknown=-1, class_multipliers=[1, 4, 1])
    assert_array_equal(compute_loss_weights(plan).pos_weight, [1 / 6, 1 / 2, 1])


def test_loss_weights_of_another_number_of_samples_are_an_error():
    counts = ClassCounts.from_target(Y, unknown=-1)
    with pytest.raises(ValueError, match="n_samples=9 is not the 5 of class_counts"):
        compute_loss_weights(class_counts=counts, n_samples=9)


def test_a_plan_with_unknown_entries_is_not_single_label():
    plan = plan_resampling([[1, -1, 0], [0, 1, 1], [-1, 0, 0]], unknown=-1)
    assert plan.class_counts.sum() == plan.n_samples
    assert plan.n_without_class == 0
    correct_probabilities(np.full((1, 3), 0.5), plan=plan, pos_weight=[1, 2, 1])


def test_loss_weights_as_tensors_are_those_of_known_entries():
    pytest.importorskip("torch")
    from mlresample.torch import loss_weights

    plan = plan_resampling(Y, unknown=-1)
    expected = compute_loss_weights(plan)
    np.testing.assert_allclose(loss_weights(plan).pos_weight.numpy(), expected.pos_weight)
    counts = ClassCounts.from_target(Y, unknown=-1)
    expected = compute_loss_weights(class_counts=counts)
    of_counts = loss_weights(class_counts=counts)
    np.testing.assert_allclose(of_counts.class_weight.numpy(), expected.class_weight)


# -- merged classes ----------------------------------------------------------------------------

CONTAINERS = {f"-1 in {name}": (make, -1) for name, make in OF_VALUE.items()}
CONTAINERS |= {f"nan in {name}": (make, NAN) for name, make in OF_NAN.items()}


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_merged_class_is_unknown_if_no_child_is_carried_and_one_is_unknown(container):
    make, unknown = CONTAINERS[container]
    y = make(Y)
    names = None if hasattr(y, "columns") else ["a", "b", "c"]
    merged, merged_names = merge_classes(
        y, {"parent": ["c", "b"]}, class_names=names, unknown=unknown
    )
    assert merged_names.tolist() == ["a", "parent"]
    assert type(merged) is (np.ndarray if isinstance(y, list) else type(y))
    if hasattr(y, "dtype"):
        assert merged.dtype == y.dtype
    assert_split_right(
        as_target(merged, unknown=unknown), np.array([[1, -1], [0, -1], [1, 1], [0, -1], [0, 0]])
    )


@pytest.mark.parametrize("kind", [np.array, sp.csr_array, pandas_frame, polars_frame])
def test_a_child_that_is_carried_decides_whatever_is_unknown(kind):
    merged, _ = merge_classes(
        kind(np.array([[1, -1, 0], [-1, 1, 0], [-1, 0, 1]])),
        {"parent": ["a", "b"]},
        class_names=["a", "b", "c"],
        unknown=-1,
    )
    rows = merged.toarray() if sp.issparse(merged) else np.asarray(merged)
    assert_array_equal(rows, [[1, 0], [1, 0], [-1, 1]])


def test_a_merged_column_has_a_type_that_holds_unknown_entries():
    y = pd.DataFrame({"a": [0, 1, 0], "b": [NAN, NAN, 1], "c": [0, 0, 1]})
    merged, _ = merge_classes(y, {"parent": ["a", "b"]}, unknown=NAN)
    assert_array_equal(merged["parent"], [NAN, 1, 1])
    assert merged["parent"].dtype == y["b"].dtype


def test_classes_of_a_known_target_are_merged_as_ever():
    y = np.maximum(Y, 0)
    merged, _ = merge_classes(y, {"parent": [1, 2]}, unknown=-1)
    assert_array_equal(merged, merge_classes(y, {"parent": [1, 2]})[0])


def test_merged_classes_take_no_mask():
    with pytest.raises(ValueError, match=r"got ndarray\. A mask would not follow"):
        merge_classes(Y, {"parent": [1, 2]}, unknown=Y == -1)


def test_a_mask_frame_with_the_rows_in_another_order_is_an_error():
    y = pd.DataFrame(np.maximum(Y, 0), columns=["a", "b", "c"])
    mask = pd.DataFrame(Y == -1, columns=["a", "b", "c"])
    with pytest.raises(ValueError, match="unknown has the rows of y in another order"):
        plan_resampling(y, unknown=mask[::-1])
    expected = plan_resampling(y, unknown=mask).known_counts
    assert_array_equal(plan_resampling(y, unknown=mask[::-1].loc[y.index]).known_counts, expected)
    other = mask.set_axis(list("vwxyz"), axis=0)  # by position, as scikit-learn reads rows
    assert_array_equal(plan_resampling(y, unknown=other).known_counts, expected)


def test_samples_without_a_class_are_known_negatives_of_each_class():
    numbers = {"n_samples": 120, "known_counts": [10, 40]}
    ClassCounts.from_numbers([8, 10], n_without_class=2, **numbers)
    with pytest.raises(ValueError, match="a class has only 2 known negatives"):
        ClassCounts.from_numbers([8, 10], n_without_class=3, **numbers)


def test_measures_say_that_no_class_occurs_in_what_is_known():
    with pytest.raises(ValueError, match="No class occurs in the known part of y"):
        measure_imbalance(np.full((3, 2), -1), unknown=-1)
