"""What training frameworks make of the samplers, in one process and in two.

Three epochs of 28 indices over 20 samples. What a rank was given is compared with the plan's own
epochs: nothing may be missing, and nothing twice beyond each framework's padding.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch.utils.data import Subset  # noqa: E402

from mlresample.torch import (  # noqa: E402
    DistributedRepeatSampler,
    RepeatSampler,
    ResampledDataset,
    augment_copies,
    dataset_target,
)

from .jobs import MULTIPLIERS, N_EPOCHS  # noqa: E402
from .ports import free_port  # noqa: E402

pytestmark = pytest.mark.frameworks
SCRIPT = Path(__file__).with_name("jobs.py")


def run(job, folder, n_processes=2, **options):
    """What each rank was given, epoch by epoch; and what the processes printed."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    processes = []
    for rank in range(n_processes):
        environment = {
            **os.environ,
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(n_processes),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "default",
        }
        command = [sys.executable, str(SCRIPT), job, str(folder), json.dumps(options)]
        processes.append(
            subprocess.Popen(
                command,
                env=environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
    printed = [process.communicate(timeout=240)[0] for process in processes]
    for process, text in zip(processes, printed, strict=True):
        assert process.returncode == 0, text
    ranks = [json.loads((folder / f"rank{rank}.json").read_text()) for rank in range(n_processes)]
    return ranks, "\n".join(printed)


def plan_epochs(seed=0):
    sampler = RepeatSampler(MULTIPLIERS, seed=seed)
    return [list(sampler) for _ in range(N_EPOCHS)]


def merged(ranks):
    """The union over the ranks, epoch by epoch."""
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
    assert len(orders) == N_EPOCHS * len(ranks)  # no two alike
    assert len({frozenset(epoch.items()) for epoch in union}) == N_EPOCHS  # a new draw each


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


@workers
def test_lightning_with_the_distributed_sampler(tmp_path, num_workers):
    pytest.importorskip("lightning", reason="lightning is not installed")
    ranks, _ = run("lightning", tmp_path, num_workers=num_workers)
    assert_ranks_share_the_plans_epochs(ranks)


def test_lightning_in_one_process_with_the_global_sampler(tmp_path):
    pytest.importorskip("lightning", reason="lightning is not installed")
    ranks, _ = run("lightning", tmp_path, n_processes=1)
    assert ranks[0] == plan_epochs()


@workers
def test_accelerate_with_the_global_sampler(tmp_path, num_workers):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    ranks, _ = run("accelerate", tmp_path, num_workers=num_workers)
    assert_ranks_share_the_plans_epochs(ranks)


def test_accelerate_with_the_distributed_sampler_is_warned_of(tmp_path):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    ranks, printed = run("accelerate", tmp_path, wrong=True)
    assert sum(merged(ranks)[0].values()) < len(plan_epochs()[0])  # data is lost
    assert "Use RepeatSampler there" in printed


@workers
def test_trainer_with_the_global_sampler(tmp_path, num_workers):
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
    y = dataset_target(rows, "labels", n_classes=3)
    assert y.sum(axis=0).tolist() == [16, 8, 4]
    assert dataset_target(rows.with_format("torch"), "labels", n_classes=3).nnz == y.nnz
    resampled = ResampledDataset(rows, MULTIPLIERS, return_is_copy=True)
    assert len(resampled) == 28
    for i, row in enumerate(resampled):
        assert row["path"] == f"{resampled.indices[i]}.png"
        assert row["is_copy"] == resampled.is_copy[i]


def test_hugging_face_columns_are_found_by_default_in_the_order_of_their_rows():
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    rows = datasets.Dataset.from_dict({"labels": [0, 1, 0, 2]})
    assert dataset_target(rows) == [0, 1, 0, 2]
    assert dataset_target(rows.with_format("numpy")) == [0, 1, 0, 2]
    assert dataset_target(rows.select([3, 1])) == [2, 1]
    assert dataset_target(Subset(rows, [3, 1])) == [2, 1]
    some = rows.select([3, 1])  # has numbers of its own
    assert dataset_target(some, lambda i: some[i]["labels"], n_classes=3).indices.tolist() == [
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


def uninterrupted(n_processes):
    """The epochs of each rank with seed 3, from the samplers themselves."""
    if n_processes == 1:
        return [plan_epochs(3)]
    ranks = []
    for rank in range(n_processes):
        sampler = DistributedRepeatSampler(MULTIPLIERS, n_processes, rank, seed=3)
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


@workers
def test_stateful_loader_resumes_after_a_finished_epoch(tmp_path, num_workers):
    pytest.importorskip("torchdata", reason="torchdata is not installed")
    shape = {"n_processes": 1, "num_workers": num_workers, "state": str(tmp_path / "state")}
    whole = uninterrupted(1)
    run("stateful", tmp_path / "before", stop_after_epoch=0, **shape)
    after, _ = run("stateful", tmp_path / "after", resume=True, **shape)
    assert after[0] == whole[0][1:]


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
