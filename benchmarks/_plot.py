"""Draw a run: how many times faster we are than each peer, and how time grows."""

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np

COLORS = {
    "S0": "0.6",
    "S1": "#fde725",
    "S2": "#5ec962",
    "S3": "#21918c",
    "S5": "#3b528b",
    "S4": "#440154",
}
MARKERS = {"CSR": "o", "bytes": "s"}


def plot(results, path):
    """Draw the picture of `results`, as written to JSON, to a file; return its path."""
    compared = [row for row in results["rows"] if row["peer"] and "ours_cpu" in row]
    pairs = list(dict.fromkeys((row["step"], row["peer"]) for row in compared))
    figure, axes = plt.subplots(
        1, 2, figsize=(14, 1.2 + 0.3 * len(pairs)), width_ratios=[3, 2], layout="constrained"
    )
    _ratios(axes[0], compared, pairs)
    _growth(axes[1], results["growth"])
    figure.savefig(path, dpi=100)
    plt.close(figure)
    return path


def _ratios(ax, rows, pairs):
    position = {pair: i for i, pair in enumerate(reversed(pairs))}
    for scale, color in COLORS.items():
        rows_of_scale = [row for row in rows if row["scale"] == scale]
        ys = [position[row["step"], row["peer"]] for row in rows_of_scale]
        if rows_of_scale:
            ax.scatter(
                [r["ratio_cpu"] for r in rows_of_scale], ys, color=color, label=scale, zorder=3
            )
    goals = [row for row in rows if row["goal"] is not None]
    ys = [position[row["step"], row["peer"]] for row in goals]
    colors = [COLORS[row["scale"]] for row in goals]
    ax.scatter([row["goal"] for row in goals], ys, marker="|", s=120, color=colors, zorder=2)
    ax.axvline(1, color="0.4", linewidth=1)
    ax.set_yticks(list(position.values()), [f"{step}  /  {peer}" for step, peer in position])
    ax.set_xscale("log")
    ax.set_xlabel("times faster than the peer, process time (bars: goals)")
    ax.grid(axis="x", color="0.9")
    ax.legend(loc="upper right", frameon=False)


def _growth(ax, growth):
    colors = plt.get_cmap("tab10").colors
    for (axis, containers), color in zip(growth.items(), colors, strict=False):
        for name, points in containers.items():
            sizes, seconds = np.array(points).T
            ax.plot(
                sizes / sizes[0],
                1e3 * seconds,
                marker=MARKERS[name],
                color=color,
                label=f"{axis}, {name}, from {sizes[0]:,.0f}",
            )
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xlabel("size, as a multiple of the smallest")
    ax.set_ylabel("plan_resampling, ms")
    ax.grid(color="0.9")
    ax.legend(frameon=False, fontsize="small")
