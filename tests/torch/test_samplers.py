"""The samplers in one process."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import DataLoader, IterableDataset, TensorDataset  # noqa: E402

from mlresample import MaxMultiplierOverSampler, plan_resampling  # noqa: E402
from mlresample.torch import DistributedRepeatSampler, RepeatSampler  # noqa: E402

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.05]).astype(int)
PLAN = plan_resampling(Y, target="mean", floor=0.5, cap=3.5)
SIZE = PLAN.epoch_size


def distributed(plan=PLAN, num_replicas=3, **parameters):
    return [
        DistributedRepeatSampler(plan, num_replicas=num_replicas, rank=rank, **parameters)
        for rank in range(num_replicas)
    ]


def counts(indices):
    return np.bincount(indices, minlength=60)


def test_an_epoch_is_the_plans_draw_for_seed_and_epoch():
    sampler = RepeatSampler(PLAN, seed=5)
    for epoch in range(3):
        sampler.set_epoch(epoch)
        drawn = PLAN.draw(np.random.RandomState([5, epoch]))
        assert_array_equal(counts(list(sampler)), drawn)
    unshuffled = RepeatSampler(PLAN, seed=5, shuffle=False)
    assert list(unshuffled) == PLAN.indices(np.random.RandomState([5, 0])).tolist()


def test_every_complete_pass_is_a_new_epoch_and_set_epoch_goes_back():
    sampler = RepeatSampler(PLAN)
    first, second = list(sampler), list(sampler)
    assert first != second
    assert (counts(first) != counts(second)).any()
    assert sampler.epoch == 1
    sampler.set_epoch(0)
    assert list(sampler) == first
    sampler.set_epoch(0)
    next(iter(sampler))  # a look at the first batch does not use up the epoch
    assert list(sampler) == first
    assert list(RepeatSampler(PLAN)) == first
    assert list(RepeatSampler(PLAN, seed=1)) != first


def test_length_is_the_same_for_every_epoch():
    for plan in (PLAN, plan_resampling(Y, epoch_size=0.7, floor=0.0)):
        for rounding in ("stratified", "nearest"):
            sampler = RepeatSampler(plan, rounding=rounding)
            assert {len(list(sampler)) for _ in range(20)} == {len(sampler)}


def test_means_over_epochs_match_the_multipliers():
    n_epochs = 200
    sampler = RepeatSampler(PLAN)
    mean = np.mean([counts(list(sampler)) for _ in range(n_epochs)], axis=0)
    r = PLAN.sample_multipliers
    noise = 0.5 / np.sqrt(n_epochs)
    by_level = [abs((mean - r)[PLAN.levels == level].sum()) for level in np.unique(PLAN.levels)]
    assert sum(by_level) < 0.5 + 1.5 * noise * len(by_level)
    assert abs(mean - r).max() < 0.5 / 2 + 4.5 * noise


def test_plan_estimator_and_array_give_the_same():
    estimator = MaxMultiplierOverSampler(target="mean", floor=0.5, cap=3.5).fit(Y, Y)
    expected = list(RepeatSampler(PLAN))
    tensor = torch.tensor(PLAN.sample_multipliers)
    tensors = [tensor, tensor.clone().requires_grad_(), torch._neg_view(-tensor)]
    for plan in (estimator, PLAN.sample_multipliers, *tensors):
        sampler = RepeatSampler(plan)
        assert list(sampler) == expected
        sampler.load_state_dict(RepeatSampler(PLAN).state_dict())  # not refused


def test_indices_are_python_integers():
    assert {type(index) for index in RepeatSampler(PLAN)} == {int}


def test_ranks_partition_the_epoch_in_equal_lengths():
    for epoch in range(3):
        ranks = distributed()
        for sampler in ranks:
            sampler.set_epoch(epoch)
        shares = [list(sampler) for sampler in ranks]
        assert {len(share) for share in shares} == {len(ranks[0])} == {-(-SIZE // 3)}
        whole = RepeatSampler(PLAN)
        whole.set_epoch(epoch)
        epoch_indices = list(whole)
        padding = epoch_indices[: 3 * len(shares[0]) - SIZE]
        assert_array_equal(counts(np.concatenate(shares)), counts(epoch_indices + padding))


def test_ranks_drop_the_tail_where_asked():
    n = next(n for n in (2, 3, 4, 5) if SIZE % n)
    shares = [list(sampler) for sampler in distributed(num_replicas=n, drop_last=True)]
    assert {len(share) for share in shares} == {SIZE // n}
    assert (counts(np.concatenate(shares)) <= counts(list(RepeatSampler(PLAN)))).all()


def test_more_ranks_than_samples_are_filled_by_repeating():
    shares = [list(sampler) for sampler in distributed([1.0, 1.0], num_replicas=7)]
    assert [len(share) for share in shares] == [1] * 7
    assert {index for share in shares for index in share} == {0, 1}


def test_each_class_has_its_share_on_every_rank():
    y = (RANDOM.uniform(size=(4000, 3)) < [0.8, 0.3, 0.05]).astype(int)
    plan = plan_resampling(y)
    shares = [list(sampler) for sampler in distributed(plan, num_replicas=4)]
    drawn = y[np.concatenate(shares)].sum(axis=0) / 4
    for share in shares:
        # Hypergeometric: the variance is below that of Poisson.
        assert (abs(y[share].sum(axis=0) - drawn) < 4.5 * np.sqrt(drawn)).all()


def test_giving_an_epoch_twice_without_set_epoch_is_noticed_on_ranks():
    sampler = distributed()[0]
    first = list(sampler)
    sampler.set_epoch(1)
    list(sampler)
    with pytest.warns(UserWarning, match="Epoch 1 is given again"):
        list(sampler)
    sampler.set_epoch(0)
    assert list(sampler) == first


# -- state -------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [RepeatSampler, lambda plan: distributed(plan)[1]])
@pytest.mark.parametrize("given", [0, 1, 17, 10**9])
def test_a_pass_is_taken_up_where_its_state_was_taken(make, given):
    sampler = make(PLAN)
    sampler.set_epoch(4)
    expected = list(sampler)
    given = min(given, len(expected))
    sampler.set_epoch(5)
    after = list(sampler)
    sampler.set_epoch(4)
    running = iter(sampler)
    first = [next(running) for _ in range(given)]
    assert first == expected[:given]
    state = pickle.loads(pickle.dumps(sampler.state_dict()))

    resumed = make(PLAN)
    resumed.load_state_dict(state)
    if given < len(expected):
        assert list(resumed) == expected[given:]
        resumed.set_epoch(5)
    assert list(resumed) == after


def test_state_across_chunks_counts_exactly(monkeypatch):
    monkeypatch.setattr("mlresample.torch._samplers._CHUNK", 7)
    sampler = RepeatSampler(PLAN)
    expected = list(sampler)
    assert len(expected) == SIZE
    sampler.set_epoch(0)
    for i, index in enumerate(sampler):
        assert index == expected[i]
        assert sampler.state_dict()["given"] == i + 1


def test_finished_state_never_moves_the_epoch_back():
    sampler = RepeatSampler(PLAN)
    list(sampler)
    finished = sampler.state_dict()
    resumed = RepeatSampler(PLAN)
    resumed.set_epoch(7)
    resumed.load_state_dict(finished)
    assert resumed.epoch == 7
    fresh = RepeatSampler(PLAN)
    fresh.load_state_dict(finished)
    assert fresh.epoch == 1


def test_unfinished_state_wins_over_set_epoch_before_and_yields_to_one_after():
    sampler = RepeatSampler(PLAN)
    running = iter(sampler)
    for _ in range(10):
        next(running)
    state = sampler.state_dict()
    resumed = RepeatSampler(PLAN)
    resumed.set_epoch(3)
    resumed.load_state_dict(state)
    resumed.set_epoch(0)  # the same epoch: the position stays
    assert len(list(resumed)) == SIZE - 10
    resumed.load_state_dict(state)
    resumed.set_epoch(3)
    assert len(list(resumed)) == SIZE


def test_abandoned_pass_is_forgotten_with_set_epoch():
    sampler = RepeatSampler(PLAN)
    next(iter(sampler))
    sampler.set_epoch(1)
    assert sampler.state_dict()["epoch"] == 1
    assert sampler.state_dict()["given"] == 0


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (lambda: RepeatSampler(plan_resampling(Y)), "another plan"),
        (lambda: RepeatSampler(PLAN.sample_multipliers[::-1]), "another plan"),
        (lambda: RepeatSampler(PLAN, seed=1), "seed"),
        (lambda: RepeatSampler(PLAN, shuffle=False), "shuffle"),
        (lambda: RepeatSampler(PLAN, rounding="nearest"), "rounding"),
        (lambda: distributed(num_replicas=2)[0], "num_replicas"),
    ],
)
def test_state_of_another_sampler_is_refused(other, name):
    state = RepeatSampler(PLAN).state_dict()
    with pytest.raises(ValueError, match=f"a sampler with {name}"):
        other().load_state_dict(state)


def test_state_of_other_replicas_is_refused_and_that_of_another_rank_is_not():
    state = distributed(num_replicas=2)[0].state_dict()
    with pytest.raises(ValueError, match=r"a sampler with (length|num_replicas)="):
        distributed(num_replicas=3)[0].load_state_dict(state)
    distributed(num_replicas=2)[1].load_state_dict(state)


# -- loaders -----------------------------------------------------------------------------------


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loader_gives_the_plans_epoch_from_workers_too(num_workers):
    dataset = TensorDataset(torch.arange(60))
    sampler = RepeatSampler(PLAN, data_source=dataset)
    loader = DataLoader(dataset, batch_size=8, sampler=sampler, num_workers=num_workers)
    for epoch in range(2):
        given = torch.cat([batch for (batch,) in loader]).tolist()
        assert_array_equal(counts(given), PLAN.draw(np.random.RandomState([0, epoch])))


def test_plan_and_sampler_pickle():
    for sampler in (RepeatSampler(PLAN), distributed()[1]):
        expected = list(pickle.loads(pickle.dumps(sampler)))
        assert list(sampler) == expected


# -- bad input ---------------------------------------------------------------------------------


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(60))


@pytest.mark.parametrize("make", [RepeatSampler, lambda plan, **p: distributed(plan, **p)[0]])
@pytest.mark.parametrize(
    ("plan", "parameters", "error", "message"),
    [
        ([], {}, ValueError, "one multiplier a sample"),
        (np.ones((3, 2)), {}, ValueError, r"array of shape \(3, 2\)"),
        ([1, 10**400], {}, ValueError, "got an integer beyond the largest"),
        ([torch.ones((), requires_grad=True)] * 2, {}, TypeError, "plan must be a ResamplingPlan"),
        (torch.ones(3).to_sparse(), {}, ValueError, r"pass plan.to_dense\(\)"),
        (torch.ones(3, device="meta"), {}, ValueError, "plan is .* on the meta device"),
        ([1.0, -1.0], {}, ValueError, "got -1.0 for sample 1"),
        ([1.0, np.nan], {}, ValueError, "got nan for sample 1"),
        ([1.0, np.inf], {}, ValueError, "got inf for sample 1"),
        ([0.0, 0.0], {}, ValueError, "every sample is left out"),
        (["a", "b"], {}, TypeError, "plan must be a ResamplingPlan"),
        (MaxMultiplierOverSampler(), {}, TypeError, "a fitted sampler"),
        (PLAN, {"rounding": "bernoulli"}, ValueError, "epochs all have one size"),
        (PLAN, {"rounding": "up"}, ValueError, "rounding must be"),
        (PLAN, {"seed": -1}, ValueError, "seed must be"),
        (PLAN, {"seed": 0.5}, ValueError, "seed must be"),
        (PLAN, {"data_source": range(59)}, ValueError, "60 samples, the dataset has 59"),
        (PLAN, {"data_source": Stream()}, TypeError, "not a map-style dataset"),
    ],
)
def test_wrong_argument_is_a_clear_error(make, plan, parameters, error, message):
    with pytest.raises(error, match=message):
        make(plan, **parameters)


@pytest.mark.parametrize("rank", [-1, 2])
def test_rank_outside_the_range_is_refused(rank):
    with pytest.raises(ValueError, match="rank"):
        DistributedRepeatSampler(PLAN, num_replicas=2, rank=rank)
