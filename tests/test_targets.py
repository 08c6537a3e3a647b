"""Targets: every container is read in the same way, and wrong ones are refused."""

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from mlresample import MaxMultiplierOverSampler, plan_resampling

from .containers import SPARSE, TARGETS, to_array

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.0]).astype(int)
Y[7] = 0
Y[8] = [1, 1, 1, 1, 0]
X = RANDOM.normal(size=(60, 3))


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_target_in_any_container_equals_the_dense_result_and_comes_back_as_it_was(make):
    y = make(Y.copy())
    before = to_array(y).copy()
    sampler = MaxMultiplierOverSampler(random_state=0)
    _, expected = sampler.fit_resample(X, Y)
    indices, counts = sampler.sample_indices_, sampler.class_counts_
    multipliers = sampler.class_multipliers_

    _, resampled = sampler.fit_resample(X, y)
    assert_array_equal(sampler.class_counts_, counts)
    assert_array_equal(sampler.class_multipliers_, multipliers)
    assert_array_equal(sampler.sample_indices_, indices)
    assert type(resampled) is type(y)
    assert_array_equal(to_array(resampled).astype(int), expected)
    for attribute in ("dtype", "format", "columns"):
        if hasattr(y, attribute):
            assert_array_equal(getattr(resampled, attribute), getattr(y, attribute))
    if hasattr(y, "dtypes"):
        assert list(resampled.dtypes) == list(y.dtypes)
    if hasattr(y, "iloc"):
        assert_array_equal(resampled.index, np.arange(len(expected)))
    assert_array_equal(to_array(y), before)  # the caller's data is unchanged


def test_data_frame_gives_the_class_names():
    pd = pytest.importorskip("pandas")
    plan = plan_resampling(pd.DataFrame(Y, columns=["a", "b", "c", "d", "e"]))
    assert plan.classes.tolist() == ["a", "b", "c", "d", "e"]
    named = plan_resampling(Y, class_names=["a", "b", "c", "d", "e"])
    assert named.classes.tolist() == plan.classes.tolist()
    by_name = plan_resampling(pd.DataFrame(Y, columns=list("abcde")), class_multipliers={"b": 2})
    assert_array_equal(by_name.class_multipliers, [1, 2, 1, 1, 1])


def test_names_may_be_tuples_and_of_several_types():
    names = [("a", 1), ("b", 2), 3, "four", 5.0]
    assert plan_resampling(Y, class_names=names).classes.tolist() == names


def test_rows_wider_than_a_block_and_empty_rows_are_read_right(monkeypatch):
    whole = plan_resampling(Y)
    monkeypatch.setattr("mlresample._target.kernels.BLOCK_SIZE", 3)
    for make in TARGETS.values():
        plan = plan_resampling(make(Y.copy()))
        assert_array_equal(plan.class_counts, whole.class_counts)
        assert_array_equal(plan.sample_multipliers, whole.sample_multipliers)
        assert_array_equal(plan.resampled_class_counts, whole.resampled_class_counts)


@pytest.mark.parametrize("n_samples", [1, 254, 255, 256, 509, 510, 511, 1000, 70_000])
def test_counts_in_bytes_do_not_overflow(n_samples):
    y = np.ones((n_samples, 3), dtype=np.uint8)
    y[0, 1] = 0
    counts = plan_resampling(y).class_counts
    assert_array_equal(counts, [n_samples, n_samples - 1, n_samples])


@pytest.mark.parametrize("n", [253, 254, 255, 256, 257, 600])
def test_more_than_255_levels_are_told_apart(n):
    y = np.tril(np.ones((n, n), dtype=np.uint8))
    for target in (y, sp.csr_array(y)):
        plan = plan_resampling(target, target_count="max", cap=np.inf)
        # Row i carries classes 0 to i; class i is in n - i rows.
        assert_array_equal(plan.sample_multipliers, n / (n - np.arange(n)))
        multipliers = 1 + np.arange(1, n + 1) / n  # none is 1
        plan = plan_resampling(target, class_multipliers=multipliers)
        assert_array_equal(plan.sample_multipliers, multipliers)
        plan = plan_resampling(target, epoch_size=2.0, cap=np.inf)
        np.testing.assert_allclose(plan.expected_epoch_size, 2 * n)


@pytest.mark.parametrize("label", ["16 0", "16,0", "3 ; 4", "cat|dog", "1|2"])
def test_several_labels_in_one_string_are_warned_of(label):
    with pytest.warns(
        UserWarning, match=r"distinct strings is a class, .* use sklearn.*MultiLabelBinarizer"
    ):
        plan_resampling(["16", "0", label])
    plan_resampling(["golden retriever", "cat, wild", "7"])  # names with spaces are names


# -- single-label targets ----------------------------------------------------------------------


def single_label_containers():
    labels = np.array(["cat", "dog", "cat", "cat", "lynx"])
    codes = np.array([3, 5, 3, 3, 9])
    yield "list", labels.tolist()
    yield "array", labels
    yield "object", labels.astype(object)
    if hasattr(np, "dtypes") and hasattr(np.dtypes, "StringDType"):  # NumPy 2
        yield "NumPy's strings", labels.astype(np.dtypes.StringDType())
    yield "list of two kinds of string", [*labels[:3], *labels[3:].tolist()]
    yield "numbers as objects", codes.astype(object)
    yield "int", codes
    yield "float", codes.astype(float)
    yield "column", codes.reshape(-1, 1)
    yield "sparse column", sp.csr_array(codes.reshape(-1, 1))
    pd = pytest.importorskip("pandas")
    yield "series", pd.Series(labels)
    yield "categorical", pd.Series(labels, dtype="category")
    yield "frame", pd.DataFrame({"species": labels})
    pl = pytest.importorskip("polars")
    yield "polars series", pl.Series(labels.tolist())
    yield "polars frame", pl.DataFrame({"species": labels.tolist()})


@pytest.mark.parametrize("y", [pytest.param(y, id=name) for name, y in single_label_containers()])
def test_one_dimension_or_one_column_is_single_label(y):
    sampler = MaxMultiplierOverSampler(target_count="max", random_state=0)
    _, resampled = sampler.fit_resample(np.arange(10).reshape(5, 2), y)
    assert_array_equal(sampler.class_counts_, [3, 1, 1])
    assert_array_equal(sampler.class_multipliers_, [1, 3, 3])
    assert type(resampled) is type(y)
    expected = to_array(y).reshape(5)[[0, 1, 2, 3, 4, 1, 1, 4, 4]]
    assert_array_equal(to_array(resampled).reshape(-1), expected)


def test_torch_labels_are_single_label():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    plan = plan_resampling(torch.tensor([3, 5, 3, 3, 9]), class_names=["a", "b", "c"])
    assert_array_equal(plan.class_counts, [3, 1, 1])
    assert plan.classes.tolist() == ["a", "b", "c"]


# -- bad input ---------------------------------------------------------------------------------

GOOD = [[1, 0], [0, 1], [1, 1]]


def changed(value, dtype=float):
    y = np.array(GOOD, dtype=dtype)
    y[1, 1] = value
    return y


BAD = {
    "nothing": (None, "got None"),
    "lists of class numbers": ([[3, 5], [1, 2], [0, 1]], "got 3 .*MultiLabelBinarizer"),
    "count": (changed(2, int), r"got 2 in row 1, class 1.*pass `y > 0`"),
    "count in bytes": (changed(3, np.uint8), r"got 3 in row 1, class 1.*pass `y > 0`"),
    "count as float": (changed(2.0), r"got 2\.0 in row 1.*pass `y > 0`"),
    "large count": (changed(257, int), "got 257"),
    "minus one": (changed(-1, int), "got -1 in row 1, class 1"),
    "soft label": (changed(0.5), r"got 0\.5 in row 1, class 1.*y >= threshold"),
    "nan": (changed(np.nan), "got nan in row 1, class 1.*Fill missing"),
    "infinity": (changed(np.inf), "got inf"),
    "none": (changed(None, object), "got None in row 1, class 1.*missing"),
    "string among objects": (changed("1", object), "got '1' in row 1.*astype"),
    "strings": (np.array([["a", "b"], ["c", "d"]]), "got 'a'.*MultiLabelBinarizer"),
    "digits as strings": (np.array([["0", "1"], ["1", "0"]]), "got '0' in row 0.*astype"),
    "complex": (changed(1j, complex), "dtype complex128"),
    "dates": (np.zeros((3, 2), dtype="datetime64[s]"), "dtype datetime64"),
    "three dimensions": (np.ones((2, 2, 2)), "got 3"),
    "no dimension": (np.array(1), r"got array\(1\)"),
    "ragged rows": ([[1, 0], [1], [0, 1]], "rows of different length.*MultiLabelBinarizer"),
    "label lists": ([["a"], ["a", "b"]], "rows of different length.*MultiLabelBinarizer"),
    "label lists of one length": ([["a", "b"], ["b", "c"]], "MultiLabelBinarizer"),
    "label sets": (np.array([{1}, {1, 2}, {2}]), "lists of labels.*MultiLabelBinarizer"),
    "bool bytes of 2": (np.array([[2, 0], [1, 1]], np.uint8).view(bool), "got .* in row 0"),
    "missing label in a list": (["a", "b", float("nan")], "none missing, got .* float, str"),
    "missing label in a column": (
        [["a"], ["b"], [float("nan")]],
        "none missing, got .* float, str",
    ),
    "labels 1 and '1'": ([1, "1", 2], "none missing, got .*"),
    "generator": ((row for row in GOOD), "got <generator"),
    "dictionary": ({"a": [1, 0]}, "got {'a'"),
    "masked row": ([np.ma.array([1, 1], mask=[0, 1]), [1, 1]], "masked values"),
    "masked": (np.ma.masked_equal(GOOD, 0), "masked values"),
    "no samples": (np.empty((0, 2)), "no samples"),
    "no samples in one dimension": ([], "no samples"),
    "no classes": (np.empty((3, 0)), "no classes"),
    "no positives": (np.zeros((3, 2), dtype=int), "No class occurs"),
    "one class in one dimension": ([1, 1, 1], "only one class"),
    "one class in a column": (np.ones((3, 1)), "only one class"),
    "continuous": ([0.1, 0.2, 0.3], "Unknown label type"),
    "labels of several types": (np.array(["a", 1, "b"], dtype=object), "got .* int, str"),
    "missing label": (np.array(["a", None, "b"], dtype=object), "none missing, got .*"),
    "count in sparse": (sp.csr_array(changed(2, int)), "got 2 in row 1, class 1.*y > 0"),
    "nan in sparse": (sp.csr_array(changed(np.nan)), "got nan in row 1, class 1"),
    "soft label in sparse": (sp.csr_matrix(changed(0.5)), "got 0.5 in row 1, class 1"),
    "complex in sparse": (sp.csr_array(changed(1j, complex)), "dtype complex128"),
    "no samples in sparse": (sp.csr_array((0, 3)), "no samples"),
    "no classes in sparse": (sp.csr_array((3, 0)), "no classes"),
    "duplicates that add up to 2": (
        sp.coo_array(([1, 1, 1, 1], ([0, 1, 1, 2], [0, 1, 1, 1])), shape=(3, 2)),
        "got 2 in row 1, class 1",
    ),
}


@pytest.mark.parametrize(("y", "message"), BAD.values(), ids=BAD)
def test_wrong_target_is_a_clear_error(y, message):
    with pytest.raises(ValueError, match=message):
        plan_resampling(y)
    n_samples = max([1, *np.shape(y)[:1]]) if hasattr(y, "shape") else len(list(y or GOOD))
    data = np.zeros((n_samples, 1))
    with pytest.raises(ValueError, match=message):
        MaxMultiplierOverSampler().fit_resample(data, y)


@pytest.mark.parametrize("make", SPARSE.values(), ids=SPARSE)
def test_values_outside_zero_and_one_are_found_in_every_sparse_format(make):
    with pytest.raises(ValueError, match="got 2 in row 1, class 1"):
        plan_resampling(make(changed(2, int)))


def test_missing_values_and_names_of_data_frames_are_checked():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(GOOD, columns=["a", "b"])
    with pytest.raises(ValueError, match="got nan in row 1, class 'b'"):
        plan_resampling(pd.DataFrame({"a": [1, 0, 1], "b": [0, None, 1]}).astype("Int64"))
    with pytest.raises(ValueError, match="got 2 in row 1, class 'b'"):
        plan_resampling(pd.DataFrame(changed(2, int), columns=["a", "b"]))
    with pytest.raises(ValueError, match="same name"):
        plan_resampling(pd.DataFrame(GOOD, columns=["a", "a"]))
    with pytest.raises(ValueError, match="missing values"):
        plan_resampling(pd.Series(["a", None, "b"]))
    with pytest.raises(ValueError, match="lists of labels"):
        plan_resampling(pd.Series([["a"], ["a", "b"]]))
    with pytest.raises(ValueError, match="no samples"):
        plan_resampling(frame.iloc[:0])
    pl = pytest.importorskip("polars")
    with pytest.raises(ValueError, match="in row 1, class 'b'"):
        plan_resampling(pl.DataFrame({"a": [1, 0, 1], "b": [0, None, 1]}))
    with pytest.raises(ValueError, match="missing values"):
        plan_resampling(pl.Series(["a", None, "b"]))
    arrays = pl.Series("c", [[0, 1], [1, 1]], dtype=pl.Array(pl.Int8, 2))
    for y in (arrays, arrays.to_frame(), pl.DataFrame([arrays, arrays.alias("d")])):
        with pytest.raises(ValueError, match="Column 'c' of y holds an array"):
            plan_resampling(y)
    for dtype in ("timedelta64[s]", "datetime64[s]", complex):
        with pytest.raises(ValueError, match="got dtype"):
            plan_resampling(frame.astype(int).astype(dtype))


def test_tensors_without_an_array_are_refused():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = torch.tensor(GOOD)
    nested = torch.nested.nested_tensor([tensor[0], tensor[1, :1]], layout=torch.jagged)
    for y, message in [
        (tensor.to_sparse(), r"y is a torch tensor of layout .*pass y.to_dense\(\)"),
        (nested, "y is a nested torch tensor"),
        (tensor.to("meta"), "y is a torch tensor on the meta device, which holds no values"),
    ]:
        with pytest.raises(ValueError, match=message):
            plan_resampling(y)


def test_tensors_with_a_gradient_or_in_lazy_form_are_read():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    tensor = torch.tensor(GOOD, dtype=torch.float32)
    for y in (tensor.clone().requires_grad_(), torch._neg_view(-tensor)):
        assert_array_equal(plan_resampling(y).class_counts, [2, 2])


def test_columns_of_a_type_that_numpy_lacks_are_refused_by_name():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(GOOD, schema=["a", "b"], orient="row")
    if not hasattr(pl, "Int128"):
        pytest.skip("this version of polars has no Int128")
    for y in (frame.cast(pl.Int128), frame["a"].cast(pl.Int128)):
        try:
            y.to_numpy()
        except Exception:
            with pytest.raises(ValueError, match="Column 'a' of y has the type Int128, which Nu"):
                plan_resampling(y)
        else:
            assert plan_resampling(y).n_samples == 3


def test_own_class_names_in_another_order_are_refused():
    pd = pytest.importorskip("pandas")
    for y in (["road", "road", "car"], pd.DataFrame(GOOD, columns=["car", "road"])):
        with pytest.raises(ValueError, match="of y in a different order"):
            plan_resampling(y, class_names=["road", "car"])
        assert plan_resampling(y, class_names=["car", "road"]).classes.tolist() == ["car", "road"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a"], "1 name for 2 classes"),
        (["a", "b", "c"], "3 names for 2 classes"),
        (["a", "a"], "'a' occurs more than once"),
        ({0: "a", 1: "b"}, "got a dict"),
        ({"a", "b"}, "got a set"),
    ],
)
def test_wrong_class_names_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        plan_resampling(GOOD, class_names=names)
