"""Compare every step with its peers, at every scale: ``python -m benchmarks``."""

import argparse
import gc
import json
import platform
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks import _growth, _steps
from benchmarks._measure import interleaved, peak_memory, processor, read
from benchmarks._optional import optional
from benchmarks._scales import SCALES, make_target

FIXED_COST = "S2", "S4"  # the cost of an entry may grow by half between these
OPTIONAL = "torch", "mmengine", "torchsampler"


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer samples and runs: under a minute, and no goals"
    )
    parser.add_argument("--scales", nargs="+", choices=SCALES, default=list(SCALES))
    parser.add_argument("--runs", type=int, default=7, help="runs of which the median is taken")
    parser.add_argument("--output", type=Path, default=Path("benchmark-results"))
    arguments = parser.parse_args()
    n_runs = 2 if arguments.quick else arguments.runs
    if _steps.torch_peers:
        _steps.torch_peers.torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    gc.freeze()  # keeps imported objects out of the collections between steps
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "benchmarks.json"

    machine = processor()
    print(f"processor: {machine['name']}, {machine['cores']} cores, {machine['vectors']}")
    rows = []
    results = {
        "processor": machine,
        "versions": versions(),
        "quick": arguments.quick,
        "rows": rows,
        "growth": {},
    }
    for name in arguments.scales:
        scale = SCALES[name].quick() if arguments.quick else SCALES[name]
        goals = {} if arguments.quick else _steps.GOALS
        for row in run_scale(name, scale, n_runs, goals):
            rows.append(row)
            save(results, path)
    if not arguments.quick:
        rows += cost_of_an_entry(rows)
    print("\nhow the time of a plan grows: exponent, 1 is in proportion")
    for axis, containers in _growth.curves(n_runs, quick=arguments.quick):
        slopes = ", ".join(f"{name} {_growth.slope(c):.2f}" for name, c in containers.items())
        print(f"  with the {axis}: {slopes}", flush=True)
        results["growth"][axis] = containers
        save(results, path)

    print(f"\nwritten to {path}")
    plot = optional("_plot")
    if plot:
        print(f"picture in {plot.plot(results, arguments.output / 'benchmarks.png')}")


def save(results, path):
    """Write what has been measured so far."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(results, indent=1, allow_nan=False))
    part.replace(path)


def show_progress(text):
    """Show what is running until the next line is printed, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r{text:<79}\r", end="", file=sys.stderr, flush=True)


def run_scale(name, scale, n_runs, goals):
    """Measure all steps at one scale, print them, and yield them as rows of plain types."""
    show_progress(f"{name}: making {scale.n_samples:,} samples")
    y = make_target(scale)
    shape = (
        f"{scale.n_samples:,} x {scale.n_classes:,}, {y.nnz / y.shape[0]:.1f} classes per sample"
    )
    print(f"\n{name}: {shape}")
    titles = f"{'ours':>10} {'theirs':>10} {'CPU':>8} {'wall':>8} {'goal':>6}"
    print(f"  {'step':<28} {'against':<31} {titles}", flush=True)
    for step in steps(name, y, scale.dense):
        show_progress(f"{name}: {step.name}")
        yield from run_step(name, step, n_runs, y.nnz, goals)
        gc.collect()


def steps(name, y, is_dense):
    if name == "S0":
        yield _steps.sparse_plan_step(y)
        yield _steps.dense_plan_step(y.toarray(), y)
        return
    yield from _steps.sparse_steps(y)
    if not is_dense:
        return
    y_bytes = y.toarray()
    yield from _steps.dense_steps(y_bytes)
    yield _steps.dense_plan_step(y_bytes, y)
    if name in ("S1", "S2"):
        yield from _steps.column_steps(y_bytes, y)
    if name == "S1":
        yield from _steps.estimator_steps(y_bytes)


def run_step(scale, step, n_runs, entries, goals):
    functions = {"ours": step.ours, **step.peers}
    if step.reads:
        functions["reading"] = lambda: read(step.reads)
    times = interleaved(functions, n_runs, may_fail=_steps.THIRD_PARTY)
    memory = peak_memory(step.ours)
    ours, reading = times.pop("ours"), times.pop("reading", None)
    rows = []
    row_of_step = {
        "step": step.name,
        "scale": scale,
        "entries": entries,
        "ours_cpu": ours.cpu,
        "ours_wall": ours.wall,
        "memory": memory,
        "times_reading": ours.cpu / reading.cpu if reading else None,
    }
    for peer, theirs in times.items():
        compared = {
            "peer": peer,
            "theirs_cpu": theirs.cpu,
            "theirs_wall": theirs.wall,
            "ratio_cpu": theirs.cpu / ours.cpu,
            "ratio_wall": theirs.wall / ours.wall,
            "goal": goals.get((step.name, peer), {}).get(scale),
        }
        rows.append(row_of_step | compared)
    rows = rows or [row_of_step | {"peer": None}]
    for row in rows:
        print(line(row), flush=True)
    memory_line = f"  {'':<28} memory {memory / 1e6:,.1f} MB"
    if step.most_memory:
        memory_line += f" (goal {step.most_memory / 1e6:,.1f})"
    if reading:
        memory_line += f"; {ours.cpu / reading.cpu:.1f} x reading the target once"
    print(memory_line)
    return rows


def line(row):
    if row["peer"] is None:
        return f"  {row['step']:<28} {'':<31} {1e3 * row['ours_cpu']:>7.2f} ms"
    goal = "" if row["goal"] is None else f"{row['goal']:.3g}"
    short = "" if row["goal"] is None or row["ratio_cpu"] >= row["goal"] else "  below it"
    return (
        f"  {row['step']:<28} {row['peer']:<31} {1e3 * row['ours_cpu']:>7.2f} ms"
        f" {1e3 * row['theirs_cpu']:>7.1f} ms {row['ratio_cpu']:>7.2f}x {row['ratio_wall']:>7.2f}x"
        f" {goal:>6}{short}"
    )


def cost_of_an_entry(rows):
    """Compare the plan's time per entry at the scales of FIXED_COST."""
    costs = {
        row["scale"]: row["ours_cpu"] / row["entries"]
        for row in rows
        if row["step"] == "plan, CSR"
    }
    if not all(scale in costs for scale in FIXED_COST):
        return []
    small, large = (costs[scale] for scale in FIXED_COST)
    growth = large / small
    costs = f"{1e9 * small:.1f} ns at {FIXED_COST[0]}, {1e9 * large:.1f} ns at {FIXED_COST[1]}"
    print(f"\nplan, CSR: an entry takes {costs}: {growth:.2f}x (goal: at most 1.5)")
    row = {"step": "cost of an entry", "scale": FIXED_COST[1], "peer": FIXED_COST[0]}
    return [{**row, "ratio_cpu": 1 / growth, "goal": 1 / 1.5}]


def versions():
    """Return the versions of Python and of the installed packages."""
    found = {"python": platform.python_version()}
    for name in ("mlresample", "numpy", "scipy", "scikit-learn", "imbalanced-learn", *OPTIONAL):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


if __name__ == "__main__":
    main()
