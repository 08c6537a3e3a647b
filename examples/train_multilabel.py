"""
Training a network on your own label file
=========================================

From labels and images to a network with a threshold for each class, in one process or several, on
CPU or GPU. A run that was stopped resumes with exactly the next batch. This is a script to copy
and change; :doc:`/guide/first` goes through its parts.

.. code-block:: console

   $ python3 -m venv .venv
   $ .venv/bin/pip install -e ".[plot,torch]"
   $ source .venv/bin/activate
   $ python examples/write_digits.py digits   # a data set to try it on
   $ python examples/train_multilabel.py train digits/train.csv digits/images --size 20
   $ python examples/train_multilabel.py predict checkpoint.pt digits/images

For two GPUs, or two processes, replace ``python`` by ``torchrun --nproc-per-node 2``.
"""

import argparse
import csv
import io
import os
import shlex
import signal
import sys
import time
import warnings
from importlib import import_module
from importlib.util import find_spec
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
from mlresample.metrics import evaluate_by_frequency
from mlresample.model_selection import MultilabelStratifiedKFold, tune_thresholds
from mlresample.readers import find_images, read_coco, read_labels, read_yolo
from mlresample.torch import DistributedRepeatSampler, loader_options, loss_weights

# A resumed run must have the same values of these; the sampler checks labels, seed and processes.
FIXED = ["model", "size", "amp", "loss_weights", "epochs", "batch_size", "lr"]


def parse_options(arguments):
    parser = argparse.ArgumentParser(description="Train a network on label files and images.")
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train", help="train a network and tune thresholds")
    add = training.add_argument
    add("labels", type=Path, help="CSV, Parquet, COCO (.json), YOLO (folder or data.yaml)")
    add("images", type=Path, nargs="?", help="folder of the images (that of LABELS)")
    add("--separator", help="separator of the labels in a cell (whitespace)")
    add("--none-value", help="cell of an image without a class, such as 'No Finding'")
    add("--valid-labels", type=Path, help="of held-out images (val of a data.yaml, or a fifth)")
    add("--model", default="small", help="small, or of timm or torchvision, as in timm:resnet50")
    add("--weights", type=Path, help="file of weights for it, of any number of classes")
    add("--size", type=int, default=64, help="width and height that images are resized to (64)")
    add("--cap", type=float, default=4.0, help="largest multiplier; 1 for no resampling (4)")
    add("--epoch-size", type=float, help="images per epoch, as a multiple of all images")
    add("--control", action="store_true", help="as many steps, but copies of random images")
    add(
        "--loss-weights",
        choices=["rest", "none"],
        default="rest",
        help="weights in the loss for the imbalance that the plan leaves (rest)",
    )
    add("--epochs", type=int, default=10, help="(10)")
    add("--batch-size", type=int, default=32, help="images per step, in each process (32)")
    add("--lr", type=float, default=3e-3, help="largest learning rate (0.003)")
    add("--amp", action="store_true", help="mixed precision, of bfloat16 if the device has it")
    add("--compile", action="store_true", help="torch.compile the network")
    add("--channels-last", action="store_true", help="memory format; faster on many GPUs")
    add("--images-on-device", action="store_true", help="load all once, if its memory holds them")
    add("--seed", type=int, default=0, help="of initial weights and order (0)")
    add(
        "--checkpoint",
        type=Path,
        default=Path("checkpoint.pt"),
        help="file (checkpoint.pt); "
        "the scores of each class are written to checkpoint.scores.csv beside it",
    )
    add("--checkpoint-every", type=int, metavar="N", help="save after every N steps, too")
    add("--resume", action="store_true", help="continue from the checkpoint")
    add("--tensorboard", type=Path, metavar="FOLDER", help="write scores for TensorBoard, too")
    prediction = commands.add_parser("predict", help="write the labels of all images in a folder")
    add = prediction.add_argument
    add("checkpoint", type=Path, help="file that training has saved")
    add("images", type=Path, help="folder of images")
    add("--output", type=Path, default=Path("predictions.csv"), help="file (predictions.csv)")
    add(
        "--probabilities",
        action="store_true",
        help="write them, too, as without copies and weights",
    )
    for command in (training, prediction):
        command.add_argument(
            "--workers", type=int, help="processes that load images (as many as cores allow)"
        )
        command.add_argument("--device", choices=["cpu", "cuda"], help="(a GPU if there is one)")
    options = parser.parse_args(arguments)
    for name in ["size", "epochs", "batch_size", "lr", "checkpoint_every"]:
        value = getattr(options, name, None)
        if value is not None and not 0 < value < float("inf"):
            parser.error(f"--{name.replace('_', '-')} must be above 0, got {value}")
    for name in ["RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"]:  # set by torchrun
        setattr(options, name.lower(), int(os.environ.get(name, name.endswith("SIZE"))))
    return options


# %%
# Labels and images
# -----------------
# Missing images or labels raise an error before anything is trained.


def read_table(path, options, class_names=None):
    """Return paths, target and class names; those of the training set, if given, must be kept."""
    if path.suffix in (".yaml", ".yml"):
        table = read_yolo(path, split="train" if class_names is None else "val")
    elif path.is_dir():
        table = read_yolo(path, class_names=class_names)
    elif path.suffix == ".json":
        table = read_coco(path)
    else:
        cells = {"separator": options.separator, "none_value": options.none_value}
        table = read_labels(path, class_names=class_names, **cells)
    if class_names is not None and table.class_names.tolist() != class_names.tolist():
        raise ValueError(f"{path} does not have the classes of {options.labels} in their order.")
    is_yolo = path.is_dir() or path.suffix in (".yaml", ".yml")  # whose ids are whole paths
    folder = options.images or (Path() if is_yolo else path.parent)
    endings = Image.registered_extensions()
    options.ids_have_endings = any(Path(name).suffix.lower() in endings for name in table.ids)
    return find_images(table.ids, folder), table.y.toarray(), table.class_names


class Images(Dataset):
    """Images as bytes of shape (3, size, size), and their targets."""

    def __init__(self, paths, target, size):
        self.paths, self.target, self.size = paths, target, size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        path = self.paths[index]
        try:
            with Image.open(path) as image:
                if image.mode[0] in "IF":  # 16 bits or more, which Pillow would cut off at 255
                    raise ValueError(f"pixels of mode {image.mode} must be scaled to 8 bits first")
                pixels = np.array(image.convert("RGB").resize((self.size, self.size)))
        except Exception as error:  # Pillow's formats raise many kinds
            raise OSError(f"cannot read the image {path}: {error}") from error
        target = torch.tensor(self.target[index], dtype=torch.float32)
        return torch.from_numpy(pixels).permute(2, 0, 1), target


def stratified_folds(target, n_folds):
    folds = MultilabelStratifiedKFold(n_folds, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tables show which classes a part lacks
        return list(folds.split(target, target))


def read_data(options):
    """Return the training images, the held-out images and the class names."""
    paths, target, class_names = read_table(options.labels, options)
    if len(class_names) == 1:
        raise ValueError(f"{options.labels} has only one class, {class_names[0]}: add the others.")
    held_out = options.valid_labels
    if held_out is None and options.labels.suffix in (".yaml", ".yml"):
        held_out = options.labels
    if held_out is None:  # fold 0 of: mlresample split LABELS
        if len(paths) < 5:
            raise ValueError(f"{options.labels} has {len(paths)} images, and a fifth is held out.")
        parts = [(paths[rows], target[rows]) for rows in stratified_folds(target, 5)[0]]
    else:
        valid_paths, valid_target, _ = read_table(held_out, options, class_names)
        if shared := {*paths} & {*valid_paths}:
            raise ValueError(f"{len(shared)} images are in both label files: {min(shared)}, ...")
        parts = [(paths, target), (valid_paths, valid_target)]
    if not parts[1][1].any():
        raise ValueError(f"none of the {len(parts[1][1])} held-out images has a class.")
    return *(Images(*part, options.size) for part in parts), class_names


# %%
# The network
# -----------


def small_network(n_classes):
    layers, n_in = [], 3
    for n_out, stride in [(32, 1), (64, 2), (128, 2), (128, 2)]:
        layers.append(nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False))
        layers += [nn.GroupNorm(8, n_out), nn.ReLU()]
        n_in = n_out
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n_in, n_classes)
    )


def make_network(name, n_classes, weights=None):
    """Return a network; `weights` may be of other classes, whose layer then stays random."""
    source, _, kind = name.rpartition(":")
    chosen = [library for library in ("timm", "torchvision") if source in ("", library)]
    libraries = [library for library in chosen if find_spec(library)]
    if name == "small":
        network = small_network(n_classes)
    elif "timm" in libraries and import_module("timm").is_model(kind):
        network = import_module("timm").create_model(kind, num_classes=n_classes)
    elif "torchvision" in libraries and kind in import_module("torchvision.models").list_models():
        network = import_module("torchvision.models").get_model(kind, num_classes=n_classes)
    else:
        raise ValueError(f"--model {name} is neither small nor in an installed timm, torchvision.")
    if weights is not None:
        given = torch.load(weights, map_location="cpu", weights_only=True)
        for key, value in network.state_dict().items():
            if key in given and len(value) == n_classes != len(given[key]):
                given[key] = value
        network.load_state_dict(given)
    return network


def forward(model, images, options):
    """Return the logits of a batch of bytes, which move to the device faster than floats."""
    images = images.to(options.device, non_blocking=True, memory_format=options.memory_format)
    images = images.float() / 255
    # If model.training, augment here: kornia and torchvision.transforms.v2 take such a batch. For
    # pretrained weights, set the mean and standard deviation that they were trained with.
    with torch.autocast(options.device.type, options.half, enabled=options.amp):
        return model((images - 0.5) / 0.25).float()


@torch.no_grad()
def compute_logits(network, loader, options):
    """Return the logits of all images; the loader of each process has a share of them."""
    if options.world_size > 1:
        for buffer in network.buffers():  # such as batch norm's, which differ between processes
            dist.broadcast(buffer, 0)
    network.eval()
    logits = np.empty(loader.dataset.dataset.target.shape, dtype=np.float32)
    parts = [np.empty((0, logits.shape[1]), dtype=np.float32)]  # a share may be empty
    for images, _ in Progress(loader, "predicting", options):
        parts.append(forward(network, images, options).cpu().numpy())
    shares = [np.concatenate(parts)] * options.world_size
    if options.world_size > 1:
        dist.all_gather_object(shares, shares[0])
    for rank, share in enumerate(shares):
        logits[rank :: options.world_size] = share
    if not np.isfinite(logits).all():
        raise FloatingPointError("the network returns logits that are not finite; lower --lr.")
    return logits


# %%
# Batches
# -------
# The order of an epoch depends only on seed and epoch. So the number of steps tells which batch is
# next, whatever the loader's workers have already fetched.


def set_up(options):
    """Choose the device, join the other processes, and return the options of loaders."""
    name = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    options.device = torch.device(name, options.local_rank if name == "cuda" else None)
    if name == "cuda":
        torch.cuda.set_device(options.device)
    if options.world_size > 1:
        dist.init_process_group("cpu:gloo,cuda:nccl" if name == "cuda" else "gloo")
    is_old = name == "cuda" and torch.cuda.get_device_capability() < (8, 0)
    options.half = torch.float16 if is_old else torch.bfloat16
    channels_last = getattr(options, "channels_last", False)
    options.memory_format = torch.channels_last if channels_last else torch.contiguous_format
    loading = loader_options(num_workers=options.workers, device=name)
    return loading | {"batch_size": options.batch_size, "worker_init_fn": outlive_signals}


def outlive_signals(worker):
    """Keep a loader's worker alive, which Ctrl-C and a job's first SIGTERM may reach, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: signal.signal(signal.SIGTERM, signal.SIG_DFL))


class Progress:
    """The batches of a loader, and how fast they come; on a terminal, a line shows it."""

    def __init__(self, loader, title, options, done=0):
        self.loader, self.title, self.options, self.done = loader, title, options, done
        self.n_images, self.waited, self.started = 0, 0.0, time.perf_counter()

    def __iter__(self):
        asked = shown = self.started
        is_shown = self.options.rank == 0 and sys.stderr.isatty()
        for n, batch in enumerate(self.loader, self.done + 1):
            self.waited += time.perf_counter() - asked
            yield batch
            asked = time.perf_counter()
            self.n_images += len(batch[0]) * self.options.world_size
            if is_shown and (asked - shown >= 1 or n == len(self.loader)):
                shown, bar = asked, "#" * (20 * n // len(self.loader))
                line = f"{self.title} [{bar:<20}] {n}/{len(self.loader)}, {self}"
                end = "\r" if n == len(self.loader) else ""
                print(f"\r{line:<98}", end=end, file=sys.stderr, flush=True)

    def __str__(self):
        seconds = time.perf_counter() - self.started
        share = self.waited / seconds
        return f"{self.n_images / seconds:,.0f} images/s, {share:.0%} of the time waiting for them"


class ImagesOnDevice:
    """Batches of images that are all on the device, as the loader would yield them."""

    def __init__(self, loader, sampler, options):
        self.sampler, self.batch_size, images = sampler, options.batch_size, loader.dataset
        shape = len(images), 3, options.size, options.size
        self.images = torch.empty(shape, dtype=torch.uint8, device=options.device)
        self.target = torch.from_numpy(images.target).float().to(options.device)
        batches = Progress(loader, "loading all images", options)
        for rows, (batch, _) in zip(self.images.split(self.batch_size), batches, strict=True):
            rows.copy_(batch)

    def __len__(self):
        return len(self.sampler) // self.batch_size

    def __iter__(self):
        indices = torch.tensor(list(self.sampler), device=self.images.device)
        for rows in indices.split(self.batch_size):
            if len(rows) == self.batch_size:
                yield self.images.index_select(0, rows), self.target.index_select(0, rows)


# %%
# Checkpoints and interruptions
# -----------------------------
# A checkpoint is enough to resume and to predict. Its thresholds are 0.5 until they are tuned at
# the end of the first epoch. Ctrl-C (SIGINT) and the end of a job's time (SIGTERM) may reach one
# process or all of them, at different steps, so the processes agree on a step.


def read_checkpoint(path):
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        return saved | {"options": {name: saved["options"][name] for name in FIXED}}
    except (EOFError, KeyError, RuntimeError, TypeError, UnpicklingError) as error:
        raise ValueError(f"{path} is no checkpoint of this script.") from error


def write(path, content):
    """Write a file, completely or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(f"cannot write {path}: {error.strerror}; it stays as it was.") from error


def scores_of(checkpoint):
    return checkpoint.with_suffix(".scores.csv")


def as_csv(rows):
    file = io.StringIO()
    writer = csv.DictWriter(file, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()


def note_signals(options):
    """Return a function that returns the signal which any process has received, or else 0."""
    received = [0]

    def note(number, frame):
        received[0] = number
        if options.world_size == 1:
            signal.signal(number, signal.SIG_DFL)
            os.write(2, b"\nstopping after this step; a second signal stops at once, unsaved\n")

    def agree():
        highest = torch.tensor(received)
        if options.world_size > 1:
            dist.all_reduce(highest, dist.ReduceOp.MAX)
        return int(highest)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    return agree


# %%
# Training
# --------


def prepare(options):
    """Return what is to be trained; what is wrong with files and options is an error here."""
    path, saved = options.checkpoint, None
    if options.resume:
        saved = read_checkpoint(path)
        for name, value in saved["options"].items():
            if (now := getattr(options, name)) != value:
                raise ValueError(f"{path} was trained with {name} {value}, which is {now} now.")
    elif path.exists():
        raise ValueError(f"{path} exists: --resume it, or name another --checkpoint.")
    elif scores_of(path).exists():
        raise ValueError(f"{scores_of(path)} exists: name another --checkpoint.")
    elif not path.absolute().parent.is_dir():
        raise ValueError(f"there is no folder {path.parent} for the checkpoint.")
    images, valid_images, class_names = read_data(options)
    rule = {"cap": options.cap, "epoch_size": options.epoch_size}
    plan = plan_resampling(images.target, class_names=class_names, **rule)
    multipliers = plan.sample_multipliers
    if options.control:
        multipliers = np.full(len(images), multipliers.mean())
        plan = plan_resampling(images.target, class_names=class_names, cap=1)
    ranks = {"num_replicas": options.world_size, "rank": options.rank}
    sampler = DistributedRepeatSampler(multipliers, **ranks, seed=options.seed)
    if len(sampler) < options.batch_size:
        raise ValueError(f"an epoch has fewer images than --batch-size {options.batch_size}.")
    if saved is not None:
        sampler.load_state_dict(saved["sampler"])
    torch.manual_seed(options.seed)
    try:
        network = make_network(options.model, len(class_names), options.weights)
    except RuntimeError as error:
        raise ValueError(f"{options.weights} has other weights than {options.model}.") from error
    return images, valid_images, plan, sampler, network, saved


def train(options):
    images, valid_images, plan, sampler, network, saved = prepare(options)
    tensorboard = options.tensorboard and import_module("torch.utils.tensorboard")
    is_first, loading = options.rank == 0, set_up(options)
    loader = DataLoader(images, sampler=sampler, drop_last=True, **loading)
    share = range(options.rank, len(valid_images), options.world_size)
    valid_loader = DataLoader(Subset(valid_images, share), **loading)
    n_steps = len(loader)  # of an epoch: those of a plan have one length
    if options.images_on_device:
        loader = ImagesOnDevice(DataLoader(images, **loading), sampler, options)
    network.to(options.device, memory_format=options.memory_format)
    pos_weight = torch.ones(len(plan.classes), device=options.device)
    if options.loss_weights == "rest":
        pos_weight = loss_weights(plan, cap=10, device=options.device).pos_weight
    # Copies and weights have multiplied the odds of each class. The offset, added to the logits,
    # undoes that; if the loss has fallen to 0, they did less.
    odds_ratio = np.nan_to_num(compute_loss_weights(plan).taken_by_resampling, nan=1.0)
    offset = -np.log(odds_ratio * pos_weight.double().cpu().numpy())
    optimizer = torch.optim.AdamW(network.parameters(), options.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, options.epochs * n_steps)
    scaler = torch.amp.GradScaler(enabled=options.amp and options.half is torch.float16)
    parts = {"network": network, "optimizer": optimizer, "schedule": schedule, "scaler": scaler}
    state = {"epoch": 0, "step": 0, "total_loss": 0.0, "thresholds": [0.5] * len(plan.classes)}
    state |= {"scores": []}  # of each class, after each epoch
    if saved is not None:
        state = {name: saved[name] for name in state}
        for name, part in parts.items():
            part.load_state_dict(saved[name])
    if is_first:
        control = f"Control: random images are repeated, as many as at cap {options.cap:g}."
        print(control if options.control else plan, end="\n\n")
        steps = f"from step {state['step']} of {options.epochs * n_steps:,}"
        print(f"training on {options.device}, {steps}", flush=True)
    model = network if options.world_size == 1 else DistributedDataParallel(network)
    model = torch.compile(model) if options.compile else model
    received = note_signals(options)

    def save():
        if not is_first:
            return
        n_done = state["step"] - state["epoch"] * n_steps
        position = {"epoch": state["epoch"], "yielded": n_done * options.batch_size}
        content = {"sampler": sampler.state_dict() | position, "offset": offset.tolist()}
        content |= {"options": {name: getattr(options, name) for name in FIXED}}
        content |= {"class_names": plan.classes.tolist(), "separator": options.separator}
        content |= {"ids_have_endings": options.ids_have_endings}
        file = io.BytesIO()
        torch.save(content | {k: part.state_dict() for k, part in parts.items()} | state, file)
        write(options.checkpoint, file.getbuffer())
        if state["scores"]:
            write(scores_of(options.checkpoint), as_csv(state["scores"]))

    logits = None
    for epoch in range(state["epoch"], options.epochs):
        sampler.set_epoch(epoch)
        network.train()
        total_loss = torch.tensor(state["total_loss"], device=options.device)
        done = state["step"] - epoch * n_steps
        batches = Progress(loader, f"epoch {epoch + 1:>3}", options, done)
        for images, target in batches:
            # Dropout and augmentation are drawn from this seed, too.
            torch.manual_seed(hash((options.seed, state["step"], options.rank)))
            logits, target = forward(model, images, options), target.to(options.device)
            loss = binary_cross_entropy_with_logits(logits, target, pos_weight=pos_weight)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            schedule.step()
            total_loss += loss.detach()
            state["step"] += 1
            is_whole, number = state["step"] % n_steps == 0, received()
            if number or is_whole or state["step"] % (options.checkpoint_every or n_steps) == 0:
                state["total_loss"] = float(total_loss)
                save()  # at the end of an epoch before the evaluation, in case that fails
            if number:
                print_how_to_resume(state, options)
                return 128 + number
        mean_loss, speed = state["total_loss"] / n_steps, str(batches)
        logits = compute_logits(network, valid_loader, options)
        state |= {"epoch": epoch + 1, "total_loss": 0.0}
        if is_first:
            score = expit(logits)
            evaluation = evaluate_by_frequency(
                valid_images.target, score >= 0.5, logits, plan=plan
            )
            rows = evaluation.to_dict()["classes"]
            state["scores"] += [{"epoch": epoch + 1, **row} for row in rows]
            state["thresholds"] = tune_thresholds(valid_images.target, score, shrinkage=3).tolist()
            mean = evaluation.averages["macro"]["average_precision"]
            start = f"epoch {epoch + 1:>3}  loss {mean_loss:.4f}"
            print(f"{start}  average precision {mean:.3f}  {speed}", flush=True)
            if options.tensorboard:
                values = dict(zip(plan.classes, evaluation.average_precision, strict=True))
                with tensorboard.SummaryWriter(options.tensorboard) as writer:
                    writer.add_scalar("average precision", mean, epoch + 1)
                    for name, value in values.items():
                        writer.add_scalar(f"average precision/{name}", value, epoch + 1)
        save()
    if logits is None:  # nothing was left to train
        logits = compute_logits(network, valid_loader, options)
    if is_first:
        print_evaluation(valid_images.target, expit(logits), plan)
        print(f"{options.checkpoint} holds network and thresholds")
    return 0


def print_how_to_resume(state, options):
    if options.rank > 0:
        return
    started = sys.orig_argv[: len(sys.orig_argv) - len(sys.argv) + 1]
    if "TORCHELASTIC_RUN_ID" in os.environ:
        started = ["torchrun", "--nproc-per-node", str(options.local_world_size), sys.argv[0]]
    again = [*started, *sys.argv[1:], *([] if options.resume else ["--resume"])]
    tuned = f"tuned after epoch {state['epoch']}" if state["epoch"] else "0.5, not tuned yet"
    print(f"stopped after step {state['step']}; {options.checkpoint} can predict (its thresholds")
    print(f"are {tuned}) and be resumed:\n  {shlex.join(again)}", flush=True)


# %%
# Evaluation and prediction
# -------------------------
# No image is evaluated with thresholds that were tuned on it: each fifth of the held-out images is
# evaluated with those of the other four.


def print_evaluation(target, score, plan):
    predictions = {"0.5": score >= 0.5}
    if len(target) > 1:
        tuned = "tuned on four fifths, evaluated on the other"
        predictions[tuned] = np.empty_like(target)
        for others, fold in stratified_folds(target, min(5, len(target))):
            thresholds = tune_thresholds(target[others], score[others], shrinkage=3)
            predictions[tuned][fold] = score[fold] >= thresholds
    for name, predicted in predictions.items():
        print(f"\nHeld-out images, thresholds {name}")
        print(evaluate_by_frequency(target, predicted, score, plan=plan))


def predict(options):
    saved, endings = read_checkpoint(options.checkpoint), Image.registered_extensions()
    found = sorted(options.images.rglob("*"))
    paths = [path for path in found if path.suffix.lower() in endings]
    if not paths:
        raise ValueError(f"there is no image in {options.images}.")
    if options.output.exists():
        raise ValueError(f"{options.output} exists: name another --output.")
    names = list(map(str, saved["class_names"]))
    vars(options).update(saved["options"])
    network = make_network(options.model, len(names))
    network.load_state_dict(saved["network"])
    loading = set_up(options)
    network.to(options.device, memory_format=options.memory_format)
    images = Images(paths, np.zeros((len(paths), len(names)), dtype=np.uint8), options.size)
    share = range(options.rank, len(images), options.world_size)
    logits = compute_logits(network, DataLoader(Subset(images, share), **loading), options)
    present, probability = expit(logits) >= saved["thresholds"], expit(logits + saved["offset"])
    separator = saved["separator"] or ("|" if any(" " in name for name in names) else " ")
    files = [path.relative_to(options.images) for path in paths]
    ids = [file.with_suffix("").as_posix() for file in files]  # as in the training labels
    if saved["ids_have_endings"] or len({*ids}) < len(ids):
        ids = [file.as_posix() for file in files]
    rows = []
    for image_id, row, corrected in zip(ids, present, probability, strict=True):
        labels = separator.join(names[c] for c in row.nonzero()[0])
        rows.append({"id": image_id, "labels": labels})
        if options.probabilities:
            rows[-1] |= {name: f"{p:.6g}" for name, p in zip(names, corrected, strict=True)}
    if options.rank == 0:
        write(options.output, as_csv(rows))
        print(f"wrote the labels of {len(rows)} images to {options.output}")
    return 0


def main(arguments=None):
    options = parse_options(arguments)
    try:
        code = train(options) if options.command == "train" else predict(options)
    except (FloatingPointError, ImportError, OSError, ValueError) as error:
        message = str(error).strip().splitlines()[-1]  # a worker's message ends with the reason
        sys.exit(f"error: {message.removeprefix('OSError: ')}")
    if options.world_size > 1:
        dist.barrier()  # a process that ends while gloo still frees gathered tensors may abort
        dist.destroy_process_group()
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
