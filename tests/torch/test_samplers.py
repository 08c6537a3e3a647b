"""The samplers in one process."""

import json
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_array_equal

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset  # noqa: E402

from mlresample import MaxMultiplierOverSampler, plan_resampling  # noqa: E402
from mlresample.torch import DistributedRepeatSampler, RepeatSampler  # noqa: E402

RANDOM = np.random.RandomState(0)
Y = (RANDOM.uniform(size=(60, 5)) < [0.9, 0.5, 0.2, 0.1, 0.05]).astype(int)
PLAN = plan_resampling(Y, target_count="mean", floor=0.5, cap=3.5)
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
        drawn = PLAN.draw_repeats(np.random.RandomState([5, epoch]))
        assert_array_equal(counts(list(sampler)), drawn)
    unshuffled = RepeatSampler(PLAN, seed=5, shuffle=False)
    assert list(unshuffled) == PLAN.draw_indices(np.random.RandomState([5, 0])).tolist()


def test_every_complete_pass_is_a_new_epoch_and_set_epoch_goes_back():
    sampler = RepeatSampler(PLAN)
    first, second = list(sampler), list(sampler)
    assert first != second
    assert (counts(first) != counts(second)).any()
    assert sampler.epoch == 1
    sampler.set_epoch(0)
    assert list(sampler) == first
    assert list(RepeatSampler(PLAN)) == first
    assert list(RepeatSampler(PLAN, seed=1)) != first


def test_a_pass_left_early_is_followed_by_the_next_epoch():
    # A loop limited by steps, such as `zip(range(10), loader)`, never completes a pass.
    whole = RepeatSampler(PLAN)
    epochs = [list(whole) for _ in range(3)]
    sampler = RepeatSampler(PLAN)
    for epoch in epochs:
        assert [index for _, index in zip(range(10), sampler, strict=False)] == epoch[:10]


@pytest.mark.parametrize("n_yielded", [1, SIZE])
@pytest.mark.parametrize("make", [RepeatSampler, lambda plan: distributed(plan, 1)[0]])
def test_once_set_the_epoch_begins_again_with_a_warning_until_set_again(make, n_yielded):
    sampler = make(PLAN)
    sampler.set_epoch(3)
    first = [index for _, index in zip(range(n_yielded), sampler, strict=False)]
    left = ", left after 1 indices," if n_yielded == 1 else ""
    with pytest.warns(UserWarning, match=f"Epoch 3{left} begins again"):
        again = list(sampler)
    assert again[:n_yielded] == first
    sampler.set_epoch(3)
    assert list(sampler) == again  # no warning: the epoch was set


def test_a_pass_that_goes_on_after_another_epoch_was_set_is_noticed(monkeypatch):
    monkeypatch.setattr("mlresample.torch._passes._CHUNK", 7)
    whole = list(RepeatSampler(PLAN))
    for n_before in (5, 7, 10, SIZE - 1):
        sampler = RepeatSampler(PLAN)
        waiting = iter(sampler)
        indices = [next(waiting) for _ in range(n_before)]
        sampler.set_epoch(2)
        with pytest.warns(UserWarning, match=r"epoch 0 continues after set_epoch\(2\)"):
            indices += waiting
        assert indices == whole
        sampler.set_epoch(0)
        waiting = iter(sampler)
        next(waiting)
        sampler.set_epoch(2)
        sampler.set_epoch(0)
        assert list(waiting) == whole[1:]  # no warning: nothing is wrong
    sampler = RepeatSampler(PLAN)
    waiting = iter(sampler)
    indices = [next(waiting) for _ in range(SIZE)]
    sampler.set_epoch(1)
    assert list(waiting) == []  # the end of a pass yields no index of another epoch


@pytest.mark.parametrize("epoch", [1.0, None, -1, 2**32, True, "0", torch.tensor([1, 2])])
def test_an_epoch_that_is_no_whole_number_is_refused_at_once(epoch):
    sampler = RepeatSampler(PLAN)
    with pytest.raises(ValueError, match="epoch must be an integer from 0 to 4294967295, got"):
        sampler.set_epoch(epoch)
    assert sampler.epoch == 0


@pytest.mark.parametrize("epoch", [np.int64(2), torch.tensor(2)])
def test_an_epoch_becomes_a_python_integer(epoch):
    sampler = RepeatSampler(PLAN)
    sampler.set_epoch(epoch)
    assert type(sampler.epoch) is int
    list(sampler)
    assert type(sampler.state_dict()["epoch"]) is int


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
    estimator = MaxMultiplierOverSampler(target_count="mean", floor=0.5, cap=3.5).fit(Y, Y)
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
    with pytest.warns(UserWarning, match="Epoch 1 begins again"):
        list(sampler)
    sampler.set_epoch(0)
    assert list(sampler) == first


# -- state -------------------------------------------------------------------------------------


both = pytest.mark.parametrize("make", [RepeatSampler, lambda plan: distributed(plan)[1]])


@both
@pytest.mark.parametrize("n_yielded", [0, 1, 17, 10**9])
def test_a_pass_is_taken_up_where_its_state_was_taken(make, n_yielded):
    sampler = make(PLAN)
    sampler.set_epoch(4)
    expected = list(sampler)
    n_yielded = min(n_yielded, len(expected))
    sampler.set_epoch(5)
    after = list(sampler)
    sampler.set_epoch(4)
    running = iter(sampler)
    first = [next(running) for _ in range(n_yielded)]
    assert first == expected[:n_yielded]
    state = pickle.loads(pickle.dumps(sampler.state_dict()))

    resumed = make(PLAN)
    resumed.load_state_dict(state)
    assert resumed.epoch == 4
    assert list(resumed) == expected[n_yielded:]
    resumed.set_epoch(5)
    assert list(resumed) == after


@both
def test_after_a_finished_state_set_epoch_says_whether_the_epoch_was_closed(make):
    sampler = make(PLAN)
    sampler.set_epoch(4)
    list(sampler)
    state = sampler.state_dict()
    sampler.set_epoch(5)
    after = list(sampler)
    closed = make(PLAN)
    closed.load_state_dict(state)
    closed.set_epoch(5)
    assert list(closed) == after
    still_open = make(PLAN)
    still_open.load_state_dict(state)
    still_open.set_epoch(4)
    assert list(still_open) == []
    still_open.set_epoch(5)
    assert list(still_open) == after


def test_without_set_epoch_a_finished_state_starts_the_next_epoch():
    sampler = RepeatSampler(PLAN)
    list(sampler)
    state = sampler.state_dict()
    second = list(sampler)
    resumed = RepeatSampler(PLAN)
    resumed.load_state_dict(state)
    assert list(resumed) == second
    at_the_last = RepeatSampler(PLAN)
    running = iter(at_the_last)
    for _ in range(SIZE):  # its end is not asked for
        next(running)
    resumed = RepeatSampler(PLAN)
    resumed.load_state_dict(at_the_last.state_dict())
    assert list(resumed) == []
    assert list(resumed) == second


def test_a_loaded_position_serves_one_pass_and_leaving_that_warns():
    sampler = RepeatSampler(PLAN)
    epochs = [list(sampler) for _ in range(2)]
    sampler = RepeatSampler(PLAN)
    running = iter(sampler)
    for _ in range(20):
        next(running)
    resumed = RepeatSampler(PLAN)
    resumed.load_state_dict(sampler.state_dict())
    assert next(iter(resumed)) == epochs[0][20]
    with pytest.warns(UserWarning, match=f"resumed at index 20, was left after 21 of {SIZE} ind"):
        assert list(resumed) == epochs[1]
    resumed.load_state_dict(sampler.state_dict())
    assert list(resumed) == epochs[0][20:]
    assert list(resumed) == epochs[1]  # no warning: the rest was yielded


@both
@pytest.mark.parametrize("name", ["epoch", "yielded"])
@pytest.mark.parametrize("value", [-2, -1, True, np.nan, 1.0, None, 10**12])
def test_a_state_that_is_no_position_is_refused(make, name, value):
    sampler = make(PLAN)
    state = sampler.state_dict()
    with pytest.raises(ValueError, match=f"{name}, in the state, must be an integer from 0 to"):
        sampler.load_state_dict(state | {name: value})
    with pytest.raises(ValueError, match=f"The state has no '{name}'"):
        sampler.load_state_dict({key: state[key] for key in state if key != name})
    assert len(list(sampler)) == len(sampler)  # nothing was loaded


@both
def test_states_are_of_plain_types(make, tmp_path):
    sampler = make(plan_resampling(Y, epoch_size=np.float32(1.5)))
    sampler.set_epoch(np.int64(1))
    next(iter(sampler))
    torch.save(sampler.state_dict(), tmp_path / "state")
    state = torch.load(tmp_path / "state", weights_only=True)
    assert state == sampler.state_dict()


def test_states_survive_the_last_bits_of_another_processor_and_no_more():
    r = PLAN.sample_multipliers
    state = RepeatSampler(PLAN).state_dict()
    RepeatSampler(r * (1 + 1e-12)).load_state_dict(state)
    apart = np.where(np.arange(60) % 2, r * (1 + 1e-13), r)  # more levels, nearly equal
    RepeatSampler(apart).load_state_dict(state)
    rare = r == r.max()
    for other in (r * 1.01, np.where(rare, r + 1e-3, r), r**1.001, r[::-1]):
        with pytest.raises(ValueError, match="another plan"):
            RepeatSampler(other).load_state_dict(state)


def test_state_across_chunks_counts_exactly(monkeypatch):
    monkeypatch.setattr("mlresample.torch._passes._CHUNK", 7)
    sampler = RepeatSampler(PLAN)
    expected = list(sampler)
    assert len(expected) == SIZE
    sampler.set_epoch(0)
    for i, index in enumerate(sampler):
        assert index == expected[i]
        assert sampler.state_dict()["yielded"] == i + 1


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
    assert sampler.state_dict()["yielded"] == 0


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
        indices = torch.cat([batch for (batch,) in loader]).tolist()
        assert_array_equal(counts(indices), PLAN.draw_repeats(np.random.RandomState([0, epoch])))


def test_plan_and_sampler_pickle():
    for sampler in (RepeatSampler(PLAN), distributed()[1]):
        expected = list(pickle.loads(pickle.dumps(sampler)))
        assert list(sampler) == expected


def test_another_interpreter_draws_the_same_from_the_same_names():
    program = """
import json
from mlresample import plan_resampling
from mlresample.torch import DistributedRepeatSampler
plan = plan_resampling(["ant", "ant", "bee", "ant", "bee", "cow"] * 5)
sampler = DistributedRepeatSampler(plan, 2, 1)
result = json.dumps([list(sampler), sampler.state_dict()])
"""
    here = {}
    exec(program, here)
    command = [sys.executable, "-c", program + "print(result)"]
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == json.loads(here["result"])


# -- bad input ---------------------------------------------------------------------------------


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(60))


@pytest.mark.parametrize("make", [RepeatSampler, lambda plan, **p: distributed(plan, **p)[0]])
@pytest.mark.parametrize(
    ("plan", "parameters", "error", "message"),
    [
        ([], {}, ValueError, "one multiplier per sample"),
        (np.ones((3, 2)), {}, ValueError, r"array of shape \(3, 2\)"),
        ([1, 10**400], {}, ValueError, "got an integer too large for a float"),
        ([torch.ones((), requires_grad=True)] * 2, {}, TypeError, "plan must be a ResamplingPlan"),
        (torch.ones(3).to_sparse(), {}, ValueError, r"pass plan.to_dense\(\)"),
        (torch.ones(3, device="meta"), {}, ValueError, "plan is .* on the meta device"),
        ([1.0, -1.0], {}, ValueError, "got -1.0 for sample 1"),
        ([1.0, np.nan], {}, ValueError, "got nan for sample 1"),
        ([1.0, np.inf], {}, ValueError, "got inf for sample 1"),
        (np.ma.array([1.0, 2.0], mask=[False, True]), {}, ValueError, "masked values"),
        (np.array([1.0, 2.0 + 1j]), {}, TypeError, "real numbers as multipliers, got complex"),
        ([0.0, 0.0], {}, ValueError, "every sample is left out"),
        (range(60), {"data_source": PLAN}, TypeError, "pass the plan first, then the dataset"),
        (["a", "b"], {}, TypeError, "plan must be a ResamplingPlan"),
        (MaxMultiplierOverSampler(), {}, TypeError, "a fitted sampler"),
        (PLAN, {"rounding": "bernoulli"}, ValueError, "epochs all have one size"),
        (PLAN, {"rounding": "up"}, ValueError, "rounding must be"),
        (PLAN, {"seed": -1}, ValueError, "seed must be"),
        (PLAN, {"seed": 0.5}, ValueError, "seed must be"),
        (PLAN, {"data_source": range(59)}, ValueError, "60 samples, but the dataset has 59"),
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


def test_plan_and_dataset_may_stand_in_that_order_alone():
    assert len(RepeatSampler(PLAN, range(60))) == SIZE
    with pytest.raises(TypeError, match="pass the plan first"):
        RepeatSampler(range(60), PLAN)


class Endless(Dataset):
    """As people write them: nothing ends its items but the length that samplers ask for."""

    def __len__(self):
        return 60

    def __getitem__(self, index):
        return torch.zeros(3)


def test_plan_of_a_table_is_refused_with_the_way_to_draw_from_it():
    pa = pytest.importorskip("pyarrow")
    tables = pytest.importorskip("mlresample.tables")
    plan = tables.TableTarget(pa.table({"labels": [["a"], ["b"], ["a"]]}), "labels").plan()
    with pytest.raises(TypeError, match=r"of a table has none: draw its rows by .*add_repeats"):
        RepeatSampler(plan)


@pytest.mark.parametrize("make", [RepeatSampler, DistributedRepeatSampler])
def test_a_dataset_in_the_place_of_the_plan_is_refused_before_it_is_read(make):
    with pytest.raises(TypeError, match="got the dataset Endless: exchange the two"):
        make(Endless())


class SizedStream(IterableDataset):
    def __iter__(self):
        return iter(range(60))

    def __len__(self):
        return 60


def test_an_iterable_dataset_with_a_length_is_no_map_style_dataset():
    with pytest.raises(TypeError, match="not a map-style dataset"):
        RepeatSampler(PLAN, SizedStream())


def test_ranks_that_would_get_nothing_are_refused():
    with pytest.raises(
        ValueError, match=r"an epoch of 3 samples leaves nothing for each of the 8 ranks"
    ):
        DistributedRepeatSampler([1.0] * 3, 8, 0, drop_last=True)


@pytest.mark.parametrize("make", [RepeatSampler, lambda plan, **p: distributed(plan, **p)[0]])
def test_a_dataset_that_grew_is_noticed_at_the_next_epoch(make):
    dataset = list(range(60))
    sampler = make(PLAN, data_source=dataset)
    list(sampler)
    dataset.append(60)
    sampler.set_epoch(1)
    with pytest.raises(ValueError, match="60 samples, but the dataset has 61"):
        list(sampler)


def test_state_of_one_process_is_named_so():
    state = RepeatSampler(PLAN).state_dict()
    with pytest.raises(ValueError, match="num_replicas=none, this one has 3"):
        distributed()[0].load_state_dict(state)
    distributed()[0].check_ranks()  # nothing to compare with
