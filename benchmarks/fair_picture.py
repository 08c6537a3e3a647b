"""Draw the scores of ``benchmarks.fair_comparison`` as the guide shows them.

``python -m benchmarks.fair_picture`` reads ``benchmarks/results/fair_comparison.csv``, which
``benchmarks.fair_comparison --csv`` writes, and draws the networks' scores to
``docs/_static/fair_comparison.png``.
"""

import argparse
import csv
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

matplotlib.use("agg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "benchmarks" / "results" / "fair_comparison.csv"
PICTURE = ROOT / "docs" / "_static" / "fair_comparison.png"

# column of the picture: {column of the table: name of the series}
COLUMNS = {
    "macro-F1": {"macro-F1 0.5": "threshold 0.5", "macro-F1 shrunk": "tuned thresholds"},
    "tail-F1": {"tail-F1 0.5": "threshold 0.5", "tail-F1 shrunk": "tuned thresholds"},
    "average precision": {"AP": "without a threshold"},
}
STYLES = {
    "threshold 0.5": {"marker": "o", "color": "#d95f02", "markerfacecolor": "white"},
    "tuned thresholds": {"marker": "o", "color": "#1b6ca8"},
    "without a threshold": {"marker": "s", "color": "0.35"},
}
OFFSETS = {1: [0], 2: [-0.15, 0.15]}  # by number of series, so that no marker hides another


def read_figures(path=FIGURES, model="network"):
    """Return the rows of a model by data set, in the order of the file."""
    by_data_set = {}
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            if row["model"] == model:
                by_data_set.setdefault(row["data"], []).append(row)
    return by_data_set


def draw(by_data_set, path):
    """Draw a row of axes per data set, a column per score and a line per method."""
    figure, axes = plt.subplots(
        len(by_data_set),
        len(COLUMNS),
        sharex=True,
        figsize=(9, 7.5),
        dpi=150,
        layout="constrained",
    )
    for (data_set, rows), axes_of_data_set in zip(by_data_set.items(), axes, strict=True):
        for ax, series in zip(axes_of_data_set, COLUMNS.values(), strict=True):
            for offset, (score, name) in zip(OFFSETS[len(series)], series.items(), strict=True):
                ax.errorbar(
                    [float(row[score]) for row in rows],
                    [position + offset for position in range(len(rows))],
                    xerr=[float(row[f"{score} std"]) for row in rows],
                    linestyle="none",
                    label=name,
                    **STYLES[name],
                )
            ax.set_yticks(range(len(rows)), [])
            ax.set_xlim(-0.01, 0.55)
            ax.grid(axis="x", color="0.9")
            ax.invert_yaxis()
            ax.spines[["top", "right"]].set_visible(False)
        axes_of_data_set[0].set_yticklabels([row["trained with"] for row in rows])
        axes_of_data_set[0].set_ylabel(data_set, fontweight="bold")
    for ax, name in zip(axes[0], COLUMNS, strict=True):
        ax.set_title(name)
    entries = {}
    for ax in axes[0]:
        entries.update(zip(*reversed(ax.get_legend_handles_labels()), strict=True))
    figure.legend(
        entries.values(), entries, loc="outside lower center", ncols=len(entries), frameon=False
    )
    figure.canvas.draw()
    image = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    image.quantize(32, dither=Image.Dither.NONE).save(path, optimize=True)  # a third of the bytes
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--figures", type=Path, default=FIGURES, help="a CSV file")
    parser.add_argument("--output", type=Path, default=PICTURE, help="a PNG file")
    arguments = parser.parse_args()
    draw(read_figures(arguments.figures), arguments.output)


if __name__ == "__main__":
    main()
