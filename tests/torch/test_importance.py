"""Importance weights: an epoch's mean gradient is that of the data as they are."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import DataLoader, StackDataset, TensorDataset  # noqa: E402

from mlresample import (  # noqa: E402
    compute_loss_weights,
    correct_probabilities,
    plan_resampling,
)
from mlresample.torch import (  # noqa: E402
    DistributedRepeatSampler,
    RepeatSampler,
    ResampledDataset,
    loss_weights,
)
from tests.draws import possible_draws  # noqa: E402

MULTIPLIERS = [
    [1, 1, 1, 2],
    [1, 1, 1.5, 2.25],
    [1.5, 1.5, 1.5, 1.5],
    [1, 1.2, 1.2, 1.3, 2.5, 3.4],
]
RANDOM = np.random.RandomState(0)
X = torch.tensor(RANDOM.normal(size=(6, 3)))
Y = torch.tensor([[1, 0], [1, 1], [0, 0], [0, 1], [1, 0], [0, 1]]).double()


def mean_gradient(batches, weights=None, dtype=torch.float64):
    """Return the mean gradient of batches of indices, at fixed parameters."""
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 2, dtype=torch.float64).to(dtype)
    loss_of_each = torch.nn.BCEWithLogitsLoss(reduction="none")
    for index in batches:
        losses = loss_of_each(model(X[index].to(dtype)), Y[index].to(dtype)).mean(dim=1)
        if weights is not None:
            losses = losses * weights[index]
        (losses.mean() / len(batches)).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


def gradient_of_data(n_samples, dtype=torch.float64):
    return mean_gradient([torch.arange(n_samples)], dtype=dtype)


def batches_of(indices, batch_size):
    return torch.as_tensor(indices).split(batch_size)


def divisors(size):
    return [batch_size for batch_size in range(1, size + 1) if size % batch_size == 0]


@pytest.mark.parametrize("multipliers", MULTIPLIERS)
@pytest.mark.parametrize("rounding", ["stratified", "nearest"])
def test_mean_gradient_of_every_possible_epoch_is_that_of_the_data(multipliers, rounding):
    n_samples = len(multipliers)
    sampler = RepeatSampler(multipliers, rounding=rounding)
    seen = set()
    for epoch in range(300):
        sampler.set_epoch(epoch)
        weights = sampler.importance_weights(dtype=torch.float64)
        indices = list(sampler)
        repeats = tuple(np.bincount(indices, minlength=n_samples).tolist())
        if repeats in seen:
            continue
        seen.add(repeats)
        for size in divisors(len(sampler)):
            gradient = mean_gradient(batches_of(indices, size), weights)
            assert_allclose(gradient, gradient_of_data(n_samples), rtol=0, atol=1e-12)
            single = mean_gradient(batches_of(indices, size), weights.float(), torch.float32)
            assert_allclose(single, gradient_of_data(n_samples, torch.float32), rtol=0, atol=1e-6)
        if len(set(repeats)) > 1:  # in single steps, so that a mean of weights cannot help
            unweighted = mean_gradient(batches_of(indices, 1))
            assert abs(unweighted - gradient_of_data(n_samples)).max() > 1e-3
            for sample in range(n_samples):  # nor does it do without the weight of any sample
                others = weights.clone()
                others[sample] = 1
                if weights[sample] != 1:
                    gradient = mean_gradient(batches_of(indices, 1), others)
                    assert abs(gradient - gradient_of_data(n_samples)).max() > 1e-4
    if rounding == "stratified":
        plan = sampler._plan
        assert seen == set(possible_draws(plan))
    else:
        assert len(seen) == 1


@pytest.mark.parametrize("multipliers", MULTIPLIERS)
@pytest.mark.parametrize("rounding", ["stratified", "bernoulli", "nearest"])
def test_mean_gradient_of_a_frozen_draw_is_that_of_the_data(multipliers, rounding):
    n_samples = len(multipliers)
    dataset = StackDataset(range(n_samples), X[:n_samples])
    for seed in range(5):
        view = ResampledDataset(dataset, multipliers, seed=seed, rounding=rounding)
        weights = view.importance_weights(dtype=torch.float64)
        assert_allclose(
            weights.numpy() * np.bincount(view.indices), [len(view) / n_samples] * n_samples
        )
        for size in divisors(len(view)):
            loader = DataLoader(view, batch_size=size, shuffle=True)
            batches = [index for index, features in loader]
            gradient = mean_gradient(batches, weights)
            assert_allclose(gradient, gradient_of_data(n_samples), rtol=0, atol=1e-12)


def test_gradient_is_right_on_average_over_orders_if_the_last_batch_is_short():
    # Four samples, an epoch of five in batches of two, and losses that are linear in one
    # parameter: the gradients of the samples are -3, 8, 10 and 10, their mean is 6.25.
    gradients = torch.tensor([-3.0, 8, 10, 10], dtype=torch.float64)
    weights = RepeatSampler([1, 1, 1, 2]).importance_weights(dtype=torch.float64)
    weighted = weights * gradients
    means = [
        torch.stack([weighted[index].mean() for index in batches_of(order, 2)]).mean()
        for order in permutations([0, 1, 2, 3, 3])
    ]
    assert_allclose(np.mean(means), 6.25, rtol=1e-12)
    # By hand: a sum of 31.25 over the epoch, and the item alone in its batch counts twice.
    assert_allclose([min(means), max(means)], [(31.25 - 3.75) / 6, (31.25 + 12.5) / 6])
    without = np.mean(
        [
            torch.stack([gradients[index].mean() for index in batches_of(order, 2)]).mean()
            for order in permutations([0, 1, 2, 3, 3])
        ]
    )
    assert_allclose(without, 7)  # (-3 + 8 + 10 + 10 + 10) / 5


@pytest.mark.parametrize("multipliers", MULTIPLIERS[:3])
@pytest.mark.parametrize("drop_last", [False, True])
def test_mean_over_all_orders_of_every_possible_epoch_is_the_gradient_of_the_data(
    multipliers, drop_last
):
    gradients = torch.tensor([-3.0, 8, 10, 11], dtype=torch.float64)
    sampler = RepeatSampler(multipliers)
    n_epochs = 0
    while n_epochs < 20:
        sampler.set_epoch(n_epochs)
        weighted = gradients * sampler.importance_weights(dtype=torch.float64)
        orders = torch.tensor(list(permutations(sampler)))
        batches = [
            part.mean(dim=1)
            for part in weighted[orders].split(4, dim=1)
            if part.shape[1] == 4 or not drop_last
        ]
        assert_allclose(torch.stack(batches).mean(), 6.5, rtol=1e-12)
        n_epochs += 1


@pytest.mark.parametrize(
    "multipliers", [[0.5, 0.5, 1, 1.5], [0.25, 1, 1.5, 1.75], [1, 1, 1.25, 1]]
)
def test_expected_repeats_give_the_gradient_of_the_data_on_average_over_all_draws(multipliers):
    sampler = RepeatSampler(multipliers)
    weights = sampler.importance_weights(expected=True, dtype=torch.float64)
    draws = possible_draws(sampler._plan)
    mean = sum(
        share * mean_gradient(batches_of(np.repeat(np.arange(4), repeats), 1), weights)
        for repeats, share in draws.items()
    )
    assert_allclose(mean, gradient_of_data(4), rtol=0, atol=1e-12)
    sampler.set_epoch(7)
    assert_array_equal(sampler.importance_weights(expected=True), weights.float())


def test_expected_weights_are_of_the_mean_repeats_and_not_of_the_multipliers():
    # Samples of 1.25 have to fill an epoch of 5, so the mean of their repeats is 1.5.
    sampler = RepeatSampler([1, 1, 1.25, 1.25])
    assert sampler.importance_weights(expected=True).tolist() == pytest.approx(
        [1.25, 1.25, 1.25 / 1.5, 1.25 / 1.5]
    )


# -- ranks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("num_replicas", "multipliers"),
    [(2, MULTIPLIERS[0]), (4, MULTIPLIERS[1]), (3, MULTIPLIERS[3]), (8, [1.0, 2, 2])],
)
def test_mean_gradient_of_ranks_with_padding_is_that_of_the_data(num_replicas, multipliers):
    n_samples = len(multipliers)
    ranks = [
        DistributedRepeatSampler(multipliers, num_replicas, rank) for rank in range(num_replicas)
    ]
    assert ranks[0].total_size > ranks[0]._epoch_size
    for epoch in range(20):
        gradients = []
        for sampler in ranks:
            sampler.set_epoch(epoch)
            weights = sampler.importance_weights(dtype=torch.float64)
            gradients.append(mean_gradient(batches_of(list(sampler), 1), weights))
            assert_array_equal(weights, ranks[0].importance_weights(dtype=torch.float64))
        of_data = gradient_of_data(n_samples)  # DDP takes the mean of the ranks' gradients
        assert_allclose(sum(gradients) / num_replicas, of_data, rtol=0, atol=1e-12)


def test_padding_counts_as_repeats_and_in_the_epochs_size():
    # An epoch of 5 is filled up to 6, by its first index again.
    rank = DistributedRepeatSampler([1, 1, 1, 2], 2, 0)
    padded = next(iter(rank))
    repeats = np.array([1, 1, 1, 2])
    repeats[padded] += 1
    assert_allclose(rank.importance_weights(), 6 / 4 / repeats)


def test_what_a_rank_drops_does_not_count():
    whole = RepeatSampler(MULTIPLIERS[1])
    rank = DistributedRepeatSampler(MULTIPLIERS[1], 4, 0, drop_last=True)
    assert rank.total_size == 4 < len(whole) == 6
    assert_array_equal(rank.importance_weights(), whole.importance_weights())


def test_expected_weights_of_ranks_are_those_of_one_process():
    # In random order, padding raises the mean repeats of all samples by the same factor.
    ranks = [DistributedRepeatSampler([0.5, 0.5, 1, 1, 2], 2, rank) for rank in (0, 1)]
    weights = ranks[0].importance_weights(expected=True, dtype=torch.float64)
    single = RepeatSampler([0.5, 0.5, 1, 1, 2])
    assert_array_equal(weights, single.importance_weights(expected=True, dtype=torch.float64))
    gradients = []
    for epoch in range(1000):
        for sampler in ranks:
            sampler.set_epoch(epoch)
        repeats = np.bincount([index for sampler in ranks for index in sampler], minlength=5)
        gradients.append(repeats * weights.numpy())
    assert_allclose(np.mean(gradients, axis=0), ranks[0].total_size / 5, rtol=0.15)


def test_fixed_order_with_items_that_are_always_dropped_or_filled_up_is_refused():
    dropping = DistributedRepeatSampler([1, 1, 1, 2], 2, 0, shuffle=False, drop_last=True)
    for expected in (False, True):
        with pytest.raises(ValueError, match=r"drops the same 1 item .* shuffle=True"):
            dropping.importance_weights(expected=expected)
    filling = DistributedRepeatSampler([1, 1, 1, 2], 2, 0, shuffle=False)
    with pytest.raises(ValueError, match=r"repeats the same 1 item .* shuffle=True"):
        filling.importance_weights(expected=True)
    assert filling.importance_weights().tolist() == [0.75, 1.5, 1.5, 0.75]


# -- the epoch at hand ---------------------------------------------------------------------------

DRAWN = [1.5] * 40  # no two epochs of seed 0 have the same draw


def weights_of(epoch):
    sampler = RepeatSampler(DRAWN)
    sampler.set_epoch(epoch)
    return sampler.importance_weights()


def has_weights_of(sampler, epoch):
    return torch.equal(sampler.importance_weights(), weights_of(epoch))


def test_weights_differ_between_epochs():
    assert not torch.equal(weights_of(0), weights_of(1))


def test_without_set_epoch_a_complete_pass_is_followed_by_the_next_epochs_weights():
    sampler = RepeatSampler(DRAWN)
    for epoch in range(3):
        assert has_weights_of(sampler, epoch)
        repeats = np.bincount(list(sampler))
        assert_allclose(weights_of(epoch), 60 / 40 / repeats)


@pytest.mark.parametrize("n_yielded", [1, 59])
def test_weights_of_a_pass_that_is_under_way_are_those_of_its_epoch(n_yielded):
    sampler = RepeatSampler(DRAWN)
    list(sampler)
    running = iter(sampler)
    assert has_weights_of(sampler, 1)  # it begins with its first index
    for _ in range(n_yielded):
        next(running)
    assert has_weights_of(sampler, 1)
    assert len(list(running)) == 60 - n_yielded
    assert has_weights_of(sampler, 2)


@pytest.mark.parametrize(
    "make", [RepeatSampler, lambda plan: DistributedRepeatSampler(plan, num_replicas=1, rank=0)]
)
def test_set_epoch_sets_the_epoch_of_the_weights_at_once(make):
    sampler = make(DRAWN)
    sampler.set_epoch(3)
    assert has_weights_of(sampler, 3)
    running = iter(sampler)
    next(running)
    assert has_weights_of(sampler, 3)
    list(running)
    assert has_weights_of(sampler, 3)  # workers that fetch ahead do not change it
    sampler.set_epoch(1)
    assert has_weights_of(sampler, 1)


@pytest.mark.parametrize("n_yielded", [0, 7, 60])
@pytest.mark.parametrize("sets_epoch", [False, True])
def test_resumed_sampler_has_the_weights_of_the_whole_epoch(n_yielded, sets_epoch):
    sampler = RepeatSampler(DRAWN)
    sampler.set_epoch(2)
    running = iter(sampler)
    first = [next(running) for _ in range(n_yielded)]
    resumed = RepeatSampler(DRAWN)
    resumed.load_state_dict(sampler.state_dict())
    if sets_epoch:
        resumed.set_epoch(2)
    assert has_weights_of(resumed, 2)
    repeats = np.bincount(first + list(resumed))
    assert_allclose(weights_of(2), 60 / 40 / repeats)


def test_state_that_is_loaded_during_a_pass_has_the_weights_of_its_epoch():
    sampler = RepeatSampler(DRAWN)
    next(iter(sampler))
    state = sampler.state_dict() | {"epoch": 4, "yielded": 10}
    sampler.load_state_dict(state)
    assert has_weights_of(sampler, 4)


def test_weights_of_a_pass_that_is_left_are_not_taken_for_those_of_the_next_silently():
    # Whether the loop was left or goes on is not known without set_epoch.
    sampler = RepeatSampler(DRAWN)
    for _ in zip(range(10), sampler, strict=False):
        pass
    assert has_weights_of(sampler, 0)
    with pytest.warns(UserWarning, match="weights are those of epoch 0, .* and epoch 1 begins"):
        next(iter(sampler))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loop_of_a_loader_with_persistent_workers_has_the_gradient_of_the_data(num_workers):
    sampler = RepeatSampler(MULTIPLIERS[3], seed=3)
    assert len(sampler) == 11
    loader = DataLoader(
        StackDataset(range(6), TensorDataset(X, Y)),
        sampler=sampler,
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
    )
    for epoch in range(2):
        sampler.set_epoch(epoch)
        weights = sampler.importance_weights(dtype=torch.float64)
        batches = []
        for index, (features, labels) in loader:
            assert torch.equal(features, X[index])
            assert torch.equal(labels, Y[index])
            batches.append(index)
        gradient = mean_gradient(batches, weights)
        assert_allclose(gradient, gradient_of_data(6), rtol=0, atol=1e-12)


# -- loss weights beside them --------------------------------------------------------------------


def test_loss_weights_of_the_data_are_corrected_exactly_beside_importance_weights():
    # Two groups of images that a model tells apart. Class 1 is rare in both, and more common in
    # the group in which class 0 is common: the plan copies that group for class 1.
    y = np.array([[1, 1]] * 4 + [[1, 0]] * 36 + [[0, 1]] * 1 + [[0, 0]] * 9 + [[1, 0]] * 10)
    group = np.array([0] * 40 + [1] * 20)
    plan = plan_resampling(y, target_count="max", cap=8)
    sampler = RepeatSampler(plan)
    loss_weights = compute_loss_weights(class_counts=plan.class_counts, n_samples=plan.n_samples)
    importance = sampler.importance_weights(dtype=torch.float64).numpy()
    indices = np.array(list(sampler))

    def error(weights, **training):
        """Return how far corrected predictions are from the shares of a group, at the most."""
        errors = []
        for number in (0, 1):
            in_group = group[indices] == number
            positive = weights[in_group] @ y[indices[in_group]] * loss_weights.pos_weight
            negative = weights[in_group] @ (1 - y[indices[in_group]])
            predicted = positive / (positive + negative)  # the weighted loss is smallest there
            corrected = correct_probabilities(predicted, pos_weight=loss_weights, **training)
            errors.append(abs(corrected - y[group == number].mean(axis=0)))
        return np.max(errors)

    assert error(importance[indices]) < 1e-12
    assert error(np.ones(len(indices)), plan=plan) > 0.02  # only right on average over samples


# -- dtypes and errors ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda plan: RepeatSampler(plan),
        lambda plan: DistributedRepeatSampler(plan, num_replicas=1, rank=0),
        lambda plan: ResampledDataset(range(4), plan),
    ],
)
def test_weights_are_float32_of_one_per_sample_or_of_another_floating_point_type(make):
    source = make([1, 1, 1, 2])
    weights = source.importance_weights()
    assert weights.dtype is torch.float32
    assert weights.tolist() == [1.25, 1.25, 1.25, 0.625]
    assert source.importance_weights(dtype=torch.float16).tolist() == weights.tolist()
    for dtype in (torch.int64, "float32", None):
        with pytest.raises(ValueError, match="dtype must be one of torch's floats, got"):
            source.importance_weights(dtype=dtype)


def test_weights_are_on_the_cpu_whatever_the_default_device_is():
    # Indices come from samplers and loaders on the CPU.
    with torch.device("meta"):
        importance = RepeatSampler([1, 1, 1, 2]).importance_weights()
        of_loss = loss_weights(class_counts=[1, 2], n_samples=4)
    assert importance.tolist() == [1.25, 1.25, 1.25, 0.625]
    assert of_loss.pos_weight.tolist() == [3, 1]


def test_weights_that_a_type_cannot_hold_are_refused():
    sampler = RepeatSampler([1, 1, 1e9])
    sampler.importance_weights(expected=True)
    with pytest.raises(
        ValueError, match=r"importance_weights is outside the range of torch\.float16"
    ):
        sampler.importance_weights(expected=True, dtype=torch.float16)


@pytest.mark.parametrize("rounding", ["stratified", "nearest"])
def test_epochs_that_leave_out_a_sample_have_no_weights(rounding):
    y = np.repeat([0, 1], [6, 2])
    plan = plan_resampling(y, class_multipliers=[0.4, 2.0], floor=0.0)
    sampler = RepeatSampler(plan, rounding=rounding)
    with pytest.raises(
        ValueError,
        match=r"leaves? out 6 of 8 samples, such as sample 0 with "
        r"multiplier 0\.4, .* floor and background",
    ):
        sampler.importance_weights()
    if rounding == "stratified":
        # 6.4 samples in all, 6 in an epoch: 2 of the common class, 1/3 of its samples.
        weights = sampler.importance_weights(expected=True)
        assert weights.tolist() == pytest.approx([6 / 8 * 3] * 6 + [6 / 8 / 2] * 2)
    else:
        with pytest.raises(ValueError, match="Every epoch leaves out 6 of 8"):
            sampler.importance_weights(expected=True)
    for seed in range(5):
        view = ResampledDataset(range(8), plan, seed=seed, rounding=rounding)
        with pytest.raises(ValueError, match=r"leaves out \d of 8 samples"):
            view.importance_weights()


def test_background_that_is_left_out_has_no_weights():
    plan = plan_resampling([[1, 0], [0, 1], [0, 0]], background=0)
    with pytest.raises(ValueError, match=r"Every epoch leaves out 1 of 3 .* background"):
        RepeatSampler(plan).importance_weights()
