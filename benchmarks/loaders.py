"""Compare ways of feeding images to a network, with a plan and without.

``python -m benchmarks.loaders`` prints how many images of 3 x 64 x 64 bytes become floats on the
device (a GPU if there is one) per second: from loaders that fetch item by item or by
``__getitems__``, and from images that are all on the device. Seconds are process CPU time if the
process does all the work, else wall time. Functions take turns; each is compared with the bare
dataset of its group in the same turn, and the range of that ratio is printed. ``--quick`` takes
fewer images and turns.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, RandomSampler, TensorDataset

from benchmarks._measure import processor
from benchmarks._optional import optional
from mlresample.torch import RepeatSampler, ResampledDataset

BATCH_SIZE = 64
SHAPE = 3, 64, 64


class MemoryMapped(Dataset):
    """Images in a file, each read when it is asked for."""

    def __init__(self, path):
        self.images = np.load(path, mmap_mode="r")

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return torch.from_numpy(self.images[index].copy())


class MemoryMappedBatches(MemoryMapped):
    def __getitems__(self, indices):
        return list(torch.from_numpy(self.images[indices]))


class ItemByItem(Dataset):
    """A dataset without its ``__getitems__``."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __len__(self):
        return len(self.dataset)

    def __getitem__(self, index):
        return self.dataset[index]


def datasets(images, folder):
    """Yield name and dataset; of those that fetch batches, with and without that."""
    path = Path(folder, "images.npy")
    np.save(path, images)
    yield "tensor, item by item", TensorDataset(torch.from_numpy(images))
    yield "memory-mapped, item by item", MemoryMapped(path)
    yield "memory-mapped, __getitems__", MemoryMappedBatches(path)
    hugging_face = optional("_hugging_face")
    if hugging_face:
        dataset = hugging_face.stored(images, folder)
        yield "Hugging Face, item by item", ItemByItem(dataset)
        yield "Hugging Face, __getitems__", dataset


def sample_multipliers(n_samples):
    """Return multipliers of which a tenth are above 1, at five levels, as in a long tail."""
    levels = np.array([1.0, 1.19, 1.39, 1.8, 2.97, 4.0])
    return levels[np.random.RandomState(0).choice(6, n_samples, p=[0.9, *[0.02] * 5])]


def loaders(dataset, multipliers, num_workers):
    """Return loaders by name: without a plan, with its sampler, of its view."""
    sampler = RepeatSampler(multipliers, dataset)
    view = ResampledDataset(dataset, multipliers)
    marked = ResampledDataset(dataset, multipliers, return_is_copy=True)
    options = {"num_workers": num_workers, "persistent_workers": num_workers > 0}
    options |= {"batch_size": BATCH_SIZE}
    without = RandomSampler(dataset, num_samples=len(sampler))
    return {
        "no plan": DataLoader(dataset, sampler=without, **options),
        "RepeatSampler": DataLoader(dataset, sampler=sampler, **options),
        "ResampledDataset": DataLoader(view, shuffle=True, **options),
        "the same, return_is_copy": DataLoader(marked, shuffle=True, **options),
    }


def to_floats(batch, device):
    while not torch.is_tensor(batch):  # beside labels or masks, or under a name
        batch = next(iter(batch.values() if isinstance(batch, dict) else batch))
    return batch.to(device, non_blocking=True).float() / 255


def consume_loader(loader, device):
    return sum(len(to_floats(batch, device)) for batch in loader)


def device_batches(images, indices):
    """Yield an epoch of images that are on a device, as docs/guide/torch.rst does."""
    for rows in indices.to(images.device).split(BATCH_SIZE):
        yield images.index_select(0, rows).float() / 255


def consume_device(images, sampler):
    indices = torch.tensor(list(sampler))
    return sum(len(batch) for batch in device_batches(images, indices))


def on_device(images, multipliers):
    sampler = RepeatSampler(multipliers)
    without = RandomSampler(images, num_samples=len(sampler))
    return {
        "no plan": lambda: consume_device(images, without),
        "RepeatSampler": lambda: consume_device(images, sampler),
    }


def compare(title, functions, device, n_turns, num_workers=0):
    """Print images per second of each function, and the ratio to the first in the same turn."""
    does_all_work = num_workers == 0 and device.type == "cpu"
    clock = time.process_time if does_all_work else time.perf_counter
    rates = {name: [] for name in functions}
    for turn in range(n_turns + 1):
        for name, function in functions.items():
            start = clock()
            n_images = function()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn > 0:  # the first starts workers and fills caches
                rates[name].append(n_images / (clock() - start))
    print(f"\n{title}, {'process CPU time' if does_all_work else 'wall time'}")
    bare = np.array(next(iter(rates.values())))
    for name, found in rates.items():
        ratios = np.array(found) / bare
        print(
            f"  {name:<26} {np.median(found):>9,.0f} images/s   "
            f"{np.median(ratios):.2f} of no plan ({ratios.min():.2f} to {ratios.max():.2f})",
            flush=True,
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loaders")
    parser.add_argument("--quick", action="store_true", help="fewer images and turns")
    quick = parser.parse_args(arguments).quick
    n_images, n_turns = (640, 1) if quick else (2_000, 7)
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    machine = processor()
    print(f"processor: {machine['name']}, {machine['cores']} cores; images to {device.type}")
    images = np.random.RandomState(0).randint(0, 256, (n_images, *SHAPE), dtype=np.uint8)
    multipliers = sample_multipliers(n_images)
    with tempfile.TemporaryDirectory() as folder:
        for name, dataset in datasets(images, folder):
            for num_workers in (0, 2):
                functions = {
                    plan: lambda loader=loader: consume_loader(loader, device)
                    for plan, loader in loaders(dataset, multipliers, num_workers).items()
                }
                title = f"{name}, {num_workers} workers"
                compare(title, functions, device, n_turns, num_workers)
        stored = torch.from_numpy(images).to(device)
        compare("all images on the device", on_device(stored, multipliers), device, n_turns)


if __name__ == "__main__":
    main()
