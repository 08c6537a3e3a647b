"""The class table holds every figure of a plan, for whatever keeps the order of the classes."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import plan_resampling
from mlresample._rule import class_table
from mlresample._rule.class_table import ClassOrder, SampleTable, class_scores
from mlresample._target import kernels
from mlresample._target.read import as_target

FOLDER = Path(os.environ.get("MLRESAMPLE_DATA", "no folder named"))
CONTAINERS = [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array]


def table_of(y, scores, merge_ties=False):
    indicator = as_target(y)
    order = ClassOrder.of(scores, indicator.class_counts, merge_ties=merge_ties)
    table = SampleTable.of(indicator, order)
    joint = table.joint_counts()
    return table, joint.toarray() if sp.issparse(joint) else joint


def by_class(table, joint):
    """J[c, d] with rows in the order of the columns, and the samples without a class."""
    J = np.zeros((joint.shape[1], joint.shape[1]), dtype=np.int64)
    J[table.order.classes] = joint[1:]
    assert not joint[0].any()
    return J, table.sizes[0]


def brute_force(y, scores):
    """For each sample, the first class of largest score."""
    J, n_without = np.zeros((y.shape[1], y.shape[1]), dtype=np.int64), 0
    for row in y:
        classes = np.flatnonzero(row)
        if len(classes) == 0:
            n_without += 1
            continue
        J[max(classes, key=lambda c: (scores[c], -c)), classes] += 1
    return J, n_without


def random_target(generator):
    n_classes = generator.randint(2, 9, dtype=np.int64)
    shares = generator.uniform(size=n_classes) ** generator.choice([1, 4])
    n_samples = generator.randint(1, 120, dtype=np.int64)
    y = (generator.uniform(size=(n_samples, n_classes)) < shares).astype(np.uint8)
    y[0] |= ~y.any()
    return y


def random_scores(generator, n_classes):
    """Some of them equal."""
    return generator.randint(1, 6, size=n_classes, dtype=np.int64) / 2.0


@pytest.mark.parametrize("sparse", [False, True], ids=["array", "CSR"])
def test_table_of_random_targets_is_that_of_brute_force(sparse, monkeypatch):
    if sparse:
        monkeypatch.setattr(class_table, "MOST_PAIRS", 0)
    generator = np.random.RandomState(0)
    for i in range(500):
        y = random_target(generator)
        scores = random_scores(generator, y.shape[1])
        J, n_without = by_class(*table_of(CONTAINERS[i % 4](y), scores))
        expected, expected_without = brute_force(y, scores)
        assert_array_equal(J, expected)
        assert n_without == expected_without
        assert_array_equal(J.sum(axis=0), y.sum(axis=0))


def test_table_of_labels_is_a_diagonal():
    y = np.array(["b", "a", "c", "b"])
    for most_pairs in (0, 1 << 24):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(class_table, "MOST_PAIRS", most_pairs)
            J, n_without = by_class(*table_of(y, np.array([3.0, 2.0, 1.0])))
        assert_array_equal(J, np.diag([1, 2, 1]))
        assert n_without == 0


def test_sizes_are_the_diagonal():
    generator = np.random.RandomState(1)
    y = random_target(generator)
    table, joint = table_of(y, random_scores(generator, y.shape[1]))
    J, _ = by_class(table, joint)
    assert_array_equal(table.sizes[1:], np.diag(J)[table.order.classes])


def test_tables_of_batches_add_up_once_the_order_is_fixed():
    generator = np.random.RandomState(2)
    for _ in range(100):
        y = random_target(generator)
        if len(y) < 2:
            continue
        scores = random_scores(generator, y.shape[1])
        order = ClassOrder.of(scores, np.ones(y.shape[1], dtype=np.int64), merge_ties=False)
        cut = generator.randint(1, len(y), dtype=np.int64)
        whole, first, second = (
            SampleTable.of(as_target(part), order) for part in (y, y[:cut], y[cut:])
        )
        assert_array_equal(first.sizes + second.sizes, whole.sizes)
        sums = first.joint_counts() + second.joint_counts()
        assert_array_equal(sums, whole.joint_counts())


def figures_from(J, n_without, m, background):
    """Figures of a plan from the table alone."""
    diagonal = np.diag(J)
    levels = {}
    for multiplier, n_samples in [*zip(m, diagonal, strict=True), (background, n_without)]:
        if n_samples:
            levels[multiplier] = levels.get(multiplier, 0) + n_samples
    return diagonal @ m + background * n_without, m @ J, levels


def random_setting(generator, y):
    """Parameters, and whether their order is that of the counts."""
    cap = generator.choice([1.0, 1.5, 4.0, 9.0, 1e6])
    parameters = {"cap": cap, "floor": generator.choice([1.0, 0.4, 0.0])}
    parameters["background"] = generator.choice([0.0, 0.5, 1.0])
    kind = generator.choice(["balanced", "by class", "explicit"])
    if kind == "balanced":
        parameters["target_count"] = generator.choice(["median", "mean", "max"])
        parameters["power"] = generator.choice([0.3, 1.0, 2.0])
    elif kind == "by class":
        parameters["target_count"] = generator.uniform(1.5, 200, size=y.shape[1])
    else:
        parameters["class_multipliers"] = random_scores(generator, y.shape[1])
    return parameters


@pytest.mark.filterwarnings("ignore:Values of class_multipliers were clipped")
def test_every_figure_of_a_plan_follows_from_the_table():
    generator = np.random.RandomState(3)
    for i in range(500):
        y = random_target(generator)
        plan = plan_resampling(y, **random_setting(generator, y))
        check_figures(CONTAINERS[i % 4](y), plan)


def check_figures(y, plan):
    """The order is made before floor and cap, so one table serves all that keeps it."""
    rule = plan.rule
    scores = class_scores(plan.class_counts, rule.resolved_target_count, rule.parameters)
    J, n_without = by_class(*table_of(y, scores))
    size, resampled, levels = figures_from(J, n_without, plan.class_multipliers, plan.background)
    assert_allclose(plan.expected_epoch_size, size, rtol=1e-9)
    assert_allclose(plan.resampled_class_counts, resampled, rtol=1e-9, atol=1e-9)
    rows = plan.to_dict()["samples_per_multiplier"]
    assert {row["multiplier"]: row["n_samples"] for row in rows} == levels
    assert n_without == plan.n_without_class


@pytest.mark.skipif(
    not FOLDER.is_dir(), reason="needs a folder of real data sets, named by MLRESAMPLE_DATA"
)
@pytest.mark.filterwarnings("ignore:Values of class_multipliers were clipped")
@pytest.mark.parametrize("name", ["birds", "corel5k", "enron", "hpa2018_train", "yeast"])
def test_table_of_real_data_is_that_of_brute_force(name):
    file = np.load(FOLDER / f"{name}.npz", allow_pickle=False)
    y = sp.csr_array(
        (file["y_data"], file["y_indices"], file["y_indptr"]), shape=tuple(file["y_shape"])
    )
    dense, counts = y.toarray(), np.asarray(y.sum(axis=0)).ravel()
    generator = np.random.RandomState(4)
    for scores in (-counts, random_scores(generator, y.shape[1])):
        J, n_without = by_class(*table_of(y, scores))
        expected, expected_without = brute_force(dense, scores)
        assert_array_equal(J, expected)
        assert n_without == expected_without
    for _ in range(20):
        check_figures(y, plan_resampling(y, **random_setting(generator, dense)))


def test_merged_ties_are_one_row():
    y = np.array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]])
    table, joint = table_of(y, np.array([2.0, 2.0, 1.0]), merge_ties=True)
    assert_array_equal(table.order.row_of_class, [2, 2, 1])
    assert_array_equal(table.order.classes, [2, 0])
    assert_array_equal(table.sizes, [1, 0, 3])
    assert_array_equal(joint, [[0, 0, 0], [0, 0, 0], [2, 2, 2]])


def test_sparse_counts_of_many_classes_are_those_of_scipy(monkeypatch):
    monkeypatch.setattr(kernels, "BLOCK_SIZE", 5000)  # entries, so that pieces are merged
    n_classes = 5000
    generator = np.random.RandomState(5)
    columns = generator.zipf(1.2, size=(20_000, 4)) % n_classes
    rows = np.repeat(np.arange(20_000), 4)
    y = sp.csr_array((np.ones(80_000), (rows, columns.ravel())), shape=(20_000, n_classes))
    y.sum_duplicates()
    y.data[:] = 1
    indicator = as_target(y)
    scores = -indicator.class_counts
    order = ClassOrder.of(scores, indicator.class_counts, merge_ties=False)
    table = SampleTable.of(indicator, order)
    joint = table.joint_counts()
    assert sp.issparse(joint)
    assert joint.dtype == np.int64
    shape = 20_000, len(table.sizes)
    dominant = sp.csr_array((np.ones(20_000), (np.arange(20_000), table.row_of_sample)), shape)
    assert abs(joint - dominant.T @ y).max() == 0
