"""Every kernel returns in every layout what the simplest computation returns."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from mlresample._target import kernels
from mlresample._target.read import as_target
from mlresample._utils.containers import _count_entries, take_rows

from .containers import with_duplicates, with_explicit_zeros, with_int64_indices

ONES = np.ones(1 << 20)


def random_bits(n_rows, n_columns, density, seed):
    """Zeros and ones, with an empty and a full row."""
    generator = np.random.default_rng(seed)
    bits = (generator.random((n_rows, n_columns)) < density).astype(np.uint8)
    bits[n_rows // 2 : n_rows // 2 + 1] = 1
    bits[n_rows // 3 : n_rows // 3 + 1] = 0
    return bits


def random_ranks(n_columns, n_ranks, seed):
    ranks = np.random.default_rng(seed).integers(0, n_ranks + 1, n_columns)
    return ranks.astype(np.min_scalar_type(n_ranks))


def plain_maximum(bits, ranks):
    return [max([int(r) for r, bit in zip(ranks, row, strict=True) if bit] or [0]) for row in bits]


def entries(matrix):
    return matrix.indptr, matrix.indices


shapes = {
    "n_rows": st.integers(0, 600),
    "n_columns": st.integers(1, 40) | st.sampled_from([48, 64, 80, 255, 256, 257, 300]),
    "density": st.sampled_from([0.0, 0.02, 0.3, 0.9, 1.0]),
    "seed": st.integers(0, 2**32 - 1),
}


@pytest.fixture(params=[0, 1 << 62], ids=["as many entries", "as few entries"])
def every_size(request):
    """Take every block for one of many entries, then for one of few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "_FEW", request.param)
        yield


# The fixture is the same for all examples.
fuzzed = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(**shapes)
@example(n_rows=0, n_columns=3, density=0.5, seed=0)
@example(n_rows=255 * 3, n_columns=2, density=1.0, seed=0)
@example(n_rows=255 * 3 + 1, n_columns=2, density=1.0, seed=0)
@fuzzed
def test_counts_are_those_of_a_plain_sum(every_size, n_rows, n_columns, density, seed):
    bits = random_bits(n_rows, n_columns, density, seed)
    expected = bits.sum(axis=0, dtype=np.int64)
    assert_array_equal(kernels.count_bytes(bits), expected)
    matrix = sp.csr_array(bits)
    assert_array_equal(kernels.count_sparse(matrix.indices, n_columns, ONES), expected)


@given(**shapes, n_ranks=st.integers(0, 20) | st.sampled_from([200, 255, 256, 1000]))
@example(n_rows=0, n_columns=3, density=0.5, seed=0, n_ranks=3)
@example(n_rows=0, n_columns=32, density=0.5, seed=0, n_ranks=3)
@example(n_rows=0, n_columns=300, density=0.5, seed=0, n_ranks=3)
@fuzzed
def test_row_maxima_are_those_of_a_loop(every_size, n_rows, n_columns, density, seed, n_ranks):
    n_rows = min(n_rows, 60)
    bits = random_bits(n_rows, n_columns, density, seed)
    ranks = random_ranks(n_columns, n_ranks, seed)
    expected = plain_maximum(bits, ranks)
    dense = kernels.bytes_maximum(ranks, n_rows)(bits)
    assert dense.dtype == ranks.dtype
    assert_array_equal(dense, expected)
    matrix = sp.csr_array(bits)
    widest = int(bits.sum(axis=1).max(initial=0))
    sparse = kernels.sparse_maximum(ranks, widest, ONES)(entries(matrix))
    assert sparse.dtype == ranks.dtype
    assert_array_equal(sparse, expected)


@pytest.mark.parametrize("n_bands", [1, 2, 3])
@pytest.mark.parametrize("per_rank", [1, 2, 3, 16, 17])
def test_lower_ranks_never_add_up_to_a_higher_one(n_bands, per_rank):
    # Rows that hold everything below a rank, and that rank once, or not: the hardest to tell.
    n_ranks = 1
    while len(kernels.bands(np.repeat(np.arange(1, n_ranks + 1), per_rank), 10**6, float)) <= (
        n_bands - 1
    ):
        n_ranks += 100
    ranks = np.repeat(np.arange(n_ranks + 1), per_rank).astype(np.uint16)
    ends = np.unique(np.linspace(1, len(ranks), 200).astype(int))
    rows = [np.arange(end) for end in ends] + [
        np.append(np.arange(end - end % per_rank), end) for end in ends[:-1]
    ]
    indptr = np.cumsum([0, *map(len, rows)])
    ones = np.ones(indptr[-1])
    kernel = kernels.sparse_maximum(ranks, max(map(len, rows)), ones)
    found = kernel((indptr, np.concatenate(rows)))
    assert_array_equal(found, [ranks[row].max() for row in rows])


@pytest.mark.parametrize("n_columns", [33, 256])
@pytest.mark.parametrize("n_ranks", [1, 5, 32, 256])
def test_lower_ranks_never_add_up_in_dense_rows_either(n_columns, n_ranks):
    ranks = np.sort(np.arange(n_columns) % n_ranks + 1).astype(np.uint16)
    bits = np.tril(np.ones((n_columns, n_columns), dtype=np.uint8))
    kernel = kernels.bytes_maximum(ranks, 40 * n_columns)
    assert_array_equal(kernel(bits), ranks)
    bits = np.repeat(bits, 40, axis=0)  # longer than what is converted to floats at a time
    assert_array_equal(kernel(bits), np.repeat(ranks, 40))


@given(**shapes)
@fuzzed
def test_weighted_counts_are_those_of_a_product(every_size, n_rows, n_columns, density, seed):
    bits = random_bits(n_rows, n_columns, density, seed)
    generator = np.random.default_rng(seed)
    values = np.append(generator.random(4), np.zeros(seed % 3))
    levels = generator.integers(0, len(values), n_rows).astype(np.uint8)
    assert_array_equal(kernels.weighted_rows(values, levels), np.flatnonzero(values[levels]))
    matrix = sp.csr_array(bits)
    found = kernels.weighted_count_sparse(entries(matrix), n_columns, values, levels, ONES)
    assert_allclose(found, values[levels] @ bits, rtol=1e-12, atol=0)


# -- layouts -----------------------------------------------------------------------------------


def _read_only(y):
    y = y.copy()
    y.flags.writeable = False
    return y


def _unsorted(y):
    matrix = sp.csr_array(y)
    rows = np.split(np.arange(matrix.nnz), matrix.indptr)
    order = np.concatenate([row[::-1] for row in rows])
    matrix.indices, matrix.data = matrix.indices[order], matrix.data[order]
    return matrix


def _csc_with_duplicates(y):
    return with_duplicates(y.T.copy()).T


LAYOUTS = {
    "bytes": lambda y: y,
    "read-only": _read_only,
    "Fortran order": np.asfortranarray,
    "Fortran order of floats": lambda y: np.asfortranarray(y.astype(np.float64)),
    "reversed": lambda y: y[::-1, ::-1].copy()[::-1, ::-1],
    "strided": lambda y: np.repeat(y, 3, axis=1)[:, ::3],
    "strided by rows": lambda y: np.repeat(y, 3, axis=0)[::3],
    "strided Fortran": lambda y: np.asfortranarray(np.repeat(y, 3, axis=0))[::3],
    "int64": lambda y: y.astype(np.int64),
    "object": lambda y: y.astype(object),
    "CSR": sp.csr_array,
    "CSR unsorted": _unsorted,
    "CSR duplicates": with_duplicates,
    "CSR explicit zeros": with_explicit_zeros,
    "CSR 64 bits": with_int64_indices,
    "CSC": sp.csc_array,
    "CSC 64 bits": lambda y: with_int64_indices(y.T.copy()).T,
    "CSC duplicates": _csc_with_duplicates,
    "CSC explicit zeros": lambda y: with_explicit_zeros(y.T.copy()).T,
}


@pytest.mark.parametrize("make", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("block_size", [5, 100, 1 << 18])
@pytest.mark.parametrize(
    ("n_rows", "n_columns", "density"),
    [(1, 2, 0.5), (2, 40, 0.5), (70, 2, 0.3), (90, 16, 0.2), (50, 33, 0.0), (40, 300, 0.05)],
)
def test_every_layout_gives_the_same(
    make, block_size, n_rows, n_columns, density, every_size, monkeypatch
):
    monkeypatch.setattr(kernels, "BLOCK_SIZE", block_size)
    bits = random_bits(n_rows, n_columns, density, seed=n_rows)
    generator = np.random.default_rng(0)
    ranks = random_ranks(n_columns, 7, seed=1)
    levels = generator.integers(0, 5, n_rows).astype(np.uint8)
    values = np.array([0.0, 0.25, 1.0, 3.5, 0.0])

    indicator = as_target(make(bits.copy()))
    assert_array_equal(indicator.class_counts, bits.sum(axis=0))
    assert indicator.class_counts.dtype == np.int64
    assert_array_equal(indicator.row_maximum(ranks), plain_maximum(bits, ranks))
    weighted = indicator.weighted_class_counts(values, levels)
    assert_allclose(weighted, values[levels] @ bits, rtol=1e-12, atol=0)
    values = generator.random((n_columns, 3))
    assert_allclose(indicator.row_sums(values), bits @ values, rtol=1e-12, atol=0)
    joint = [bits[levels == level].sum(axis=0) for level in range(6)]
    assert_array_equal(indicator.joint_counts(levels, 6), joint)


@pytest.mark.parametrize("mode", ["r", "c"])
def test_memory_map_is_read_where_it_is(tmp_path, mode):
    bits = random_bits(100, 7, 0.3, seed=0)
    bits.tofile(tmp_path / "y")
    mapped = np.memmap(tmp_path / "y", dtype=np.uint8, mode=mode, shape=bits.shape)
    assert_array_equal(as_target(mapped).class_counts, bits.sum(axis=0))


def test_arrays_and_tensors_are_read_where_they_are():
    bits = random_bits(100, 7, 0.3, seed=0)
    assert np.shares_memory(as_target(bits)._array, bits)
    assert np.shares_memory(as_target(bits.view(bool))._array, bits)
    torch = pytest.importorskip("torch", reason="torch is not installed")
    assert np.shares_memory(as_target(torch.from_numpy(bits))._array, bits)


def test_data_frame_of_one_array_is_read_as_that_array(monkeypatch):
    pd = pytest.importorskip("pandas")
    bits = random_bits(100, 7, 0.3, seed=0)
    frame = pd.DataFrame(np.asfortranarray(bits).T.copy().T)
    monkeypatch.setattr("narwhals.DataFrame.get_column", None)  # the way by columns
    assert_array_equal(as_target(frame).class_counts, bits.sum(axis=0))
    with pytest.raises(TypeError):
        as_target(frame.assign(more=0))


def test_broken_compressed_matrices_are_refused():
    y = sp.csr_array(random_bits(10, 4, 0.5, seed=0))
    for attribute, value in [("indices", 4), ("indices", -1), ("indptr", 3), ("indptr", 1000)]:
        broken = y.copy()
        getattr(broken, attribute)[2] = value
        if attribute == "indptr" and value == 3:
            broken.indptr[3] = 1
        with pytest.raises(ValueError, match="y is not a valid sparse matrix"):
            as_target(broken)
        csc = sp.csc_array((4, 10))
        csc.indptr, csc.indices, csc.data = broken.indptr, broken.indices, broken.data
        with pytest.raises(ValueError, match="y is not a valid sparse matrix"):
            as_target(csc)


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, _unsorted, with_duplicates])
def test_wrong_entry_of_a_compressed_matrix_is_named(make, monkeypatch):
    monkeypatch.setattr(kernels, "BLOCK_SIZE", 4)
    matrix = make(random_bits(30, 5, 0.4, seed=0)).astype(float)
    position = matrix.nnz // 2
    matrix.data[position] = 0.5
    dense = matrix.toarray()
    row, column = np.argwhere((dense != 0) & (dense != 1))[0]
    with pytest.raises(ValueError, match=f"in row {row}, class {column}"):
        as_target(matrix)


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_array])
def test_ones_that_stand_twice_add_up_as_in_scipy(kind):
    y = kind(random_bits(30, 5, 0.4, seed=0))
    y.indices[1] = y.indices[0]  # both in the first row or column
    assert y.indptr[1] >= 2
    row, column = np.argwhere(y.toarray() == 2)[0]
    with pytest.raises(ValueError, match=f"got 2 in row {row}, class {column}"):
        as_target(y)
    # True and True is True
    expected = y.toarray() > 0
    indicator = as_target(y.astype(bool))
    assert_array_equal(indicator.class_counts, expected.sum(axis=0))
    ranks = np.arange(1, 6, dtype=np.uint8)
    assert_array_equal(indicator.row_maximum(ranks), plain_maximum(expected, ranks))


# -- rows --------------------------------------------------------------------------------------


@given(
    lengths=st.lists(st.integers(0, 5), min_size=1, max_size=60),
    kind=st.sampled_from(["all, then copies", "some", "shuffled", "none"]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=200, deadline=None)
def test_rows_of_csr_are_those_that_scipy_takes(lengths, kind, seed):
    generator = np.random.RandomState(seed)
    n = len(lengths)
    dense = np.zeros((n, 6))
    for row, length in zip(dense, lengths, strict=True):
        row[generator.permutation(6)[:length]] = generator.normal(size=length)
    copies = np.sort(generator.randint(n, size=generator.randint(n)))
    indices = {
        "all, then copies": np.concatenate([np.arange(n), copies]),
        "some": np.sort(generator.permutation(n)[: n // 2 + 1]),
        "shuffled": generator.permutation(np.concatenate([np.arange(n), copies])),
        "none": np.arange(0),
    }[kind]
    for make in (sp.csr_array, sp.csr_matrix, with_int64_indices, _unsorted):
        matrix = make(dense)
        before = matrix.copy()
        taken = take_rows(matrix, indices.astype(np.int64))
        assert type(taken) is type(matrix)
        assert taken.dtype == matrix.dtype
        taken.check_format(full_check=True)
        assert_array_equal(taken.toarray(), dense[indices])
        assert (matrix != before).nnz == 0


def test_rows_in_many_chunks_are_taken_whole(monkeypatch):
    monkeypatch.setattr("mlresample._utils.containers._CHUNK", 7)
    matrix = sp.csr_array(random_bits(50, 9, 0.3, seed=0))
    matrix.data = np.concatenate([matrix.data, [9]])  # room that is not in use
    matrix.indices = np.concatenate([matrix.indices, [0]])
    indices = np.concatenate([np.arange(50), np.repeat(np.arange(20, 40), 2)])
    assert_array_equal(take_rows(matrix, indices).toarray(), matrix.toarray()[indices])


def test_indices_of_csr_are_widened_before_its_entries_are_more_than_they_can_count():
    ones = np.broadcast_to(np.uint8(1), 2**16)
    indptr = np.array([0, 2**16, 2**16], dtype=np.int32)
    matrix = sp.csr_array((ones, np.arange(2**16, dtype=np.int32), indptr))
    assert matrix.indptr.dtype == np.int32
    for n_copies, expected in [(2**15 - 1, np.int32), (2**15, np.int64)]:
        indices = np.broadcast_to(np.int64(0), n_copies)
        assert _count_entries(matrix, indices) == (n_copies * 2**16, expected)


def test_rows_of_csr_with_wider_indices_are_the_same(monkeypatch):
    def count_entries(matrix, indices):
        return _count_entries(matrix, indices)[0], np.dtype(np.int64)

    monkeypatch.setattr("mlresample._utils.containers._count_entries", count_entries)
    monkeypatch.setattr("mlresample._utils.containers._CHUNK", 7)
    matrix = sp.csr_array(random_bits(50, 9, 0.3, seed=0))
    for indices in (np.append(np.arange(50), [3, 3, 49]), np.arange(50)[::-1], np.arange(0)):
        taken = take_rows(matrix, indices)
        assert taken.indices.dtype == taken.indptr.dtype == np.int64
        taken.check_format(full_check=True)
        assert_array_equal(taken.toarray(), matrix.toarray()[indices])
