"""The steps of resampling, ours beside the peers', and the goals that we hold them to."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from benchmarks import _peers
from mlresample import MaxMultiplierOverSampler, compare_plans, plan_resampling
from mlresample._containers import take_rows
from mlresample._kernels import count_bytes, count_sparse
from mlresample._targets import as_target

IMAGE = (3, 64, 64)
MOST_IN_LISTS = 2e7  # entries
MOST_IN_PRODUCT = 1e9  # entries of (Y * m): 8 bytes each

# Process time of a peer over ours, at each scale.
GOALS = {
    ("plan, bytes", "list recipe"): {"S1": 35, "S2": 40},
    ("plan, CSR", "list recipe"): {"S1": 35, "S2": 40, "S5": 40},
    ("plan, bytes", "repeat factors"): {"S1": 60, "S2": 80},
    ("plan, CSR", "repeat factors"): {"S1": 60, "S2": 80, "S5": 100},
    ("class counts, bytes", "Y.sum(0)"): {"S1": 15, "S2": 15, "S3": 5},
    ("class counts, CSR", "Y.sum(0)"): dict.fromkeys(["S1", "S2", "S3", "S4", "S5"], 2),
    ("row maximum, bytes", "(Y * m).max(1)"): {"S1": 6, "S2": 10, "S3": 12},
    ("row maximum, CSR", "Y.multiply(m).max(1)"): {"S1": 4, "S2": 5, "S3": 6, "S5": 6, "S4": 12},
    ("indices, Bernoulli", "floor + random"): {"S2": 2, "S5": 2, "S4": 3},
    ("indices, Bernoulli", "index loop"): {"S2": 200, "S5": 200},
    ("indices, stratified", "floor + random"): {"S2": 0.7, "S5": 0.7, "S4": 0.5},
    ("fit_resample, images", "memcpy of the result"): {"S1": 1 / 1.5},
    ("row gather, CSR", "Y[idx]"): {"S1": 2, "S2": 2, "S3": 0.9, "S4": 2, "S5": 0.9},
}


@dataclass
class Step:
    """One of our functions beside those of the peers."""

    name: str
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any] | None] = field(default_factory=dict)
    reads: tuple[np.ndarray, ...] = ()  # what must be read at the least
    most_memory: float | None = None  # bytes, the goal

    def __post_init__(self):
        self.peers = {name: peer for name, peer in self.peers.items() if peer is not None}


def sparse_steps(y):
    """Steps on a target in CSR."""
    plan, indicator, ranks = _learned(y)
    arrays = (y.indptr, y.indices)

    def sparse_sum():
        return y.sum(axis=0)

    def count():
        counts = np.zeros(y.shape[1], dtype=np.int64)
        for indices in indicator._entries.indices():
            counts += count_sparse(indices, y.shape[1], indicator._ones)

    yield Step("class counts, CSR", count, {"Y.sum(0)": sparse_sum}, (y.indices,), 8e6)
    yield Step(
        "counts and checks, CSR", lambda: as_target(y), {"Y.sum(0)": sparse_sum}, (*arrays, y.data)
    )
    yield Step(
        "row maximum, CSR",
        lambda: indicator.row_maximum(ranks),
        {"Y.multiply(m).max(1)": lambda: y.multiply(plan.class_multipliers).max(axis=1)},
        arrays,
    )
    peers = _list_peers(y) if y.nnz <= MOST_IN_LISTS else {}
    yield Step("plan, CSR", lambda: plan_resampling(y), peers, (*arrays, y.data))
    if y.nnz <= MOST_IN_LISTS:
        caps = np.linspace(1, 8, 50).tolist()
        yield Step(
            "compare_plans, 50 caps",
            lambda: compare_plans(y, {"cap": caps}),
            {"50 plans": lambda: [plan_resampling(y, cap=cap) for cap in caps]},
        )
    indices = plan.indices(0)
    yield Step("row gather, CSR", lambda: take_rows(y, indices), {"Y[idx]": lambda: y[indices]})
    yield from _index_steps(plan)


def _learned(y):
    plan = plan_resampling(y)
    levels, ranks = np.unique(plan.class_multipliers, return_inverse=True)
    return plan, as_target(y), ranks.astype(np.min_scalar_type(len(levels)))


def _list_peers(y):
    lists = _peers.label_lists(y)
    dicts = _peers.dataset_dicts(lists)
    return {
        "list recipe": lambda: _peers.list_recipe(lists, cap=4),
        "repeat factors": lambda: _peers.repeat_factors(dicts, threshold=1e-3),
        "mmengine": _peers.class_balanced_dataset(lists, threshold=1e-3),
    }


def _index_steps(plan):
    multipliers = plan.sample_multipliers
    weights = torch.from_numpy(multipliers)
    few = plan.n_samples <= 2_000_000

    def loop():
        return _peers.index_loop(multipliers, np.random.RandomState(0))

    peers = {
        # The same generator as ours, which scikit-learn's random_state means, and NumPy's newer.
        "floor + random": lambda: _peers.floor_and_random(
            multipliers, np.random.RandomState(0).random_sample
        ),
        "floor + random, PCG64": lambda: _peers.floor_and_random(
            multipliers, np.random.default_rng(0).random
        ),
        "index loop": loop if few else None,
    }
    yield Step("indices, Bernoulli", lambda: plan.indices(0, rounding="bernoulli"), dict(peers))
    yield Step("indices, stratified", lambda: plan.indices(0), dict(peers))
    if plan.n_samples < 2**24:  # torch.multinomial's limit
        yield Step(
            "shuffled list of indices",
            lambda: plan.indices(0, shuffle=True).tolist(),
            {"torch.multinomial": lambda: _peers.multinomial(weights, plan.epoch_size)},
        )


def dense_steps(y):
    """Steps on a target of bytes in rows."""
    plan, indicator, ranks = _learned(y)
    n_rows = max(1, (1 << 22) // y.shape[1])

    def count():
        counts = np.zeros(y.shape[1], dtype=np.int64)
        for start in range(0, len(y), n_rows):
            counts += count_bytes(y[start : start + n_rows])

    def dense_sum():
        return y.sum(axis=0)

    def product():
        return (y * plan.class_multipliers).max(axis=1)

    yield Step("class counts, bytes", count, {"Y.sum(0)": dense_sum}, (y,))
    yield Step("counts and checks, bytes", lambda: as_target(y), {"Y.sum(0)": dense_sum}, (y,))
    yield Step(
        "row maximum, bytes",
        lambda: indicator.row_maximum(ranks),
        {"(Y * m).max(1)": product if y.size < MOST_IN_PRODUCT else None},
        (y,),
        8e6,
    )


def dense_plan_steps(y, sparse):
    """The plan from bytes; `sparse` is the same target."""
    peers = _list_peers(sparse) if sparse.nnz <= 1e6 else {}  # beyond, CSR has been compared
    yield Step("plan, bytes", lambda: plan_resampling(y), peers, (y,))


def column_steps(y_bytes, y_csr):
    """The plan from targets in column order, beside that from rows."""
    fortran, csc = np.asfortranarray(y_bytes), y_csr.tocsc()
    rows = {"from rows": lambda: plan_resampling(y_bytes)}
    yield Step("plan, bytes in columns", lambda: plan_resampling(fortran), rows, (y_bytes,))
    rows = {"from rows": lambda: plan_resampling(y_csr)}
    yield Step("plan, CSC", lambda: plan_resampling(csc), rows, (csc.indices,))


def estimator_steps(y):
    """Resampling of images, and beside single-label samplers; `y` are bytes."""
    sampler = MaxMultiplierOverSampler(random_state=0)
    images = np.random.default_rng(0).integers(256, size=(len(y), *IMAGE), dtype=np.uint8)
    result = sampler.fit_resample(images, y)[0]
    yield Step(
        "fit_resample, images",
        lambda: sampler.fit_resample(images, y),
        {"memcpy of the result": result.copy},
        most_memory=1.01 * (result.nbytes + len(result) * (y.shape[1] + 8)),
    )
    X = np.arange(len(y)).reshape(-1, 1)
    labels = np.where(y.any(axis=1), y.argmax(axis=1), 0)
    yield Step(
        "fit_resample, one label each",
        lambda: sampler.fit_resample(X, labels),
        {
            "RandomOverSampler": lambda: _peers.random_over_sampler(X, labels),
            "torchsampler": _peers.imbalanced_dataset_sampler(labels.tolist()),
        },
    )
    sets = np.bincount(_peers.label_sets(y))
    if len(sets) * sets.max() <= MOST_IN_LISTS:  # the samples that it makes
        yield Step(
            "fit_resample, several labels",
            lambda: sampler.fit_resample(X, y),
            {
                "RandomOverSampler on label sets": lambda: _peers.random_over_sampler(
                    X, _peers.label_sets(y)
                )
            },
        )
