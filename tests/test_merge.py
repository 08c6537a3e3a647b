"""Merging classes into parents."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from mlresample import merge_classes

Y = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]])
MERGED = [[1, 0, 0], [0, 1, 0], [0, 1, 1], [0, 1, 0], [0, 0, 0]]  # columns 1 and 2 as one
NAMES = ["dog", "lynx", "ocelot", "bird"]
PARENTS = {"cat": ["lynx", "ocelot"]}


def test_a_sample_carries_the_parent_if_it_carries_a_child():
    merged, names = merge_classes(Y, PARENTS, class_names=NAMES)
    assert merged.tolist() == MERGED
    assert names.tolist() == ["dog", "cat", "bird"]
    assert merged.dtype == Y.dtype


def test_column_numbers_are_names_where_there_are_no_others():
    merged, names = merge_classes(Y, {1: [2], 7: [0]})
    assert names.tolist() == [7, 1, 3]
    assert merged.tolist() == MERGED


def test_a_parent_of_the_target_keeps_its_own_samples():
    merged, names = merge_classes(Y, {"bird": ["dog"]}, class_names=NAMES)
    assert names.tolist() == ["bird", "lynx", "ocelot"]
    assert merged[:, 0].tolist() == [1, 0, 1, 0, 0]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil", "dok"])
def test_sparse_targets_keep_format_and_dtype(kind):
    for dtype in (np.uint8, bool, np.float32):
        y = sparse.csr_array(Y.astype(dtype)).asformat(kind)
        merged, _ = merge_classes(y, PARENTS, class_names=NAMES)
        assert merged.format == kind
        assert merged.dtype == dtype
        assert merged.toarray().tolist() == MERGED


@pytest.mark.parametrize("dtype", ["uint8", "Int64", "boolean", "bool", "float64"])
def test_pandas_keeps_its_types_and_index(dtype):
    frame = pd.DataFrame(Y, columns=NAMES, index=list("abcde")).astype(dtype)
    merged, _ = merge_classes(frame, PARENTS)
    assert merged.columns.tolist() == ["dog", "cat", "bird"]
    assert merged.index.tolist() == list("abcde")
    assert merged.astype(int).to_numpy().tolist() == MERGED
    assert set(merged.dtypes.astype(str)) == {dtype}


def test_sparse_pandas_frames_stay_sparse():
    frame = pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(Y), columns=NAMES)
    merged, _ = merge_classes(frame, PARENTS)
    assert merged.to_numpy().tolist() == MERGED
    assert all(isinstance(dtype, pd.SparseDtype) for dtype in merged.dtypes)


def test_polars_classes_are_strings():
    with pytest.raises(ValueError, match="must be strings"):
        merge_classes(pl.DataFrame(Y, schema=NAMES), {5: ["lynx", "ocelot"]})


def test_pandas_columns_may_be_numbers():
    merged, names = merge_classes(pd.DataFrame(Y), {1: [2]})
    assert merged.columns.tolist() == [0, 1, 3] == names.tolist()


def test_polars_comes_back_as_polars():
    merged, _ = merge_classes(pl.DataFrame(Y, schema=NAMES), PARENTS)
    assert merged.columns == ["dog", "cat", "bird"]
    assert merged.to_numpy().tolist() == MERGED


def test_tensors_come_back_as_tensors():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for dtype in (torch.uint8, torch.bool, torch.bfloat16):
        merged, _ = merge_classes(torch.tensor(Y).to(dtype), PARENTS, class_names=NAMES)
        assert merged.dtype == dtype
        assert merged.int().tolist() == MERGED


@pytest.mark.parametrize(
    ("parents", "message"),
    [
        ({"cat": ["lion"]}, r"parents\['cat'\] names the unknown class 'lion'"),
        ({"cat": "lynx"}, r"must be a list of classes, got 'lynx'"),
        ({"cat": 3}, r"must be a list of classes, got 3"),
        ({"cat": []}, r"must be a list of classes, got \[\]"),
        ({"cat": ["lynx"], "pet": ["lynx"]}, "'lynx' has two parents"),
        ({"cat": ["lynx"], "pet": ["cat"]}, "names the unknown class 'cat'"),
        ({"lynx": ["ocelot"], "pet": ["lynx"]}, "'lynx' is a child of 'pet' and itself a parent"),
        ({"animal": NAMES}, "merges all classes into one"),
    ],
)
def test_wrong_parents_are_named(parents, message):
    with pytest.raises(ValueError, match=message):
        merge_classes(Y, parents, class_names=NAMES)


def test_single_label_targets_are_told_how():
    with pytest.raises(ValueError, match="replace the labels themselves"):
        merge_classes(["lynx", "dog"], PARENTS)
