"""
Training a network on your own label file
=========================================

From a label file and a folder of images to a network and a threshold for each class: in one
process or several, on CPU or GPU. A run that was stopped resumes with exactly the next batch. This
is a script to copy and change; :doc:`/guide/first` goes through its parts.

.. code-block:: console

   $ python3 -m venv .venv
   $ .venv/bin/pip install -e ".[plot,split,torch]"
   $ source .venv/bin/activate
   $ python examples/train_multilabel.py --demo digits   # a data set to try it on
   $ python examples/train_multilabel.py digits/train.csv digits/images --size 20

For two GPUs, or two processes, replace ``python`` by ``torchrun --nproc-per-node 2``.
"""

import argparse
import os
import shlex
import signal
import sys
import time
import warnings
from functools import partial
from multiprocessing import Event
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
import torch.distributed as dist
from PIL import Image
from scipy.special import expit
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset, Subset

from mlresample import compute_loss_weights, plan_resampling
from mlresample.datasets import make_multilabel_digits
from mlresample.metrics import evaluate_by_frequency
from mlresample.model_selection import MultilabelStratifiedKFold, tune_thresholds
from mlresample.readers import read_labels
from mlresample.torch import (
    DistributedRepeatSampler,
    RepeatSampler,
    loader_options,
    loss_weights,
)

# A resumed run must have the same values of these; the sampler checks labels, seed and processes.
FIXED = ["size", "loss_weights", "epochs", "batch_size", "lr"]
POSITIVE = ["size", "epochs", "batch_size", "lr", "checkpoint_every", "stop_after"]


def parse_options(arguments):
    parser = argparse.ArgumentParser(description="Train a network on a label file and images.")
    add = parser.add_argument
    add("labels", type=Path, help="CSV file of ids and labels")
    add("images", type=Path, help="folder of images, named by their ids")
    add("--demo", action=Demo, metavar="FOLDER", help="write a data set to try it on, and exit")
    add("--separator", help="separator of the labels in a cell (whitespace)")
    add("--none-value", help="cell of an image without a class, such as 'No Finding'")
    add("--valid-labels", type=Path, help="label file of held-out images (a fifth of LABELS)")
    add("--size", type=int, default=64, help="width and height that images are resized to (64)")
    add("--cap", type=float, default=4.0, help="largest multiplier; 1 for no resampling (4)")
    add("--epoch-size", type=float, help="images per epoch, as a multiple of all images")
    add("--control", action="store_true", help="as many copies, but of random images")
    add(
        "--loss-weights", choices=["rest", "none"], default="rest", help="for what the plan leaves"
    )
    add("--epochs", type=int, default=10, help="(10)")
    add("--batch-size", type=int, default=32, help="images per step, in each process (32)")
    add("--lr", type=float, default=3e-3, help="largest learning rate (0.003)")
    add("--workers", type=int, help="of the loader, in each process (by the cores)")
    add("--images-on-device", action="store_true", help="load all once, if its memory holds them")
    add("--seed", type=int, default=0, help="of initial weights and order (0)")
    add("--device", choices=["cpu", "cuda"], help="(a GPU if there is one)")
    add("--checkpoint", type=Path, default=Path("checkpoint.pt"), help="file (checkpoint.pt)")
    add(
        "--checkpoint-every", type=int, metavar="N", help="save every N steps too, not only epochs"
    )
    add("--stop-after", type=int, metavar="N", help="stop after N steps, as if time were up")
    add("--resume", action="store_true", help="continue from the checkpoint")
    # torchrun sets RANK and the others for each process.
    for name, default in [
        ("rank", 0),
        ("local_rank", 0),
        ("world_size", 1),
        ("local_world_size", 1),
    ]:
        parser.set_defaults(**{name: int(os.environ.get(name.upper(), default))})
    options = parser.parse_args(arguments)
    for name in POSITIVE:
        value = getattr(options, name)
        if value is not None and not 0 < value < float("inf"):
            parser.error(f"--{name.replace('_', '-')} must be above 0, got {value}")
    if options.workers is not None and options.workers < 0:
        parser.error(f"--workers must be 0 or more, got {options.workers}")
    options.command = command(*(sys.argv[1:] if arguments is None else arguments))
    return options


def command(*arguments):
    """Return the command line that runs this script, as it was started, with these arguments."""
    started = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    if "TORCHELASTIC_RUN_ID" in os.environ:
        started = ["torchrun", "--nproc-per-node", os.environ["LOCAL_WORLD_SIZE"], sys.argv[0]]
    return shlex.join([*started, *arguments])


class Demo(argparse.Action):
    """Do this and exit, as --help does."""

    def __call__(self, parser, options, folder, option=None):
        images = Path(folder, "images")
        images.mkdir(parents=True, exist_ok=True)
        print(f"writing 3,000 images to {images}", flush=True)
        for subset, n_images in [("train", 2000), ("test", 1000)]:
            X, y, names = make_multilabel_digits(n_images, subset=subset, random_state=0)
            lines = ["Id,Target"]
            for i, (pixels, row) in enumerate(zip(X, y, strict=True)):
                lines.append(f"{subset}-{i:04}," + " ".join(names[c] for c in row.nonzero()[0]))
                Image.fromarray(pixels[0]).save(images / f"{subset}-{i:04}.png")
            Path(folder, f"{subset}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print("Now:", command(f"{folder}/train.csv", str(images), "--size", "20"))
        parser.exit()


# %%
# Labels and images
# -----------------
# Missing images or labels raise an error before anything is trained.


def read_table(path, options, class_names=None):
    # For COCO and YOLO, use read_coco and read_yolo.
    cells = {"separator": options.separator, "none_value": options.none_value}
    return read_labels(path, class_names=class_names, **cells)


def find_images(ids, folder):
    """Return the file of each id; ids may have a suffix or not."""
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}.")
    suffixes, files, files_without_suffix = Image.registered_extensions(), {}, {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes:
            name = path.relative_to(folder)
            files[name.as_posix()] = [str(path)]
            files_without_suffix.setdefault(name.with_suffix("").as_posix(), []).append(str(path))
    files = files_without_suffix | files
    missing = [name for name in ids if name not in files]
    if missing:
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise ValueError(f"{folder} has no image for {len(missing)} of {len(ids)} ids: {some}")
    ids_of = {}
    for name in ids:
        path, *others = files[name]
        if others:
            raise ValueError(f"id {name} is {path} or {others[0]}: write ids with suffixes.")
        if path in ids_of:
            raise ValueError(f"ids {ids_of[path]} and {name} are the same image, {path}.")
        ids_of[path] = name
    return np.array([*ids_of])


class Images(Dataset):
    """Images as bytes of shape (3, size, size), and their targets."""

    def __init__(self, paths, target, size):
        self.paths, self.target, self.size = paths, target, size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        path = str(self.paths[index])
        try:
            with Image.open(path) as image:
                if image.mode[0] in "IF":  # 16 bits or more, which Pillow would cut off at 255
                    raise ValueError(f"pixels of mode {image.mode} must be scaled to 8 bits first")
                pixels = np.array(image.convert("RGB").resize((self.size, self.size)))
        except Exception as error:  # Pillow's formats raise many kinds
            raise OSError(f"cannot read the image {path}: {error}") from error
        target = torch.from_numpy(self.target[index]).float()
        return torch.from_numpy(pixels).permute(2, 0, 1), target


def stratified_folds(target, n_folds):
    folds = MultilabelStratifiedKFold(n_folds, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tables show which classes a part lacks
        return list(folds.split(target, target))


def read_data(options):
    """Return the training images, the held-out images and the class names."""
    ids, target, class_names = read_table(options.labels, options)
    if len(class_names) == 1:
        raise ValueError(f"{options.labels} has only one class, {class_names[0]}: add the others.")
    paths, target = find_images(ids, options.images), target.toarray()
    if options.valid_labels is None:  # fold 0 of: mlresample split LABELS
        if len(ids) < 5:
            raise ValueError(f"{options.labels} has {len(ids)} images, and a fifth is held out.")
        rows, held_out = stratified_folds(target, 5)[0]
        splits = [(paths[rows], target[rows]), (paths[held_out], target[held_out])]
    else:
        valid_ids, valid_target, _ = read_table(options.valid_labels, options, class_names)
        valid_paths = find_images(valid_ids, options.images)
        if shared := {*paths} & {*valid_paths}:
            raise ValueError(f"{len(shared)} images are in both label files: {min(shared)}, ...")
        splits = [(paths, target), (valid_paths, valid_target.toarray())]
    if not splits[1][1].any():
        raise ValueError(f"none of the {len(splits[1][0])} held-out images has a class.")
    return *(Images(*split, options.size) for split in splits), class_names


# %%
# The model
# ---------


class Network(nn.Module):
    """A network from images, floats from 0 to 1, to a logit for each class.

    Replace it by yours, such as ``timm.create_model(name, pretrained=True, num_classes=n)``, with
    the mean and standard deviation of the images that it was trained on.
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
        return self.layers((images - 0.5) / 0.25)


def half(device):
    """Return the half-precision dtype that suits a GPU, None for a CPU."""
    if device.type == "cpu":
        return None
    has_bfloat16 = torch.cuda.get_device_capability(device) >= (8, 0)
    return torch.bfloat16 if has_bfloat16 else torch.float16


def to_floats(images, device):
    """Move a batch of bytes to the device, four times faster than floats, and scale it."""
    images = images.to(device, non_blocking=True, memory_format=torch.channels_last)
    return images.float() / 255


def forward(model, images):
    device = images.device
    with torch.autocast(device.type, half(device), enabled=device.type != "cpu"):
        return model(images).float()


@torch.no_grad()
def predict(network, loader, device, options):
    """Return the logits of all held-out images; each process computes a share of them."""
    if options.world_size > 1:
        for buffer in network.buffers():  # such as batch norm's, which differ between processes
            dist.broadcast(buffer, 0)
    network.eval()
    shares = [torch.empty(0, len(loader.dataset.dataset.target[0]))]  # a share may be empty
    for images, _ in show_progress(loader, "held-out images", options):
        shares.append(forward(network, to_floats(images, device)).cpu())
    logits = torch.cat(shares).numpy()
    if options.world_size > 1:
        shares = [None] * options.world_size
        dist.all_gather_object(shares, logits)
        logits = np.empty((sum(map(len, shares)), logits.shape[1]), dtype=logits.dtype)
        for rank, share in enumerate(shares):
            logits[rank :: options.world_size] = share
    if not np.isfinite(logits).all():
        raise FloatingPointError("the network returns logits that are not finite; lower --lr.")
    return logits


# %%
# Checkpoints
# -----------
# Each has all that is needed to predict: weights, class names, offset and thresholds. Thresholds
# are 0.5 until they are tuned at the end of the first epoch.


def read_checkpoint(options, sampler):
    """Return what was saved, and set the sampler to that position."""
    path = options.checkpoint
    if not options.resume:
        if path.exists():
            raise ValueError(f"{path} exists: --resume it, or name another --checkpoint.")
        if not path.absolute().parent.is_dir():
            raise ValueError(f"there is no folder {path.parent} for the checkpoint.")
        return None
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        trained_with = saved["options"]
    except (EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
        raise ValueError(f"{path} is no checkpoint of this script.") from error
    for name, value in trained_with.items():
        if (value_now := getattr(options, name)) != value:
            raise ValueError(f"{path} was trained with {name} {value}, which is {value_now} now.")
    sampler.load_state_dict(saved["sampler"])
    return saved


def save_checkpoint(content, options):
    """Write a checkpoint, completely or not at all."""
    if options.rank == 0:
        partial = options.checkpoint.with_name(f"{options.checkpoint.name}.partial")
        torch.save(content, partial)
        os.replace(partial, options.checkpoint)


# %%
# Interruptions
# -------------
# Ctrl-C (SIGINT) and the end of a job's time (SIGTERM) stop the training after the current step.
# A signal may reach one process or all of them, at different steps, so they agree on a step.


class Interruptions:
    def __init__(self, options):
        self.options, self.signal = options, 0

    def __enter__(self):
        numbers = [signal.SIGINT, signal.SIGTERM]
        self.handlers = {number: signal.signal(number, self.note) for number in numbers}
        return self

    def __exit__(self, *error):
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def note(self, number, frame):
        self.signal = number
        if self.options.world_size == 1:
            signal.signal(number, signal.SIG_DFL)
            os.write(2, b"\nstopping after this step; a second signal stops at once, unsaved\n")

    def agree(self):
        """Return the signal that any process has received, 0 if none has."""
        if self.options.world_size == 1:
            return self.signal
        highest = torch.tensor(self.signal)
        dist.all_reduce(highest, dist.ReduceOp.MAX)
        self.signal = int(highest)
        return self.signal


class ImagesOnDevice:
    """Batches of images that are all on the device, as the loader would yield them."""

    def __init__(self, loader, sampler, device, options):
        self.sampler, self.batch_size = sampler, options.batch_size
        images = loader.dataset
        shape = len(images), 3, options.size, options.size
        self.images = torch.empty(shape, dtype=torch.uint8, device=device)
        self.target = torch.from_numpy(images.target).float().to(device)
        n_loaded = 0
        for batch, _ in show_progress(loader, "loading all images", options):
            self.images[n_loaded : n_loaded + len(batch)] = batch
            n_loaded += len(batch)

    def __len__(self):
        return len(self.sampler) // self.batch_size

    def __iter__(self):
        indices = torch.tensor(list(self.sampler), device=self.images.device)
        for rows in indices.split(self.batch_size):
            if len(rows) == self.batch_size:
                yield self.images.index_select(0, rows), self.target.index_select(0, rows)


def work_on(is_over, worker):
    """Keep a loader's worker, which signals may reach too, alive until the training is over."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: is_over.is_set() and os._exit(0))


# %%
# Training
# --------
# The order of an epoch depends only on seed and epoch. So the number of steps tells which batch is
# next, whatever the loader's workers have already fetched.


def share_cores(options, device):
    """Set this process's threads, and return the options of its loaders.

    If there are more threads and workers than cores, they wait for each other.
    """
    loading = loader_options(num_workers=options.workers, device=device)
    if options.workers is None and device.type == "cpu":  # the network needs cores too
        loading = loader_options(num_workers=(loading["num_workers"] + 1) // 2, device=device)
    if "OMP_NUM_THREADS" not in os.environ:  # torchrun sets it for several processes
        n_cores = torch.get_num_threads() // options.local_world_size
        torch.set_num_threads(max(1, n_cores - loading["num_workers"]))
    return loading


def show_progress(loader, title, options, done=0):
    """Yield the loader's batches; on a terminal, print their number each second."""
    is_shown, shown_at, width = options.rank == 0 and sys.stderr.isatty(), time.monotonic(), 0
    try:
        for n, batch in enumerate(loader, done + 1):
            yield batch
            if is_shown and time.monotonic() - shown_at >= 1:
                line, shown_at = f"{title}: {n} of {len(loader)} batches", time.monotonic()
                width = len(line)
                print(f"\r{line}", end="", file=sys.stderr, flush=True)
    finally:
        if width:
            print(f"\r{' ' * width}\r", end="", file=sys.stderr, flush=True)


def train(network, loaders, plan, pos_weight, prediction, interruptions, options, saved):
    """Train to the end, from the start or from what was saved.

    Return the logits of the held-out images, None if the training was stopped. `prediction` is
    what a checkpoint needs for prediction besides the network; its thresholds are kept up to date.
    """
    loader, valid_loader = loaders
    device, sampler = pos_weight.device, loader.sampler
    valid_target = valid_loader.dataset.dataset.target
    optimizer = torch.optim.AdamW(network.parameters(), options.lr, weight_decay=0.05)
    n_steps = options.epochs * len(loader)  # exact, since a plan's epochs have one length
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, n_steps)
    scaler = torch.amp.GradScaler(device.type, enabled=half(device) is torch.float16)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule, "scaler": scaler}
    step, logits = 0, None
    if saved is not None:
        step = saved["step"]
        for name, part in parts.items():
            part.load_state_dict(saved[name])
    model = network if options.world_size == 1 else DistributedDataParallel(network)

    def save():
        n_epochs, n_batches = divmod(step, len(loader))
        position = {"epoch": n_epochs, "yielded": n_batches * options.batch_size}
        content = {name: part.state_dict() for name, part in parts.items()}
        content |= {"step": step, "sampler": sampler.state_dict() | position}
        content["options"] = {name: getattr(options, name) for name in FIXED}
        save_checkpoint(content | prediction, options)

    for epoch in range(step // len(loader), options.epochs):
        sampler.set_epoch(epoch)
        network.train()
        first_step, total_loss, waited = step, 0.0, 0.0
        title, done = f"epoch {epoch + 1:>3}", step % len(loader)
        started = batch_asked = time.perf_counter()
        for images, target in show_progress(loader, title, options, done):
            waited += time.perf_counter() - batch_asked
            # Dropout and augmentation are drawn from this seed, too.
            torch.manual_seed(hash((options.seed, step, options.rank)))
            images = to_floats(images, device)
            # Augment here: the batch is on the device, as floats from 0 to 1 of shape
            # (n, 3, size, size), which kornia and torchvision.transforms.v2 take.
            loss = binary_cross_entropy_with_logits(
                forward(model, images), target.to(device), pos_weight=pos_weight
            )
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            total_loss += loss.detach()
            step += 1
            is_stopped = interruptions.agree() or step == options.stop_after < n_steps
            is_whole = step % len(loader) == 0
            if is_stopped or is_whole or step % (options.checkpoint_every or n_steps) == 0:
                save()  # at the end of an epoch before the evaluation, in case that fails
            if is_stopped:
                return None
            batch_asked = time.perf_counter()

        mean_loss = float(total_loss) / (step - first_step)  # waits for the GPU
        seconds = time.perf_counter() - started
        n_images = (step - first_step) * options.batch_size * options.world_size
        logits = predict(network, valid_loader, device, options)
        if options.rank == 0:
            found = evaluate_by_frequency(valid_target, y_score=logits, plan=plan)
            print(
                f"epoch {epoch + 1:>3}  loss {mean_loss:.4f}  average precision "
                f"{found.averages['macro']['average_precision']:.3f}  {n_images / seconds:,.0f} "
                f"images/s, {waited / seconds:.0%} of the time waiting for them",
                flush=True,
            )
            thresholds = tune_thresholds(valid_target, expit(logits), shrinkage=3)
            prediction |= {"thresholds": thresholds.tolist(), "thresholds_step": step}
            save()
    if logits is None:  # nothing was left to train
        logits = predict(network, valid_loader, device, options)
    return logits


# %%
# Evaluation
# ----------
# No image is evaluated with thresholds that were tuned on it: each fifth of the held-out images is
# evaluated with those of the other four. After training with weights, 0.5 may be as good. The
# correction undoes what weights and copies should have done; if the loss has fallen to 0, they did
# less.


def evaluate(target, logits, offset, plan):
    """Print the evaluation; return thresholds that are tuned on all held-out images."""
    score = expit(logits)
    predictions = {"0.5": score >= 0.5}
    if len(target) > 1:
        predictions["tuned"] = np.empty_like(target)
        for others, fold in stratified_folds(target, min(5, len(target))):
            thresholds = tune_thresholds(target[others], score[others], shrinkage=3)
            predictions["tuned"][fold] = score[fold] >= thresholds
    for name, predicted in predictions.items():
        print(f"\nHeld-out images, thresholds {name}")
        print(evaluate_by_frequency(target, predicted, logits, plan=plan))
    share = target.mean(axis=0)
    occurs = share > 0
    for name, probability in {"uncorrected": score, "corrected": expit(logits + offset)}.items():
        ratio = probability.mean(axis=0)[occurs] / share[occurs]
        factor = np.exp(np.abs(np.log(ratio)).mean())
        print(f"The mean {name} score of a class is {factor:.2f} times too large or too small.")
    return tune_thresholds(target, score, shrinkage=3)


def main(arguments=None):
    options = parse_options(arguments)
    is_first = options.rank == 0
    try:
        if is_first:
            print(f"reading {options.labels} and looking for its images", flush=True)
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
        dist.init_process_group("gloo" if device.type == "cpu" else "cpu:gloo,cuda:nccl")
    is_over = Event()
    loading = share_cores(options, device)
    loading |= {"batch_size": options.batch_size, "worker_init_fn": partial(work_on, is_over)}
    loader = DataLoader(images, sampler=sampler, drop_last=True, **loading)
    share = range(options.rank, len(valid_images), options.world_size)
    valid_loader = DataLoader(Subset(valid_images, share), **loading)

    torch.manual_seed(options.seed)
    network = Network(len(class_names)).to(device, memory_format=torch.channels_last)
    pos_weight = torch.ones(len(class_names), device=device)
    if options.loss_weights == "rest":
        pos_weight = loss_weights(plan, cap=10, device=device).pos_weight
    # Copies and weights have multiplied the odds of each class. The offset, added to the logits,
    # undoes that.
    odds_ratio = np.nan_to_num(compute_loss_weights(plan).taken_by_resampling, nan=1.0)
    offset = -np.log(odds_ratio * pos_weight.double().cpu().numpy())
    prediction = {"class_names": class_names.tolist(), "offset": offset.tolist()}
    prediction |= {"thresholds": [0.5] * len(class_names), "thresholds_step": 0}
    if saved is not None:
        prediction |= {name: saved[name] for name in ["thresholds", "thresholds_step"]}
    if is_first:
        if options.control:
            print(f"Control: {multipliers.sum():,.0f} images per epoch, random ones repeated\n")
        else:
            print(plan, end="\n\n")
        if saved is not None:
            print(f"resumed after step {saved['step']}")
        n_threads, n_workers = torch.get_num_threads(), loading["num_workers"]
        print(
            f"training {options.epochs} epochs of {len(loader)} steps on {device.type} "
            f"(processes: {n}; each has threads: {n_threads}, workers: {n_workers})",
            flush=True,
        )
    try:
        if options.images_on_device:
            loader = ImagesOnDevice(DataLoader(images, **loading), sampler, device, options)
        with Interruptions(options) as interruptions:
            logits = train(
                network,
                (loader, valid_loader),
                plan,
                pos_weight,
                prediction,
                interruptions,
                options,
                saved,
            )
    except (FloatingPointError, OSError) as error:  # a worker's message ends with the reason
        sys.exit(f"error: {str(error).strip().splitlines()[-1].removeprefix('OSError: ')}")
    finally:
        is_over.set()
    if is_first and logits is None:
        again = options.command if options.resume else f"{options.command} --resume"
        tuned = prediction["thresholds_step"]
        about = f"were tuned after step {tuned}" if tuned else "are 0.5, not tuned yet"
        print(f"stopped; {options.checkpoint} can be resumed, and predict: its thresholds {about}")
        print(f"To resume:\n  {again}", flush=True)
    elif is_first:
        thresholds = evaluate(valid_images.target, logits, offset, plan)
        content = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
        content |= {"thresholds": thresholds.tolist(), "thresholds_step": content["step"]}
        save_checkpoint(content | {"logits": torch.from_numpy(logits)}, options)
        print(
            f"{options.checkpoint} holds network, thresholds and the logits of the held-out images"
        )
    if options.world_size > 1:
        dist.barrier()  # a process that ends while gloo still frees gathered tensors may abort
        dist.destroy_process_group()
    if logits is None and interruptions.signal:
        sys.exit(128 + interruptions.signal)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
