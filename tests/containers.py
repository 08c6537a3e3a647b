"""Make every container of a target or of data, and convert each back to an array."""

import numpy as np
import scipy.sparse as sp


def with_int64_indices(y):
    matrix = sp.csr_array(y)
    matrix.indices = matrix.indices.astype(np.int64)
    matrix.indptr = matrix.indptr.astype(np.int64)
    return matrix


def with_explicit_zeros(y):
    """Store every entry, zeros as well as ones."""
    columns = np.tile(np.arange(y.shape[1]), len(y))
    return sp.csr_array((y.ravel(), columns, np.arange(len(y) + 1) * y.shape[1]))


def with_duplicates(y):
    """Store each positive as 2 and -1, in random order."""
    rows, columns = np.nonzero(y)
    rows, columns = np.tile(rows, 2), np.tile(columns, 2)
    data = np.repeat([2, -1], len(rows) // 2)
    order = np.lexsort([-columns, rows])
    indptr = np.searchsorted(rows[order], np.arange(len(y) + 1))
    return sp.csr_array((data[order], columns[order], indptr), shape=y.shape)


def _pandas(convert):
    def make(y):
        import pandas as pd

        frame = pd.DataFrame(y, columns=[f"class {j}" for j in range(y.shape[1])])
        frame.index = frame.index + 100
        return convert(pd, frame)

    return make


def _polars(dtype):
    def make(y):
        import polars as pl

        return pl.DataFrame(y, schema=[f"class {j}" for j in range(y.shape[1])]).cast(
            getattr(pl, dtype)
        )

    return make


def _torch(dtype):
    def make(y):
        import pytest

        torch = pytest.importorskip("torch", reason="torch is not installed")
        return torch.tensor(y.tolist()).to(getattr(torch, dtype))

    return make


def _sparse(kind):
    return lambda y: kind(y)


SPARSE = {
    f"{kind}_{family}": _sparse(getattr(sp, f"{kind}_{family}"))
    for kind in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")
    for family in ("array", "matrix")
}

TARGETS = {
    "list of rows": lambda y: y.tolist(),
    "int64": lambda y: y.astype(np.int64),
    "int8": lambda y: y.astype(np.int8),
    "bool": lambda y: y.astype(bool),
    "uint8": lambda y: y.astype(np.uint8),
    "float32": lambda y: y.astype(np.float32),
    "float64": lambda y: y.astype(np.float64),
    "big-endian": lambda y: y.astype(">f8"),
    "object": lambda y: y.astype(object),
    "Fortran order": lambda y: np.asfortranarray(y.astype(np.uint8)),
    "strided": lambda y: np.repeat(y, 2, axis=1)[:, ::2],
    "reversed bool": lambda y: y.astype(bool)[:, ::-1].copy()[:, ::-1],
    **SPARSE,
    "csr bool": lambda y: sp.csr_array(y.astype(bool)),
    "csr float": lambda y: sp.csr_array(y.astype(float)),
    "csr 64-bit indices": with_int64_indices,
    "csr explicit zeros": with_explicit_zeros,
    "csr duplicates": with_duplicates,
    "pandas int": _pandas(lambda pd, frame: frame),
    "pandas uint8": _pandas(lambda pd, frame: frame.astype("uint8")),
    "pandas bool": _pandas(lambda pd, frame: frame.astype(bool)),
    "pandas float": _pandas(lambda pd, frame: frame.astype(float)),
    "pandas object": _pandas(lambda pd, frame: frame.astype(object)),
    "pandas Int64": _pandas(lambda pd, frame: frame.astype("Int64")),
    "pandas boolean": _pandas(lambda pd, frame: frame.astype("boolean")),
    "pandas sparse": _pandas(lambda pd, frame: frame.astype(pd.SparseDtype("int8", 0))),
    "pandas mixed": _pandas(lambda pd, frame: frame.astype({"class 0": bool, "class 1": float})),
    "polars int": _polars("Int64"),
    "polars bool": _polars("Boolean"),
    "polars float": _polars("Float32"),
    "torch int": _torch("int64"),
    "torch bool": _torch("bool"),
    "torch float": _torch("float32"),
    "torch bfloat16": _torch("bfloat16"),
}


def to_array(container):
    """Any container as an array."""
    if sp.issparse(container):
        return container.toarray()
    if hasattr(container, "detach"):
        return container.float().numpy()
    if hasattr(container, "to_numpy"):
        return np.asarray(container.to_numpy())
    return np.asarray(container)
