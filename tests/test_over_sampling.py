"""The estimator, outside pipelines and searches."""

import pickle
import sys
import types

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from mlresample import MaxMultiplierOverSampler, plan_resampling
from mlresample._utils.containers import take_rows

from .containers import SPARSE, to_array

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.0]).astype(int)
Y[7] = 0
X = RANDOM.normal(size=(60, 4))


def test_result_is_the_originals_in_order_then_copies_of_rare_samples():
    X = np.arange(10).reshape(5, 2)
    y = np.array([[1, 0], [1, 1], [1, 0], [0, 0], [1, 0]])
    sampler = MaxMultiplierOverSampler(target_count="max", cap=3)  # class 1 asks for 4 of 1
    X_resampled, y_resampled = sampler.fit_resample(X, y)
    assert_array_equal(sampler.sample_indices_, [0, 1, 2, 3, 4, 1, 1])
    assert_array_equal(sampler.sample_repeats_, [1, 3, 1, 1, 1])
    assert_array_equal(X_resampled, X[[0, 1, 2, 3, 4, 1, 1]])
    assert_array_equal(y_resampled, y[[0, 1, 2, 3, 4, 1, 1]])
    assert sampler.sampling_strategy_ == {0: 2, 1: 2}
    assert sampler.target_count_ == 4


def test_samples_of_common_classes_are_left_out_below_a_floor_of_one():
    y = np.repeat([[1, 0], [0, 1], [0, 0]], [80, 10, 3], axis=0)
    sampler = MaxMultiplierOverSampler(floor=0.25, target_count=20, random_state=0)
    _, y_resampled = sampler.fit_resample(np.zeros((93, 1)), y)
    assert_array_equal(sampler.class_multipliers_, [0.25, 2])
    assert_array_equal(y_resampled.sum(axis=0), [20, 20])
    assert sampler.sampling_strategy_ == {0: -60, 1: 10}
    assert_array_equal(np.sort(sampler.sample_indices_)[-3:], [90, 91, 92])  # kept once


@pytest.mark.parametrize("rounding", ["stratified", "bernoulli", "nearest"])
@pytest.mark.parametrize("shuffle", [False, True])
def test_sample_indices_equal_the_plans_for_the_same_seed(rounding, shuffle):
    parameters = {"epoch_size": 1.4, "floor": 0.5}
    sampler = MaxMultiplierOverSampler(
        **parameters, rounding=rounding, shuffle=shuffle, random_state=3
    )
    sampler.fit_resample(X, Y)
    options = {"rounding": rounding, "shuffle": shuffle}
    assert_array_equal(sampler.sample_indices_, sampler.plan_.draw_indices(3, **options))
    plan = plan_resampling(Y, **parameters)
    assert_array_equal(sampler.sample_indices_, plan.draw_indices(3, **options))
    assert_array_equal(sampler.sample_repeats_, plan.draw_repeats(3, rounding=rounding))


def test_sampling_strategy_counts_what_was_drawn():
    sampler = MaxMultiplierOverSampler(cap=6, random_state=0)
    _, y_resampled = sampler.fit_resample(X, Y)
    change = y_resampled.sum(axis=0) - Y.sum(axis=0)
    assert sampler.sampling_strategy_ == dict(enumerate(change.tolist()))
    assert all(type(value) is int for value in sampler.sampling_strategy_.values())


def test_fit_learns_the_plan_and_draws_nothing():
    sampler = MaxMultiplierOverSampler().fit(X, Y)
    plan = plan_resampling(Y)
    assert_array_equal(sampler.class_counts_, plan.class_counts)
    assert_array_equal(sampler.class_multipliers_, plan.class_multipliers)
    assert_array_equal(sampler.classes_, np.arange(5))
    assert sampler.target_count_ == plan.resolved_target_count
    assert sampler.n_features_in_ == 4
    assert not hasattr(sampler, "sample_indices_")


def test_fit_resample_always_fits_anew():
    sampler = MaxMultiplierOverSampler(random_state=0).fit(X, Y)
    sampler.fit_resample(X[:30], Y[:30])
    assert_array_equal(sampler.class_counts_, Y[:30].sum(axis=0))


def test_permuting_classes_permutes_the_result_and_permuting_samples_too():
    sampler = MaxMultiplierOverSampler(cap=6)
    base = sampler.fit(X, Y).plan_
    order = [3, 0, 4, 1, 2]
    permuted = sampler.fit(X, Y[:, order]).plan_
    assert_array_equal(permuted.class_multipliers, base.class_multipliers[order])
    assert_array_equal(permuted.sample_multipliers, base.sample_multipliers)
    rows = np.random.RandomState(1).permutation(60)
    permuted = sampler.fit(X, Y[rows]).plan_
    assert_array_equal(permuted.sample_multipliers, base.sample_multipliers[rows])
    assert_allclose(permuted.resampled_class_counts, base.resampled_class_counts)


def test_one_hot_target_equals_its_labels():
    labels = np.repeat([0, 1, 2], [40, 15, 5])
    by_label = MaxMultiplierOverSampler(random_state=0)
    by_label.fit_resample(X, labels)
    by_column = MaxMultiplierOverSampler(random_state=0)
    by_column.fit_resample(X, np.eye(3, dtype=int)[labels])
    assert_array_equal(by_label.sample_indices_, by_column.sample_indices_)
    assert by_label.sampling_strategy_ == by_column.sampling_strategy_


def test_matrix_in_which_one_class_occurs_is_left_as_it_is():
    y = np.array([[1, 0], [0, 0], [1, 0]])
    sampler = MaxMultiplierOverSampler(cap=10)
    _, y_resampled = sampler.fit_resample(np.zeros((3, 1)), y)
    assert_array_equal(y_resampled, y)
    assert sampler.plan_.imbalance_ratio == 1


def test_clone_and_pickle_keep_parameters_and_state():
    sampler = MaxMultiplierOverSampler(cap=7, target_count="mean", random_state=0)
    sampler.fit_resample(X, Y)
    copied = clone(sampler)
    assert copied.get_params() == sampler.get_params()
    assert not hasattr(copied, "plan_")
    loaded = pickle.loads(pickle.dumps(sampler))
    assert_array_equal(loaded.sample_indices_, sampler.sample_indices_)
    assert_array_equal(loaded.plan_.draw_indices(0), sampler.plan_.draw_indices(0))


# -- containers of X ---------------------------------------------------------------------------


def data_containers(tmp_path):
    yield "2-D", X
    yield "float32", X.astype(np.float32)
    yield "Fortran order", np.asfortranarray(X)
    yield "strided", np.repeat(X, 2, axis=1)[:, ::2]
    yield "4-D images", RANDOM.randint(0, 255, (60, 3, 4, 4)).astype(np.uint8)
    yield "channels last", RANDOM.uniform(size=(60, 4, 4, 3)).transpose(0, 3, 1, 2)
    yield "with NaN", np.where(X > 1, np.nan, X)
    yield "strings", np.array([["a", "b"]] * 30 + [["c", "d"]] * 30)
    yield "objects", np.array([[f"image {i}", i] for i in range(60)], dtype=object)
    yield "list of rows", X.tolist()
    yield "tuple of rows", tuple(X.tolist())
    yield "list of paths", [f"images/{i}.png" for i in range(60)]
    yield "array of paths", np.array([f"images/{i}.png" for i in range(60)])
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):  # NumPy 2
        yield "NumPy's strings", np.array([f"{i}.png" for i in range(60)], np.dtypes.StringDType())
    yield "objects of one dimension", np.array([f"{i}.png" for i in range(60)], dtype=object)
    for name, make in SPARSE.items():
        yield name, make(np.round(np.maximum(X, 0), 1))
    memmap = np.memmap(tmp_path / "X.dat", dtype=np.float64, mode="w+", shape=X.shape)
    memmap[:] = X
    yield "memory-mapped", memmap
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"), index=np.arange(60) + 7)
    yield "pandas", frame
    yield "pandas mixed", frame.assign(path=[f"{i}.png" for i in range(60)])
    yield "pandas index", pd.Index([f"{i}.png" for i in range(60)], name="path")
    yield "pandas series of paths", pd.Series([f"{i}.png" for i in range(60)], name="path")
    pl = pytest.importorskip("polars")
    yield "polars", pl.DataFrame(X, schema=list("abcd"))


def test_data_of_every_kind_comes_back_as_it_was(tmp_path):
    sampler = MaxMultiplierOverSampler(cap=6, random_state=0)
    for name, data in data_containers(tmp_path):
        X_resampled, _ = sampler.fit_resample(data, Y)
        indices = sampler.sample_indices_
        kind = np.ndarray if isinstance(data, np.memmap) else type(data)
        assert type(X_resampled) is kind, name
        assert_array_equal(to_array(X_resampled), to_array(data)[indices], err_msg=name)
        for attribute in ("dtype", "format", "columns", "name"):
            expected = getattr(data, attribute, None)
            if expected is not None and not callable(expected):
                assert_array_equal(getattr(X_resampled, attribute), expected, err_msg=name)
        if hasattr(data, "iloc"):
            assert_array_equal(X_resampled.index, np.arange(len(indices)))


class FlatTake:
    """An array whose `take` flattens it, as JAX's does, unless an axis is passed."""

    def __init__(self, array):
        self.array, self.shape, self.ndim = array, array.shape, array.ndim

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)

    def __len__(self):
        return len(self.array)

    def __getitem__(self, key):
        return FlatTake(self.array[key])

    def take(self, indices, axis=None):
        return FlatTake(self.array.take(indices, axis=axis))


class AscendingOnly(FlatTake):
    """An array that must be indexed in ascending order, like h5py's."""

    take = None

    def __getitem__(self, key):
        if not isinstance(key, slice) and (np.diff(key) <= 0).any():
            raise TypeError("Indexing elements must be in increasing order")
        return self.array[key]


class PointsOnly(FlatTake):
    """An array that returns something else for an array of indices."""

    take = None

    def __getitem__(self, key):
        return self.array[key] if isinstance(key, slice) else self.array[key, 0]


class ArrayAlone:
    """All that NumPy needs to read an array."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.array, dtype=dtype)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (FlatTake, FlatTake),
        (AscendingOnly, np.ndarray),
        (PointsOnly, np.ndarray),
        (ArrayAlone, np.ndarray),
        (memoryview, np.ndarray),
    ],
)
def test_rows_of_other_libraries_arrays_are_taken_along_the_first_axis(make, kind):
    sampler = MaxMultiplierOverSampler(cap=6, random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(make(X), make(Y))
    assert type(X_resampled) is type(y_resampled) is kind
    assert_array_equal(np.asarray(X_resampled), X[sampler.sample_indices_])
    assert_array_equal(np.asarray(y_resampled), Y[sampler.sample_indices_])
    _, labels = sampler.fit_resample(make(X), make(Y[:, 0]))
    assert_array_equal(np.asarray(labels), Y[sampler.sample_indices_, 0])
    with pytest.raises(ValueError, match="Expected 2D array"):
        sampler.fit_resample(make(X[:, 0].copy()), Y)


def test_what_claims_a_shape_and_is_no_array_is_refused_by_name():
    class Shaped:
        shape = (60, 2)

    with pytest.raises(ValueError, match="The rows of Shaped cannot be indexed"):
        MaxMultiplierOverSampler().fit_resample(Shaped(), Y)


def test_hugging_face_dataset_comes_back_as_one(monkeypatch):
    class Dataset:
        """Takes the first rows by `take`, and rows by their numbers by `select`."""

        shape = (60, 1)

        def __init__(self, rows):
            self.rows = rows

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, key):
            return {"path": self.rows[key]}

        def take(self, n):
            return Dataset(self.rows[: bool(n != 0) and n])

        def select(self, indices):
            return Dataset([self.rows[i] for i in indices])

    monkeypatch.setitem(sys.modules, "datasets", types.SimpleNamespace(Dataset=Dataset))
    sampler = MaxMultiplierOverSampler(random_state=0)
    resampled, _ = sampler.fit_resample(Dataset([f"{i}.png" for i in range(60)]), Y)
    assert isinstance(resampled, Dataset)
    assert resampled.rows == [f"{i}.png" for i in sampler.sample_indices_]


def test_arrow_columns_and_batches_come_back_as_they_were():
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    batch = pa.record_batch({"a": X[:, 0], "b": X[:, 1]})
    labels = pa.array(Y[:, 0])
    sampler = MaxMultiplierOverSampler(random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(batch, labels)
    assert X_resampled.equals(batch.take(sampler.sample_indices_))
    assert y_resampled.equals(labels.take(sampler.sample_indices_))


@pytest.mark.parametrize("kind", [list, tuple])
def test_items_of_a_sequence_are_taken_in_any_order(kind):
    paths = kind(f"{i}.png" for i in range(40_000))
    copies = np.repeat(np.arange(3), 2)
    for indices in (np.append(np.arange(40_000), copies), np.arange(40_000)[::-1], copies[:0]):
        rows = take_rows(paths, indices)
        assert type(rows) is kind
        assert list(rows) == np.array(paths)[indices].tolist()


def test_tensor_comes_back_as_a_tensor():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    data = torch.arange(60 * 2 * 3, dtype=torch.float16).reshape(60, 2, 3)
    sampler = MaxMultiplierOverSampler(random_state=0)
    X_resampled, y_resampled = sampler.fit_resample(data, torch.tensor(Y))
    assert X_resampled.dtype is torch.float16
    assert torch.equal(X_resampled, data[sampler.sample_indices_])
    assert torch.equal(y_resampled, torch.tensor(Y)[sampler.sample_indices_])


def test_feature_names_are_learned():
    pd = pytest.importorskip("pandas")
    sampler = MaxMultiplierOverSampler().fit(pd.DataFrame(X, columns=list("abcd")), Y)
    assert_array_equal(sampler.feature_names_in_, list("abcd"))
    assert_array_equal(sampler.get_feature_names_out(), list("abcd"))


# -- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (X[:59], r"inconsistent numbers of samples: \[59, 60\]"),
        (sp.csr_array(X)[:59], r"inconsistent numbers of samples: \[59, 60\]"),
        ([f"{i}.png" for i in range(61)], r"inconsistent numbers of samples: \[61, 60\]"),
        (None, "got None as X"),
        (X[:, 0], "Reshape your data"),
        (X[:, 0].tolist(), "Reshape your data"),
        (tuple(X[:, 0].tolist()), "Reshape your data"),
        ("images", "got 'images' as X"),
        (X.astype(complex), "Complex data not supported"),
        (X[:, :0], "0 feature"),
        (X[:0], "0 sample"),
    ],
)
def test_wrong_data_is_a_clear_error(data, message):
    for method in ("fit", "fit_resample"):
        with pytest.raises(ValueError, match=message):
            getattr(MaxMultiplierOverSampler(), method)(data, Y)


def test_numbers_in_a_series_or_tensor_are_one_dimension_too():
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    for data in (pd.Series(X[:, 0]), pl.Series(X[:, 0].tolist()), pd.Index(X[:, 0])):
        with pytest.raises(ValueError, match="Reshape your data"):
            MaxMultiplierOverSampler().fit(data, Y)
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with pytest.raises(ValueError, match="Reshape your data"):
        MaxMultiplierOverSampler().fit(torch.tensor(X[:, 0]), Y)


def test_tags_say_what_is_accepted():
    tags = MaxMultiplierOverSampler().__sklearn_tags__()
    assert tags.input_tags.allow_nan
    assert tags.input_tags.string
    assert not tags.input_tags.one_d_array
    assert tags.target_tags.multi_output
    assert tags.sampler_tags.sample_indices


@pytest.mark.parametrize(
    "parameters",
    [
        {"cap": 0.5},
        {"cap": "4"},
        {"floor": 2},
        {"target_count": "mode"},
        {"target_count": 0.0},
        {"power": -1},
        {"epoch_size": -5},
        {"rounding": "up"},
        {"shuffle": "yes"},
        {"random_state": "seed"},
        {"class_multipliers": "auto"},
        {"class_multipliers": 3},
    ],
)
def test_wrong_parameter_is_named(parameters):
    (name,) = parameters
    match = f"The '{name}' parameter of MaxMultiplierOverSampler must be"
    for method in ("fit", "fit_resample"):
        with pytest.raises(ValueError, match=match):
            getattr(MaxMultiplierOverSampler(**parameters), method)(X, Y)


def test_error_leaves_a_fitted_sampler_as_it_was():
    sampler = MaxMultiplierOverSampler(random_state=0)
    sampler.fit_resample(X, Y)
    indices, plan = sampler.sample_indices_, sampler.plan_
    with pytest.raises(ValueError, match="got 2"):
        sampler.fit_resample(X, Y * 2)
    for data, target in ((np.zeros((60, 9)), np.zeros_like(Y)), (np.zeros((60, 9)), Y * 2)):
        for method in (sampler.fit, sampler.fit_resample):
            with pytest.raises(ValueError, match=r"No class occurs|got 2"):
                method(data, target)
    assert sampler.sample_indices_ is indices
    assert sampler.plan_ is plan
    assert sampler.n_features_in_ == 4


def test_fit_forgets_an_earlier_draw():
    sampler = MaxMultiplierOverSampler(random_state=0)
    sampler.fit_resample(X, Y)
    sampler.fit(X, Y)
    assert not hasattr(sampler, "sample_indices_")
    assert not hasattr(sampler, "sampling_strategy_")


def test_result_without_samples_is_refused():
    y = np.eye(2, dtype=int)
    sampler = MaxMultiplierOverSampler(class_multipliers=[0.2, 0.2], floor=0.0)
    with pytest.raises(ValueError, match="every sample is left out"):
        sampler.fit_resample(np.zeros((2, 1)), y)
    sampler.set_params(class_multipliers=[0.4, 0.4], rounding="nearest")
    with pytest.raises(ValueError, match="No sample is left"):
        sampler.fit_resample(np.zeros((2, 1)), y)


def test_epoch_too_large_to_draw_is_refused():
    with pytest.raises(ValueError, match="lower the cap"):
        plan_resampling(Y, target_count=1e300, cap=np.inf)
