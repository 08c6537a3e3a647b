"""Measures of imbalance, worked out by hand and by the R package mldr."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import plan_resampling
from mlresample.metrics import measure_imbalance

from .containers import TARGETS

DATA = Path(os.environ.get("MLRESAMPLE_DATA", "no folder named"))
ORACLE = DATA.parent / "oracle"

# Counts 4, 2, 1: imbalance 1, 2, 4.
Y = np.array([[1, 1, 0], [1, 0, 1], [1, 0, 0], [1, 1, 0], [0, 0, 0]])


def test_measures_of_a_case_by_hand():
    measures = measure_imbalance(Y, class_names=["a", "b", "c"])
    assert measures.n_samples == 5
    assert_array_equal(measures.class_counts, [4, 2, 1])
    assert_array_equal(measures.imbalance_per_class, [1, 2, 4])
    assert measures.imbalance_ratio == 4
    assert_allclose(measures.mean_imbalance, 7 / 3)
    # squared deviations from 7/3: 16/9 + 1/9 + 25/9 = 42/9, over 2
    assert_allclose(measures.imbalance_variation, np.sqrt(42 / 18) / (7 / 3))
    of_ab, of_ac = 1 - np.sqrt(2) / 1.5, 1 - 2 / 2.5
    assert_allclose(measures.scumble, (2 * of_ab + of_ac) / 5)
    assert_allclose(measures.scumble_per_class, [(2 * of_ab + of_ac) / 4, of_ab, of_ac])
    assert measures.cardinality == 7 / 5
    assert_allclose(measures.density, 7 / 15)
    assert measures.n_label_sets == 4
    assert measures.share_without_class == 0.2
    assert measures.minority_classes.tolist() == ["c"]
    assert "distinct label sets  4" in repr(measures)


def test_absent_class_is_left_out_or_counts_as_zero():
    y = np.column_stack([Y, np.zeros(5, dtype=int)])
    measures = measure_imbalance(y)
    assert_array_equal(measures.imbalance_per_class, [1, 2, 4, np.nan])
    assert_allclose(measures.mean_imbalance, 7 / 3)
    assert np.isnan(measures.scumble_per_class[3])
    assert measures.imbalance_ratio == 4
    assert "4, 1 absent" in repr(measures)
    zero = measure_imbalance(y, absent_classes="zero")
    assert_array_equal(zero.imbalance_per_class, [1, 2, 4, 0])
    assert zero.mean_imbalance == 7 / 4
    assert zero.imbalance_ratio == 4
    assert zero.scumble == measures.scumble == measure_imbalance(Y).scumble


def test_single_class_has_no_variation():
    measures = measure_imbalance(np.array([[1, 0], [0, 0]]))
    assert np.isnan(measures.imbalance_variation)
    assert measures.imbalance_ratio == measures.mean_imbalance == 1


def test_single_label_target_has_as_many_label_sets_as_classes():
    measures = measure_imbalance(["a", "b", "a", "a"])
    assert measures.n_label_sets == 2
    assert measures.cardinality == 1
    assert measures.scumble == 0
    assert_array_equal(measures.imbalance_per_class, [1, 3])


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_every_container_gives_the_same(make):
    y = (np.random.RandomState(0).uniform(size=(90, 5)) < [0.9, 0.5, 0.2, 0.1, 0]).astype(int)
    measures, expected = measure_imbalance(make(y)), measure_imbalance(y)
    assert measures.n_label_sets == expected.n_label_sets == len(np.unique(y, axis=0))
    assert_allclose(measures.scumble, expected.scumble, rtol=1e-12)
    assert_allclose(measures.scumble_per_class, expected.scumble_per_class, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [3, 40, 500])
def test_label_sets_are_counted_exactly(n_classes):
    generator = np.random.RandomState(n_classes)
    y = (generator.uniform(size=(5000, n_classes)) < 2 / n_classes).astype(np.uint8)
    assert measure_imbalance(y).n_label_sets == len(np.unique(y, axis=0))


def test_plan_and_measures_agree():
    plan, measures = plan_resampling(Y), measure_imbalance(Y)
    assert plan.imbalance_ratio == measures.imbalance_ratio
    assert plan.mean_imbalance == measures.mean_imbalance


def test_wrong_targets_and_parameters_are_refused():
    with pytest.raises(ValueError, match="No class occurs"):
        measure_imbalance(np.zeros((3, 2), dtype=int))
    with pytest.raises(ValueError, match="got 2 in row 0, class 1"):
        measure_imbalance([[1, 2], [0, 1]])
    with pytest.raises(ValueError, match="'absent_classes' parameter"):
        measure_imbalance(Y, absent_classes="nan")


@pytest.mark.skipif(not ORACLE.is_dir(), reason="needs a folder of figures that mldr computed")
@pytest.mark.parametrize("name", ["birds", "corel5k", "enron", "hpa2018_train", "yeast"])
def test_measures_are_those_of_mldr(name):
    file = np.load(DATA / f"{name}.npz", allow_pickle=False)
    entries = file["y_data"], file["y_indices"], file["y_indptr"]
    y = sp.csr_array(entries, shape=tuple(file["y_shape"]))
    oracle = json.loads((ORACLE / f"{name}.json").read_text())
    theirs, classes = oracle["measures"], oracle["labels"]

    ours = measure_imbalance(y, absent_classes="zero")
    assert_array_equal(ours.class_counts, classes["count"])
    assert_allclose(ours.imbalance_per_class, classes["IRLbl"], rtol=1e-9)
    carried = ours.class_counts > 0
    per_class = np.array(classes["SCUMBLE"], dtype=float)
    assert_allclose(ours.scumble_per_class[carried], per_class[carried], rtol=1e-9, atol=1e-12)
    assert_allclose(ours.mean_imbalance, theirs["meanIR"], rtol=1e-9)
    assert_allclose(
        ours.imbalance_variation, theirs["CVIR_mldr_convention_zero_IR_kept"], rtol=1e-9
    )
    assert_allclose(ours.scumble, theirs["scumble"], rtol=1e-9)
    assert_allclose(ours.cardinality, theirs["cardinality"], rtol=1e-9)
    assert_allclose(ours.density, theirs["density"], rtol=1e-9)
    assert ours.n_label_sets == theirs["num_labelsets"]
    assert np.flatnonzero(ours.imbalance_per_class > ours.mean_imbalance).tolist() == sorted(
        oracle["minority_label_idx0"]
    )

    left_out = measure_imbalance(y)
    assert_allclose(left_out.mean_imbalance, theirs["meanIR_excluding_empty_labels"], rtol=1e-9)
    variation = theirs["CVIR_excluding_empty_labels"]
    assert_allclose(left_out.imbalance_variation, variation, rtol=1e-9)


def test_measures_as_plain_types_and_as_a_frame():
    measures = measure_imbalance([[1, 0, 0], [1, 1, 0]], class_names=["cat", "lynx", "dodo"])
    assert [row["imbalance"] for row in measures.to_dict()["classes"]] == [1.0, 2.0, None]
    assert json.loads(measures.to_json()) == measures.to_dict()
    frame = measures.to_frame()
    assert frame["class"].tolist() == ["cat", "lynx", "dodo"]
    assert frame["count"].tolist() == [2, 1, 0]
