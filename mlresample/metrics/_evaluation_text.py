"""Reports of evaluations as text and HTML, from their dicts of figures."""

from html import escape
from typing import Any, NamedTuple

from mlresample._reporting.base import Figures
from mlresample._reporting.html import FIRST, SHOWN, fragment, table
from mlresample._reporting.text import aligned, bullets, short_name, split_middle, without_middle
from mlresample._utils.names import count_of

_NAMED = 5  # classes in a note
_IN_CLASS_TABLE = ("f1", "average_precision")  # of a comparison: there is no room for all four
_TITLES = {"f1": "F1", "average_precision": "average precision"}


class Parts(NamedTuple):
    """What a report is made of: a title, two tables with their headers, and notes."""

    title: str
    averages: list[list[str]]
    classes: list[list[str]]
    notes: list[str]


def title_of(measure: str) -> str:
    """Write the name of a measure in words."""
    return _TITLES.get(measure, measure)


def title_of_average(name: str, *, many: int, few: int) -> str:
    """Write the name of an average, that of a group with its range of counts."""
    ranges = {
        "many": f"over {many:,}",
        "medium": f"{few:,} to {many:,}",
        "few": f"under {few:,}",
    }
    return f"{name}, {ranges[name]}" if name in ranges else name


def evaluation_parts(report: Figures) -> Parts:
    """Write the parts of an evaluation."""
    measures, titles = report["measures"], list(map(title_of, report["measures"]))
    has_unknown = "without_negatives" in report
    known = ["known"] if has_unknown else []
    averages = [
        [
            title_of_average(row["average"], many=report["many"], few=report["few"]),
            f"{row['n_classes']:,}",
            *(_number(row[name]) for name in measures),
        ]
        for row in report["averages"]
    ]
    classes = [
        [
            short_name(row["class"]),
            f"{row['count']:,}",
            row["group"],
            f"{row['positives']:,}",
            *([f"{row['known']:,}"] if has_unknown else []),
            *(_number(row[name]) for name in measures),
        ]
        for row in _rarest_first(report)
    ]
    return Parts(
        f"FrequencyEvaluation: {count_of(report['n_classes'], 'class')}, "
        f"{count_of(report['n_samples'], 'sample')}",
        [["average", "classes", *titles], *averages],
        [["class", "count", "group", "positives", *known, *titles], *classes],
        _left_out(report) + _without_negatives(report),
    )


def comparison_parts(report: Figures) -> Parts:
    """Write the parts of a comparison of evaluations."""
    n_pairs = report["n_pairs"]
    gains = [name for name in report["measures"] if name in _IN_CLASS_TABLE]
    averages, measure = [], None
    for row in report["averages"]:
        if not row["n_classes"]:
            continue
        averages.append(
            [
                title_of(row["measure"]) if row["measure"] != measure else "",
                title_of_average(row["average"], many=report["many"], few=report["few"]),
                f"{row['n_classes']:,}",
                _number(row["baseline"]),
                _number(row["candidate"]),
                gain_text(row["gain"], row["gain_std"]),
            ]
        )
        measure = row["measure"]
    classes = [
        [
            short_name(row["class"]),
            _count(row["count"]),
            row["group"],
            _count(row["positives"]),
            *([f"{row['n_pairs']}"] if n_pairs > 1 else []),
            *(gain_text(row[f"{name}_gain"], row[f"{name}_gain_std"]) for name in gains),
        ]
        for row in _rarest_first(report)
    ]
    notes = _left_out(report)
    title = f"EvaluationComparison: {count_of(report['n_classes'], 'class')}"
    if n_pairs > 1:
        title += f", {n_pairs} pairs of evaluations"
        notes.insert(
            0,
            "Figures are means over the pairs; the gain, candidate minus baseline, is shown with "
            "its standard deviation over the pairs. A class is averaged over the pairs in which "
            "it has positives.",
        )
    return Parts(
        title,
        [["measure", "average", "classes", "baseline", "candidate", "gain"], *averages],
        [
            ["class", "count", "group", "positives", *(["pairs"] if n_pairs > 1 else [])]
            + [f"gain in {title_of(name)}" for name in gains],
            *classes,
        ],
        notes,
    )


def gain_text(gain: float | None, std: float | None) -> str:
    """Write a gain with its standard deviation, if there is one."""
    if gain is None:
        return "-"
    return f"{gain:+z.3f}" + ("" if std is None else f" +- {std:.3f}")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _count(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _rarest_first(report: Figures) -> list[dict[str, Any]]:
    return sorted(report["classes"], key=lambda row: row["count"])


def _listed(names: list[Any]) -> str:
    named = ", ".join(repr(name) for name in names[:_NAMED])
    return named + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")


def _without_negatives(report: Figures) -> list[str]:
    """Say of which classes only positives are known."""
    names = report.get("without_negatives")
    if not names:
        return []
    return [
        f"Of {len(names):,} of {count_of(report['n_classes'], 'class')} only positives are known, "
        f"so that precision and average precision are 1 whatever is predicted: {_listed(names)}."
    ]


def _left_out(report: Figures) -> list[str]:
    """Say which classes could not be evaluated."""
    names = report["left_out"]
    if not names:
        return []
    have, are, it = ("has", "is", "it") if len(names) == 1 else ("have", "are", "them")
    return [
        f"{len(names):,} of {count_of(report['n_classes'], 'class')} {have} no positives to "
        f"evaluate and {are} left out, not counted as 0: {_listed(names)}. In micro, what was "
        f"predicted for {it} counts."
    ]


# -- text and HTML -----------------------------------------------------------------------------


def parts_text(parts: Parts) -> str:
    """Write a report as text; the middle of a long table of classes is left out."""
    averages = aligned(parts.averages, left=_words(parts.averages))
    classes = without_middle(aligned(parts.classes, left=_words(parts.classes)))
    lines = [parts.title, *averages, "-" * max(map(len, averages))]
    lines += [*classes, "-" * max(map(len, classes)), *bullets(parts.notes)]
    return "\n".join(lines)


def _words(rows: list[list[str]]) -> list[int]:
    """Columns that hold words rather than numbers."""
    return [
        i for i, name in enumerate(rows[0]) if name in ("measure", "average", "class", "group")
    ]


def parts_html(parts: Parts) -> str:
    """Write a report as a fragment of HTML."""
    header, *rows = parts.classes
    first, hidden, last = split_middle(rows, FIRST, SHOWN)
    dots = [f"… {hidden:,} more classes …", *[""] * (len(header) - 1)]
    rows = [*first, *([dots] if hidden else []), *last]
    kind, summary = parts.title.split(": ", 1)
    notes = "".join(f"<li>{escape(note)}</li>" for note in parts.notes)
    return fragment(
        f"<h3>{kind}<small>{summary}</small></h3>"
        f"{table(parts.averages[0], parts.averages[1:])}<br><ul>{notes}</ul>"
        f"<details open><summary>Classes, the rarest first</summary>{table(header, rows)}"
        "</details>"
    )
