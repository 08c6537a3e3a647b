"""ML-ROS, LP-ROS, ML-RUS, LP-RUS and their plans of whole repeats."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from mlresample import compute_loss_weights, correct_probabilities
from mlresample._plan.random_plan import RandomPlan
from mlresample._target.read import as_target
from mlresample.metrics import evaluate_by_frequency
from mlresample.over_sampling import LPROS, MLROS
from mlresample.under_sampling import LPRUS, MLRUS

OVER, UNDER = [MLROS, LPROS], [MLRUS, LPRUS]
SAMPLERS = OVER + UNDER
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
        sampler = MLROS(percentage=100 * n_clones / 24 * (1 + 1e-9), random_state=0)
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


# -- ML-RUS ------------------------------------------------------------------------------------


def test_ml_rus_leaves_out_samples_of_a_majority_class_until_its_imbalance_is_the_mean():
    # Counts 10, 8, 6: imbalance 1, 1.25, 1.67, mean 1.31. Classes 0 and 1 lose samples in turn:
    # 9, 7 (9 / 7 is below the mean), then 8, 6 (8 / 6 is not). Then class 0 alone: 7, 6, 5 (6 / 5
    # is below), 4 (6 / 4 is not).
    y = np.repeat([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [10, 8, 6], axis=0)
    plan = MLRUS(percentage=99, random_state=0).fit(X[:24], y).plan_
    assert_array_equal(plan.resampled_class_counts, [4, 6, 6])
    assert [verdict["code"] for verdict in plan.verdicts] == ["saturated"]
    assert plan.verdicts[0]["text"].startswith("8 of 23 samples were left out")


def test_ml_rus_takes_the_classes_in_turn_and_says_which_class_it_loses():
    # Counts 6, 5, 1, mean imbalance 2.73: classes 0 and 1 stay below it until 1, 1, 1.
    y = np.repeat([[1, 0, 0], [0, 1, 0], [0, 0, 1]], [6, 5, 1], axis=0)
    after = []
    for n_left_out in range(1, 10):
        sampler = MLRUS(percentage=100 * n_left_out / 12 + 1e-9, random_state=0)
        _, y_resampled = sampler.fit_resample(X[:12], y)
        after.append(y_resampled.sum(axis=0).tolist())
        assert sampler.plan_.verdicts == ()
    assert after[:4] == [[5, 5, 1], [5, 4, 1], [4, 4, 1], [4, 3, 1]]
    assert after[-1] == [1, 1, 1]
    lost = MLRUS(percentage=90, random_state=0).fit(X[:12], y).plan_
    assert [verdict["code"] for verdict in lost.verdicts] == ["lost"]
    assert lost.verdicts[0]["classes"] == [1]


def test_ml_rus_may_leave_out_samples_that_carry_a_minority_class():
    y = np.repeat([[1, 0], [1, 1]], [8, 2], axis=0)
    kept = [MLRUS(percentage=10, random_state=seed).fit(X[:10], y) for seed in range(200)]
    left_out = np.array([1 - sampler.plan_.draw_repeats() for sampler in kept])
    assert_array_equal(left_out.sum(axis=1), 1)
    assert_allclose(left_out.sum(axis=0), 20, atol=4 * np.sqrt(200 * 0.1 * 0.9))


# -- LP-RUS ------------------------------------------------------------------------------------


def test_lp_rus_takes_equal_shares_of_common_label_sets_and_what_is_left_of_the_most_common():
    # Sizes 9, 8, 6, 1: mean 6. Room 3, 2: of 5 samples to leave out, all 5.
    y = np.repeat([[1, 0], [0, 1], [1, 1], [0, 0]], [9, 8, 6, 1], axis=0)
    for n_left_out, after in [(2, [8, 7, 6, 1]), (4, [7, 6, 6, 1]), (5, [6, 6, 6, 1])]:
        sampler = LPRUS(percentage=100 * n_left_out / 24 + 1e-9, random_state=0)
        sampler.fit_resample(X[:24], y)
        assert np.add.reduceat(sampler.sample_repeats_, [0, 9, 17, 23]).tolist() == after
    plan = LPRUS(percentage=50, random_state=0).fit(X[:24], y).plan_
    assert plan.epoch_size == 19
    assert plan.verdicts[0]["text"].startswith("5 of 12 samples were left out")


def test_lp_rus_leaves_out_each_sample_of_a_label_set_with_the_same_probability():
    y = np.repeat([[1, 0], [0, 1]], [12, 4], axis=0)  # mean 8: 4 of 12
    kept = sum(
        LPRUS(percentage=50, random_state=seed).fit(X[:16], y).plan_.draw_repeats()
        for seed in range(300)
    )
    assert_array_equal(kept[12:], 300)
    assert_allclose(kept[:12], 200, atol=4 * np.sqrt(300 * 2 / 9))


# -- all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", OVER)
@pytest.mark.filterwarnings("ignore:percentage=")
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
    assert fitted.sample_repeats_.min() >= 1
    n_added = len(y_resampled) - len(y)
    assert n_added <= len(y) * percentage / 100
    codes = [verdict["code"] for verdict in fitted.plan_.verdicts]
    assert (n_added == int(len(y) * percentage / 100)) or codes in (["saturated"], ["unchanged"])
    changed = y_resampled.sum(axis=0) - y.sum(axis=0).astype(int)
    assert list(fitted.sampling_strategy_.values()) == changed.tolist()


@pytest.mark.parametrize("sampler", UNDER)
@pytest.mark.filterwarnings("ignore:percentage=")
@settings(max_examples=60, deadline=None)
@given(y=targets, percentage=st.sampled_from([0, 10, 33.3, 90, 99.9]), seed=st.integers(0, 99))
def test_size_is_at_least_what_was_asked_for_and_no_sample_is_repeated(
    sampler, y, percentage, seed
):
    y[0, 0] = 1
    fitted = sampler(percentage=percentage, random_state=seed)
    X_resampled, y_resampled = fitted.fit_resample(X[: len(y)], y)
    assert_array_equal(y[X_resampled.ravel()], y_resampled)
    assert (np.diff(X_resampled.ravel()) > 0).all()
    n_left_out = len(y) - len(y_resampled)
    asked = int(len(y) * percentage / 100)
    codes = {verdict["code"] for verdict in fitted.plan_.verdicts}
    assert n_left_out <= asked
    assert (n_left_out < asked) == bool(codes & {"saturated", "unchanged"}) or asked == 0
    assert ((y.sum(axis=0) > 0) & (y_resampled.sum(axis=0) == 0)).any() == ("lost" in codes)
    if sampler is LPRUS:
        assert len(np.unique(y, axis=0)) == len(np.unique(y_resampled, axis=0))


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
    assert evaluate_by_frequency(Y, Y, plan=fitted).class_counts.tolist() == Y.sum(axis=0).tolist()
    weights = compute_loss_weights(fitted)
    assert_allclose(weights.pos_weight, (len(y_resampled) - counts) / counts)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_probabilities_are_corrected_by_the_counts_before_and_after(sampler):
    fitted = sampler(percentage=20, random_state=0)
    _, y_resampled = fitted.fit_resample(X, Y)
    before, after = (y.sum(axis=0) / (len(y) - y.sum(axis=0)) for y in (Y, y_resampled))
    odds = 0.25 / 0.75 / (after / before)
    corrected = correct_probabilities(np.full((1, Y.shape[1]), 0.25), plan=fitted)
    assert_allclose(corrected, [odds / (1 + odds)])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_probabilities_of_labels_are_corrected_by_the_repeats_of_their_class(sampler):
    labels = np.repeat(["a", "b", "c"], [30, 5, 2])
    one_hot = (labels[:, np.newaxis] == ["a", "b", "c"]).astype(int)
    for y in (labels, one_hot):
        fitted = sampler(percentage=30, random_state=0)
        fitted.fit_resample(X[:37], y)
        after = fitted.plan_.resampled_class_counts
        expected = np.array([0.5, 0.3, 0.2]) * [30, 5, 2] / after
        corrected = correct_probabilities(np.array([[0.5, 0.3, 0.2]]), plan=fitted)
        assert_allclose(corrected, [expected / expected.sum()])


def test_a_sample_without_a_class_makes_a_plan_multi_label():
    y = np.array([[1, 0], [1, 1], [0, 0]] * 20)  # as many positives as samples
    fitted = MLROS(percentage=0).fit(X[:60], y)
    assert fitted.plan_.n_without_class == 20
    corrected = correct_probabilities(np.array([[0.5, 0.2]]), plan=fitted)
    assert_allclose(corrected, [[0.5, 0.2]])  # not normalized


def test_a_class_that_loses_all_samples_cannot_be_corrected():
    plan = RandomPlan.of(as_target(["a", "a", "b"]), np.array([1, 1, 0]), "ML-RUS", ())
    with pytest.raises(ValueError, match="plan leaves out all samples of class 'b'"):
        correct_probabilities(np.array([[0.5, 0.5]]), plan=plan)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_class_counts_before_and_after_are_drawn(sampler):
    plots = pytest.importorskip("mlresample.plots", reason="matplotlib is not installed")
    fitted = sampler(percentage=20, random_state=0)
    _, y_resampled = fitted.fit_resample(X, Y)
    display = plots.ClassCountsDisplay.from_plan(fitted.plan_)
    order = np.argsort(Y.sum(axis=0), kind="stable")
    before, after = display.points_
    assert_array_equal(before.get_xdata(), Y.sum(axis=0)[order])
    assert_array_equal(after.get_xdata(), y_resampled.sum(axis=0)[order])
    assert display.target_line_ is None
    assert display.cap_area_ is None


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
    if sampler in UNDER:
        with pytest.raises(ValueError, match=r"leaves out .* a plan whose floor and background"):
            loader.importance_weights()
        return
    weights = loader.importance_weights().numpy()
    assert_allclose(weights, len(first) / 200 / fitted.sample_repeats_, rtol=1e-6)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize(
    ("percentage", "y", "message"),
    [
        (-1, Y, "'percentage' parameter"),
        ("10", Y, "'percentage' parameter"),
        (np.inf, Y, "'percentage' parameter"),
        (10, np.zeros_like(Y), "No class occurs in y"),
        (10, Y[:50], "inconsistent numbers of samples"),
    ],
)
def test_what_cannot_be_resampled_is_refused(sampler, percentage, y, message):
    with pytest.raises(ValueError, match=message):
        sampler(percentage=percentage).fit_resample(X, y)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_percentage_below_one_sample_is_a_warning(sampler):
    with pytest.warns(UserWarning, match=r"percentage=0\.4 of n_samples=200 is less than one"):
        X_resampled, _ = sampler(percentage=0.4).fit_resample(X, Y)
    assert_array_equal(X_resampled, X)
    assert sampler(percentage=0).fit_resample(X, Y)[0].shape == X.shape


@pytest.mark.parametrize("sampler", UNDER)
def test_all_samples_cannot_be_left_out(sampler):
    with pytest.raises(ValueError, match="'percentage' parameter"):
        sampler(percentage=100).fit_resample(X, Y)
