"""REMEDIAL splits samples in which common and rare classes occur together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from mlresample.combine import REMEDIAL
from mlresample.metrics import measure_imbalance

from .containers import TARGETS, to_array

# Counts 6, 2, 1: imbalance 1, 3, 6, mean 3.33, so that class 2 is the minority class. SCUMBLE of
# {0, 1}: 1 - sqrt(3) / 2 = .134; of {1, 2}: 1 - sqrt(18) / 4.5 = .057; mean over 7: .027.
Y = np.array([[1, 0, 0]] * 3 + [[1, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 0]])
X = np.arange(7.0).reshape(-1, 1)

targets = arrays(
    np.uint8, st.tuples(st.integers(2, 12), st.integers(2, 5)), elements=st.booleans()
)


def test_sample_with_common_and_rare_classes_is_split_in_two_at_the_end():
    sampler = REMEDIAL()
    X_resampled, y_resampled = sampler.fit_resample(X, Y)
    assert_array_equal(X_resampled.ravel(), [0, 1, 2, 3, 5, 6, 4, 4])
    assert_array_equal(sampler.sample_indices_, X_resampled.ravel())
    assert_array_equal(sampler.split_samples_, [4])
    assert_array_equal(y_resampled[:6], Y[[0, 1, 2, 3, 5, 6]])
    assert_array_equal(y_resampled[6:], [[0, 1, 0], [0, 0, 1]])
    assert sampler.sampling_strategy_ == {0: 0, 1: 0, 2: 0}


def test_sample_with_majority_classes_only_is_split_if_an_empty_copy_may_arise():
    sampler = REMEDIAL(skip_empty=False)
    _, y_resampled = sampler.fit_resample(X, Y)
    assert_array_equal(sampler.sample_indices_, [0, 1, 2, 5, 6, 3, 4, 3, 4])
    assert_array_equal(y_resampled[5:], [[1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]])


def test_sample_with_minority_classes_only_is_split_if_an_empty_copy_may_arise():
    # Counts 20 six times, then 3 and 1: mean imbalance 4.08, and the last sample has the two
    # classes above it, of imbalance 6.67 and 20.
    y = np.repeat(np.eye(8, dtype=int), [20] * 6 + [2, 0], axis=0)
    y = np.vstack([y, [0] * 6 + [1, 1]])
    data = np.zeros((len(y), 1))
    assert_array_equal(REMEDIAL().fit(data, y).split_samples_, [])
    _, y_resampled = REMEDIAL(skip_empty=False).fit_resample(data, y)
    assert_array_equal(y_resampled[-2:], [[0] * 8, [0] * 6 + [1, 1]])


@settings(max_examples=100, deadline=None)
@given(y=targets, skip_empty=st.booleans())
def test_class_counts_stay_and_scumble_does_not_rise(y, skip_empty):
    y[0, 0] = 1
    sampler = REMEDIAL(skip_empty=skip_empty)
    X_resampled, y_resampled = sampler.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
    assert_array_equal(y_resampled.sum(axis=0), y.sum(axis=0))
    assert len(y_resampled) == len(y) + len(sampler.split_samples_)
    # Both halves together have the classes of the sample, and none twice.
    total = np.zeros_like(y)
    np.add.at(total, X_resampled.ravel(), y_resampled)
    assert_array_equal(total, y)
    before, after = measure_imbalance(y), measure_imbalance(y_resampled)
    assert after.scumble <= before.scumble + 1e-12
    assert_allclose(after.mean_imbalance, before.mean_imbalance)
    n_empty = (y_resampled.sum(axis=1) == 0).sum() - (y.sum(axis=1) == 0).sum()
    assert n_empty == 0 if skip_empty else n_empty >= 0


@settings(max_examples=40, deadline=None)
@given(labels=st.lists(st.integers(0, 4), min_size=2, max_size=30), as_matrix=st.booleans())
def test_samples_of_one_class_are_never_split(labels, as_matrix):
    labels = np.array([5, *labels])
    y = np.eye(6, dtype=int)[labels] if as_matrix else labels
    for skip_empty in (True, False):
        _, y_resampled = REMEDIAL(skip_empty=skip_empty).fit_resample(labels.reshape(-1, 1), y)
        assert_array_equal(y_resampled, y)


@pytest.mark.parametrize("name", TARGETS)
def test_target_of_every_kind_comes_back_as_it_was(name):
    y = TARGETS[name](Y)
    _, y_resampled = REMEDIAL(skip_empty=False).fit_resample(X, y)
    assert type(y_resampled) is type(y)
    for attribute in ("dtype", "format", "columns", "schema"):
        expected = getattr(y, attribute, None)
        if expected is not None and not callable(expected):
            assert_array_equal(getattr(y_resampled, attribute), expected)
    expected = [*Y[[0, 1, 2, 5, 6]], [1, 1, 0], [0, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert_array_equal(to_array(y_resampled).astype(int), expected)


def test_images_come_with_a_warning_and_tables_without(recwarn):
    REMEDIAL().fit_resample(X, Y)
    REMEDIAL().fit_resample(np.zeros((7, 3, 2, 2)), np.ones((7, 2), dtype=int))  # nothing to split
    assert len(recwarn) == 0
    with pytest.warns(UserWarning, match="splits 1 of .* into two identical ones"):
        REMEDIAL().fit_resample(np.zeros((7, 3, 2, 2)), Y)


def test_fit_finds_the_samples_to_split_and_splits_none():
    sampler = REMEDIAL().fit(X, Y)
    assert_array_equal(sampler.split_samples_, [4])
    assert not hasattr(sampler, "sample_indices_")
