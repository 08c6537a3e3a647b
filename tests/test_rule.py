"""The rule as an object: its parameters, its counts, what it learns and how it is applied."""

import inspect
import re
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from mlresample import (
    ClassCounts,
    MaxMultiplierOverSampler,
    compute_class_multipliers,
    compute_loss_weights,
    plan_resampling,
)
from mlresample._rule.parameters import PARAMETERS, RULE_CONSTRAINTS, RuleParameters
from tests.containers import TARGETS

# -- parameters --------------------------------------------------------------------------------

TAKERS = [MaxMultiplierOverSampler, plan_resampling, compute_class_multipliers]


@pytest.mark.parametrize("taker", TAKERS)
def test_whoever_takes_parameters_of_the_rule_has_its_defaults_and_documents_them(taker):
    signature = inspect.signature(taker).parameters
    taken = [name for name in PARAMETERS if name in signature]
    assert {"cap", "floor", "target_count", "power"} <= set(taken)
    for name in taken:
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
        ([3, 1], {"class_names": ["cat"]}, "1 names for 2 classes"),
        ({"cat": 1}, {"class_names": ["dog"]}, "must name each of the 1 classes once"),
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
