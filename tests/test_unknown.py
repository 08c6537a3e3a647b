"""Targets with unknown entries, which nobody looked at."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from mlresample._target.read import as_target

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
    y = sp.coo_array((np.array([-2, 1, 1, 1]), ([0, 0, 1, 2], [1, 1, 0, 1])), shape=(3, 2))
    target = as_target(y.tocsr(), unknown=-1)
    assert_array_equal(target.class_counts, [1, 1])
    assert_array_equal(target.unknown.class_counts, [0, 1])


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
