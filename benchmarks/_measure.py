"""Interleaved timing and peak memory of functions."""

import gc
import os
import platform
import time
import tracemalloc
from pathlib import Path
from typing import NamedTuple

import numpy as np

SHORT = 0.02  # seconds; faster functions are called several times per turn
LONG = 5.0  # seconds; slower functions run fewer times


def processor():
    """Return name, cores and vector extensions of the machine, on which all times depend."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [
            line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        name = lines[0].partition(":")[2].strip() if lines else name
    try:
        found = np.show_config(mode="dicts").get("SIMD Extensions", {}).get("found", [])
    except TypeError:  # NumPy before 1.26 only prints them
        found = []
    has_avx512 = any(feature.startswith(("AVX512", "X86_V4")) for feature in found)
    return {
        "name": name,
        "cores": os.cpu_count(),
        "vectors": f"{', '.join(found) or 'no vector extensions'}"
        f"{'' if has_avx512 else ', no AVX-512'}",
    }


class Timing(NamedTuple):
    cpu: float  # seconds of the process, all threads
    wall: float


def interleaved(functions, n_runs, may_fail=()):
    """Return median times of functions that take turns; the first turn is not counted.

    Functions that take several seconds run three times at most, the first included. Those of
    `may_fail` that raise an error are left out, and the error is printed.
    """
    gc.collect()
    gc.disable()  # as timeit does: collecting one peer's lists must not slow another function
    try:
        return _take_turns(dict(functions), n_runs, may_fail)
    finally:
        gc.enable()


def _take_turns(functions, n_runs, may_fail):
    runs = {name: [] for name in functions}
    for turn in range(n_runs + 1):
        for name, function in list(functions.items()):
            slow = runs[name] and runs[name][0].wall > LONG
            if slow and turn >= 3:
                continue
            try:
                runs[name].append(_time(function))
            except Exception as error:
                if name not in may_fail:
                    raise
                print(f"  left out: {name} ({type(error).__name__}: {error})", flush=True)
                del functions[name]
    return {name: _median(runs[name][1:]) for name in functions}


def _time(function):
    """Return the mean time of as many calls as take a fiftieth of a second, at least one."""
    cpu, wall = time.process_time(), time.perf_counter()
    n_calls = 0
    while n_calls == 0 or time.perf_counter() - wall < SHORT:
        function()
        n_calls += 1
    return Timing((time.process_time() - cpu) / n_calls, (time.perf_counter() - wall) / n_calls)


def _median(times):
    return Timing(*np.median(times, axis=0).tolist())


def peak_memory(function):
    """Return the peak of the bytes that Python and NumPy allocate in a call, with its result."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def read(arrays):
    """Read arrays once, as fast as NumPy can: the least that any function must do."""
    for array in arrays:
        flat = array.reshape(-1, order="A").view(np.uint8)
        np.bitwise_or.reduce(flat[: len(flat) // 8 * 8].view(np.uint64))
