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


@pytest.mark.parametrize("n_classes", [3, 40, 50, 51, 100, 101, 500])
def test_label_sets_are_counted_exactly(n_classes):
    generator = np.random.RandomState(n_classes)
    y = (generator.uniform(size=(5000, n_classes)) < 2 / n_classes).astype(np.uint8)
    assert measure_imbalance(y).n_label_sets == len(np.unique(y, axis=0))


def test_plan_and_measures_agree():
    plan, measures = plan_resampling(Y), measure_imbalance(Y)
    assert plan.imbalance_ratio == measures.imbalance_ratio
    assert plan.mean_imbalance == measures.mean_imbalance


# Of the samples of b, 10 of 10 carry a; of those of c, 9 of 10 carry a; of those of d, all 4 carry
# a, which are too few; of those of e, 8 of 9 carry a, whose share is below 0.9.
COUNTS_WITH_A = {"b": (10, 10), "c": (9, 10), "d": (4, 4), "e": (8, 9)}


def with_near_subsets(n_without_class=100):
    y = np.zeros((33 + n_without_class, 5), dtype=int)
    start = 0
    for column, (n_both, count) in enumerate(COUNTS_WITH_A.values(), 1):
        y[start : start + count, column] = 1
        y[start : start + n_both, 0] = 1
        start += count
    return y


def test_classes_that_hardly_occur_without_another_are_named():
    measures = measure_imbalance(with_near_subsets(), class_names=list("abcde"))
    assert measures.near_subsets == [
        {"class": "b", "other": "a", "count": 10, "n_both": 10, "share": 1.0},
        {"class": "c", "other": "a", "count": 10, "n_both": 9, "share": 0.9},
    ]
    assert measures.to_dict()["near_subsets"] == measures.near_subsets
    assert repr(measures).splitlines()[-2:] == [
        "- All 10 samples with class 'b' also carry class 'a'.",
        "- 9 of the 10 samples with class 'c' also carry class 'a' (90 %).",
    ]


def test_only_all_samples_are_a_hundred_per_cent():
    y = np.zeros((600, 2), dtype=int)
    y[:400, 1] = y[:399, 0] = 1  # 99.75 %
    (_, note) = repr(measure_imbalance(y)).splitlines()[-2:]
    assert note == "- 399 of the 400 samples with class 1 also carry class 0 (99 %)."


def test_a_class_that_nearly_all_samples_carry_says_nothing_of_the_others():
    y = with_near_subsets(n_without_class=0)  # a: 31 of 33
    assert measure_imbalance(y).near_subsets == []
    y = with_near_subsets(n_without_class=2)  # 31 of 35, below 0.9
    assert [row["class"] for row in measure_imbalance(y).near_subsets] == [1, 2]


def test_three_near_subsets_are_named_those_of_the_most_samples_first():
    y = np.zeros((200, 5), dtype=int)
    for column, count in [(1, 5), (2, 7), (3, 8), (4, 6)]:
        y[column * 10 : column * 10 + count, [0, column]] = 1
    assert [row["class"] for row in measure_imbalance(y).near_subsets] == [3, 2, 4]
    y[60:100, [0, 1]] = 1  # 45 of 45, the most; 7, 8 and 6 samples as before
    assert [row["class"] for row in measure_imbalance(y).near_subsets] == [1, 3, 2]


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
def test_near_subsets_are_the_same_in_every_container(make):
    y = with_near_subsets()
    found = measure_imbalance(make(y), class_names=list("abcde"))
    assert found.near_subsets == measure_imbalance(y, class_names=list("abcde")).near_subsets


@pytest.mark.parametrize("n_classes", [50, 51, 100, 101])
def test_near_subsets_of_the_last_classes_are_found_up_to_a_hundred(n_classes):
    generator = np.random.RandomState(n_classes)
    y = (generator.uniform(size=(9000, n_classes)) < 0.1).astype(np.uint8)
    y[y[:, -1] == 1, 0] = 1  # whoever carries the last class carries the first
    near_subsets = measure_imbalance(y).near_subsets
    if n_classes > 100:
        assert near_subsets is None
    else:
        (found,) = near_subsets
        assert (found["class"], found["other"], found["share"]) == (n_classes - 1, 0, 1)
        assert found["count"] == found["n_both"] == y[:, -1].sum()


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
