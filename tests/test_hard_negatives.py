"""Hard negatives: ranked above the tuned threshold, unknown entries for review."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mlresample import plan_resampling
from mlresample.annotation import find_hard_negatives
from mlresample.model_selection import tune_thresholds

Y = np.array([[1, 0], [1, 0], [0, 1], [0, -1]])
SCORES = np.array([[0.9, 0.1], [0.5, 0.2], [0.7, 0.8], [0.1, 0.9]])


def noisy(n_samples=400, n_classes=5, seed=0):
    rng = np.random.RandomState(seed)
    y = (rng.uniform(size=(n_samples, n_classes)) < 0.2).astype(int)
    return y, 1 / (1 + np.exp(-rng.normal(2.0 * y - 1)))


def test_negatives_above_the_threshold_are_ranked_and_unknown_entries_are_for_review():
    negatives = find_hard_negatives(Y, SCORES, unknown=-1)
    # Both positives of class 0 are accepted with the negative 2 at (0.5 + 0.1) / 2, before
    # shrinkage; of class 1, the unknown entry scores higher than the only positive.
    assert negatives.to_frame()[["class", "rank", "index", "is_for_review"]].values.tolist() == [
        [0, 1, 2, False],
        [1, 1, 3, True],
    ]
    assert negatives.indices.tolist() == [2]
    assert negatives.sample_multipliers(3).tolist() == [1, 1, 3, 1]


def test_the_first_of_each_class_come_first_by_their_scores():
    y = np.array([[1, 1], [0, 0], [0, 0], [0, 0]])
    scores = np.array([[0.5, 0.5], [0.6, 0.9], [0.8, 0.1], [0.1, 0.7]])
    negatives = find_hard_negatives(y, scores)
    assert negatives.to_frame()[["class", "rank", "index"]].values.tolist() == [
        [0, 1, 2],
        [0, 2, 1],
        [1, 1, 1],
        [1, 2, 3],
    ]
    assert negatives.indices.tolist() == [1, 2, 3]  # 0.9 and 0.8 are first of a class, then 0.7


def test_a_negative_whose_score_is_the_threshold_is_hard():
    # With all scores equal, the best threshold is that score: it accepts all.
    negatives = find_hard_negatives([[1, 0], [0, 1]], np.full((2, 2), 0.5))
    assert negatives.to_frame()["index"].tolist() == [1, 0]


def test_every_row_is_a_negative_that_the_thresholds_accept():
    y, scores = noisy()
    thresholds = tune_thresholds(y, scores)
    frame = find_hard_negatives(y, scores, per_class=1000).to_frame()
    wrong = (y == 0) & (scores >= thresholds)
    assert len(frame) == wrong.sum()
    assert wrong[frame["index"], frame["class"]].all()
    assert (frame.score == scores[frame["index"], frame["class"]]).all()
    for _, of_class in frame.groupby("class"):
        assert (np.diff(of_class.score) <= 0).all()
        assert of_class["rank"].tolist() == list(range(1, len(of_class) + 1))


def test_at_most_k_are_listed_of_a_class_and_as_many_for_review():
    y, scores = noisy()
    y[np.random.RandomState(1).uniform(size=y.shape) < 0.3] = -1
    all_rows = find_hard_negatives(y, scores, per_class=1000, unknown=-1).to_frame()
    few = find_hard_negatives(y, scores, per_class=4, unknown=-1)
    frame = few.to_frame()
    assert frame.groupby(["class", "is_for_review"]).size().max() == 4
    expected = all_rows[all_rows["rank"] <= 4].reset_index(drop=True)
    pd.testing.assert_frame_equal(frame, expected)
    assert set(few.indices) == set(frame["index"][~frame.is_for_review])
    assert len(few.indices) == len(set(few.indices))
    assert (y[frame["index"], frame["class"]] == np.where(frame.is_for_review, -1, 0)).all()


def test_containers_and_masks_give_the_same():
    y, scores = noisy()
    expected = find_hard_negatives(y, scores).to_frame()
    for other in (sparse.csr_array(y), pd.DataFrame(y), y.tolist()):
        pd.testing.assert_frame_equal(find_hard_negatives(other, scores).to_frame(), expected)
    mask = np.random.RandomState(1).uniform(size=y.shape) < 0.3
    by_value = find_hard_negatives(np.where(mask, -1, y), scores, unknown=-1)
    by_mask = find_hard_negatives(y, scores, unknown=mask)
    pd.testing.assert_frame_equal(by_value.to_frame(), by_mask.to_frame())


def test_multipliers_combine_with_a_plan_by_the_maximum_and_feed_a_sampler():
    torch_samplers = pytest.importorskip("mlresample.torch", reason="torch is not installed")
    y, scores = noisy()
    plan = plan_resampling(y, target_count=200)
    negatives = find_hard_negatives(y, scores, per_class=5)
    combined = np.maximum(plan.sample_multipliers, negatives.sample_multipliers(3))
    assert (combined[negatives.indices] >= 3).all()
    seen = np.bincount(list(torch_samplers.RepeatSampler(combined, seed=0)), minlength=len(y))
    assert (seen[negatives.indices] >= 3).all()


def test_none_found_is_an_empty_table():
    y = np.array([[1, 0], [0, 1]] * 5)
    negatives = find_hard_negatives(y, y + 0.0)
    assert len(negatives) == 0
    assert len(negatives.to_frame()) == 0
    assert list(negatives.to_frame())[:3] == ["class", "rank", "index"]
    assert repr(negatives).startswith("0 of 10 samples are hard negatives")
    assert "<table>" in negatives._repr_html_()
    assert negatives.to_dict()["samples"] == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y_score": SCORES[:3]}, "shape"),
        ({"y_score": np.where(SCORES == 0.9, np.nan, SCORES)}, "finite"),
        ({"unknown": None}, "-1"),
        ({"y": [0, 1, 0, 1], "unknown": None}, "single-label"),
        ({"per_class": 0}, "per_class"),
    ],
)
def test_bad_input_is_a_clear_error(options, message):
    with pytest.raises(ValueError, match=message):
        find_hard_negatives(**{"y": Y, "y_score": SCORES, "unknown": -1, **options})


def test_classes_in_another_order_are_refused():
    y = pd.DataFrame(Y[:3], columns=["a", "b"])
    scores = pd.DataFrame(SCORES[:3], columns=["b", "a"])
    with pytest.raises(ValueError, match="order"):
        find_hard_negatives(y, scores)


@pytest.mark.parametrize("function", [find_hard_negatives, tune_thresholds])
def test_scores_with_the_rows_of_the_target_in_another_order_are_refused(function):
    y, scores = (pd.DataFrame(values[:3], columns=["a", "b"]) for values in (Y, SCORES))
    with pytest.raises(ValueError, match=r"y_score has the rows of y\w* in another order"):
        function(y, scores[::-1])
    expected, found = function(y, scores), function(y, scores[::-1].loc[y.index])
    assert str(found) == str(expected)
    other = scores.set_axis(list("xyz"), axis=0)  # by position, as scikit-learn reads rows
    assert str(function(y, other)) == str(expected)
    assert str(function(y, scores.set_axis([2, 1, 0]).to_numpy())) == str(expected)
