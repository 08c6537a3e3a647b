"""Memory and time at reduced scale: nothing is held in the size of the target or of X."""

import time
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp

from mlresample import MaxMultiplierOverSampler, plan_resampling
from mlresample._plan.repeats import RepeatPlan

N_SAMPLES, N_CLASSES = 16_000, 1_500
MEGABYTE = 2**20
ALLOWED = 16 * N_SAMPLES + 16 * N_CLASSES + 64 * MEGABYTE


def power_law_target(n_samples=N_SAMPLES, n_classes=N_CLASSES, per_sample=25):
    generator = np.random.default_rng(0)
    weights = 1 / np.arange(1, n_classes + 1) ** 0.7
    share = np.minimum(per_sample * weights / weights.sum(), 1)
    return (generator.random((n_samples, n_classes), dtype=np.float32) < share).view(np.uint8)


def peak_memory(call):
    """Bytes held at the most beyond what was there before."""
    call()  # imports and caches
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _nullable(y):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(y[:, :400]).astype("Int64")


def _frame_of_floats(y):
    pd = pytest.importorskip("pandas")
    return pd.DataFrame(y[:, :400].astype(np.float64))


TARGETS = {
    "bytes": lambda y: y,
    "bool": lambda y: y.view(bool),
    "int64": lambda y: y.astype(np.int64),
    "float64": lambda y: y.astype(np.float64),
    "float64 in Fortran order": lambda y: np.asfortranarray(y.astype(np.float64)),
    "CSR": sp.csr_array,
    "CSC": sp.csc_array,
    "CSR of floats": lambda y: sp.csr_array(y.astype(np.float64)),
    "pandas floats": _frame_of_floats,
    "pandas nullable": _nullable,
}


@pytest.mark.parametrize("make", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("parameters", [{}, {"epoch_size": 1.3}], ids=["target", "budget"])
def test_plan_and_indices_need_16_bytes_a_sample_and_a_class(make, parameters, monkeypatch):
    # Blocks are made smaller so that the allowance is not all in the constant: a temporary of
    # a byte per entry (24 MB) would go unseen beside 64 MB.
    monkeypatch.setattr("mlresample._target.kernels.BLOCK_SIZE", 1 << 17)
    y = make(power_law_target())
    allowed = ALLOWED - 64 * MEGABYTE + 8 * MEGABYTE
    assert peak_memory(lambda: plan_resampling(y, **parameters).draw_indices(0)) < allowed


@pytest.mark.parametrize("kind", ["bytes", "float64 in Fortran order", "CSR", "pandas nullable"])
@pytest.mark.parametrize("as_mask", [False, True])
def test_unknown_entries_need_as_little_unless_they_are_stored(kind, as_mask, monkeypatch):
    monkeypatch.setattr("mlresample._target.kernels.BLOCK_SIZE", 1 << 17)
    y = power_law_target()
    y[::100] = 7
    y = TARGETS[kind](y)
    unknown = 7
    if as_mask:
        unknown = np.zeros(y.shape, dtype=bool)
        unknown[::100] = True
    allowed = ALLOWED - 64 * MEGABYTE + 8 * MEGABYTE
    if sp.issparse(y):  # whose known entries, and a mask like it, are matrices of their own
        allowed += 4 * (y.data.nbytes + y.indices.nbytes) + 32 * y.nnz * as_mask
    assert peak_memory(lambda: plan_resampling(y, unknown=unknown).draw_indices(0)) < allowed


@pytest.mark.parametrize("kind", ["bytes", "Fortran order", "CSR", "CSC", "pandas bytes"])
@pytest.mark.parametrize("parameters", [{}, {"floor": 0.5}, {"epoch_size": 1.3}])
def test_many_samples_of_few_classes_need_16_bytes_each(kind, parameters, monkeypatch):
    monkeypatch.setattr("mlresample._target.kernels.BLOCK_SIZE", 1 << 16)
    n_samples = 1_000_000
    y = power_law_target(n_samples, 4, 1.5)
    if kind in ("CSR", "CSC"):
        y = sp.csr_array(y).asformat(kind.lower())
    elif kind == "Fortran order":
        y = np.asfortranarray(y)
    elif kind == "pandas bytes":
        y = pytest.importorskip("pandas").DataFrame(y)
    allowed = 16 * n_samples + 4 * MEGABYTE
    plan = plan_resampling(y, **parameters)
    assert peak_memory(lambda: plan_resampling(y, **parameters)) < allowed
    assert peak_memory(lambda: plan.draw_indices(0)) < allowed + 8 * plan.epoch_size


def test_blocks_as_they_are_fit_the_allowance():
    y = power_law_target().astype(np.float64)
    assert peak_memory(lambda: plan_resampling(y).draw_indices(0)) < ALLOWED


def test_images_are_indexed_once_and_nothing_else_of_their_size_is_held():
    y = power_law_target(2000, 28, 1.6)
    X = np.zeros((2000, 3, 64, 64), dtype=np.uint8)
    sampler = MaxMultiplierOverSampler(target_count="max", random_state=0)
    result = len(sampler.fit_resample(X, y)[0]) * X[0].nbytes
    assert peak_memory(lambda: sampler.fit_resample(X, y)) < 1.1 * result
    channels_last = np.zeros((2000, 64, 64, 3), dtype=np.uint8).transpose(0, 3, 1, 2)
    assert peak_memory(lambda: sampler.fit_resample(channels_last, y)) < 1.1 * result


@pytest.mark.speed
def test_cost_grows_in_proportion_to_the_samples():
    small, large = power_law_target(4000, 200, 4), power_law_target(64_000, 200, 4)

    def seconds(y):
        times = []
        for _ in range(5):
            start = time.process_time()
            plan_resampling(y).draw_indices(0)
            times.append(time.process_time() - start)
        return min(times)

    # 16 times the data; a quadratic step would take 256 times as long.
    assert seconds(large) < 48 * seconds(small) + 0.01
    assert seconds(sp.csr_array(large)) < 48 * seconds(sp.csr_array(small)) + 0.01


@pytest.mark.speed
def test_many_classes_a_sample_fit_and_give_their_indices_in_time():
    # A tenth of 80,000 x 7,900 with 130 classes per sample, in a tenth of the 2 seconds, doubled
    # for a busy machine.
    y = sp.csr_array(power_law_target(8000, 7900, 130))
    plan_resampling(y)
    start = time.process_time()
    plan_resampling(y).draw_indices(0)
    assert time.process_time() - start < 0.4


def test_levels_are_counted_in_chunks():
    levels = np.random.RandomState(0).randint(3, size=4_000_000, dtype=np.uint8)
    multipliers = np.array([1.0, 1.5, 4.0])
    peak = peak_memory(lambda: RepeatPlan(multipliers, levels).level_sizes)
    assert peak < 2 * MEGABYTE


def test_multipliers_become_a_plan_without_sorting_all_of_them():
    plans = pytest.importorskip("mlresample.torch._plans", reason="torch is not installed")
    multipliers = np.random.RandomState(0).choice([1.0, 1.5, 4.0], 1_000_000)
    # NumPy 1 and 2.0 to 2.2 find distinct values in a sorted copy, of eight bytes per sample.
    assert peak_memory(lambda: plans.as_repeat_plan(multipliers)) < 12 * len(multipliers)
