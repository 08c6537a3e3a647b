"""Plans of tables are those of the same target in memory, without its samples."""

import json
import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import MultiLabelBinarizer

from mlresample import (
    ClassCounts,
    compare_plans,
    compute_loss_weights,
    correct_probabilities,
    plan_resampling,
)
from mlresample.tables import TableTarget, add_repeats

NAMES = ["a", "b", "c", "d", "e"]
SETTINGS = [
    {},
    {"cap": 8, "target_count": "max", "power": 0.5},
    {"epoch_size": 1.2},
    {"epoch_size": 300, "floor": 0.2, "cap": 6},
    {"floor": 0.5, "background": 0.25, "cap": 3},
    {"target_count": {"e": 60, "b": 200}},
    {"class_multipliers": {"e": 3.5, "a": 1.5}},
    {"class_multipliers": [2, 1, 2, 1, 0.5], "floor": 0.5},
]


def random_labels(n_rows, seed=0):
    """Lists of labels, some empty, some with a label twice."""
    generator = np.random.RandomState(seed)
    bits = generator.uniform(size=(n_rows, 5)) < [0.6, 0.3, 0.1, 0.05, 0.02]
    rows = [[NAMES[c] for c in row.nonzero()[0]] for row in bits]
    rows[0] = NAMES
    return [[*row, *row[:1]] if i % 7 == 0 else row for i, row in enumerate(rows)]


LABELS = random_labels(400)
Y = MultiLabelBinarizer(classes=NAMES).fit_transform(LABELS)
TABLE = pa.table({"id": range(len(LABELS)), "labels": LABELS})


def in_memory(y=Y, names=NAMES, **parameters):
    return plan_resampling(y, class_names=names, **parameters)


def assert_same(found, expected):
    """Compare plain types; numbers may differ by rounding, and so those of a text by a digit."""
    assert type(found) is type(expected)
    if isinstance(found, dict):
        assert found.keys() == expected.keys()
        for key in found:
            assert_same(found[key], expected[key])
    elif isinstance(found, list):
        for value, other in zip(found, expected, strict=True):
            assert_same(value, other)
    elif isinstance(found, float):
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-9)
    elif isinstance(found, str):
        numbers = re.compile(r"[0-9]+\.[0-9]+")
        assert numbers.sub("#", found) == numbers.sub("#", expected)
    else:
        assert found == expected


def assert_same_figures(plan, expected):
    assert_same(plan.to_dict() | {"epoch_size_deviation": None}, expected.to_dict())


# -- a case by hand ----------------------------------------------------------------------------


def test_figures_of_a_small_table():
    """Counts 8, 4 and 1; t = 4; the row of all three has multiplier 4, the cap."""
    labels = [["a"]] * 5 + [["a", "b"]] * 2 + [["a", "b", "c"]] + [["b"]] + [[]] * 3
    plan = TableTarget(pa.table({"labels": labels}), "labels").plan(background=0.5)
    assert plan.class_counts.tolist() == [8, 4, 1]
    assert plan.class_multipliers.tolist() == [1, 1, 4]
    assert plan.resampled_class_counts.tolist() == [11, 7, 4]
    assert plan.n_samples == 12
    assert plan.n_without_class == 3
    assert plan.level_multipliers.tolist() == [0.5, 1, 4]
    assert plan.level_sizes.tolist() == [3, 8, 1]
    assert plan.expected_epoch_size == 13.5
    assert plan.epoch_size == 14
    assert plan.epoch_size_deviation == pytest.approx(np.sqrt(3 * 0.5 * 0.5))
    assert "14  (1.125x, drawn row by row: +- 1)" in repr(plan)
    assert "drawn row by row" in plan._repr_html_()
    assert json.loads(plan.to_json())["epoch_size_deviation"] == plan.epoch_size_deviation
    assert plan.to_frame()["resampled_count"].tolist() == [11, 7, 4]


def test_plan_is_read_only_and_can_be_pickled():
    plan = TableTarget(TABLE, "labels").plan()
    assert pickle.loads(pickle.dumps(plan)).to_dict() == plan.to_dict()
    with pytest.raises(ValueError, match="read-only"):
        plan.level_sizes[0] = 1


# -- equal to plans in memory ------------------------------------------------------------------


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
@pytest.mark.parametrize("most_pairs", [0, 1 << 24], ids=["CSR", "array"])
def test_figures_equal_those_in_memory(parameters, most_pairs, monkeypatch):
    monkeypatch.setattr("mlresample.tables._target.MOST_PAIRS", most_pairs)
    plan, expected = TableTarget(TABLE, "labels").plan(**parameters), in_memory(**parameters)
    assert_same_figures(plan, expected)
    assert plan.rule.to_json() == expected.rule.to_json()
    assert plan.at_cap.tolist() == expected.at_cap.tolist()


LAYOUTS = {
    "lists": ({"labels": pa.array(LABELS)}, "labels", {}),
    "cells": ({"labels": [" | ".join(row) for row in LABELS]}, "labels", {"separator": "|"}),
    "nulls": (
        {"labels": [row or None for row in LABELS]},
        "labels",
        {"null_is_background": True},
    ),
    "dictionaries": (
        {
            "labels": pa.ListArray.from_arrays(
                TABLE["labels"].combine_chunks().offsets,
                TABLE["labels"].combine_chunks().values.dictionary_encode(),
            )
        },
        "labels",
        {},
    ),
    "columns": ({name: Y[:, c] for c, name in enumerate(NAMES)}, NAMES, {}),
    "columns of bool": ({name: Y[:, c] > 0 for c, name in enumerate(NAMES)}, NAMES, {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch_size", [1, 17, 400])
def test_layout_and_batches_change_nothing(layout, batch_size):
    columns, labels, options = LAYOUTS[layout]
    batches = pa.table(columns).to_batches(max_chunksize=batch_size)
    plan = TableTarget(batches, labels, **options).plan(epoch_size=1.2, cap=7)
    assert_same_figures(plan, in_memory(epoch_size=1.2, cap=7))


def test_classes_may_be_integers_and_one_per_row():
    codes = np.array([7, 7, 7, 7, 2, 2, 9])
    plan = TableTarget(pa.table({"label": codes}), "label").plan()
    assert_same_figures(plan, plan_resampling(codes))


@pytest.mark.parametrize("n_files", [1, 2, 7])
@pytest.mark.parametrize("row_group_size", [13, 400])
def test_files_and_row_groups_change_nothing(n_files, row_group_size, tmp_path):
    for i, start in enumerate(range(0, 400, -(-400 // n_files))):
        part = TABLE.slice(start, -(-400 // n_files))
        pq.write_table(part, tmp_path / f"{i}.parquet", row_group_size=row_group_size)
    for source in [tmp_path, f"{tmp_path}/*.parquet", sorted(tmp_path.iterdir())]:
        plan = TableTarget(source, "labels").plan()
        assert_same_figures(plan, in_memory())


def test_every_source_that_can_be_read_twice_is_taken():
    frame = pd.DataFrame({"labels": LABELS})
    for source in [frame, pl.DataFrame({"labels": LABELS}), pa.dataset.dataset(TABLE)]:
        if not (hasattr(source, "__arrow_c_stream__") or isinstance(source, pa.dataset.Dataset)):
            continue  # an older version
        plan = TableTarget(source, "labels").plan()
        assert_same_figures(plan, in_memory())


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(NAMES), max_size=6), min_size=2, max_size=40).filter(
        lambda rows: len({label for row in rows for label in row}) > 1
    ),
    st.sampled_from([{}, {"cap": 2, "background": 0.5}, {"floor": 0, "target_count": 1.5}]),
    st.integers(1, 9),
)
def test_figures_of_any_table_equal_those_in_memory(rows, parameters, batch_size):
    binarizer = MultiLabelBinarizer()
    y = binarizer.fit_transform(rows)
    table = pa.table({"labels": pa.array(rows, pa.list_(pa.string()))})
    target = TableTarget(table.to_batches(max_chunksize=batch_size), "labels")
    expected = in_memory(y, list(binarizer.classes_), **parameters)
    assert_same_figures(target.plan(**parameters), expected)


# -- comparisons, and what follows from a plan -------------------------------------------------


def test_comparison_equals_that_in_memory():
    grid = [
        {"cap": [1, 2, 8], "target_count": ["median", "max", {"e": 60}], "background": [0.5]},
    ]
    found = TableTarget(TABLE, "labels").compare(grid)
    expected = compare_plans(Y, grid, class_names=NAMES)
    assert_same(found.to_dict(), expected.to_dict())
    assert repr(found) == repr(expected)


def test_budgets_are_compared_as_in_memory():
    grid = {"epoch_size": [1.05, 1.2, 500], "cap": [3, 9]}
    found = TableTarget(TABLE, "labels").compare(grid)
    assert repr(found) == repr(compare_plans(Y, grid, class_names=NAMES))


class Passes:
    """Record batches that count how often they are read."""

    n = 0

    def __iter__(self):
        self.n += 1
        return iter(TABLE.to_batches())


def test_two_passes_are_enough_unless_the_order_of_the_classes_changes():
    batches = Passes()
    target = TableTarget(batches, "labels")
    target.plan()
    target.plan(epoch_size=1.2)
    target.compare({"cap": [1, 2, 8], "floor": [0, 1]})
    assert batches.n == 2
    target.plan(target_count={"a": 1000})
    assert batches.n == 3


def test_the_size_of_drawn_epochs_varies_as_the_plan_says():
    plan = TableTarget(TABLE, "labels").plan(cap=3, background=0.5)
    sizes = [
        add_repeats(TABLE, plan.rule, "labels", key="id", epoch=epoch, output="keys")
        .read_all()
        .num_rows
        for epoch in range(400)
    ]
    deviation = plan.epoch_size_deviation
    assert deviation > 5
    assert abs(np.mean(sizes) - plan.expected_epoch_size) < 4.5 * deviation / np.sqrt(400)
    assert 0.85 < np.std(sizes) / deviation < 1.15


def test_loss_weights_and_corrections_take_the_plan_of_a_table():
    plan, expected = TableTarget(TABLE, "labels").plan(), in_memory()
    weights = compute_loss_weights(plan).pos_weight
    np.testing.assert_allclose(weights, compute_loss_weights(expected).pos_weight, rtol=1e-12)
    p = np.full((2, 5), 0.3)
    np.testing.assert_allclose(
        correct_probabilities(p, plan=plan), correct_probabilities(p, plan=expected), rtol=1e-12
    )


def test_plan_of_a_table_is_drawn():
    plots = pytest.importorskip("mlresample.plots", reason="matplotlib is not installed")
    display = plots.ClassCountsDisplay.from_plan(TableTarget(TABLE, "labels").plan())
    assert display.class_counts.tolist() == Y.sum(axis=0).tolist()
    display.figure_.clf()


# -- what is refused ---------------------------------------------------------------------------


def test_what_can_be_read_only_once_is_refused():
    for source in [iter(TABLE.to_batches()), TABLE.to_reader()]:
        with pytest.raises(TypeError, match="can be read only once"):
            TableTarget(source, "labels")


class Changing:
    """Batches that are others on the second pass."""

    def __init__(self, *passes):
        self.passes = iter(passes)

    def __iter__(self):
        return iter(pa.table({"labels": next(self.passes)}).to_batches())


@pytest.mark.parametrize(
    "second", [[["a"]] * 9, [["a"]] * 9 + [["z"]], [["a"]] * 9 + [["a", "b"]], []], ids=str
)
def test_a_table_that_changes_between_the_passes_is_an_error(second):
    target = TableTarget(Changing([["a"]] * 9 + [["b"]], second), "labels")
    with pytest.raises(ValueError, match="did not find the 10 rows of the first"):
        target.plan()


def test_errors_are_those_of_plans_in_memory():
    target = TableTarget(TABLE, "labels")
    with pytest.raises(ValueError, match="'cap' parameter of TableTarget"):
        target.plan(cap=0.5)
    with pytest.raises(ValueError, match=r"epoch_size=9\.0 .* cannot be met"):
        target.plan(epoch_size=9.0)
    with pytest.raises(ValueError, match="has no column 'label'"):
        TableTarget(TABLE, "label").plan()
    with pytest.raises(ValueError, match="No class occurs in the table"):
        TableTarget(pa.table({"labels": pa.array([[]], pa.list_(pa.string()))}), "labels").plan()
    with pytest.raises(ValueError, match="epoch has between"):
        target.compare({"epoch_size": [99.0]})


def test_counts_are_those_of_the_first_pass():
    counts = TableTarget(TABLE, "labels").counts
    expected = ClassCounts.from_target(Y, class_names=NAMES)
    assert counts.class_counts.tolist() == expected.class_counts.tolist()
    assert counts.n_without_class == expected.n_without_class
