"""Public data sets, read from .npz files."""

import sys

import numpy as np
import scipy.sparse as sp


def load(path):
    """Return features and indicator matrix, both dense."""
    stored = _read(path)
    return stored["X"] if "X" in stored else _matrix(stored, "X"), load_labels(path)


def load_labels(path):
    """Return the indicator matrix, dense; features need not be stored."""
    return _matrix(_read(path), "y").astype(np.uint8)


def _read(path):
    if not path.is_file():
        sys.exit(f"{path} is missing; benchmarks/README.md says where it comes from.")
    return np.load(path, allow_pickle=False)


def _matrix(stored, name):
    parts = tuple(stored[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
    return sp.csr_array(parts, shape=tuple(stored[f"{name}_shape"])).toarray()
