"""Public data sets, read from .npz files."""

import sys

import numpy as np
import scipy.sparse as sp


def load(path):
    """Return features and indicator matrix, both dense."""
    if not path.is_file():
        sys.exit(f"{path} is missing; benchmarks/README.md says where it comes from.")
    stored = np.load(path, allow_pickle=False)

    def matrix(name):
        parts = tuple(stored[f"{name}_{part}"] for part in ("data", "indices", "indptr"))
        return sp.csr_array(parts, shape=tuple(stored[f"{name}_shape"])).toarray()

    return stored["X"] if "X" in stored else matrix("X"), matrix("y").astype(np.uint8)
