"""ML-ROS, LP-ROS and their plans of whole repeats."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import compute_loss_weights
from mlresample.over_sampling import LPROS, MLROS

SAMPLERS = [MLROS, LPROS]
RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(200, 5)) < [0.8, 0.4, 0.1, 0.05, 0.03]).astype(int)
Y[7] = 0
X = np.arange(200).reshape(-1, 1)

targets = arrays(
    np.uint8, st.tuples(st.integers(2, 12), st.integers(2, 4)), elements=st.booleans()
)


def label_sets(y):
    return np.unique(y, axis=0, return_inverse=True, return_counts=True)[1:]


# -- ML-ROS ------------------------------------------------------------------------------------


def test_ml_ros_clones_a_minority_class_until_its_imbalance_is_the_mean():
    # Class counts 8 and 2: imbalance 1 and 4, mean 2.5. After the first clone 8 / 3 is above it,
    # after the second 8 / 4 is not.
    y = np.repeat([[1, 0], [0, 1]], [8, 2], axis=0)
    sampler = MLROS(percentage=100, random_state=0)
    _, y_resampled = sampler.fit_resample(X[:10], y)
    assert_array_equal(y_resampled.sum(axis=0), [8, 4])
    assert sampler.sampling_strategy_ == {0: 0, 1: 2}
    assert_array_equal(sampler.sample_indices_[:10], np.arange(10))
    assert set(sampler.sample_indices_[10:]) <= {8, 9}


def test_ml_ros_counts_what_clones_add_to_the_largest_class():
    # Clones of class 1 carry class 0, too. Counts 6 and 2: imbalance 1 and 3, mean 2. After one
    # clone 7 / 3 is above it (6 / 3 would not be), after two 8 / 4 is not.
    y = np.repeat([[1, 0], [1, 1]], [4, 2], axis=0)
    _, y_resampled = MLROS(percentage=100, random_state=0).fit_resample(X[:6], y)
    assert_array_equal(y_resampled.sum(axis=0), [8, 4])


def test_ml_ros_takes_the_classes_in_turn_and_stops_at_the_budget():
    # Classes 1 and 2 are minority classes (20, 2, 2: mean 7, and 20 / 3 is below it).
    y = np.repeat([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [20, 2, 2], axis=0)
    for n_clones, after in [(0, [20, 2, 2]), (1, [20, 3, 2]), (2, [20, 3, 3]), (3, [20, 3, 3])]:
        sampler = MLROS(percentage=100 * n_clones / 24 + 1e-9, random_state=0)
        _, y_resampled = sampler.fit_resample(X[:24], y)
        assert_array_equal(y_resampled.sum(axis=0), after)
        assert ("saturated" in [v["code"] for v in sampler.plan_.verdicts]) == (n_clones == 3)


def test_ml_ros_says_how_many_copies_it_made_once_it_is_saturated():
    y = np.repeat([[1, 0], [0, 1]], [8, 2], axis=0)
    few, many = (MLROS(percentage=p, random_state=0).fit(X[:10], y).plan_ for p in (20, 500))
    assert few.verdicts == ()
    assert many.epoch_size == few.epoch_size == 12
    assert many.verdicts[0]["text"].startswith("2 of 50 copies were made")
    assert "A larger percentage adds nothing." in repr(many).replace("\n  ", " ")


def test_ml_ros_draws_each_sample_of_a_class_with_the_same_probability():
    y = np.repeat([[1, 0], [0, 1]], [20, 4], axis=0)  # mean (1 + 5) / 2 = 3: 3 clones
    drawn = [
        MLROS(percentage=100, random_state=seed).fit_resample(X[:24], y)[0].ravel()[24:]
        for seed in range(400)
    ]
    counts = np.bincount(np.concatenate(drawn), minlength=24)
    assert counts.sum() == 1200
    assert_allclose(counts[20:], 300, atol=4 * np.sqrt(1200 * 0.25 * 0.75))


# -- LP-ROS ------------------------------------------------------------------------------------


def test_lp_ros_gives_rare_label_sets_equal_shares_and_what_is_left_to_the_rarest():
    # Sizes 14, 5, 2, 3: mean 6. Room 1, 4, 3. Of 6 clones each set gets 2; the first takes 1,
    # and the one that is left goes to the others: 2.5 each.
    y = np.repeat([[1, 0], [0, 1], [1, 1], [0, 0]], [14, 5, 2, 3], axis=0)
    shares = []
    for seed in range(60):
        sampler = LPROS(percentage=25, random_state=seed)
        sampler.fit_resample(X[:24], y)
        shares.append(np.add.reduceat(sampler.sample_repeats_, [0, 14, 19, 21]))
    assert {tuple(row) for row in shares} == {(14, 6, 4, 6), (14, 6, 5, 5)}


def test_lp_ros_raises_all_label_sets_to_the_mean_at_most():
    y = np.repeat([[1, 0], [0, 1], [1, 1], [0, 0]], [14, 5, 2, 3], axis=0)
    plan = LPROS(percentage=300, random_state=0).fit(X[:24], y).plan_
    repeats = plan.draw_repeats()
    assert_array_equal(np.add.reduceat(repeats, [0, 14, 19, 21]), [14, 6, 6, 6])
    assert [verdict["code"] for verdict in plan.verdicts] == ["saturated"]
    assert plan.verdicts[0]["text"].startswith("8 of 72 samples were added")


def test_lp_ros_draws_each_sample_of_a_label_set_with_the_same_probability():
    y = np.repeat([[1, 0], [0, 1]], [12, 4], axis=0)  # mean 8: 4 clones
    repeats = [LPROS(percentage=100, random_state=seed).fit(X[:16], y) for seed in range(300)]
    total = sum(sampler.plan_.draw_repeats() - 1 for sampler in repeats)
    assert total.sum() == 1200
    assert_allclose(total[12:], 300, atol=4 * np.sqrt(1200 * 0.25 * 0.75))


def test_label_sets_that_are_all_unique_are_left_alone():
    y = np.array([[1, 0], [0, 1], [1, 1]])
    sampler = LPROS(percentage=100)
    _, y_resampled = sampler.fit_resample(X[:3], y)
    assert_array_equal(y_resampled, y)
    assert [verdict["code"] for verdict in sampler.plan_.verdicts] == ["unchanged"]


# -- all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", SAMPLERS)
@settings(max_examples=60, deadline=None)
@given(y=targets, percentage=st.sampled_from([0, 10, 33.3, 90, 250]), seed=st.integers(0, 99))
def test_size_is_at_most_what_was_asked_for_and_no_sample_is_left_out(
    sampler, y, percentage, seed
):
    y[0, 0] = 1
    fitted = sampler(percentage=percentage, random_state=seed)
    X_resampled, y_resampled = fitted.fit_resample(X[: len(y)], y)
    assert_array_equal(y[X_resampled.ravel()], y_resampled)
    assert_array_equal(np.bincount(X_resampled.ravel(), minlength=len(y)), fitted.sample_repeats_)
    assert fitted.sample_repeats_.min() == 1
    n_added = len(y_resampled) - len(y)
    assert n_added <= len(y) * percentage / 100
    codes = [verdict["code"] for verdict in fitted.plan_.verdicts]
    assert (n_added == int(len(y) * percentage / 100)) or codes in (["saturated"], ["unchanged"])
    changed = y_resampled.sum(axis=0) - y.sum(axis=0).astype(int)
    assert list(fitted.sampling_strategy_.values()) == changed.tolist()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_dense_and_sparse_targets_give_the_same_samples_and_seeds_others(sampler):
    fitted = sampler(percentage=8, random_state=0)
    dense, _ = fitted.fit_resample(X, Y)
    for make in (sp.csr_array, sp.csc_array, np.asfortranarray, lambda y: y.astype(bool)):
        assert_array_equal(fitted.fit_resample(X, make(Y))[0], dense)
    assert not np.array_equal(fitted.set_params(random_state=1).fit_resample(X, Y)[0], dense)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_labels_of_one_class_per_sample_equal_their_indicator_matrix(sampler):
    labels = np.repeat(["a", "b", "c"], [30, 5, 2])
    fitted = sampler(percentage=30, random_state=0)
    by_label, labels_resampled = fitted.fit_resample(X[:37], labels)
    assert_array_equal(labels_resampled, labels[by_label.ravel()])
    assert_array_equal(fitted.classes_, ["a", "b", "c"])
    one_hot = (labels[:, np.newaxis] == ["a", "b", "c"]).astype(int)
    assert_array_equal(fitted.fit_resample(X[:37], one_hot)[0], by_label)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_plan_reports_the_class_counts_before_and_after(sampler):
    fitted = sampler(percentage=20, random_state=0)
    _, y_resampled = fitted.fit_resample(X, Y)
    plan = pickle.loads(pickle.dumps(fitted.plan_))
    assert_array_equal(plan.class_counts, Y.sum(axis=0))
    assert_array_equal(plan.resampled_class_counts, y_resampled.sum(axis=0))
    assert_array_equal(plan.draw_indices(3), fitted.sample_indices_)
    report = plan.to_dict()
    assert report["epoch_size"] == len(y_resampled)
    assert report["growth"] == len(y_resampled) / 200
    counts = y_resampled.sum(axis=0)
    assert report["resampled_mean_imbalance"] == pytest.approx((counts.max() / counts).mean())
    assert plan.to_frame()["resampled_count"].tolist() == counts.tolist()
    assert f"{len(y_resampled):,}" in repr(plan)
    weights = compute_loss_weights(fitted)
    assert_allclose(weights.pos_weight, (len(y_resampled) - counts) / counts)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_torch_sampler_yields_the_same_samples_in_each_epoch(sampler):
    torch = pytest.importorskip("mlresample.torch", reason="torch is not installed")
    fitted = sampler(percentage=20, random_state=0)
    fitted.fit_resample(X, Y)
    loader = torch.RepeatSampler(fitted, seed=0)
    first, second = list(loader), list(loader)
    assert first != second
    assert sorted(first) == sorted(second) == sorted(fitted.sample_indices_)
    loader.set_epoch(0)
    weights = loader.importance_weights().numpy()
    assert_allclose(weights, len(first) / 200 / fitted.sample_repeats_, rtol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("percentage", "y", "message"),
    [
        (-1, Y, "'percentage' parameter"),
        ("10", Y, "'percentage' parameter"),
        (10, np.zeros_like(Y), "No class occurs in y"),
        (10, Y[:50], "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_resampled_is_refused(sampler, percentage, y, message):
    with pytest.raises(ValueError, match=message):
        sampler(percentage=percentage).fit_resample(X, y)
