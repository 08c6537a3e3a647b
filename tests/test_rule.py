"""The rule as an object: its parameters, its counts, what it learns and how it is applied."""

import inspect
import json
import pickle
import re
import sys
import warnings
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from imblearn.pipeline import make_pipeline
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

from mlresample import (
    ClassCounts,
    MaxMultiplierOverSampler,
    ResamplingRule,
    compare_plans,
    compute_loss_weights,
    plan_resampling,
)
from mlresample._rule.parameters import PARAMETERS, RULE_CONSTRAINTS, RuleParameters
from tests.containers import TARGETS

# -- parameters --------------------------------------------------------------------------------

TAKERS = [MaxMultiplierOverSampler, plan_resampling, ResamplingRule.from_counts]


@pytest.mark.parametrize("taker", TAKERS)
def test_whoever_takes_parameters_of_the_rule_has_its_defaults_and_documents_them(taker):
    signature = inspect.signature(taker).parameters
    for name in PARAMETERS:
        assert signature[name].default == getattr(RuleParameters, name)
        written = re.search(rf"^ *{name} : .*default=(.*)$", inspect.getdoc(taker), re.MULTILINE)
        assert written[1].strip('"') == str(getattr(RuleParameters, name))


def test_every_parameter_of_the_rule_has_a_check():
    assert list(RULE_CONSTRAINTS) == PARAMETERS


# -- counts ------------------------------------------------------------------------------------

Y = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 0, 1]])


def figures(counts):
    """All that class counts hold, comparable."""
    by_class = dict(zip(counts.classes.tolist(), counts.class_counts.tolist(), strict=True))
    return by_class, list(by_class), counts.n_samples, counts.n_without_class, counts.named


@pytest.mark.parametrize("container", TARGETS)
def test_counts_of_every_container_are_those_worked_out_by_hand(container):
    counts = ClassCounts.from_target(TARGETS[container](Y))
    assert counts.class_counts.dtype == np.int64
    assert_array_equal(counts.class_counts, [3, 1, 1])
    assert (counts.n_samples, counts.n_without_class) == (4, 1)
    assert counts.named == container.startswith(("pandas", "polars"))


def test_counts_of_labels_have_the_labels_as_names():
    counts = ClassCounts.from_target(["dog", "cat", "dog"])
    assert figures(counts) == ({"cat": 1, "dog": 2}, ["cat", "dog"], 3, 0, True)
    # A batch may be of one class, which plan_resampling refuses.
    assert figures(ClassCounts.from_target([7, 7])) == ({7: 2}, [7], 2, 0, True)


def test_counts_are_made_from_an_array_a_dict_or_a_series():
    pd = pytest.importorskip("pandas")
    expected = {"cat": 3, "lynx": 1}, ["cat", "lynx"], 4, 1, True
    numbers = {"n_samples": 4, "n_without_class": np.int32(1)}
    for given_counts in ({"cat": 3, "lynx": 1}, pd.Series({"cat": 3, "lynx": 1})):
        assert figures(ClassCounts.from_numbers(given_counts, **numbers)) == expected
    swapped = {"lynx": 1.0, "cat": 3.0}
    for given_counts in ([3, 1], swapped, pd.Series(swapped), np.array([3.0, 1.0])):
        counts = ClassCounts.from_numbers(given_counts, class_names=["cat", "lynx"], **numbers)
        assert figures(counts) == expected
    unnamed = ClassCounts.from_numbers(np.array([3, 1], dtype=np.uint8))
    assert figures(unnamed) == ({0: 3, 1: 1}, [0, 1], None, None, False)
    assert figures(ClassCounts.from_numbers(ClassCounts.from_target(Y)))[0] == {0: 3, 1: 1, 2: 1}


def test_counts_cannot_be_changed():
    given_counts = np.array([3, 1])
    counts = ClassCounts.from_numbers(given_counts)
    for array in (counts.class_counts, counts.classes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
    given_counts[0] = 5
    assert_array_equal(counts.class_counts, [3, 1])
    with pytest.raises(AttributeError):
        counts.n_samples = 5


@pytest.mark.parametrize(
    ("class_counts", "options", "message"),
    [
        ([1.5, 1], {}, "whole numbers >= 0"),
        ([-1, 1], {}, "whole numbers >= 0"),
        ([1, 2**53 + 2], {}, r"at most 2\*\*53"),
        ([[1, 2], [3, 4]], {}, r"shape \(2, 2\)"),
        ([3, 1], {"n_samples": 2}, "at most n_samples=2, got 3"),
        ([3, 1], {"n_samples": -1}, "'n_samples' parameter"),
        ([3, 1], {"n_samples": 5, "n_without_class": 3}, "need at least 3 and at most 4"),
        ([3, 1], {"n_samples": 5, "n_without_class": 0}, "5 of 5 samples would have a class"),
        ([3, 1], {"class_names": ["cat"]}, "1 name for 2 classes"),
        ({"cat": 1}, {"class_names": ["dog"]}, "must name each of the 1 class once"),
    ],
)
def test_counts_that_cannot_be_are_refused(class_counts, options, message):
    with pytest.raises(ValueError, match=message):
        ClassCounts.from_numbers(class_counts, **options)


def test_a_class_of_a_later_batch_is_added_by_name_and_names_are_sorted():
    first = ClassCounts.from_numbers({"dog": 2, "cat": 5}, n_samples=6, n_without_class=0)
    second = ClassCounts.from_numbers({"ant": 1, "dog": 3}, n_samples=4, n_without_class=1)
    expected = {"ant": 1, "cat": 5, "dog": 5}, ["ant", "cat", "dog"], 10, 1, True
    assert figures(first + second) == figures(second + first) == expected
    assert figures(sum([first, second])) == expected
    # Batches that agree keep their order, as the columns of a data frame have it.
    assert figures(first + first)[1] == ["dog", "cat"]
    unknown = ClassCounts.from_numbers({"cat": 1})
    assert (first + unknown).n_samples is None


def test_counts_that_cannot_be_matched_are_not_added():
    named = ClassCounts.from_numbers({"dog": 2, "cat": 5})
    with pytest.raises(ValueError, match="that have none cannot be added"):
        named + ClassCounts.from_numbers([2, 5])
    with pytest.raises(ValueError, match="Counts of 2 and of 3 classes cannot be added"):
        ClassCounts.from_numbers([2, 5]) + ClassCounts.from_numbers([2, 5, 1])
    with pytest.raises(ValueError, match="different types cannot be sorted"):
        named + ClassCounts.from_numbers({3: 1})
    with pytest.raises(ValueError, match=r"at most 2\*\*53"):
        ClassCounts.from_numbers([2**53]) + ClassCounts.from_numbers([2**53])
    with pytest.raises(TypeError):
        named + 1


indicators = st.tuples(st.integers(1, 30), st.integers(2, 6)).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 1))
)


@given(y=indicators, data=st.data())
@settings(max_examples=100, deadline=None)
def test_counts_of_batches_in_any_order_and_number_are_those_of_the_whole(y, data):
    cuts = sorted(data.draw(st.lists(st.integers(1, len(y)), max_size=5)))
    batches = [batch for batch in np.split(y, cuts) if len(batch)]
    containers = [np.asarray, sp.csr_array, sp.csc_array]
    counts = [
        ClassCounts.from_target(data.draw(st.sampled_from(containers))(batch))
        for batch in data.draw(st.permutations(batches))
    ]
    assert figures(reduce(add, counts)) == figures(ClassCounts.from_target(y))


words = st.text(st.characters(exclude_characters="|;"), max_size=2)  # these would list labels


@given(labels=st.lists(words, min_size=2, max_size=30), data=st.data())
@settings(max_examples=100, deadline=None)
def test_counts_of_batches_of_labels_are_those_of_the_whole(labels, data):
    cuts = [0, *sorted(data.draw(st.lists(st.integers(1, len(labels)), max_size=5))), len(labels)]
    pairs = list(pairwise(cuts))
    counts = [
        ClassCounts.from_target(np.array(labels[start:stop], dtype=object))
        for start, stop in data.draw(st.permutations(pairs))
        if stop > start
    ]
    while len(counts) > 1:  # in any grouping
        first, second = data.draw(st.permutations(range(len(counts))))[:2]
        merged = counts[first] + counts[second]
        counts = [c for i, c in enumerate(counts) if i not in (first, second)] + [merged]
    assert figures(counts[0]) == figures(ClassCounts.from_target(np.array(labels, dtype=object)))


def test_loss_weights_take_class_counts_with_their_number_of_samples():
    counts = ClassCounts.from_numbers({"lynx": 1, "cat": 2}, n_samples=4)
    weights = compute_loss_weights(class_counts=counts, class_names=["cat", "lynx"])
    assert_array_equal(weights.pos_weight, [1, 3])


# -- the rule ----------------------------------------------------------------------------------

COUNTS = ClassCounts.from_numbers({"cat": 900, "dog": 90, "lynx": 10, "yak": 0}, n_samples=950)
RULE = ResamplingRule.from_counts(COUNTS, cap=5)  # median of 900, 90 and 10: 90


def test_rule_learns_from_counts_what_a_plan_learns_from_samples():
    y = [[1, 0, 0]] * 80 + [[1, 1, 0]] * 20 + [[0, 1, 1]] * 5 + [[0, 0, 0]] * 3
    for parameters in ({}, {"target_count": 0.5, "power": 0.7, "cap": 9}, {"floor": 0.2}):
        plan = plan_resampling(y, class_names=["cat", "dog", "lynx"], **parameters)
        counts = ClassCounts.from_target(y, class_names=["cat", "dog", "lynx"])
        rule = ResamplingRule.from_counts(counts, **parameters)
        assert rule.to_json() == plan.rule.to_json()
        assert rule.plan(y, class_names=["cat", "dog", "lynx"]).to_dict() == plan.to_dict()
        assert_array_equal(rule.sample_multipliers(y), plan.sample_multipliers)


def test_rule_holds_what_was_learned():
    assert RULE.classes.tolist() == ["cat", "dog", "lynx", "yak"]
    assert RULE.counts is COUNTS
    assert_array_equal(RULE.class_multipliers, [1, 1, 5, np.nan])
    assert RULE.resolved_target_count == 90
    assert (RULE.parameters.cap, RULE.parameters.target_count) == (5, "median")
    for array in (RULE.class_multipliers, pickle.loads(pickle.dumps(RULE)).counts.class_counts):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 3
    with pytest.raises(AttributeError):
        RULE.parameters.cap = 3


@pytest.mark.parametrize("name", ["class_multipliers", "target_count"])
@pytest.mark.parametrize(
    "make", [np.array, list, lambda x: pytest.importorskip("pandas").Series(x)]
)
def test_what_the_user_passed_stays_the_users(name, make):
    values = make([1.5, 2.0, 3.0])
    plan = plan_resampling(Y, **{name: values})
    sampler = MaxMultiplierOverSampler(**{name: values}).fit(Y, Y)
    before = plan.rule.to_json()
    values[0] = 3.5
    assert plan.rule.to_json() == sampler.rule_.to_json() == before


def test_fitted_sampler_has_the_rule_of_its_plan():
    sampler = MaxMultiplierOverSampler(cap=2).fit(Y, Y)
    assert sampler.rule_ is sampler.plan_.rule
    assert_array_equal(sampler.rule_.class_multipliers, sampler.class_multipliers_)


def test_budget_and_share_need_more_than_counts_and_the_error_says_what():
    with pytest.raises(ValueError, match=r"use plan_resampling\(y, epoch_size=1.5\).rule"):
        ResamplingRule.from_counts(COUNTS, epoch_size=1.5)
    with pytest.raises(ValueError, match="pass n_samples"):
        ResamplingRule.from_counts([9, 1], target_count=0.5)
    rule = plan_resampling(Y, epoch_size=1.5).rule
    assert rule.parameters.epoch_size == 1.5
    assert_array_equal(rule.sample_multipliers(Y).sum(), 6)


def test_rule_is_applied_to_samples_that_were_not_there():
    # In another order, with a class less, in a batch of one label.
    y = np.array([[1, 0], [1, 1], [0, 1], [0, 0]])
    plan = RULE.plan(y, class_names=["lynx", "cat"])
    assert_array_equal(plan.sample_multipliers, [5, 5, 1, 1])
    assert plan.classes.tolist() == ["cat", "dog", "lynx", "yak"]
    assert_array_equal(plan.class_counts, [2, 0, 2, 0])
    assert_array_equal(plan.resampled_class_counts, [6, 0, 10, 0])
    assert (plan.n_samples, plan.n_without_class, plan.epoch_size) == (4, 1, 12)
    assert_array_equal(RULE.sample_multipliers(["lynx", "lynx"]), [5, 5])
    assert plan.rule is RULE
    report = plan.to_dict()
    assert [row["count_learned_from"] for row in report["classes"]] == [900, 90, 10, 0]
    assert (report["is_of_other_samples"], report["n_samples_learned_from"]) == (True, 950)
    assert "learned from the counts of 950 samples and are applied to" in repr(plan)
    # The cap suffices for 18 lynxes where the rule was learned, whatever is here.
    assert plan.samples_to_collect.tolist() == [0, 0, 8, 18]


def test_classes_without_names_are_matched_by_position_and_number():
    unnamed = ResamplingRule.from_counts([900, 90, 10])
    named = ResamplingRule.from_counts({"cat": 900, "dog": 90, "lynx": 10})
    y = np.eye(3, dtype=int)
    for rule, names in [(unnamed, None), (unnamed, ["lynx", "dog", "cat"]), (named, None)]:
        assert_array_equal(rule.sample_multipliers(y, class_names=names), [1, 1, 4])
    assert unnamed.plan(y, class_names=["a", "b", "c"]).classes.tolist() == ["a", "b", "c"]
    assert named.plan(y).classes.tolist() == ["cat", "dog", "lynx"]
    for rule in (named, unnamed):
        for apply in (rule.plan, rule.sample_multipliers):
            with pytest.raises(ValueError, match="y has 2 classes, the rule has 3"):
                apply(y[:, :2])


@pytest.mark.parametrize("apply", [RULE.plan, RULE.sample_multipliers])
def test_class_that_the_rule_has_no_multiplier_for_is_an_error_once_it_occurs(apply):
    with pytest.raises(ValueError, match="the rule does not know: 'emu', 'gnu'"):
        apply(["cat", "gnu", "emu"])
    with pytest.raises(ValueError, match="no sample when the rule was learned: 'yak'"):
        apply(["cat", "yak"])
    apply(np.array([[1, 0, 0]]), class_names=["cat", "gnu", "yak"])  # neither occurs


def test_unseen_classes_have_the_multiplier_that_is_given_for_them():
    y = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]])
    names = ["yak", "gnu", "lynx", "emu"]
    assert_array_equal(RULE.sample_multipliers(y, class_names=names, unseen=2), [2, 2, 5, 5, 1])
    plan = RULE.plan(y, class_names=names, unseen=0.5)
    assert_array_equal(plan.sample_multipliers, [0.5, 0.5, 5, 5, 1])
    assert plan.classes.tolist() == ["cat", "dog", "lynx", "yak", "gnu"]  # no emu occurs
    assert_array_equal(plan.class_counts, [0, 0, 2, 1, 2])
    assert_array_equal(plan.class_multipliers, [1, 1, 5, 0.5, 0.5])
    assert_array_equal(plan.resampled_class_counts, [0, 0, 10, 0.5, 5.5])
    two = RULE.plan(["emu", "gnu", "gnu", "cat"], unseen=2)
    assert two.classes.tolist() == ["cat", "dog", "lynx", "yak", "emu", "gnu"]
    assert_array_equal(two.resampled_class_counts, [1, 0, 0, 0, 2, 4])
    assert "2 classes were not among the counts: 'yak' (1), 'gnu' (2)" in " ".join(
        repr(plan).split()
    )
    for wrong in (-1, 6, np.nan, np.inf, "1", True):
        with pytest.raises(ValueError, match="unseen must be"):
            RULE.plan(y, class_names=names, unseen=wrong)


def test_class_without_samples_has_the_multiplier_that_the_user_gave_it():
    for given_multipliers in ({"yak": 3, "cat": 2}, [2, 1, 1, 3]):
        rule = ResamplingRule.from_counts(COUNTS, class_multipliers=given_multipliers)
        rule = ResamplingRule.from_json(rule.to_json())
        assert_array_equal(rule.sample_multipliers(["yak", "cat", "dog"]), [3, 2, 1])
    left_out = [{"cat": 2}, lambda counts: counts.max() / counts]
    for given_multipliers in left_out:
        rule = ResamplingRule.from_counts(COUNTS, class_multipliers=given_multipliers)
        with pytest.raises(ValueError, match="'yak'"):
            rule.sample_multipliers(["yak", "cat"])


# -- written down ------------------------------------------------------------------------------


def same_bits(first, second):
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return first.tobytes() == second.tobytes()


SCRIPTS = ["chat", "猫", "кот", "قطة", "🐈", "", 'a\n"b\\', "\ud800", "\u2028", " "]


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_rule_that_was_written_and_read_is_the_same_to_the_last_bit(data):
    names = data.draw(
        st.none()
        | st.lists(st.text() | st.sampled_from(SCRIPTS), min_size=1, max_size=9, unique=True)
        | st.lists(st.integers(-(2**65), 2**65), min_size=1, max_size=9, unique=True)
    )
    n_classes = 3 if names is None else len(names)
    numbers = data.draw(st.lists(st.integers(0, 2**53), min_size=n_classes, max_size=n_classes))
    numbers[0] += numbers[0] == 0
    multipliers = st.lists(st.floats(0, 3), min_size=n_classes, max_size=n_classes)
    targets = st.lists(st.floats(1.5, 1e300), min_size=n_classes, max_size=n_classes)
    parameters = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "cap": st.floats(1) | st.just(np.inf) | st.integers(1, 9),
                "floor": st.floats(0, 1),
                "target_count": st.floats(1.5, 1e300) | st.sampled_from(["mean", "max"]),
                "power": st.floats(0, 3),
                "background": st.floats(0, 1),
            },
        )
        | st.fixed_dictionaries({"target_count": targets}, optional={"cap": st.just(np.inf)})
        | st.fixed_dictionaries(
            {"class_multipliers": multipliers | multipliers.map(lambda m: lambda counts: m)},
            optional={"cap": st.just(np.inf), "floor": st.just(0)},
        )
    )
    counts = ClassCounts.from_numbers(numbers, class_names=names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of multipliers that are clipped
        rule = ResamplingRule.from_counts(counts, **parameters)
    text = rule.to_json()
    read = ResamplingRule.from_json(text)
    assert read.to_json() == text
    assert figures(read.counts) == figures(rule.counts)
    assert same_bits(read.class_multipliers, rule.class_multipliers)
    assert np.array_equal(read.resolved_target_count, rule.resolved_target_count)
    for name in PARAMETERS:
        first, second = getattr(rule.parameters, name), getattr(read.parameters, name)
        assert type(first) is type(second)
        assert (
            first == second
            if isinstance(first, str) or first is None
            else same_bits(first, second)
        )
    json.loads(text, parse_constant=sys.exit)  # other programs know no Infinity and no NaN


def test_rule_of_20000_classes_is_written_and_read():
    generator = np.random.RandomState(0)
    counts = {f"class {i}": int(n) for i, n in enumerate(generator.zipf(1.3, 20_000) % 10**9)}
    rule = ResamplingRule.from_counts(counts, cap=np.inf, power=1 / 3)
    read = ResamplingRule.from_json(rule.to_json())
    assert read.classes.tolist() == rule.classes.tolist()
    assert same_bits(read.class_multipliers, rule.class_multipliers)
    assert read.parameters.cap == np.inf


def test_names_that_json_has_no_type_for_are_refused():
    for names in ([("a", 1), ("b", 2)], [1.5, 2.5], [True, False]):
        rule = ResamplingRule.from_counts(ClassCounts.from_numbers([2, 1], class_names=names))
        with pytest.raises(ValueError, match="must be strings or integers to be written as JSON"):
            rule.to_json()


def changed(**changes):
    return json.dumps(json.loads(RULE.to_json()) | changes)


def changed_parameters(**changes):
    return changed(parameters=json.loads(RULE.to_json())["parameters"] | changes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RULE.to_json()[:-20], "text is not complete JSON"),
        ("", "text is not complete JSON"),
        ("rule.json", "pass the contents of the file"),
        (None, "must be the JSON of a rule, got NoneType"),
        ("[1, 2]", "not a rule: its 'format' must be 'mlresample.ResamplingRule'"),
        (changed(format="else"), "not a rule"),
        (changed(version=2), r"written in version 2 of the format; .* reads version 1"),
        (changed(class_multipliers=[1, 1, np.nan, 5]), "text has NaN"),
        (changed(class_multipliers=[1, 1, np.inf, 5]), "text has Infinity"),
        (changed(class_multipliers=[1, 1, None, 5]), "class 'lynx' must be from floor=1 to cap=5"),
        (changed(class_multipliers=[1, 1, 6, None]), "class 'lynx' must be from floor=1 to cap=5"),
        (changed(class_multipliers=[1, 1, "a", 1]), "class_multipliers must be a list of numbers"),
        (changed(class_multipliers=[1, 1, 5]), "class_multipliers has 3 numbers for 4 classes"),
        (changed(class_multipliers=3), "class_multipliers must be a list"),
        (changed(class_counts=[1, 2, 3.5, 4]), "class_counts must be whole numbers"),
        (changed(class_counts=[1, 2, 3]), "class_names has 4 names for 3 classes"),
        (changed(class_counts=[0, 0, 0, 0]), "No class occurs"),
        (changed(classes=["a", "a", "b", "c"]), "must be unique"),
        (changed(classes=["a", None, "b", "c"]), "must be strings or integers"),
        (changed(n_samples=2.5), "'n_samples' parameter"),
        (changed(resolved_target_count=None), "resolved_target_count"),
        (changed(resolved_target_count="median"), "resolved_target_count"),
        (changed(parameters={"cap": 4}), "parameters must be class_multipliers, cap"),
        (changed_parameters(cap=0.5), "'cap' parameter"),
        (changed_parameters(background=9), "background=9 is above cap=5"),
        (changed_parameters(sorcery=1), "parameters must be class_multipliers, cap"),
        ("{}", "not a rule"),
    ],
)
def test_text_that_is_no_rule_is_refused_by_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message):
        ResamplingRule.from_json(text)


def test_every_part_that_is_missing_is_named():
    written = json.loads(RULE.to_json())
    for name in set(written) - {"format", "version"}:
        text = json.dumps({key: value for key, value in written.items() if key != name})
        with pytest.raises(ValueError, match=f"it lacks '{name}'"):
            ResamplingRule.from_json(text)


# -- samples without a class -------------------------------------------------------------------


def test_background_is_the_multiplier_of_samples_without_a_class():
    y = np.array([[1, 0], [1, 1], [0, 0], [0, 0], [1, 0]])
    for background, size, names in [(0, 6, "0"), (0.5, 7, "1"), (3, 12, "6")]:
        plan = plan_resampling(y, class_multipliers=[1, 4], background=background)
        b = background
        assert_array_equal(plan.sample_multipliers, [1, 4, b, b, 1])
        assert_array_equal(plan.resampled_class_counts, [6, 4])
        assert plan.epoch_size == size
        assert plan.to_dict()["resampled_n_without_class"] == 2 * b
        assert re.search(rf"^without a class +2 +{names}$", repr(plan), re.MULTILINE)
        assert_array_equal(plan.rule.sample_multipliers(y), plan.sample_multipliers)
        drawn = plan.draw_repeats(0)
        assert drawn.sum() == size
        assert drawn[2:4].sum() == 2 * b
    sampler = MaxMultiplierOverSampler(background=0, random_state=0)
    _, resampled = sampler.fit_resample(np.arange(5).reshape(-1, 1), y)
    assert resampled.any(axis=1).all()
    assert sampler.sample_repeats_[2] == 0


@pytest.mark.parametrize("background", [0, 0.5, 2])
@pytest.mark.parametrize("size", [1.1, 250])
def test_budget_is_met_with_a_background(background, size):
    generator = np.random.RandomState(0)
    y = (generator.uniform(size=(200, 3)) < [0.5, 0.1, 0.05]).astype(int)
    plan = plan_resampling(y, epoch_size=size, background=background, floor=0.1)
    assert plan.epoch_size == (220 if size == 1.1 else size)
    assert set(plan.sample_multipliers[~y.any(axis=1)]) == {background}


def test_plans_are_compared_over_backgrounds():
    y = np.array([[1, 0]] * 20 + [[1, 1]] * 2 + [[0, 0]] * 10)
    table = compare_plans(y, {"background": [0, 0.5, 1]})
    assert_array_equal(table.epoch_size, [28, 33, 38])  # 20 + 2 * 4 + 10 b


def test_background_is_searched_like_any_parameter():
    X = np.arange(60).reshape(-1, 1)
    y = np.tile([[1, 0], [1, 1], [0, 0]], (20, 1))
    model = make_pipeline(MaxMultiplierOverSampler(random_state=0), DecisionTreeClassifier())
    grid = {"maxmultiplieroversampler__background": [0, 1, 2]}
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 3
    sampler = clone(MaxMultiplierOverSampler(background=0.25))
    assert sampler.get_params()["background"] == 0.25


@pytest.mark.parametrize(
    ("background", "message"),
    [
        (-0.1, "'background' parameter"),
        (np.nan, "'background' parameter"),
        (np.inf, "'background' parameter"),
        ("none", "'background' parameter"),
        (4.5, "background=4.5 is above cap=4"),
    ],
)
def test_background_outside_zero_and_cap_is_refused(background, message):
    for take in (
        lambda: plan_resampling(Y, background=background),
        lambda: MaxMultiplierOverSampler(background=background).fit(Y, Y),
        lambda: ResamplingRule.from_counts([3, 1], background=background),
        lambda: compare_plans(Y, {"background": [background]}),
    ):
        with pytest.raises(ValueError, match=message):
            take()


def test_torch_samplers_leave_out_a_background_of_zero():
    pytest.importorskip("torch", reason="torch is not installed")
    from mlresample.torch import RepeatSampler

    y = np.array([[1, 0]] * 6 + [[1, 1]] * 2 + [[0, 0]] * 4)
    indices = list(RepeatSampler(plan_resampling(y, background=0)))
    assert set(indices) == set(range(8))
    indices = list(RepeatSampler(plan_resampling(y, background=2)))
    assert sum(index >= 8 for index in indices) == 8


# -- a number for each class -------------------------------------------------------------------

CRACKS = np.array([[1, 0, 0]] * 40 + [[1, 1, 0]] * 8 + [[1, 0, 1]] * 2 + [[0, 0, 0]] * 10)
NAMES = ["road", "crack", "flood"]  # 50, 8 and 2 samples of 60


def test_each_class_has_at_least_its_number_where_the_cap_allows():
    plan = plan_resampling(CRACKS, class_names=NAMES, target_count={"crack": 20, "flood": 12})
    assert_array_equal(plan.class_multipliers, [1, 2.5, 4])
    assert_array_equal(plan.resampled_class_counts, [40 + 20 + 8, 20, 8])
    assert_array_equal(plan.resolved_target_count, [50, 20, 12])
    rows = {row["class"]: row for row in plan.to_dict()["classes"]}
    assert [row["target_count"] for row in rows.values()] == [50, 20, 12]
    assert [row["kept_away_by_cap"] for row in rows.values()] == [0, 0, 4]
    assert [row["added_by_co_occurrence"] for row in rows.values()] == [18, 0, 0]
    assert plan.samples_to_collect.tolist() == [0, 0, 1]
    assert plan.to_dict()["resolved_target_count"] is None
    text = " ".join(repr(plan).split())
    assert "cap 4, a target count for each class" in text
    assert (
        "The cap of 4 keeps away 4 of the samples that target_count asks for, of 1 class" in text
    )
    assert "1 class has fewer than asked for" in text
    assert "Co-occurrence adds 18 samples" in text
    assert "most of 'road' (50), 18" in text
    plan._repr_html_()


@pytest.mark.parametrize(
    "target_count",
    [
        [50, 20, 12],
        (50, 20.0, 0.2),  # 0.2 of 60 samples
        np.array([50, 20, 12]),
        {"flood": 12, "crack": 1 / 3},
        {"road": 3, "flood": 12, "crack": 20},  # fewer than there are, which floor=1 keeps
    ],
)
def test_numbers_of_classes_mean_what_they_mean_for_all(target_count):
    plan = plan_resampling(CRACKS, class_names=NAMES, target_count=target_count)
    assert_allclose(plan.class_multipliers, [1, 2.5, 4], rtol=1e-15)
    rule = ResamplingRule.from_json(plan.rule.to_json())
    assert_array_equal(rule.sample_multipliers(CRACKS), plan.sample_multipliers)
    sampler = MaxMultiplierOverSampler(target_count=target_count)
    assert clone(sampler).get_params()["target_count"] is not None
    table = compare_plans(
        CRACKS, {"target_count": [target_count, "max"], "cap": [4, 9]}, class_names=NAMES
    )
    for i, parameters in enumerate(table.parameters):
        one = plan_resampling(CRACKS, class_names=NAMES, **parameters)
        assert table.epoch_size[i] == one.epoch_size
        assert_allclose(table.resampled_mean_imbalance[i], one.resampled_mean_imbalance)
    assert np.isnan(table.resolved_target_count).sum() == 2
    assert "by class" in repr(table)
    json.loads(table.to_json())


def test_numbers_of_classes_may_be_a_series_by_name():
    pd = pytest.importorskip("pandas")
    target_count = pd.Series({"flood": 12, "crack": 20})
    plan = plan_resampling(CRACKS, class_names=NAMES, target_count=target_count)
    assert_array_equal(plan.class_multipliers, [1, 2.5, 4])


def test_the_median_as_the_number_of_each_class_is_the_default_plan():
    y = (np.random.RandomState(0).uniform(size=(300, 5)) < [0.6, 0.3, 0.1, 0.05, 0.03]).astype(int)
    default = plan_resampling(y)
    plan = plan_resampling(y, target_count=[default.resolved_target_count] * 5)
    assert_array_equal(plan.sample_multipliers, default.sample_multipliers)


def test_floor_below_one_lowers_classes_to_their_numbers():
    plan = plan_resampling(
        CRACKS, class_names=NAMES, target_count={"road": 20, "crack": 20}, floor=0.1
    )
    assert_array_equal(plan.class_multipliers, [0.4, 2.5, 1])


def test_number_of_a_class_without_samples_gets_a_verdict():
    y = np.column_stack([CRACKS, np.zeros(60, dtype=int)])
    names = [*NAMES, "bridge"]
    plan = plan_resampling(y, class_names=names, target_count={"bridge": 9, "crack": 20})
    verdicts = {verdict["code"]: verdict for verdict in plan.to_dict()["verdicts"]}
    assert verdicts["out_of_reach"]["classes"] == ["bridge"]
    assert plan.samples_to_collect.tolist() == [0, 0, 0, 3]  # 9 / 3 <= 4
    plan = plan_resampling(y, class_names=names, target_count={"crack": 20})
    assert "out_of_reach" not in {verdict["code"] for verdict in plan.to_dict()["verdicts"]}
    assert plan.samples_to_collect.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"target_count": {"gap": 3}}, "target_count names the unknown class 'gap'"),
        ({"target_count": [3, 4]}, "one number for each of the 3 classes"),
        ({"target_count": {"crack": 1}}, "got 1 for class 'crack'; .* pass 1.0"),
        ({"target_count": [50, 1, 3]}, "got 1 for class 'crack'; .* pass 1.0"),
        ({"target_count": np.array([50, 1, 3])}, "got 1 for class 'crack'; .* pass 1.0"),
        ({"target_count": {"crack": 0}}, "got 0 for class 'crack'"),
        ({"target_count": {"crack": -2.5}}, "got -2.5 for class 'crack'"),
        ({"target_count": {"crack": np.nan}}, "got nan for class 'crack'"),
        ({"target_count": {"crack": np.inf}}, "got inf for class 'crack'"),
        ({"target_count": {"crack": True}}, "got True for class 'crack'"),
        ({"target_count": {"crack": "20"}}, "target_count must be"),
        ({"target_count": {"crack": None}}, "target_count must be"),
        ({"target_count": {"crack": 10**400}}, "at most 1.8e.308"),
        ({"target_count": np.ma.array([1.5, 2, 3], mask=[1, 0, 0])}, "masked"),
        ({"target_count": {"crack": 20}, "power": 0.5}, "power=0.5 would miss"),
        ({"target_count": [50, 20, 12], "epoch_size": 1.5}, "epoch_size is met by solving"),
        (
            {"target_count": {"crack": 20}, "class_multipliers": [1, 2, 3]},
            "target_count shapes the 'balanced'",
        ),
    ],
)
def test_numbers_of_classes_that_cannot_be_are_refused(parameters, message):
    for take in (
        lambda: plan_resampling(CRACKS, class_names=NAMES, **parameters),
        lambda: ResamplingRule.from_counts(
            ClassCounts.from_target(CRACKS, class_names=NAMES), **parameters
        ),
    ):
        with pytest.raises(ValueError, match=message):
            take()


def test_shares_of_classes_need_the_number_of_samples():
    with pytest.raises(ValueError, match="share of the samples: pass n_samples"):
        ResamplingRule.from_counts({"a": 9, "b": 1}, target_count={"b": 0.5})
    with pytest.raises(ValueError, match="unknown class 'b'"):
        ResamplingRule.from_counts({"a": 9}, target_count={"b": 5})


@given(y=indicators.filter(lambda y: y.any()), data=st.data())
@settings(max_examples=200, deadline=None)
def test_no_class_has_fewer_than_its_number_but_for_the_cap(y, data):
    n_classes = y.shape[1]
    numbers = data.draw(st.lists(st.floats(1.5, 99), min_size=n_classes, max_size=n_classes))
    plan = plan_resampling(y, target_count=numbers, cap=data.draw(st.floats(1, 30)))
    rows = plan.to_dict()["classes"]
    for number, row in zip(numbers, rows, strict=True):
        if row["count"]:
            reached = row["count"] * row["multiplier"]
            assert row["resampled_count"] >= min(number, plan.cap * row["count"]) * (1 - 1e-12)
            assert_allclose(row["resampled_count"], reached + row["added_by_co_occurrence"])
            wanted = max(number, row["count"])
            assert_allclose(reached + row["kept_away_by_cap"], wanted, rtol=1e-12)
