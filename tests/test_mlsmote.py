"""MLSMOTE: new samples between neighbors, their classes, and containers of all kinds."""

import time
import warnings
from collections import Counter

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.neighbors import NearestNeighbors

from mlresample.over_sampling import MLSMOTE

from .containers import TARGETS, to_array

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(150, 6)) < [0.9, 0.6, 0.4, 0.12, 0.08, 0.06]).astype(int)
X = RANDOM.normal(size=(150, 3))
MINORITY = np.flatnonzero(
    Y.sum(axis=0).max() / Y.sum(axis=0) > np.mean(Y.sum(axis=0).max() / Y.sum(axis=0))
)


def resampled(data=X, y=Y, **parameters):
    sampler = MLSMOTE(random_state=0, **parameters)
    X_resampled, y_resampled = sampler.fit_resample(data, y)
    return sampler, X_resampled, y_resampled


def nearest(points, bag, seed, k):
    """Neighbors of a sample by brute force."""
    others = [row for row in bag if row != seed]
    return sorted(others, key=lambda row: ((points[row] - points[seed]) ** 2).sum())[:k]


# -- by hand -----------------------------------------------------------------------------------


def test_each_sample_of_a_minority_class_is_the_seed_of_one_new_sample_after_the_originals():
    # Counts 5 and 2: imbalance 1 and 2.5, mean 1.75.
    data = np.array([[0.0, 0], [1, 0], [2, 0], [3, 0], [8, 1], [9, 5]])
    y = np.array([[1, 0]] * 4 + [[1, 1], [0, 1]])
    sampler, X_resampled, y_resampled = resampled(data, y)
    assert_array_equal(X_resampled[:6], data)
    assert_array_equal(y_resampled[:6], y)
    assert_array_equal(sampler.seed_indices_, [4, 5])
    assert ((X_resampled[6:] > [8, 1]) & (X_resampled[6:] < [9, 5])).all()
    # Two of two carry class 1, one of two class 0, which is not more than half.
    assert_array_equal(y_resampled[6:], [[0, 1], [0, 1]])
    assert sampler.sampling_strategy_ == {0: 0, 1: 2}
    _, _, by_union = resampled(data, y, label_strategy="union")
    assert_array_equal(by_union[6:], [[1, 1], [1, 1]])


def test_class_that_new_samples_of_another_have_raised_is_left_alone():
    # Counts 20, 3, 3: mean (1 + 20 / 3 * 2) / 3 = 4.78. The three new samples of class 1 carry
    # class 2, too: 20 / 6 is below the mean.
    y = np.repeat([[1, 0, 0], [0, 1, 1]], [20, 3], axis=0)
    sampler, _, _ = resampled(RANDOM.normal(size=(23, 2)), y)
    assert sampler.sampling_strategy_ == {0: 0, 1: 3, 2: 3}
    apart = np.repeat(np.eye(3, dtype=int), [20, 3, 3], axis=0)
    sampler, _, _ = resampled(RANDOM.normal(size=(26, 2)), apart)
    assert sampler.sampling_strategy_ == {0: 0, 1: 3, 2: 3}
    assert_array_equal(sampler.seed_indices_, [20, 21, 22, 23, 24, 25])


def test_class_of_a_single_sample_is_skipped_with_a_warning():
    y = np.repeat(np.eye(3, dtype=int), [20, 3, 1], axis=0)  # mean (1 + 6.7 + 20) / 3 = 9.2
    with pytest.warns(UserWarning, match=r"skips 1 minority class with a single sample.*: 2\."):
        sampler, X_resampled, _ = resampled(RANDOM.normal(size=(24, 2)), y)
    assert len(X_resampled) == 24
    assert len(sampler.seed_indices_) == 0


def test_equal_samples_are_neighbors_of_each_other():
    y = np.repeat(np.eye(2, dtype=int), [9, 3], axis=0)
    data = np.ones((12, 2))
    _, X_resampled, _ = resampled(data, y, k_neighbors=1)
    assert_array_equal(X_resampled, np.ones((15, 2)))


# -- against brute force -----------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 5, 50])
def test_features_of_a_new_sample_lie_between_its_seed_and_a_neighbor_in_its_class(k):
    sampler, X_resampled, y_resampled = resampled(k_neighbors=k, label_strategy="union")
    start = 0
    for c in MINORITY:
        bag = np.flatnonzero(Y[:, c])
        seeds = sampler.seed_indices_[start : start + len(bag)]
        assert_array_equal(seeds, bag)
        for seed, new in zip(bag, X_resampled[150 + start :], strict=False):
            references = X[nearest(X, bag, seed, k)]
            between = (np.minimum(X[seed], references) <= new) & (
                new <= np.maximum(X[seed], references)
            )
            assert between.all(axis=1).any()
        start += len(bag)
    assert start == len(y_resampled) - 150


@pytest.mark.parametrize("k", [1, 4, 5])
@pytest.mark.parametrize("strategy", ["ranking", "union", "intersection"])
def test_classes_of_a_new_sample_are_those_of_the_vote(strategy, k):
    sampler, _, y_resampled = resampled(k_neighbors=k, label_strategy=strategy)
    start = 0
    for c in MINORITY:
        bag = np.flatnonzero(Y[:, c])
        if list(sampler.seed_indices_[start : start + len(bag)]) != list(bag):
            continue  # raised enough by the classes before
        for seed, new in zip(bag, y_resampled[150 + start :], strict=False):
            votes = Counter()
            for row in [seed, *nearest(X, bag, seed, k)]:
                votes.update(np.flatnonzero(Y[row]).tolist())
            least = {"ranking": (k + 1) / 2 + 0.1, "union": 1, "intersection": k + 1}[strategy]
            assert np.flatnonzero(new).tolist() == sorted(c for c in votes if votes[c] >= least)
        start += len(bag)
    assert start == len(y_resampled) - 150 > 0
    change = y_resampled.sum(axis=0) - Y.sum(axis=0)
    assert list(sampler.sampling_strategy_.values()) == change.tolist()


def test_reference_is_each_neighbor_with_the_same_probability_and_features_are_independent():
    # Class 1 has samples at 0, and at 1 in one of three directions; seed 10 has all as neighbors.
    data = np.vstack([np.zeros((11, 3)), np.eye(3)])
    y = np.repeat([[1, 0], [0, 1]], [10, 4], axis=0)
    new = np.array(
        [MLSMOTE(k_neighbors=3, random_state=s).fit_resample(data, y)[0][14] for s in range(200)]
    )
    assert ((new > 0).sum(axis=1) == 1).all()
    assert_allclose((new > 0).sum(axis=0), 200 / 3, atol=4 * np.sqrt(200 * 2 / 9))
    steps = np.sort(new.max(axis=1))
    assert abs(steps - (np.arange(200) + 0.5) / 200).max() < 0.12  # uniform, by Kolmogorov
    two = np.array([[0.0, 0.0], [1.0, 1.0]] + [[5.0, 5.0]] * 9)
    y = np.repeat([[0, 1], [1, 0]], [2, 9], axis=0)
    new = np.array([MLSMOTE(random_state=s).fit_resample(two, y)[0][11] for s in range(200)])
    assert abs(np.corrcoef(new.T)[0, 1]) < 0.28


# -- features ----------------------------------------------------------------------------------


def test_nominal_feature_gets_the_mode_of_the_neighbors_and_counts_in_the_distance():
    # In class 1 the numeric column, 0, 0, 5, 11, has the standard deviation 4.53. As far is a
    # nominal difference, so that (0, 2) is the nearest of (0, 1), and not (5, 1).
    data = np.array([[9, 0]] * 12 + [[0, 1], [0, 2], [5, 1], [11, 2]], dtype=np.float64)
    y = np.repeat(np.eye(2, dtype=int), [12, 4], axis=0)
    for make in (np.asarray, sp.csr_array):
        _, X_resampled, _ = resampled(make(data), y, k_neighbors=1, categorical_features=[1])
        assert_array_equal(to_array(X_resampled)[16:18], [[0, 2], [0, 1]])
    # With 0, -3, 4, 4 it is 2.86: from (0, 1), (-3, 2) is at 4.15 and (4, 1) at 4.
    data[14:, 0] = 4
    data[13, 0] = -3
    _, X_resampled, _ = resampled(data, y, k_neighbors=1, categorical_features=[False, True])
    assert X_resampled[16, 1] == 1
    assert 0 <= X_resampled[16, 0] <= 4


def test_missing_nominal_values_are_equal():
    pd = pytest.importorskip("pandas")
    color = [1.0] * 12 + [float("nan"), float("nan"), 2.0, float("nan")]
    frame = pd.DataFrame({"size": [9.0] * 12 + [0.0, 1, 2, 3], "color": color})
    y = np.repeat(np.eye(2, dtype=int), [12, 4], axis=0)
    _, X_resampled, _ = resampled(frame, y, k_neighbors=3, categorical_features=["color"])
    assert X_resampled["color"][16:].isna().all()  # two or three of three neighbors


def test_columns_that_are_named_by_numbers_go_by_position():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({2: X[:, 0], 0: np.arange(150) % 2, 1: X[:, 1]})
    _, by_position, _ = resampled(frame, categorical_features=[1])
    _, expected, _ = resampled(frame.set_axis(list("abc"), axis=1), categorical_features=["b"])
    assert_array_equal(by_position.to_numpy(), expected.to_numpy())
    assert by_position.columns.tolist() == [2, 0, 1]


def test_mode_is_that_of_the_neighbors_and_of_the_nearest_if_values_are_equally_frequent():
    colors = np.array(["red"] * 9 + ["blue", "green", "red", "green"], dtype=object)
    data = np.column_stack([np.r_[np.zeros(9), 0, 1, 2.1, 9], colors]).astype(object)
    y = np.repeat(np.eye(2, dtype=int), [9, 4], axis=0)
    _, X_resampled, _ = resampled(data, y, k_neighbors=3, categorical_features=[1])
    assert X_resampled.dtype == object
    assert X_resampled[13, 1] == "green"  # of green, red, green
    _, X_resampled, _ = resampled(data, y, k_neighbors=2, categorical_features=[-1])
    neighbors = nearest(data[:, :1].astype(float), [9, 10, 11, 12], 12, 2)
    assert colors[neighbors].tolist() == ["red", "green"]
    assert X_resampled[16, 1] in ("red", "green")


@pytest.mark.parametrize("make", [sp.csr_array, sp.csc_array, sp.csr_matrix, sp.coo_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_features_give_the_same_as_dense_ones_and_keep_kind_and_dtype(make, dtype):
    data = X.astype(dtype)
    _, dense, y_dense = resampled(data)
    _, sparse, y_sparse = resampled(make(data))
    assert type(sparse) is make
    assert sparse.dtype == dense.dtype == dtype
    assert_allclose(sparse.toarray(), dense, rtol=1e-6)
    assert_array_equal(y_dense, y_sparse)


def test_zeros_of_sparse_features_stay_zeros_and_nominal_columns_are_whole():
    data = np.where(RANDOM.uniform(size=(150, 6)) < 0.3, 1.0, 0.0) * RANDOM.uniform(1, 2, (150, 6))
    data[:, [1, 4]] = RANDOM.randint(0, 3, size=(150, 2))
    sampler, new, _ = resampled(sp.csr_array(data), Y, categorical_features=[1, 4])
    new = new.toarray()
    assert_array_equal(new[:150], data)
    assert set(np.unique(new[:, [1, 4]])) == {0, 1, 2}
    numeric = [0, 2, 3, 5]
    for row, seed in zip(new[150:], sampler.seed_indices_, strict=True):
        zero = (data[seed] == 0)[numeric]
        assert (row[numeric][~zero] >= 0).all()
    assert (new[150:, numeric] == 0).any()


def frames():
    pd = pytest.importorskip("pandas")
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    columns = {
        "small": X[:, 0].astype(np.float32),
        "kind": [f"kind {i % 3}" for i in range(150)],
        "large": X[:, 1],
        "whole": RANDOM.randint(0, 1000, size=150),
        "flag": X[:, 2] > 0,
    }
    frame = pd.DataFrame(columns, index=np.arange(150) + 7)
    yield "pandas", frame
    yield "pandas category", frame.astype({"kind": "category"})
    yield "polars", pl.DataFrame(columns)
    yield "pyarrow", pa.table(columns)


def test_frames_come_back_as_frames_with_their_columns_and_float_types():
    for name, frame in frames():
        _, new, y_resampled = resampled(frame, Y, categorical_features=["kind", "flag"])
        assert type(new) is type(frame), name
        assert len(new) == len(y_resampled) > 150
        values = {key: to_array(new[key]) for key in ("small", "kind", "large", "whole", "flag")}
        assert values["small"].dtype == np.float32
        assert values["large"].dtype == values["whole"].dtype == np.float64
        assert (values["whole"][150:] % 1 != 0).any()
        assert set(values["kind"][150:]) <= {"kind 0", "kind 1", "kind 2"}
        assert values["flag"].dtype == bool
        assert_array_equal(values["whole"][:150], to_array(frame["whole"]))
        if hasattr(new, "index"):
            assert_array_equal(new.index, np.arange(len(new)))
            assert list(new.columns) == list(frame.columns)
            assert new["kind"].dtype == frame["kind"].dtype


def test_pandas_sparse_columns_and_missing_values():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(np.round(np.maximum(X, 0), 1)).astype(pd.SparseDtype("float64", 0.0))
    _, new, _ = resampled(frame)
    assert_array_equal(new.dtypes, frame.dtypes)
    with pytest.raises(ValueError, match="NaN"):
        resampled(pd.DataFrame(np.where(X > 1, np.nan, X)))


@pytest.mark.parametrize(
    ("make", "kind", "dtype"),
    [
        (lambda x: x.astype(np.float32), np.ndarray, np.float32),
        (lambda x: x.astype(np.float16), np.ndarray, np.float16),
        (lambda x: np.asfortranarray(x), np.ndarray, np.float64),
        (lambda x: (100 * x).astype(int), np.ndarray, np.float64),
        (lambda x: x > 0, np.ndarray, np.float64),
        (lambda x: x.tolist(), list, np.float64),
        (lambda x: tuple(map(tuple, x.tolist())), tuple, np.float64),
    ],
)
def test_arrays_and_lists_come_back_as_they_were_and_integers_as_floats(make, kind, dtype):
    _, new, _ = resampled(make(X))
    assert type(new) is kind
    assert np.asarray(new).dtype == dtype
    assert_array_equal(np.asarray(new)[:150], np.asarray(make(X)))


def test_tensors_come_back_as_tensors_of_their_type():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for dtype, expected in [
        ("bfloat16", "bfloat16"),
        ("float32", "float32"),
        ("int64", "float64"),
    ]:
        data = torch.tensor(10 * X).to(getattr(torch, dtype))
        _, new, _ = resampled(data)
        assert new.dtype is getattr(torch, expected)
        assert torch.equal(new[:150], data.to(new.dtype))


@pytest.mark.parametrize("name", TARGETS)
def test_target_of_every_kind_comes_back_as_it_was(name):
    _, _, expected = resampled(X[:60], Y[:60])
    y = TARGETS[name](Y[:60])
    _, _, y_resampled = resampled(X[:60], y)
    assert type(y_resampled) is type(y)
    assert getattr(y_resampled, "dtype", None) == getattr(y, "dtype", None)
    assert_array_equal(to_array(y_resampled).astype(int), expected)


def test_labels_of_one_class_per_sample_are_those_of_the_seeds():
    labels = np.repeat(["a", "b", "c"], [30, 6, 3])
    sampler, _, labels_resampled = resampled(X[:39], labels)
    assert_array_equal(labels_resampled[39:], labels[sampler.seed_indices_])
    assert sampler.sampling_strategy_ == {"a": 0, "b": 0, "c": 3}


# -- neighbors --------------------------------------------------------------------------------


def test_any_searcher_of_neighbors_will_do():
    _, by_number, _ = resampled(k_neighbors=4)
    _, by_object, _ = resampled(k_neighbors=NearestNeighbors(n_neighbors=5, algorithm="kd_tree"))
    assert_allclose(by_object, by_number)
    searcher = NearestNeighbors(n_neighbors=5, metric="manhattan")
    _, by_distance, _ = resampled(k_neighbors=searcher)
    assert not np.allclose(by_distance, by_number)
    assert not hasattr(searcher, "n_samples_fit_")


def test_hundred_minority_classes_take_seconds():
    random = np.random.RandomState(0)
    share = np.r_[np.full(20, 0.2), np.full(100, 0.004)]
    y = (random.uniform(size=(3000, 120)) < share).astype(np.uint8)
    data = random.normal(size=(3000, 100)).astype(np.float32)
    start = time.process_time()
    _, X_resampled, _ = resampled(data, y)
    assert len(X_resampled) > 3100
    assert time.process_time() - start < 6


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "parameters", "message"),
    [
        (np.zeros((150, 3, 2)), {}, "X has 3 dimensions: pass features"),
        (X[:, 0], {}, "Reshape your data"),
        (np.where(X > 2, np.nan, X), {}, "X contains NaN"),
        (np.ma.masked_where(X > 2, X), {}, "X has masked values"),
        (X.astype("m8[s]"), {}, r"X holds timedelta64\[s\]: convert it to numbers"),
        (X.astype(str), {}, "X holds text such as"),
        (X, {"categorical_features": [3]}, "categorical_features must be numbers of columns"),
        (X, {"categorical_features": [True]}, "categorical_features must be numbers of columns"),
        (X, {"categorical_features": ["a"]}, "categorical_features must be numbers of columns"),
        (X, {"categorical_features": [[0]]}, "categorical_features must be numbers of columns"),
        (X, {"label_strategy": "mode"}, "'label_strategy' parameter"),
        (X, {"k_neighbors": 0}, "'k_neighbors' parameter"),
        (X[:100], {}, "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_interpolated_is_refused(data, parameters, message):
    sampler = MLSMOTE(**parameters)
    for method in (sampler.fit, sampler.fit_resample):
        with pytest.raises(ValueError, match=message):
            method(data, Y)


def test_column_of_words_is_refused_by_name():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"size": X[:, 0], "color": ["red"] * 150})
    with pytest.raises(
        ValueError, match=r"columns of another type: 'color'.*categorical_features"
    ):
        MLSMOTE().fit(frame, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLSMOTE(categorical_features=["color"]).fit_resample(frame, Y)
    with pytest.raises(ValueError, match="or names of columns, for 2 columns"):
        MLSMOTE(categorical_features=["colour"]).fit(frame, Y)
