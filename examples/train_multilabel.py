"""
Training a network on your own label file
=========================================

From a file of labels and a folder of images to a network and a threshold for each class: in one
process or several, on CPU or GPU. A run that was stopped goes on with exactly the next batch. This
is a script to copy and change; :doc:`/guide/first` goes through its parts.

.. code-block:: console

   $ pip install -e ".[plot,split,torch]"
   $ python examples/train_multilabel.py --demo digits   # a data set to try it on
   $ python examples/train_multilabel.py digits/train.csv digits/images --size 20

For two GPUs, or two processes, ``torchrun --nproc-per-node 2`` stands in place of ``python``.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
from iterstrat.ml_stratifiers import MultilabelStratifiedKFold
from PIL import Image
from scipy.special import expit
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, Subset

from mlresample import compute_loss_weights, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.metrics import evaluate_by_frequency
from mlresample.model_selection import tune_thresholds
from mlresample.readers import read_indicators, read_label_lists
from mlresample.torch import (
    DistributedRepeatSampler,
    RepeatSampler,
    loader_options,
    loss_weights,
)

# To resume, these must be as they were; the sampler itself sees to labels, seed and processes.
FIXED = ["size", "loss_weights", "epochs", "batch_size", "lr"]


def parse_options(arguments):
    parser = argparse.ArgumentParser(description="Train a network on a label file and images.")
    add = parser.add_argument
    add("labels", type=Path, help="CSV file of ids and labels")
    add("images", type=Path, help="folder of images, named by their ids")
    add("--demo", action=Demo, metavar="FOLDER", help="write a data set to try it on, and exit")
    add("--format", choices=["lists", "indicators"], default="lists", help="of the label file")
    add("--separator", help="what stands between labels (whitespace)")
    add("--none-value", help="cell of an image without a class, such as 'No Finding'")
    add("--valid-labels", type=Path, help="file of held-out images (a fifth of LABELS)")
    add("--size", type=int, default=64, help="pixels that images are resized to (64)")
    add("--cap", type=float, default=4.0, help="largest multiplier; 1 for no resampling (4)")
    add("--epoch-size", type=float, help="images an epoch, as a multiple of what there is")
    add("--control", action="store_true", help="as many copies, but of images at random")
    add("--loss-weights", choices=["rest", "none"], default="rest", help="of what the plan leaves")
    add("--epochs", type=int, default=10, help="(10)")
    add("--batch-size", type=int, default=32, help="images a step, in each process (32)")
    add("--lr", type=float, default=3e-3, help="largest learning rate (0.003)")
    add("--workers", type=int, help="that load images, in each process (by the cores)")
    add("--seed", type=int, default=0, help="of weights and orders (0)")
    add("--device", choices=["cpu", "cuda"], help="(a GPU where there is one)")
    add("--checkpoint", type=Path, default=Path("checkpoint.pt"), help="file (checkpoint.pt)")
    add("--checkpoint-every", type=int, metavar="N", help="steps (an epoch)")
    add("--stop-after", type=int, metavar="N", help="steps, as a job whose time is up")
    add("--resume", action="store_true", help="go on from the checkpoint")
    # torchrun tells each process who it is.
    for name, default in [("rank", 0), ("local_rank", 0), ("world_size", 1)]:
        parser.set_defaults(**{name: int(os.environ.get(name.upper(), default))})
    return parser.parse_args(arguments)


class Demo(argparse.Action):
    """Like --help, it does its work and exits."""

    def __call__(self, parser, options, folder, option=None):
        images = Path(folder, "images")
        images.mkdir(parents=True, exist_ok=True)
        for subset, n_images in [("train", 2000), ("test", 1000)]:
            X, y, names = make_multilabel_digits(n_images, subset=subset, random_state=0)
            lines = ["Id,Target"]
            for i, (pixels, row) in enumerate(zip(X, y, strict=True)):
                lines.append(f"{subset}-{i:04}," + " ".join(names[c] for c in row.nonzero()[0]))
                Image.fromarray(pixels[0]).save(images / f"{subset}-{i:04}.png")
            Path(folder, f"{subset}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        parser.exit(message=f"Now: {parser.prog} {folder}/train.csv {images} --size 20\n")


# %%
# Labels and images
# -----------------
# What is missing is told before anything is trained.


def read_labels(path, options, class_names=None):
    # For COCO and YOLO there are read_coco and read_yolo.
    if options.format == "indicators":
        return read_indicators(path, class_columns=class_names)
    cells = {"separator": options.separator, "none_value": options.none_value}
    return read_label_lists(path, class_names=class_names, **cells)


def find_images(ids, folder):
    """Give the file of each id, which may have its suffix or not."""
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}.")
    suffixes, files = Image.registered_extensions(), {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes:
            name = path.relative_to(folder)
            files[name.as_posix()] = files[name.with_suffix("").as_posix()] = str(path)
    missing = [name for name in ids if name not in files]
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise ValueError(f"{folder} has no image of {len(missing)} of {len(ids)} ids: {some}")
    return np.array([files[name] for name in ids])


class Images(Dataset):
    def __init__(self, paths, target, size):
        self.paths, self.target, self.size = paths, target, size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as image:
            pixels = np.array(image.convert("RGB").resize((self.size, self.size)))
        # Bytes travel to the device, and become floats there.
        target = torch.from_numpy(self.target[index]).float()
        return torch.from_numpy(pixels).permute(2, 0, 1), target


def read_data(options):
    """Give what to train on, what is held out, and the names of the classes."""
    ids, target, class_names = read_labels(options.labels, options)
    paths, target = find_images(ids, options.images), target.toarray()
    if options.valid_labels is None:  # fold 0 of: mlresample split LABELS
        folds = MultilabelStratifiedKFold(5, shuffle=True, random_state=0)
        rows, held_out = next(folds.split(ids, target))
        splits = [(paths[rows], target[rows]), (paths[held_out], target[held_out])]
    else:
        valid_ids, valid_target, _ = read_labels(options.valid_labels, options, class_names)
        if shared := {*ids} & {*valid_ids}:
            raise ValueError(f"{len(shared)} ids are in both label files, such as {min(shared)}.")
        valid_paths = find_images(valid_ids, options.images)
        splits = [(paths, target), (valid_paths, valid_target.toarray())]
    return *(Images(*split, options.size) for split in splits), class_names


# %%
# The model
# ---------


class Network(nn.Module):
    """From images of bytes to a logit a class.

    Put your own in its place, such as ``timm.create_model(name, pretrained=True, num_classes=n)``,
    with the mean and standard deviation that its images had.
    """

    def __init__(self, n_classes):
        super().__init__()
        layers, n_in = [], 3
        for n_out, stride in [(32, 1), (64, 2), (128, 2), (128, 2)]:
            layers.append(nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False))
            layers += [nn.GroupNorm(8, n_out), nn.ReLU()]
            n_in = n_out
        pooled = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n_in, n_classes)]
        self.layers = nn.Sequential(*layers, *pooled)

    def forward(self, images):
        return self.layers((images.float() / 255 - 0.5) / 0.25)


def half(device):
    """Give the type of half precision that suits a GPU, None for a CPU."""
    if device.type == "cpu":
        return None
    has_bfloat16 = torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.bfloat16 if has_bfloat16 else torch.float16


def forward(model, images, device):
    images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
    with torch.autocast(device.type, half(device), enabled=device.type != "cpu"):
        return model(images).float()


@torch.no_grad()
def predict(network, loader, device, options):
    """Give the logits of all held-out images, each process having computed a share."""
    if options.world_size > 1:
        for buffer in network.buffers():  # batch norm's, say, which differ between processes
            dist.broadcast(buffer, 0)
    network.eval()
    logits = torch.cat([forward(network, images, device).cpu() for images, _ in loader]).numpy()
    if options.world_size > 1:
        shares = [None] * options.world_size
        dist.all_gather_object(shares, logits)
        logits = np.empty((sum(map(len, shares)), logits.shape[1]), dtype=logits.dtype)
        for rank, share in enumerate(shares):
            logits[rank :: options.world_size] = share
    return logits


# %%
# Checkpoints
# -----------


def read_checkpoint(options, sampler):
    """Give what was saved, and take the sampler there."""
    path = options.checkpoint
    if not options.resume:
        if path.exists():
            raise ValueError(f"{path} exists: --resume it, or name another --checkpoint.")
        if not path.absolute().parent.is_dir():
            raise ValueError(f"there is no folder {path.parent} for the checkpoint.")
        return None
    saved = torch.load(path, map_location="cpu", weights_only=True)
    for name, value in saved["options"].items():
        if (own := getattr(options, name)) != value:
            raise ValueError(f"{path} was trained with {name} {value}, which is {own} now.")
    sampler.load_state_dict(saved["sampler"])
    return saved


def save_checkpoint(content, options):
    """Write a checkpoint as a whole or not at all."""
    if options.rank == 0:
        partial = options.checkpoint.with_name(f"{options.checkpoint.name}.partial")
        torch.save(content, partial)
        os.replace(partial, options.checkpoint)


# %%
# Training
# --------
# The order of an epoch follows from seed and epoch alone. So the number of steps says which batch
# is next, whatever the loader's workers have fetched ahead.


def train(network, loader, valid_loader, plan, pos_weight, options, saved):
    """Train to the end, from the start or from what was saved; tell whether it was reached."""
    device, sampler = pos_weight.device, loader.sampler
    optimizer = torch.optim.AdamW(network.parameters(), options.lr, weight_decay=0.05)
    n_steps = options.epochs * len(loader)  # exact, since a plan's epochs have one length
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, n_steps)
    scaler = torch.amp.GradScaler(device.type, enabled=half(device) is torch.float16)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule, "scaler": scaler}
    step = 0
    if saved is not None:
        step = saved["step"]
        for name, part in parts.items():
            part.load_state_dict(saved[name])
    model = network if options.world_size == 1 else DistributedDataParallel(network)

    for epoch in range(step // len(loader), options.epochs):
        sampler.set_epoch(epoch)
        network.train()
        first_step, total_loss, waited = step, 0.0, 0.0
        started = asked = time.perf_counter()
        for images, target in loader:
            waited += time.perf_counter() - asked
            # Dropout, and augmentation of the batch if you put it here, follow from this too.
            torch.manual_seed(hash((options.seed, step, options.rank)))
            loss = binary_cross_entropy_with_logits(
                forward(model, images, device), target.to(device), pos_weight=pos_weight
            )
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            total_loss += loss.detach()
            step += 1
            stops = step in (options.stop_after, n_steps)
            if stops or step % (options.checkpoint_every or len(loader)) == 0:
                content = {name: part.state_dict() for name, part in parts.items()}
                n_epochs, n_batches = divmod(step, len(loader))
                position = {"epoch": n_epochs, "given": n_batches * options.batch_size}
                content |= {"step": step, "sampler": sampler.state_dict() | position}
                content["options"] = {name: getattr(options, name) for name in FIXED}
                save_checkpoint(content, options)
            if step == options.stop_after < n_steps:
                return False
            asked = time.perf_counter()

        mean_loss = float(total_loss) / (step - first_step)  # waits for the GPU
        seconds = time.perf_counter() - started
        n_images = (step - first_step) * options.batch_size * options.world_size
        logits = predict(network, valid_loader, device, options)
        if options.rank == 0:
            target = valid_loader.dataset.dataset.target
            found = evaluate_by_frequency(target, y_score=logits, class_counts=plan)
            print(
                f"epoch {epoch + 1:>3}  loss {mean_loss:.4f}  average precision "
                f"{found.averages['macro']['average_precision']:.3f}  {n_images / seconds:,.0f} "
                f"images/s, {waited / seconds:.0%} of the time waiting for them",
                flush=True,
            )
    return True


# %%
# Evaluation
# ----------
# No image is judged by thresholds that were tuned on it: each fifth of the held-out images takes
# those of the other four. After training with weights, 0.5 may be as good. The correction takes
# out what weights and copies should have done; where the loss has fallen to 0, they did less.


def evaluate(target, logits, offset, plan):
    """Print what was reached; give thresholds that are tuned on all held-out images."""
    score = expit(logits)
    tuned = np.empty_like(target)
    folds = MultilabelStratifiedKFold(5, shuffle=True, random_state=0)
    for others, fold in folds.split(target, target):
        thresholds = tune_thresholds(target[others], score[others], shrinkage=3)
        tuned[fold] = score[fold] >= thresholds
    for name, predicted in {"0.5": score >= 0.5, "tuned": tuned}.items():
        print(f"\nHeld-out images, thresholds {name}")
        print(evaluate_by_frequency(target, predicted, logits, class_counts=plan))
    share = target.mean(axis=0)
    occurs = share > 0
    for name, one in {"as it is": score, "corrected": expit(logits + offset)}.items():
        factor = np.exp(np.abs(np.log(one.mean(axis=0)[occurs] / share[occurs])).mean())
        print(f"A class's mean score, {name}, is {factor:.2f} times too large or too small.")
    return tune_thresholds(target, score, shrinkage=3)


def main(arguments=None):
    options = parse_options(arguments)
    try:
        images, valid_images, class_names = read_data(options)
        rule = {"cap": options.cap, "epoch_size": options.epoch_size}
        plan = plan_resampling(images.target, class_names=class_names, **rule)
        multipliers = plan.sample_multipliers
        if options.control:
            multipliers = np.full(len(images), multipliers.mean())
            plan = plan_resampling(images.target, class_names=class_names, cap=1)
        sampler = RepeatSampler(multipliers, seed=options.seed, data_source=images)
        if (n := options.world_size) > 1:
            sampler = DistributedRepeatSampler(multipliers, n, options.rank, seed=options.seed)
        if len(sampler) < options.batch_size:
            raise ValueError(f"an epoch has fewer images than --batch-size {options.batch_size}.")
        saved = read_checkpoint(options, sampler)
    except (OSError, ValueError) as error:
        sys.exit(f"error: {error}")

    device = torch.device("cpu")
    if options.device == "cuda" or (options.device is None and torch.cuda.is_available()):
        device = torch.device("cuda", options.local_rank)
        torch.cuda.set_device(device)
    if options.world_size > 1:
        dist.init_process_group("gloo" if device.type == "cpu" else "nccl")
    loading = loader_options(num_workers=options.workers, device=device)
    loading["batch_size"] = options.batch_size
    loader = DataLoader(images, sampler=sampler, drop_last=True, **loading)
    share = range(options.rank, len(valid_images), options.world_size)
    valid_loader = DataLoader(Subset(valid_images, share), **loading)

    torch.manual_seed(options.seed)
    network = Network(len(class_names)).to(device, memory_format=torch.channels_last)
    pos_weight = torch.ones(len(class_names), device=device)
    if options.loss_weights == "rest":
        pos_weight = loss_weights(plan, cap=10, device=device).pos_weight
    if options.rank == 0:
        if options.control:
            print(f"Control: {multipliers.sum():,.0f} images an epoch, copies of random ones\n")
        else:
            print(plan, end="\n\n")
        if saved is not None:
            print(f"resumed after step {saved['step']}")
    if not train(network, loader, valid_loader, plan, pos_weight, options, saved):
        if options.rank == 0:
            print(f"stopped; {options.checkpoint} is to --resume from")
    else:
        logits = predict(network, valid_loader, device, options)
        if options.rank == 0:
            # Added to the logits, it takes copies and weights out of the probabilities.
            taken = np.nan_to_num(compute_loss_weights(plan).taken_by_resampling, nan=1)
            offset = -np.log(taken * pos_weight.cpu().numpy())
            thresholds = evaluate(valid_images.target, logits, offset, plan)
            content = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
            content |= {"thresholds": thresholds.tolist(), "offset": offset.tolist()}
            content |= {"class_names": class_names.tolist(), "logits": torch.from_numpy(logits)}
            save_checkpoint(content, options)
            print(f"{options.checkpoint} has network, thresholds and the held-out images' logits")
    if options.world_size > 1:
        dist.barrier()  # who ends while gloo still lets go of the tensors gathered last may abort
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
