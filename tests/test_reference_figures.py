"""Figures of real data sets, where the folder with them is named by MLRESAMPLE_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose

from mlresample import ResamplingRule, plan_resampling

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
