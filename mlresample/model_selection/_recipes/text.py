"""The comparison as text and HTML, from its dict of figures."""

from html import escape

from mlresample._reporting.base import Figures
from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, bullets, short_name
from mlresample._utils.names import count_of
from mlresample.model_selection._recipes.answer import of_primary, title_of_score
from mlresample.model_selection._recipes.scores import AT_HALF, CALIBRATION, RANKING, TUNED

_BLOCKS = {  # title of a table of means: its scores, and their short names
    "means": {
        RANKING[0]: "average precision",
        RANKING[1]: "rare third",
        CALIBRATION: "calibration error",
    },
    "F1 at 0.5": {score: score.partition("_")[0] for score in AT_HALF},
    "F1 at tuned thresholds": {score: score.partition("_")[0] for score in TUNED},
}


def comparison_text(report: Figures) -> str:
    """Write the report as text: the primary score, means of all, the answer."""
    lines = [": ".join(["RecipeComparison", _summary(report)])]
    for cells in _tables(report):
        rows = aligned(cells)
        lines += [*rows, "-" * max(map(len, rows))]
    return "\n".join([*lines, *bullets(row["text"] for row in report["answer"])])


def comparison_html(report: Figures) -> str:
    """Write the report as a fragment of HTML."""
    answer = "".join(f"<li>{escape(row['text'])}</li>" for row in report["answer"])
    tables = "".join(f"{table(cells[0], cells[1:])}<br>" for cells in _tables(report))
    return fragment(
        f"<h3>RecipeComparison<small>{escape(_summary(report))}</small></h3>"
        f"<ul>{answer}</ul>{tables}"
    )


def _summary(report: Figures) -> str:
    repeats = f" x {report['n_repeats']}" if report["n_repeats"] > 1 else ""
    return (
        f"{count_of(len(report['recipes']), 'recipe')}, {report['n_folds']} folds{repeats}, "
        f"{count_of(report['n_samples'], 'sample')}, "
        f"{count_of(report['n_classes'], 'class')}"
    )


def _tables(report: Figures) -> list[list[list[str]]]:
    means = {(row["recipe"], row["score"]): row["mean"] for row in report["scores"]}
    names = [row["recipe"] for row in report["recipes"] if row["growth"] is not None]
    tables = [_primary_table(report)]
    for title, short_names in _BLOCKS.items():
        shown = [score for score in short_names if (names[0], score) in means]
        if shown:
            rows = [
                [short_name(name), *(_number(means[name, s]) for s in shown)] for name in names
            ]
            tables.append([[title, *(short_names[score] for score in shown)], *rows])
    return tables


def _primary_table(report: Figures) -> list[list[str]]:
    of_recipes = {row["recipe"]: row for row in report["recipes"]}
    percent = f"{100 * (1 - report['alpha']):g} %"
    header = [title_of_score(report["primary"]), "mean", "difference", f"{percent} interval"]
    cells = [[*header, "p (Holm)", "verdict", "epoch", "seconds"]]
    for row in of_primary(report):
        costs = of_recipes[row["recipe"]]
        interval = "" if row["low"] is None else f"{row['low']:+z.3f} to {row['high']:+z.3f}"
        cells.append(
            [
                short_name(row["recipe"]),
                _number(row["mean"]),
                "" if row["difference"] is None else f"{row['difference']:+z.3f}",
                interval,
                "" if row["p_holm"] is None else f"{row['p_holm']:.3f}",
                row["verdict"],
                f"{costs['growth']:.2f}x",
                f"{costs['seconds']:,.2f}",
            ]
        )
    return cells


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
