"""Label files that tests write, and what their tables must hold."""

import re
from pathlib import Path

import numpy as np
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array


def write(name, content):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def check_table(table, ids, target, class_names):
    assert isinstance(table.y, csr_array)
    assert table.y.dtype == np.uint8
    assert table.y.has_canonical_format
    assert_array_equal(table.y.toarray(), target)
    assert table.ids.dtype == object
    assert table.ids.tolist() == ids
    assert table.class_names.tolist() == class_names
    assert table.class_names.dtype == (np.int64 if isinstance(class_names[0], int) else object)


def exactly(message):
    assert "\n" not in message
    return rf"\A{re.escape(message)}\Z"
