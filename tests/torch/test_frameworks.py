"""What training frameworks make of the samplers, in one process and in two.

Three epochs of 28 indices over 20 samples. The indices that the ranks got are compared with the
plan's epochs: none may be missing, and none repeated beyond each framework's padding.
"""

from collections import Counter

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import Subset  # noqa: E402

from mlresample.torch import (  # noqa: E402
    DistributedRepeatSampler,
    RepeatSampler,
    ResampledDataset,
    augment_copies,
    collect_targets,
)

from .jobs import MULTIPLIERS, N_EPOCHS, run  # noqa: E402

pytestmark = pytest.mark.frameworks


def plan_epochs(seed=0):
    sampler = RepeatSampler(MULTIPLIERS, seed=seed)
    return [list(sampler) for _ in range(N_EPOCHS)]


def flat(epochs):
    return [index for epoch in epochs for index in epoch]


def merged(ranks):
    """Return the union over the ranks, epoch by epoch."""
    return [
        sum((Counter(epoch) for epoch in epochs), Counter()) for epochs in zip(*ranks, strict=True)
    ]


def assert_ranks_share_the_plans_epochs(ranks, seed=0):
    union = merged(ranks)
    assert len(union) == N_EPOCHS
    assert union == [Counter(epoch) for epoch in plan_epochs(seed)]
    lengths = {len(epoch) for epochs in ranks for epoch in epochs}
    assert len(lengths) == 1
    orders = {tuple(epoch) for epochs in ranks for epoch in epochs}
    assert len(orders) == N_EPOCHS * len(ranks)  # no two are equal
    assert len({frozenset(epoch.items()) for epoch in union}) == N_EPOCHS  # a new draw each


@pytest.mark.parametrize(
    ("name", "needs", "n_processes"),
    [
        ("one-process", "torch", 1),
        ("ddp", "torch", 2),
        ("lightning", "lightning", 2),
        ("accelerate", "accelerate", 2),
    ],
)
def test_lines_of_the_guide_give_the_plans_epochs(tmp_path, name, needs, n_processes):
    pytest.importorskip(needs, reason=f"{needs} is not installed")
    options = {"name": name, "output": str(tmp_path / "out")}
    ranks, _ = run("guide", tmp_path, n_processes, **options)
    assert_ranks_share_the_plans_epochs(ranks)


workers = pytest.mark.parametrize("num_workers", [0, 2])


@workers
def test_plain_ddp_with_the_distributed_sampler(tmp_path, num_workers):
    ranks, _ = run("ddp", tmp_path, num_workers=num_workers)
    assert_ranks_share_the_plans_epochs(ranks)


def test_plain_ddp_gives_the_same_run_for_the_same_seed_and_another_for_another(tmp_path):
    first, _ = run("ddp", tmp_path / "first", seed=5)
    again, _ = run("ddp", tmp_path / "again", seed=5)
    assert first == again
    assert_ranks_share_the_plans_epochs(first, seed=5)
    assert plan_epochs(5) != plan_epochs(0)


def test_plain_ddp_with_the_global_sampler_is_warned_of(tmp_path):
    ranks, printed = run("ddp", tmp_path, wrong=True)
    assert ranks[0] == ranks[1]  # each rank has everything
    assert "use DistributedRepeatSampler" in printed


def test_ranks_of_different_seeds_or_plans_are_told_apart_by_every_rank(tmp_path):
    ranks, _ = run("ranks", tmp_path)
    assert ranks[0] == ranks[1]
    same, seed, plan, rank = ranks[0]
    assert same is None
    assert seed == "Rank 1 samples differently from rank 0: seed=1, not 0."
    assert plan.startswith("Rank 1 samples differently from rank 0: another plan")
    assert rank == "Samplers of different processes have the same rank: [0, 0]."


@workers
def test_lightning_with_the_distributed_sampler(tmp_path, num_workers):
    pytest.importorskip("lightning", reason="lightning is not installed")
    ranks, _ = run("lightning", tmp_path, num_workers=num_workers)
    assert_ranks_share_the_plans_epochs(ranks)


def test_lightning_in_one_process_with_the_global_sampler(tmp_path):
    pytest.importorskip("lightning", reason="lightning is not installed")
    ranks, _ = run("lightning", tmp_path, n_processes=1)
    assert ranks[0] == plan_epochs()


def test_lightning_in_two_processes_with_the_global_sampler_is_warned_of(tmp_path):
    pytest.importorskip("lightning", reason="lightning is not installed")
    _, printed = run("lightning", tmp_path, wrong=True)
    assert "use DistributedRepeatSampler" in printed


@pytest.mark.parametrize("is_kept", [True, False])
def test_lightning_keeps_a_batch_sampler_if_told_to_leave_samplers(tmp_path, is_kept):
    pytest.importorskip("lightning", reason="lightning is not installed")
    options = {"batch_sampler": True, "use_distributed_sampler": not is_kept}
    ranks, _ = run("lightning", tmp_path, **options)
    if is_kept:
        assert_ranks_share_the_plans_epochs(ranks)
    else:  # the plan is dropped
        assert merged(ranks) == [Counter(range(20))] * N_EPOCHS


@workers
def test_accelerate_with_the_global_sampler(tmp_path, num_workers):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    ranks, _ = run("accelerate", tmp_path, num_workers=num_workers)
    assert_ranks_share_the_plans_epochs(ranks)


@pytest.mark.parametrize("job", ["accelerate", "trainer"])
def test_accelerate_with_the_distributed_sampler_is_warned_of(tmp_path, job):
    pytest.importorskip("transformers", reason="transformers is not installed")
    ranks, printed = run(job, tmp_path, wrong=True, output=str(tmp_path / "out"))
    assert sum(merged(ranks)[0].values()) < len(plan_epochs()[0])  # data is lost
    assert "use RepeatSampler there" in printed


@workers
def test_trainer_by_the_lines_of_the_guide_has_the_plans_epochs(tmp_path, num_workers):
    pytest.importorskip("transformers", reason="transformers is not installed")
    ranks, _ = run("trainer", tmp_path, num_workers=num_workers, output=str(tmp_path / "out"))
    assert_ranks_share_the_plans_epochs(ranks)


@pytest.mark.parametrize("job", ["accelerate", "trainer"])
def test_resampled_view_with_the_frameworks_own_sampler(tmp_path, job):
    pytest.importorskip("transformers", reason="transformers is not installed")
    ranks, _ = run(job, tmp_path, view=True, output=str(tmp_path / "out"))
    expected = Counter(ResampledDataset(range(20), MULTIPLIERS).indices.tolist())
    assert merged(ranks) == [expected] * N_EPOCHS
    assert ranks[0][0] != ranks[0][1]


def test_rows_and_labels_of_a_hugging_face_dataset():
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    labels = [[0]] * 12 + [[0, 1]] * 4 + [[1, 2]] * 4
    rows = datasets.Dataset.from_dict({"path": [f"{i}.png" for i in range(20)], "labels": labels})
    y = collect_targets(rows, "labels", n_classes=3)
    assert y.sum(axis=0).tolist() == [16, 8, 4]
    assert collect_targets(rows.with_format("torch"), "labels", n_classes=3).nnz == y.nnz
    resampled = ResampledDataset(rows, MULTIPLIERS, return_is_copy=True)
    assert len(resampled) == 28
    for i, row in enumerate(resampled):
        assert row["path"] == f"{resampled.indices[i]}.png"
        assert row["is_copy"] == resampled.is_copy[i]


def test_hugging_face_columns_are_found_by_default_in_the_order_of_their_rows():
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    rows = datasets.Dataset.from_dict({"labels": [0, 1, 0, 2]})
    assert collect_targets(rows) == [0, 1, 0, 2]
    assert collect_targets(rows.with_format("numpy")) == [0, 1, 0, 2]
    assert collect_targets(rows.select([3, 1])) == [2, 1]
    assert collect_targets(Subset(rows, [3, 1])) == [2, 1]
    some = rows.select([3, 1])  # has different numbers
    assert collect_targets(some, lambda i: some[i]["labels"], n_classes=3).indices.tolist() == [
        2,
        1,
    ]


def test_batch_encodings_get_the_mask_as_a_key():
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    items = [transformers.BatchEncoding({"input_ids": [3, 4]})]
    resampled = ResampledDataset(items, [2.0], return_is_copy=True)
    assert resampled[1] == {"input_ids": [3, 4], "is_copy": True}


def test_copies_are_augmented_by_kornia():
    kornia = pytest.importorskip("kornia", reason="kornia is not installed")
    flip = kornia.augmentation.RandomHorizontalFlip(p=1.0)
    images = torch.rand(4, 3, 8, 8)
    mask = torch.tensor([True, False, False, True])
    augmented = augment_copies(images, mask, flip)
    assert torch.equal(augmented[mask], images[mask].flip(-1))
    assert torch.equal(augmented[~mask], images[~mask])


def test_bytes_are_augmented_by_kornia_once_the_batch_is_floats_from_0_to_1():
    kornia = pytest.importorskip("kornia", reason="kornia is not installed")
    brighter = kornia.augmentation.RandomBrightness((1.5, 1.5), p=1.0)
    images = torch.full((2, 3, 4, 4), 51, dtype=torch.uint8)
    mask = torch.tensor([False, True])
    with pytest.raises(TypeError, match=r"augment_copies\(images\.float\(\) / 255"):
        augment_copies(images, mask, lambda batch: brighter(batch.float() / 255))
    augmented = augment_copies(images.float() / 255, mask, brighter)
    assert torch.allclose(augmented.mean((1, 2, 3)), torch.tensor([0.2, 0.7]))  # adds 0.5


# -- resuming ----------------------------------------------------------------------------------


def uninterrupted(n_processes, seed=3):
    """Return the epochs of each rank, from the samplers themselves."""
    if n_processes == 1:
        return [plan_epochs(seed)]
    ranks = []
    for rank in range(n_processes):
        sampler = DistributedRepeatSampler(MULTIPLIERS, n_processes, rank, seed=seed)
        ranks.append([])
        for epoch in range(N_EPOCHS):
            sampler.set_epoch(epoch)
            ranks[rank].append(list(sampler))
    return ranks


@workers
@pytest.mark.parametrize("n_processes", [1, 2])
def test_stateful_loader_resumes_on_exactly_the_next_sample(tmp_path, n_processes, num_workers):
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    shape = {"n_processes": n_processes, "num_workers": num_workers}
    state = str(tmp_path / "state{rank}")
    whole = uninterrupted(n_processes)
    n_steps = len(whole[0][0]) // 2  # of an epoch
    stop_after = n_steps + 3
    before, _ = run("stateful", tmp_path / "before", state=state, stop_after=stop_after, **shape)
    after, _ = run("stateful", tmp_path / "after", state=state, resume=True, **shape)
    for rank in range(n_processes):
        assert before[rank][0] == whole[rank][0]
        assert len(before[rank][1]) == 6
        assert before[rank][1] + after[rank][0] == whole[rank][1]
        assert after[rank][1:] == whole[rank][2:]


def stateful(sampler, num_workers, prefetch_factor, persistent):
    from torchdata.stateful_dataloader import StatefulDataLoader

    options = {"num_workers": num_workers}
    if num_workers:
        options |= {"prefetch_factor": prefetch_factor, "persistent_workers": persistent}
    return StatefulDataLoader(range(20), 4, sampler=sampler, **options)


def passes(sampler, loader, epochs, sets_epoch, stop=None):
    """Go through epochs as a training loop does; yield the indices of each, up to `stop`."""
    for epoch in epochs:
        if sets_epoch:
            sampler.set_epoch(epoch)
        indices = []
        for n_batches, batch in enumerate(loader, start=1):
            indices += batch.tolist()
            if stop == (epoch, n_batches):
                break
        yield indices
        if stop is not None and stop[0] == epoch:
            return


# 10 indices in batches of 4, the last not full: three batches. Three workers that fetch four
# batches ahead hold more than an epoch.
@pytest.mark.filterwarnings("ignore:'set_vital'", "ignore:This DataLoader will create 3")
@pytest.mark.parametrize("stopped_after", [1, 2, 3, "the loop"])
@pytest.mark.parametrize(
    "workers", [(0, 1, False), (1, 1, False), (1, 4, True), (3, 4, False), (3, 4, True)]
)
@pytest.mark.parametrize(
    ("make", "sets_epoch"),
    [
        (lambda: RepeatSampler([1.0] * 10), False),
        (lambda: RepeatSampler([1.0] * 10), True),
        (lambda: DistributedRepeatSampler([1.0] * 20, 2, 1), True),
    ],
)
def test_stateful_loader_gives_every_epoch_once_wherever_it_stopped(
    make, sets_epoch, workers, stopped_after
):
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    sampler = make()
    whole = list(passes(sampler, stateful(sampler, *workers), range(4), sets_epoch))

    sampler = make()
    loader = stateful(sampler, *workers)
    before = list(passes(sampler, loader, range(4), sets_epoch, stop=(1, stopped_after)))
    state = loader.state_dict()

    sampler = make()
    loader = stateful(sampler, *workers)
    loader.load_state_dict(state)
    if stopped_after == "the loop":
        after = list(passes(sampler, loader, range(2, 4), sets_epoch))
        assert before + after == whole
    else:
        rest, *after = passes(sampler, loader, range(1, 4), sets_epoch)
        assert before[1] + rest == whole[1]
        assert after == whole[2:]


# The loader restores an iterator of the finished epoch, fetches ahead from it, and discards it.
@pytest.mark.filterwarnings("ignore:'set_vital'", "ignore:This DataLoader will create 3")
@pytest.mark.parametrize("workers", [(0, 1, False), (1, 1, False), (3, 4, True)])
def test_state_of_a_finished_epoch_under_a_loop_that_counts_otherwise(workers):
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    sampler = RepeatSampler([1.0] * 10)
    loader = stateful(sampler, *workers)
    whole = list(passes(sampler, loader, range(2), sets_epoch=True))
    state = loader.state_dict()
    whole += passes(sampler, loader, range(2, 4), sets_epoch=True)

    sampler = RepeatSampler([1.0] * 10)
    loader = stateful(sampler, *workers)
    loader.load_state_dict(state)
    # It begins with the finished epoch, of which nothing is left.
    assert list(passes(sampler, loader, range(1, 4), sets_epoch=True)) == [[], *whole[2:]]

    sampler = RepeatSampler([1.0] * 10)
    loader = stateful(sampler, *workers)
    loader.load_state_dict(state)
    with pytest.warns(UserWarning, match="the run that saved the state called set_epoch"):
        assert list(passes(sampler, loader, range(2), sets_epoch=False)) == whole[2:]


@pytest.mark.parametrize("stopped_after", [1, 9, 10, "the loop"])
@pytest.mark.parametrize("make", [RepeatSampler, lambda r: DistributedRepeatSampler(r, 1, 0)])
def test_torchdata_nodes_give_every_epoch_once_wherever_they_stopped(make, stopped_after):
    nodes = pytest.importorskip("torchdata.nodes", reason="torchdata is not installed")

    def loader():
        return nodes.Loader(nodes.SamplerWrapper(make([1.0] * 10)))

    batches = loader()
    whole = [list(batches) for _ in range(4)]
    assert len({tuple(epoch) for epoch in whole}) == 4

    batches = loader()
    before = list(batches)
    for n_indices, index in enumerate(batches, start=1):
        before.append(index)
        if n_indices == stopped_after:
            break
    state = batches.state_dict()
    resumed = loader()
    resumed.load_state_dict(state)
    after = [
        index for _ in range(2 if stopped_after in (10, "the loop") else 3) for index in resumed
    ]
    assert before + after == flat(whole)


def resumed(job, tmp_path, n_processes=1, **options):
    """Return the indices of the whole training and of those resumed from parts of it, by name.

    They are those of the last rank.
    """
    ranks, printed = run(job, tmp_path, n_processes, **options)
    return dict(ranks[-1]), printed


@pytest.mark.parametrize("n_processes", [1, 2])
@pytest.mark.parametrize("loader", ["stateful", "plain"])
@workers
def test_lightning_resumes_on_exactly_the_next_sample(tmp_path, num_workers, loader, n_processes):
    pytest.importorskip("lightning", reason="lightning is not installed")
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    options = {"loader": loader, "checkpoints": str(tmp_path), "num_workers": num_workers}
    options |= {"set_epoch": True, "n_processes": n_processes}
    runs, _ = resumed("lightning_resumed", tmp_path / "out", **options)
    epochs = uninterrupted(n_processes, seed=0)[-1]
    whole = runs.pop("whole")
    assert whole == flat(epochs)
    assert len(runs) == 5
    for name, rest in runs.items():
        step = int(name.split()[1])
        if (
            loader == "stateful" or 2 * step % len(epochs[0]) == 0
        ):  # within an epoch, Lightning needs the former
            assert rest == whole[2 * step :], name


def test_lightning_with_workers_is_warned_of_an_epoch_set_too_late(tmp_path):
    pytest.importorskip("lightning", reason="lightning is not installed")
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    options = {"loader": "plain", "checkpoints": str(tmp_path), "num_workers": 2}
    runs, printed = resumed("lightning_resumed", tmp_path / "out", **options)
    assert runs["epoch 14"] != runs["whole"][28:]  # Lightning has asked for epoch 0 by then
    assert "A pass over epoch 0 continues after set_epoch(1)" in printed


@pytest.mark.parametrize("stateful", [False, True])
@workers
def test_accelerate_resumes_on_exactly_the_next_sample(tmp_path, num_workers, stateful):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    options = {"stateful": stateful, "num_workers": num_workers}
    runs, _ = resumed("accelerate_resumed", tmp_path, **options)
    whole = runs.pop("whole")
    assert whole == flat(plan_epochs())
    for name, rest in runs.items():
        assert rest == whole[2 * int(name.split()[1]) :], name


@pytest.mark.parametrize("n_processes", [1, 2])
def test_trainer_resumes_on_exactly_the_next_sample(tmp_path, n_processes):
    pytest.importorskip("transformers", reason="transformers is not installed")
    output = str(tmp_path / "out")
    shape = {"n_processes": n_processes, "output": output}
    whole, _ = run("trainer", tmp_path / "whole", **shape)
    n_steps = len(whole[0][0]) // 2
    stop_after = n_steps + 3
    before, _ = run("trainer", tmp_path / "before", stop_after=stop_after, **shape)
    checkpoint = f"{output}/checkpoint-{stop_after}"
    after, _ = run("trainer", tmp_path / "after", resume=checkpoint, **shape)
    for rank in range(n_processes):
        assert before[rank][1] + after[rank][0] == whole[rank][1]
        assert after[rank][1:] == whole[rank][2:]
