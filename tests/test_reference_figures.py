"""Figures of real data sets, where the folder with them is named by MLRESAMPLE_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from mlresample import ResamplingRule, plan_resampling
from mlresample._plan.random_plan import class_imbalance
from mlresample._target.label_sets import label_sets
from mlresample._target.read import as_target
from mlresample.combine import REMEDIAL
from mlresample.metrics import measure_imbalance
from mlresample.over_sampling import LPROS, MLROS
from mlresample.under_sampling import LPRUS, MLRUS

FOLDER = Path(os.environ.get("MLRESAMPLE_DATA", "no folder named"))
NAMES = ["birds", "corel5k", "enron", "hpa2018_train", "yeast"]
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="needs a folder of real data sets, named by MLRESAMPLE_DATA"
)


def load(name):
    file = np.load(FOLDER / f"{name}.npz", allow_pickle=False)
    return sp.csr_array(
        (file["y_data"], file["y_indices"], file["y_indptr"]), shape=tuple(file["y_shape"])
    )


@pytest.mark.parametrize(
    ("parameters", "epoch_size", "ratio"),
    [
        ({}, 35_086.2, 323),
        ({"target_count": "mean"}, 42_916.5, 380),
        ({"target_count": "max"}, 106_041.4, 870),
        ({"power": 0.5}, 32_937.0, 306),
    ],
)
def test_human_protein_atlas(parameters, epoch_size, ratio):
    plan = plan_resampling(load("hpa2018_train"), **parameters)
    assert plan.n_samples == 31_072
    assert round(plan.expected_epoch_size, 1) == epoch_size
    assert round(plan.imbalance_ratio) == 1171
    assert round(plan.resampled_imbalance_ratio) == ratio


def test_human_protein_atlas_with_the_hand_tuned_vector():
    multipliers = dict.fromkeys([8, 9, 10, 15, 27], 4) | {20: 2}
    plan = plan_resampling(load("hpa2018_train"), class_multipliers=multipliers)
    assert plan.expected_epoch_size == 31_634


@pytest.mark.parametrize(
    ("first", "target_count", "epoch_size", "resampled_27_15_0"),
    [
        (0, 466.5, 17_623.409176, (24, 44, 7099.881057)),
        (1, 488.5, 17_496.673566, (20, 40, 7118.747796)),
    ],
)
def test_rule_of_one_half_of_human_protein_atlas_applied_to_the_other(
    first, target_count, epoch_size, resampled_27_15_0
):
    # By hand: a list of class numbers per row, Python's statistics.median, min and max.
    y = load("hpa2018_train")
    rule = plan_resampling(y[first::2]).rule
    read = ResamplingRule.from_json(rule.to_json())
    plan = read.plan(y[1 - first :: 2])
    assert plan.resolved_target_count == target_count
    assert_allclose(plan.expected_epoch_size, epoch_size, rtol=1e-10)
    assert_allclose(plan.resampled_class_counts[[27, 15, 0]], resampled_27_15_0, rtol=1e-9)
    both = rule.counts + plan_resampling(y[1 - first :: 2]).rule.counts
    whole = ResamplingRule.from_counts(both)
    assert whole.to_json() == plan_resampling(y).rule.to_json()
    assert round(whole.sample_multipliers(y).sum(), 1) == 35_086.2


@pytest.mark.parametrize("name", NAMES)
def test_lvis_repeat_factors(name):
    y = load(name)
    plan = plan_resampling(y, target_count=0.001, power=0.5, cap=np.inf)
    frequency = np.asarray(y.sum(axis=0)).ravel() / y.shape[0]
    factors = [
        max([max(1.0, np.sqrt(0.001 / frequency[c])) for c in row.indices], default=1.0)
        for row in (y[[i]] for i in range(y.shape[0]))
    ]
    assert_allclose(plan.sample_multipliers, factors, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", ["median", "mean", "max"])
def test_drawn_size_and_means_over_seeds(name, target):
    plan = plan_resampling(load(name), target_count=target)
    n_seeds = 400
    draws = np.array([plan.draw_repeats(seed) for seed in range(n_seeds)])
    assert (draws.sum(axis=1) == round(plan.expected_epoch_size)).all()
    r = plan.sample_multipliers
    assert (draws >= np.floor(r)).all()
    assert (draws <= np.ceil(r)).all()
    by_level = [
        abs((draws.mean(axis=0) - r)[plan.levels == level].sum())
        for level in np.unique(plan.levels)
    ]
    assert sum(by_level) < 0.5 + 1.5 * 0.5 / np.sqrt(n_seeds) * len(by_level)


@pytest.mark.parametrize(
    ("name", "n_samples", "n_empty", "scumble"),  # of the R package mldr 0.4.2
    [
        ("birds", 785, 385, 0.0133834087787477),
        ("corel5k", 7406, 2180, 0.253344730182253),
        ("enron", 2547, 776, 0.19285210178051),
        ("hpa2018_train", 42_674, 11_538, 0.0861756949399029),
        ("yeast", 3234, 612, 0.0645396027340273),
    ],
)
def test_remedial_equals_the_r_package(name, n_samples, n_empty, scumble):
    y = load(name)
    _, y_resampled = REMEDIAL(skip_empty=False).fit_resample(np.zeros((y.shape[0], 1)), y)
    assert y_resampled.shape[0] == n_samples
    assert (np.diff(y_resampled.indptr) == 0).sum() == n_empty
    assert (y_resampled.sum(axis=0) == y.sum(axis=0)).all()
    assert_allclose(measure_imbalance(y_resampled, absent_classes="zero").scumble, scumble)


@pytest.mark.parametrize(
    # By an independent count: samples of minority classes, each class counted by itself; label
    # sets with fewer and with more samples than the mean, and the samples that have those.
    ("name", "n_minority", "n_rare_sets", "n_common_sets", "n_of_rare", "n_of_common"),
    [
        ("birds", 79, 118, 15, 189, 456),
        ("corel5k", 248, 2523, 652, 2523, 2477),
        ("enron", 75, 655, 98, 737, 965),
        ("hpa2018_train", 158, 503, 74, 3975, 27_097),
        ("yeast", 212, 164, 34, 504, 1913),
    ],
)
def test_random_resampling_takes_the_right_samples(
    name, n_minority, n_rare_sets, n_common_sets, n_of_rare, n_of_common
):
    y = load(name)
    indicator = as_target(y)
    imbalance, mean = class_imbalance(indicator)
    assert indicator.class_counts[imbalance > mean].sum() == n_minority
    sets, of_sample, sizes = np.unique(
        label_sets(indicator), return_inverse=True, return_counts=True
    )
    is_rare = (sizes < sizes.mean())[of_sample]
    assert (len(sets) - n_common_sets, is_rare.sum()) == (n_rare_sets, n_of_rare)
    assert (~is_rare).sum() == n_of_common

    n = y.shape[0]
    repeats = {
        sampler: sampler(percentage=10, random_state=0)
        .fit(np.zeros((n, 1)), y)
        .plan_.draw_repeats()
        for sampler in (MLROS, LPROS, MLRUS, LPRUS)
    }
    assert repeats[LPROS].sum() == n + n // 10
    assert repeats[MLROS].sum() <= n + n // 10
    assert repeats[MLRUS].sum() == repeats[LPRUS].sum() == n - n // 10
    assert (y[repeats[MLROS] > 1][:, imbalance > mean].sum(axis=1) > 0).all()
    assert is_rare[repeats[LPROS] > 1].all()
    assert not is_rare[repeats[LPRUS] == 0].any()
    assert len(np.unique(of_sample[repeats[LPRUS] > 0])) == len(sets)


@pytest.mark.parametrize(
    ("name", "growth"), [("birds", 0.099), ("corel5k", 0.069), ("enron", 0.044), ("yeast", 0.139)]
)
def test_ml_ros_stops_growing_however_large_the_percentage(name, growth):
    y = load(name)
    sizes = [
        MLROS(percentage=percentage, random_state=0)
        .fit(np.zeros((y.shape[0], 1)), y)
        .plan_.epoch_size
        for percentage in (50, 1000)
    ]
    assert_allclose(np.array(sizes) / y.shape[0] - 1, growth, atol=0.002)


@pytest.mark.parametrize("name", NAMES)
def test_tables_give_the_figures_of_targets_in_memory(name):
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    pytest.importorskip("xxhash", reason="xxhash is not installed")
    from mlresample.tables import TableTarget, add_repeats

    y = load(name)
    y.sort_indices()
    names = [f"class {c:04}" for c in range(y.shape[1])]  # in the order of their columns
    plan = plan_resampling(y, class_names=names)
    labels = pa.ListArray.from_arrays(
        y.indptr.astype(np.int32), pa.array(names).take(pa.array(y.indices))
    )
    keys = np.arange(y.shape[0])
    table = pa.table({"id": keys, "labels": labels})
    mixed = table.take(pa.array(np.random.RandomState(0).permutation(len(table))))
    drawn = []
    for source in (table.to_batches(), mixed.to_batches(max_chunksize=777)):
        target = TableTarget(pa.Table.from_batches(source), "labels")
        of_table = target.plan()
        assert of_table.rule.to_json() == plan.rule.to_json()
        assert of_table.class_counts.tolist() == plan.class_counts.tolist()
        assert_allclose(of_table.resampled_class_counts, plan.resampled_class_counts, rtol=1e-9)
        assert_allclose(of_table.expected_epoch_size, plan.expected_epoch_size, rtol=1e-9)
        assert of_table.to_dict()["verdicts"] == plan.to_dict()["verdicts"]
        budget = plan_resampling(y, class_names=names, epoch_size=1.1, cap=16)
        assert target.plan(epoch_size=1.1, cap=16).epoch_size == budget.epoch_size
        rows = add_repeats(iter(source), plan.rule, "labels", key="id", epoch=2).read_all()
        rows = rows.sort_by("id")
        assert rows["multiplier"].to_numpy().tolist() == plan.sample_multipliers.tolist()
        drawn.append(rows["repeats"].to_numpy().tolist())
    first, second = drawn
    assert first == second
    deviation = of_table.to_dict()["epoch_size_deviation"]
    assert abs(sum(first) - plan.expected_epoch_size) < 5 * max(deviation, 1)
