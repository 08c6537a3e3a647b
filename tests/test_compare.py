"""Plans compared at once are the plans made one by one."""

import json

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import compare_plans, plan_resampling

GENERATOR = np.random.RandomState(0)
Y = (GENERATOR.uniform(size=(400, 8)) < [0.9, 0.5, 0.3, 0.2, 0.1, 0.03, 0.03, 0.0]).astype(int)
Y[7] = 0

GRIDS = [
    {"cap": [1, 1.5, 2, 4, 8, np.inf]},
    {"target_count": ["median", "mean", "max", 0.2, 100], "power": [0, 0.5, 1, 2]},
    {"epoch_size": [0.9, 1.0, 1.3, 500], "floor": [0.2, 0.5]},
    [{"cap": [2], "floor": [0, 1]}, {"cap": [3, 5], "floor": [0.3]}],
    {},
]


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize("make", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array])
@pytest.mark.parametrize("most_pairs", [0, 1 << 24], ids=["one by one", "joint"])
def test_each_row_is_the_plan_of_its_parameters(grid, make, most_pairs, monkeypatch):
    monkeypatch.setattr("mlresample._rule.class_table.MOST_PAIRS", most_pairs)
    comparison = compare_plans(make(Y), grid)
    for i, parameters in enumerate(comparison.parameters):
        plan = plan_resampling(Y, **parameters)
        assert comparison.epoch_size[i] == plan.epoch_size
        assert_allclose(comparison.growth[i], plan.expected_epoch_size / 400, rtol=1e-12)
        assert_allclose(
            comparison.resolved_target_count[i], plan.resolved_target_count, rtol=1e-12
        )
        assert_allclose(
            comparison.resampled_imbalance_ratio[i], plan.resampled_imbalance_ratio, rtol=1e-12
        )
        assert_allclose(
            comparison.resampled_mean_imbalance[i], plan.resampled_mean_imbalance, rtol=1e-12
        )
        assert comparison.n_at_cap[i] == plan.at_cap.sum()


@pytest.mark.parametrize("make", [np.asarray, np.asfortranarray, sp.csr_array, sp.csc_array])
def test_numbers_of_classes_are_compared_whatever_order_they_put_the_classes_in(make):
    common_first = [2000, 300, 2, 2, 2, 2, 2, 2]
    grid = {"target_count": [common_first, {0: 600, 5: 90}, "mean"], "cap": [2, 9]}
    comparison = compare_plans(make(Y), grid)
    for i, parameters in enumerate(comparison.parameters):
        plan = plan_resampling(Y, **parameters)
        assert comparison.epoch_size[i] == plan.epoch_size
        assert_allclose(
            comparison.resampled_imbalance_ratio[i], plan.resampled_imbalance_ratio, rtol=1e-12
        )
        assert_allclose(
            comparison.resampled_mean_imbalance[i], plan.resampled_mean_imbalance, rtol=1e-12
        )
        assert comparison.n_at_cap[i] == plan.at_cap.sum()


def test_single_label_targets_are_compared_too():
    y = ["a"] * 12 + ["b"] * 6 + ["c"]
    comparison = compare_plans(y, {"cap": [1, 6]})
    assert_array_equal(comparison.resampled_imbalance_ratio, [12, 2])
    assert_array_equal(comparison.epoch_size, [19, 24])


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_table_as_a_data_frame(backend):
    pytest.importorskip(backend)
    comparison = compare_plans(Y, {"cap": [1, 2], "target_count": ["median", "max"]})
    frame = comparison.to_frame(backend)
    assert type(frame).__module__.startswith(backend)
    assert list(frame.columns) == [
        "param_cap",
        "param_target_count",
        *list(comparison.to_dict()["plans"][0])[2:],
    ]
    assert frame["param_cap"].to_list() == [1, 1, 2, 2]
    assert frame["epoch_size"].to_list() == comparison.epoch_size.tolist()


def test_text_has_a_line_for_each_plan():
    lines = repr(compare_plans(Y, {"epoch_size": [1.0, 1.5], "cap": [4]})).splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:3] == ["cap=", "epoch_size=", "target"]
    assert lines[2].split()[1] == "1.5"


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ({"rounding": ["nearest"]}, "names 'rounding'; plans are compared over cap, floor"),
        ({"cap": [2, 0.5]}, "'cap' parameter of compare_plans"),
        ({"cap": []}, "cap"),
        ([], "no combinations"),
        ({"target_count": [1]}, "pass 1.0"),
        ({"epoch_size": [1.2], "target_count": ["max"]}, "target_count='max' cannot be kept"),
        ({"epoch_size": [9.0]}, "epoch_size=9.0 .* cannot be met"),
        ([{"cap": [2]}, {"target_count": ["max"]}], "the same parameters"),
    ],
)
def test_wrong_grids_are_refused(grid, message):
    with pytest.raises(ValueError, match=message):
        compare_plans(Y, grid)


def test_wrong_targets_are_refused():
    with pytest.raises(ValueError, match="No class occurs"):
        compare_plans(np.zeros((4, 2), dtype=int), {"cap": [2]})
    with pytest.raises(ValueError, match="got 3 in row 1, class 1"):
        compare_plans([[1, 0], [0, 3]], {"cap": [2]})


def test_table_holds_plain_types():
    grid = {"target_count": ["median", np.int64(20)], "cap": np.array([1.5, 4.0])}
    table = compare_plans(Y, grid).to_dict()
    json.dumps(table)
    assert {type(value) for row in table["plans"] for value in row.values()} == {str, int, float}


@pytest.mark.parametrize("backend", ["pandas", "polars"])
def test_whole_numbers_and_fractions_share_a_column(backend):
    grid = {"cap": [1, 1.5, np.inf], "target_count": ["median", 5]}
    y = np.eye(3, dtype=int)[[0] * 9 + [1] * 6 + [2]]
    frame = compare_plans(y, grid).to_frame(backend)
    assert set(frame["param_cap"]) == {1.0, 1.5, np.inf}
    assert set(frame["param_target_count"]) == {"median", "5"}


def test_epochs_that_no_plan_would_have_are_refused():
    y = np.eye(2, dtype=int)[[0] * 9 + [1] * 6]
    with pytest.raises(ValueError, match=r"epoch with \{.*\} would have .* lower the cap"):
        compare_plans(y, {"target_count": [1e17], "cap": [np.inf]})
    with pytest.raises(ValueError, match="is empty"):
        compare_plans(y, {"target_count": [1e-9], "floor": [0]})
