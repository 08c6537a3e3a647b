"""Compare recipes against imbalance on real data, at equal steps.

``python -m benchmarks.recipes FOLDER`` answers the questions below with
:func:`mlresample.model_selection.compare_recipes`; FOLDER holds yeast, birds, enron and corel5k
as .npz files, and posters (``benchmarks/README.md``). ``--csv`` writes all figures to a file
(``benchmarks/results/recipes.csv`` has those of the guide), ``--cache`` keeps finished splits.

**The primary question, fixed before its run** (``--questions primary``): do importance weights
with one plan and loss weights beat the same loss weights alone? Score: average precision of the
rare third of the classes, 5 folds x 3 repeats, the corrected t-test of Nadeau and Bengio for one
comparison, alpha .05. Data: 7,232 film posters at 32 x 32 pixels, 23 genres, with a small
convolutional network. Loss weights are of the original counts, capped at 10.

The plan is ``target_count="mean", cap=16``, chosen by growth alone: the epoch becomes 1.8 times
as long and the mean imbalance falls from 21 to 6.5; a higher cap hardly changes either, and with
"max" (6.4 times as long) equal steps would show each rare poster less often. Learning rate and
steps had the best average precision of "nothing" on one split inside a training part.

**All else is exploratory**: many recipes, scores and data sets, to find questions rather than to
answer them. Arms from the literature are in ``benchmarks/_literature.py``.

``--resamplers`` compares the samplers of the literature instead, with their defaults, on tables
and on embeddings: one half of the posters, by a network trained on the other half. At equal
steps, all networks see equally many rows (``benchmarks/results/resamplers.csv``).
"""

import argparse
import csv
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from sklearn.base import clone
from torch import nn

from benchmarks import _literature
from benchmarks._data import load
from mlresample.combine import REMEDIAL
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection import compare_recipes
from mlresample.over_sampling import LPROS, MLROS, MLSMOTE
from mlresample.under_sampling import LPRUS, MLRUS

torch.set_num_threads(1)  # such small products are slower on several

PLAN = {"target_count": "mean", "cap": 16}
RARE = "average_precision_rare"

# -- data sets and networks --------------------------------------------------------------------


class Problem(NamedTuple):
    """Data, and how a network is trained on them without any recipe."""

    X: torch.Tensor
    y: torch.Tensor
    make_network: Callable
    learning_rate: float
    n_steps: int


def read_posters(folder, size=32):
    """Return posters as uint8 images of shape (n, 3, size, size), and their genres."""
    with (folder / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    images = []
    for row in rows:
        with Image.open(folder / "images" / f"{row['Id']}.jpg") as image:
            images.append(
                np.asarray(image.convert("RGB").resize((size, size), Image.Resampling.BOX))
            )
    genres = [set(row["Genre"].split("|")) for row in rows]
    names = sorted(set().union(*genres))
    y = np.array([[name in of_poster for name in names] for of_poster in genres], dtype=np.uint8)
    return np.stack(images).transpose(0, 3, 1, 2), y


def dense_network(n_features, n_classes):
    return nn.Sequential(
        nn.Linear(n_features, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, n_classes)
    )


def convolutional_network(n_channels, n_classes):
    layers = []
    widths = [n_channels, 16, 32, 64, 128]
    for i, (n_in, n_out) in enumerate(pairwise(widths)):
        stride = 2 if i == 0 else 1
        layers += [nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(n_out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if i in (1, 2) else []
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.3), nn.Linear(128, n_classes)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


# Steps have the best log loss without any recipe; digits: twelve passes over the data; embeddings:
# as yeast.
N_STEPS = {"digits": 300, "yeast": 120, "birds": 120, "enron": 120, "corel5k": 400}
N_STEPS |= {"embeddings": 120}


def embed_posters(folder):
    """Return features of one half of the posters, by a network of the other, and genres."""
    X, y = read_posters(folder / "posters")
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    order = np.random.RandomState(0).permutation(len(X))
    first, second = np.array_split(order, 2)
    networks = []

    def make_network(*sizes):
        networks.append(convolutional_network(*sizes))
        return networks[0]

    batches = first[epochs_of(len(first), (900, 64), seed=0)]
    train(
        Problem(X, y.float(), make_network, 1e-2, 900),
        batches,
        pos_weight=np.ones(y.shape[1], dtype=np.float32),
        sample_weight=np.ones(batches.shape, dtype=np.float32),
        predict=second[:1],
        seed=0,
    )
    with torch.no_grad():
        images = (X[part].float() / 127.5 - 1 for part in np.array_split(second, 20))
        features = torch.cat([networks[0][:-2](part) for part in images])  # of all but the head
    return features.numpy(), y[second].numpy()


def read_problem(name, folder):
    if name == "posters":
        X, y = read_posters(folder / "posters")
        X = torch.from_numpy(X).contiguous(memory_format=torch.channels_last)
        make_network, learning_rate, n_steps = convolutional_network, 1e-2, 900
    else:
        if name == "digits":
            X, y, _ = make_multilabel_digits(2000, random_state=0)
            X = X.reshape(len(X), -1)
        elif name == "embeddings":
            X, y = embed_posters(folder)
        else:
            X, y = load(folder / f"{name}.npz")
        X = torch.from_numpy(X.astype(np.float32))
        make_network, learning_rate, n_steps = dense_network, 2e-3, N_STEPS[name]
    return Problem(X, torch.from_numpy(y).float(), make_network, learning_rate, n_steps)


# -- training ----------------------------------------------------------------------------------


def train(
    problem,
    batches,
    *,
    pos_weight,
    sample_weight,
    predict,
    seed,
    loss=_literature.weighted_loss,
    order=None,
    sampler=None,
):
    """Train for one step per row of `batches`, and return the probabilities of `predict`."""
    X, y, make_network, learning_rate, _ = problem
    rows = np.unique(batches)  # the training part
    counts = y[rows].sum(0)
    if order is not None:
        batches = order(batches, y[rows].numpy().astype(np.uint8), rows, seed)
    torch.manual_seed(seed)
    network = make_network(X.shape[1], y.shape[1])
    is_image = X.ndim == 4
    if is_image:
        optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, learning_rate, total_steps=len(batches)
        )
    else:
        optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, weight_decay=1e-5)
        schedule = None
        mean, std = X[rows].mean(0), X[rows].std(0)
        std[std == 0] = 1

    if sampler is not None:
        X = (X - mean) / std
        mean, std = torch.zeros(()), torch.ones(())
        X_new, y_new = resample(sampler, X[rows], y[rows], seed)
        X, y, first = torch.cat([X, X_new]), torch.cat([y, y_new]), len(X)
        batches = first + epochs_of(len(X_new), batches.shape, seed)

    def inputs(indices):
        return X[indices].float() / 127.5 - 1 if is_image else (X[indices] - mean) / std

    pos_weight, sample_weight = torch.as_tensor(pos_weight), torch.as_tensor(sample_weight)
    for step, batch in enumerate(batches):
        images = inputs(batch)
        if is_image:
            flipped = torch.rand(len(batch), 1, 1, 1) < 0.5
            images = torch.where(flipped, images.flip(3), images)
        of_entries = loss(
            network(images),
            y[batch],
            pos_weight=pos_weight,
            counts=counts,
            n_samples=len(rows),
            progress=step / len(batches),
        )
        optimizer.zero_grad()
        # Over the batch's size, not over its sum of weights, which would be biased.
        ((of_entries.mean(1) * sample_weight[step]).sum() / len(batch)).backward()
        optimizer.step()
        if schedule:
            schedule.step()
    network.eval()
    with torch.no_grad():
        parts = [
            network(inputs(part)) for part in np.array_split(predict, 1 + len(predict) // 512)
        ]
    return torch.sigmoid(torch.cat(parts)).numpy()


def resample(sampler, X, y, seed):
    """Return the samples that a sampler of the literature makes of the training part."""
    sampler = clone(sampler)
    if "random_state" in sampler.get_params():
        sampler.set_params(random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "MLSMOTE skips", UserWarning)
        return sampler.fit_resample(X, y)


def epochs_of(n_samples, shape, seed):
    """Return batches of so many samples in random order, epoch after epoch."""
    generator = np.random.RandomState(seed)
    n_epochs = -(-np.prod(shape) // n_samples)
    epochs = np.concatenate([generator.permutation(n_samples) for _ in range(n_epochs)])
    return epochs[: np.prod(shape)].reshape(shape)


# -- recipes -----------------------------------------------------------------------------------

WEIGHTS = {"loss_weights": "counts"}  # cap 10
PRIMARY = {
    "weights": WEIGHTS,
    "importance weights + weights": {"plan": PLAN, "importance_weights": True, **WEIGHTS},
}


def exploratory_recipes(problem):
    def arm(**options):
        return partial(train, problem, **options)

    return {
        "uniform copies": {"plan": PLAN, "copies": "uniform"},
        "plan": {"plan": PLAN},
        "weights": WEIGHTS,
        "weights, power .5": WEIGHTS | {"loss_weights_power": 0.5},
        "plan + weights of the rest": {"plan": PLAN, "loss_weights": "rest"},
        "importance weights + weights": PRIMARY["importance weights + weights"],
        "effective number": arm(loss=_literature.effective_number_loss),
        "asymmetric": arm(loss=_literature.asymmetric_loss),
        "margins, deferred weights": {"model": arm(loss=_literature.margin_loss), **WEIGHTS},
        "distribution-balanced, class-aware": arm(
            loss=_literature.distribution_balanced_loss, order=_literature.class_aware_order
        ),
        "deferred plan": arm(order=partial(_literature.deferred_order, plan=PLAN)),
        "two-phase plan": arm(order=partial(_literature.two_phase_order, plan=PLAN)),
    }


def resampler_recipes(problem):
    """Return the samplers of the literature, as they come, beside a plan and loss weights."""
    samplers = [MLROS(), LPROS(), MLRUS(), LPRUS(), REMEDIAL(), MLSMOTE()]
    arms = {
        type(sampler).__name__: partial(train, problem, sampler=sampler) for sampler in samplers
    }
    return {"plan": {"plan": PLAN}, "weights": WEIGHTS, **arms}


def ask(question, folder, *, n_repeats, n_jobs, cache, quick=False, resamplers=False):
    """Return the comparison that answers a question."""
    problem = read_problem("posters" if question == "primary" else question, folder)
    exploratory = resampler_recipes if resamplers else exploratory_recipes
    options = {"n_folds": 5, "n_repeats": n_repeats, "n_inner_folds": 3, "baseline": "nothing"}
    recipes = exploratory(problem)
    if question == "primary":
        recipes = PRIMARY
        options |= {"primary": RARE, "baseline": "weights", "n_inner_folds": None, "n_repeats": 3}
    n_steps = problem.n_steps
    if quick:
        problem = problem._replace(X=problem.X[:300], y=problem.y[:300])
        recipes = PRIMARY if question == "primary" else exploratory(problem)
        options |= {"n_folds": 2, "n_repeats": 1, "n_inner_folds": None}
        n_steps = 10
    return compare_recipes(
        partial(train, problem),
        None,
        problem.y.numpy().astype(np.uint8),
        recipes=recipes,
        n_steps=n_steps,
        random_state=0,
        n_jobs=n_jobs,
        cache=cache,
        model_name=f"{question}{', quick' * quick}{', resamplers' * resamplers}",
        verbose=1,
        **options,
    )


def table_rows(question, comparison):
    """Yield a row of figures per recipe and score."""
    for row in comparison.to_dict()["scores"]:
        figures = {
            name: value if isinstance(value, str) or value is None else f"{value:.4f}"
            for name, value in row.items()
            if name != "verdict"
        }
        yield {"question": question, **figures}


QUESTIONS = ["primary", *N_STEPS]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", help="of the data; digits need none")
    parser.add_argument("--questions", nargs="*", default=QUESTIONS, choices=QUESTIONS)
    parser.add_argument("--repeats", type=int, default=1, help="of exploratory questions (1)")
    parser.add_argument("--jobs", type=int, help="trainings in parallel")
    parser.add_argument("--cache", type=Path, help="folder of finished splits")
    parser.add_argument("--csv", type=Path, help="file that the figures are written to")
    parser.add_argument("--quick", action="store_true", help="300 samples, 2 folds, 10 steps")
    parser.add_argument(
        "--resamplers",
        action="store_true",
        help="compare samplers of the literature",
    )
    options = parser.parse_args(arguments)
    left_out = "primary" if options.resamplers else "embeddings"
    options.questions = [name for name in options.questions if name != left_out]
    if options.folder is None and options.questions != ["digits"]:
        parser.error("name the folder of the data; only --questions digits needs none")
    rows = []
    for question in options.questions:
        start = time.process_time(), time.perf_counter()
        comparison = ask(
            question,
            options.folder,
            n_repeats=options.repeats,
            n_jobs=options.jobs,
            cache=options.cache,
            quick=options.quick,
            resamplers=options.resamplers,
        )
        print(f"\n{question}\n{comparison}")
        print(
            f"({time.process_time() - start[0]:.0f} s of processor time in this process, "
            f"{time.perf_counter() - start[1]:.0f} s in all)",
            flush=True,
        )
        rows.extend(table_rows(question, comparison))
    if options.csv:
        with options.csv.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    sys.exit(main())
