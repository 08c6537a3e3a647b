"""The report of an annotation plan as text and HTML, from its dict of figures."""

from html import escape
from typing import Any

from mlresample._reporting.base import Figures
from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, bullets, short_name, split_middle, without_middle
from mlresample._utils.names import count_of

_SHOWN_IN_HTML = 100, 150  # as in the table of a plan


def find_advice(report: Figures) -> list[str]:
    """Say when to stop, and what this plan cannot do."""
    if not report["to_collect"]:
        return ["Stop: no class lacks images."]
    advice = [_when_to_stop(report)]
    rows = [row for row in report["classes"] if row["to_collect"]]
    unseen = [row for row in rows if not row["count"]]
    if unseen:
        advice.append(
            f"{_named(unseen)} no sample yet, and no model scores what it has not seen: find the "
            f"first images by other means."
        )
    useless = [
        row
        for row in rows
        if row["hit_rate"] is not None
        and row["count"]
        and report["n_samples"]
        and row["hit_rate"] <= row["count"] / report["n_samples"]
    ]
    if useless:
        advice.append(f"{_named(useless)} the hit rate is no higher than that of random picking.")
    missed = [row for row in rows if _is_missed(row)]
    if missed:
        advice.append(
            f"{_named(missed)} found no more often than by chance since the start. If two batches "
            f"in a row show this, the scores do not help: give the quota to other classes, and "
            f"look for other sources."
        )
    return advice


def _when_to_stop(report: Figures) -> str:
    n_batches, needed = report["n_batches"], report["n_batches_needed"]
    short = f", which leaves classes short: {needed:,} are needed" if n_batches < needed else ""
    return (
        f"Stop after batch {n_batches:,}{short}. As images bring other classes along, plan anew "
        f"from the counts after each batch, and stop as soon as no class lacks images."
    )


def _is_missed(row: dict[str, Any]) -> bool:
    chance = row["found_by_chance"]
    return chance is not None and chance >= 1 and row["found"] <= chance


def _named(rows: list[dict[str, Any]]) -> str:
    names = ", ".join(short_name(row["class"]) for row in rows[:5])
    return names + (f" and {len(rows) - 5:,} more" if len(rows) > 5 else "") + ":"


def annotation_text(report: Figures) -> str:
    """Write the report as text: summary, table of the classes, advice."""
    header, *rows = _cells(report)
    lines = without_middle(aligned([header, *rows]))
    rule = "-" * max(map(len, lines))
    title = f"AnnotationPlan: {_summary(report)}"
    return "\n".join([title, *_totals(report), rule, *lines, rule, *bullets(report["advice"])])


def annotation_html(report: Figures) -> str:
    """Write the report as a fragment of HTML: summary, advice, table of the classes."""
    header, *rows = _cells(report)
    first, hidden, last = split_middle(rows, *_SHOWN_IN_HTML)
    if hidden:
        first = [*first, [f"… {hidden:,} more classes …", *[""] * (len(header) - 1)]]
    advice = "".join(f"<li>{escape(text)}</li>" for text in report["advice"])
    totals = "".join(f"<p>{escape(' '.join(line.split()))}</p>" for line in _totals(report))
    return fragment(
        f"<h3>AnnotationPlan<small>{escape(_summary(report))}</small></h3>{totals}"
        f"<ul>{advice}</ul>{table(header, first + last)}"
    )


def _summary(report: Figures) -> str:
    return (
        f"{report['n_classes_lacking']:,} of {report['n_classes']:,} classes lack "
        f"{count_of(report['to_collect'], 'positive')}, batches of "
        f"{count_of(report['batch_size'], 'image')}"
    )


def _totals(report: Figures) -> list[str]:
    if not report["to_collect"]:
        return []
    what = "at the hit rates" if report["is_hit_rate_known"] else "if each carries its class"
    size, images, at_random = (report[key] for key in ("batch_size", "images", "images_at_random"))
    lines = [f"picked by class    {images:>11,} images, {_in_batches(images, size)}  ({what})"]
    if at_random is not None:
        lines.append(
            f"picked at random   {at_random:>11,.0f} images, "
            f"{_in_batches(round(at_random), size)}  ({at_random / images:,.1f} times as many)"
        )
    if report["n_samples_since_start"] is not None:
        lines.append(f"since the start    {report['n_samples_since_start']:>11,} images")
    return lines


def _in_batches(images: int, size: int) -> str:
    n_batches = -(-images // size)
    return count_of(n_batches, "batch", "batches")


def _cells(report: Figures) -> list[list[str]]:
    """Return the cells of the table of the classes, those that lack most first."""
    rows = sorted(report["classes"], key=lambda row: (-row["to_collect"], row["count"]))
    titles = {
        "class": "class",
        "count": "count",
        "found": "found",
        "found_by_chance": "by chance",
        "needed": "needed",
        "to_collect": "to collect",
        "images_at_random": "at random",
        "images": "picked",
        "quota": "next positives",
        "done_in_batch": "done in batch",
    }
    if report["n_samples"] is None:
        del titles["images_at_random"]
    keys = [key for key in titles if any(_cell(row, key) for row in rows)]
    return [[titles[key] for key in keys], *([_cell(row, key) for key in keys] for row in rows)]


def _cell(row: dict[str, Any], key: str) -> str:
    value = row[key]
    if key == "class":
        return short_name(value)
    if key == "images_at_random" and value is None:
        return "unknown"
    if value is None or (value == 0 and key not in ("count", "found", "found_by_chance")):
        return ""
    return f"{value:,.1f}" if key == "found_by_chance" else f"{value:,.0f}"
