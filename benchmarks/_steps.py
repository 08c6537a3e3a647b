"""The steps of resampling, their peers, and the goals of our times."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks import _peers
from benchmarks._optional import optional
from mlresample import MaxMultiplierOverSampler, compare_plans, plan_resampling
from mlresample._target.kernels import count_bytes, count_sparse
from mlresample._target.read import as_target
from mlresample._utils.containers import take_rows

IMAGE = (3, 64, 64)
MOST_IN_LISTS = 2e7  # entries
MOST_IN_PRODUCT = 1e9  # entries of (Y * m): 8 bytes each

CAP = 4
THRESHOLD = 1e-3  # of repeat factors

THIRD_PARTY = {"mmengine", "torchsampler"}  # peers that may be installed but broken
torch_peers = optional("_torch_peers")
mmengine = optional("_mmengine")
torchsampler = optional("_torchsampler")

# Process time of a peer over ours, at each scale.
GOALS = {
    # At S0, half of the time that a plan once took.
    ("plan, bytes", "NumPy, same figures"): {"S0": 0.25, **dict.fromkeys(["S1", "S2"], 2)},
    ("plan, CSR", "NumPy, same figures"): {
        "S0": 0.12,
        **dict.fromkeys(["S1", "S2", "S3", "S4", "S5"], 2),
    },
    ("plan, bytes", "list recipe"): {"S1": 35, "S2": 40},
    ("plan, CSR", "list recipe"): {"S1": 35, "S2": 40, "S5": 40},
    ("plan, bytes", "detectron2"): {"S1": 60, "S2": 80},
    ("plan, CSR", "detectron2"): {"S1": 60, "S2": 80, "S5": 100},
    ("class counts, bytes", "Y.sum(0)"): {"S1": 15, "S2": 15, "S3": 5},
    ("class counts, CSR", "Y.sum(0)"): dict.fromkeys(["S1", "S2", "S3", "S4", "S5"], 2),
    ("row maximum, bytes", "(Y * m).max(1)"): {"S1": 6, "S2": 10, "S3": 12},
    ("row maximum, CSR", "Y.multiply(m).max(1)"): {"S1": 4, "S2": 5, "S3": 6, "S5": 6, "S4": 12},
    ("indices, Bernoulli", "floor + random"): {"S2": 2, "S5": 2, "S4": 3},
    ("indices, Bernoulli", "detectron2"): {"S2": 65, "S5": 65},
    ("indices, stratified", "floor + random"): {"S2": 0.7, "S5": 0.7, "S4": 0.5},
    ("fit_resample, images", "memcpy of the result"): {"S1": 1 / 1.5},
    ("row gather, CSR", "Y[idx]"): {"S1": 2, "S2": 2, "S3": 0.9, "S4": 2, "S5": 0.9},
}


@dataclass
class Step:
    """One of our functions, and those of its peers; a peer that is None is left out."""

    name: str
    ours: Callable[[], Any]
    peers: dict[str, Callable[[], Any] | None] = field(default_factory=dict)
    reads: tuple[np.ndarray, ...] = ()  # arrays that any function must read
    most_memory: float | None = None  # bytes, the goal

    def __post_init__(self):
        self.peers = {name: peer for name, peer in self.peers.items() if peer is not None}


def sparse_steps(y):
    """Yield the steps on a target in CSR."""
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
    yield sparse_plan_step(y)
    if y.nnz <= MOST_IN_LISTS:
        caps = np.linspace(1, 8, 50).tolist()
        yield Step(
            "compare_plans, 50 caps",
            lambda: compare_plans(y, {"cap": caps}),
            {"50 plans": lambda: [plan_resampling(y, cap=cap) for cap in caps]},
        )
    indices = plan.draw_indices(0)
    yield Step("row gather, CSR", lambda: take_rows(y, indices), {"Y[idx]": lambda: y[indices]})
    yield from _index_steps(plan)


def _learned(y):
    plan = plan_resampling(y)
    levels, ranks = np.unique(plan.class_multipliers, return_inverse=True)
    return plan, as_target(y), ranks.astype(np.min_scalar_type(len(levels)))


def sparse_plan_step(y):
    """Return the step of a plan from CSR."""
    peers = {
        "NumPy, same figures": lambda: _peers.numpy_csr(y, CAP),
        "NumPy, multipliers alone": lambda: _peers.numpy_csr(y, CAP, resampled=False),
    }
    if y.nnz <= MOST_IN_LISTS:
        peers |= _list_peers(y)
    return Step("plan, CSR", lambda: plan_resampling(y), peers, (y.indptr, y.indices, y.data))


def _list_peers(y):
    lists = _peers.label_lists(y)
    peers = {"list recipe": lambda: _peers.list_recipe(lists, CAP)}
    if torch_peers:
        dicts = torch_peers.dataset_dicts(lists)
        peers["detectron2"] = lambda: torch_peers.repeat_factors(dicts, THRESHOLD)
    if mmengine:
        peers["mmengine"] = mmengine.class_balanced_dataset(lists, THRESHOLD)
    return peers


def _index_steps(plan):
    multipliers = plan.sample_multipliers
    peers = {
        # Our generator, which is that of scikit-learn's random_state, and NumPy's newer one.
        "floor + random": lambda: _peers.floor_and_random(
            multipliers, np.random.RandomState(0).random_sample
        ),
        "floor + random, PCG64": lambda: _peers.floor_and_random(
            multipliers, np.random.default_rng(0).random
        ),
    }
    if torch_peers and plan.n_samples <= 2_000_000:
        factors = torch_peers.split(torch_peers.torch.from_numpy(multipliers))
        generator = torch_peers.torch.Generator().manual_seed(0)
        peers["detectron2"] = lambda: torch_peers.epoch_indices(*factors, generator)
    yield Step(
        "indices, Bernoulli", lambda: plan.draw_indices(0, rounding="bernoulli"), dict(peers)
    )
    yield Step("indices, stratified", lambda: plan.draw_indices(0), dict(peers))
    peers = {}
    if torch_peers and plan.n_samples < 2**24:  # torch.multinomial's limit
        weights = torch_peers.torch.from_numpy(multipliers)
        peers["torch.multinomial"] = lambda: torch_peers.multinomial(weights, plan.epoch_size)
    yield Step(
        "shuffled list of indices", lambda: plan.draw_indices(0, shuffle=True).tolist(), peers
    )


def dense_steps(y):
    """Yield the steps on a target of bytes in rows."""
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


def dense_plan_step(y, sparse):
    """Return the step of a plan from bytes; `sparse` is the same target."""
    peers = {
        "NumPy, same figures": lambda: _peers.numpy_bytes(y, CAP),
        "NumPy, multipliers alone": lambda: _peers.numpy_bytes(y, CAP, resampled=False),
        "NumPy, multipliers by column": lambda: _peers.numpy_columns(y, CAP),
    }
    if sparse.nnz <= 1e6:  # for larger targets, the lists are compared with CSR only
        peers |= _list_peers(sparse)
    return Step("plan, bytes", lambda: plan_resampling(y), peers, (y,))


def column_steps(y_bytes, y_csr):
    """Yield plans from targets in column order, compared with those from rows."""
    fortran, csc = np.asfortranarray(y_bytes), y_csr.tocsc()
    rows = {"from rows": lambda: plan_resampling(y_bytes)}
    yield Step("plan, bytes in columns", lambda: plan_resampling(fortran), rows, (y_bytes,))
    rows = {"from rows": lambda: plan_resampling(y_csr)}
    yield Step("plan, CSC", lambda: plan_resampling(csc), rows, (csc.indices,))


def estimator_steps(y):
    """Yield resampling of images, and comparisons with single-label samplers; `y` is bytes."""
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
    # Every class becomes as large as the largest, as with RandomOverSampler.
    to_largest = MaxMultiplierOverSampler(target_count="max", cap=np.inf, random_state=0)
    yield Step(
        "fit_resample, one label each",
        lambda: to_largest.fit_resample(X, labels),
        {"RandomOverSampler": lambda: _peers.random_over_sampler(X, labels)},
    )

    def balanced_epoch():  # of the size of the data, with equal class counts
        plan = plan_resampling(labels, cap=np.inf, floor=0, epoch_size=1.0)
        return plan.draw_indices(0, shuffle=True).tolist()

    if torchsampler:
        listed = labels.tolist()
        yield Step(
            "epoch of one label each",
            balanced_epoch,
            {"torchsampler": lambda: torchsampler.epoch(listed)},
        )
