"""A plan's report as HTML, from its dict of figures; and pages of several parts.

Colors are mixed with those of the page around, to suit light and dark notebooks.
"""

import math
from collections.abc import Iterable
from html import escape
from typing import Any

from mlresample._reporting.base import Figures
from mlresample._reporting.style import AFTER, BEFORE, CAP
from mlresample._reporting.text import (
    MEASURES,
    columns,
    growth_text,
    instance_cells,
    number,
    percent,
    rule_text,
    samples_text,
    share_cells,
    split_middle,
    without_class_after,
)

FIRST, SHOWN = 100, 150  # rows of a notebook's table before its middle is left out, and in all

_COLORS = f".mlresample {{ --before: {BEFORE}; --after: {AFTER}; --cap: {CAP}; }}"
_STYLE = """
.mlresample { font: 14px/1.45 system-ui, sans-serif; color: inherit; max-width: 62rem; }
.mlresample h3 { font-size: 1.05em; margin: 0 0 .6em; }
.mlresample h3 small { font-weight: normal; opacity: .7; margin-left: .5em; }
.mlresample .figures { display: flex; flex-wrap: wrap; gap: .6em; margin: 0 0 .6em; }
.mlresample .figures div { border: 1px solid rgba(128,128,128,.35); border-radius: 6px;
  padding: .35em .8em; }
.mlresample .figures small { display: block; opacity: .7; }
.mlresample .figures b { font-variant-numeric: tabular-nums; }
.mlresample p, .mlresample ul { margin: 0 0 .6em; }
.mlresample ul { list-style: none; padding: 0; }
.mlresample li { border-left: 3px solid var(--after); padding: .1em .7em; margin: 0 0 .35em; }
.mlresample summary { cursor: pointer; font-weight: 600; margin: 0 0 .4em; }
.mlresample .scroll { max-height: 32rem; overflow: auto; }
.mlresample table { border-collapse: collapse; font-variant-numeric: tabular-nums;
  margin: 0 0 1em; }
.mlresample th { position: sticky; top: 0; z-index: 1; text-align: right; font-weight: 600;
  background: var(--jp-layout-color0, var(--vscode-editor-background, Canvas)); }
.mlresample td { text-align: right; background: none; }
.mlresample th, .mlresample td { padding: .2em .55em; white-space: nowrap;
  border: 0; border-bottom: 1px solid rgba(128,128,128,.25); }
.mlresample th:first-child, .mlresample td:first-child { text-align: left; max-width: 20em;
  overflow: hidden; text-overflow: ellipsis; }
.mlresample tr.capped td:first-child { box-shadow: inset 3px 0 var(--cap); }
.mlresample .dots { position: relative; display: block; width: 8em; height: 1em;
  margin: 0 .4em; border-bottom: 1px solid rgba(128,128,128,.25); }
.mlresample .dots i { position: absolute; top: .2em; width: .6em; height: .6em;
  margin-left: -.3em; border-radius: 50%; background: var(--before);
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.mlresample .dots i + i { border-radius: 0; background: var(--after);
  transform: rotate(45deg) scale(.8); }
@media print {
  .mlresample .scroll { max-height: none; overflow: visible; }
  .mlresample th { position: static; }
}
""".strip()


def plan_html(report: Figures, title: str, *, all_classes: bool = False) -> str:
    """Write the report as a fragment of HTML: figures, verdicts, table of the classes."""
    verdicts = "".join(f"<li>{escape(verdict['text'])}</li>" for verdict in report["verdicts"])
    most = len(report["classes"]) if all_classes else SHOWN
    return fragment(
        f"<h3>{title}<small>{escape(rule_text(report))}</small></h3>"
        f"{_figures(report)}<p>Samples seen {samples_text(report)}.</p>"
        f"<ul>{verdicts}</ul>"
        f"<details open><summary>{report['n_classes']:,} classes, the rarest first</summary>"
        f"{class_table_html(report['classes'], most)}</details>"
    )


def fragment(content: str) -> str:
    """Wrap content in an element with the report's style."""
    return f'<div class="mlresample"><style>{_COLORS}{_STYLE}</style>{content}</div>'


def table(header: list[str], rows: list[list[str]]) -> str:
    """Write a table of texts."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return _scrolling(head, body)


def _scrolling(head: str, body: str) -> str:
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "</div>"
    )


def _figures(report: Figures) -> str:
    figures = {
        "epoch size": f"{report['n_samples']:,} → {report['epoch_size']:,} "
        f"({growth_text(report)})",
    }
    figures |= {
        name: f"{number(report[key])} → {number(report[f'resampled_{key}'])}"
        for name, key in MEASURES.items()
    }
    figures["without a class"] = f"{report['n_without_class']:,} → {without_class_after(report)}"
    if report["n_instances"] is not None:
        after = number(report["resampled_n_instances"], 1)
        figures["instances"] = f"{report['n_instances']:,} → {after}"
    if report["known_share"] is not None:
        figures["undecided"] = f"{report['n_undecided']:,}"
        figures["known entries"] = percent(report["known_share"], 1)
    cells = (f"<div><small>{name}</small><b>{text}</b></div>" for name, text in figures.items())
    return f'<div class="figures">{"".join(cells)}</div>'


def class_table_html(rows: list[dict[str, Any]], most: int) -> str:
    """Write the table of the classes, rarest first; the middle beyond `most` is left out."""
    rows = sorted(rows, key=lambda row: row["count"])
    largest = math.log1p(max(max(row["count"], row["resampled_count"]) for row in rows))
    names = [*columns(rows), "count ● and quota ◆ (log scale)"]
    first, hidden, last = split_middle(rows, FIRST, most)
    lines = [_row(row, largest) for row in first]
    if hidden:
        lines.append(f'<tr><td colspan="{len(names)}">… {hidden:,} more classes …</td></tr>')
    lines += [_row(row, largest) for row in last]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    return _scrolling(head, "".join(lines))


def _row(row: dict[str, Any], largest: float) -> str:
    name = escape(str(row["class"]))
    cells = [
        f"{row['count']:,}",
        *share_cells(row),
        percent(row["share_of_largest"]),
        f"{row['multiplier']:.3f}" + (" (cap)" if row["at_cap"] else ""),
        f"{row['resampled_count']:,.1f}",
        f"{row['samples_to_collect']:,}" if row["samples_to_collect"] else "",
        *instance_cells(row),
    ]
    # Points, since the bars of a logarithmic scale would start at no zero.
    dots = "".join(
        f'<i style="left:{100 * math.log1p(row[key]) / largest:.1f}%"></i>'
        for key in ("count", "resampled_count")
    )
    return (
        f'<tr{" class=capped" if row["at_cap"] else ""}><td title="{name}">{name}</td>'
        + "".join(f"<td>{cell}</td>" for cell in cells)
        + f'<td><span class="dots">{dots}</span></td></tr>'
    )


def page(title: str, parts: Iterable[str]) -> str:
    """Put fragments on a page that needs no other file."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>:root {{ color-scheme: light dark; }} "
        "body { margin: 1.5rem auto; padding: 0 1rem; max-width: 62rem; "
        "font: 14px/1.45 system-ui, sans-serif; } "
        "body .mlresample .scroll { max-height: none; } "
        "h1 { font-size: 1.4rem; } figure { margin: 2rem 0; overflow-x: auto; } "
        "figcaption { margin: 0 0 .5rem; font-weight: 600; } dt { font-weight: 600; } "
        "dd { margin: 0 0 .4rem 1.2rem; } "
        "figure svg { width: 46rem; max-width: 100%; height: auto; background: #fff; "
        "border-radius: 6px; } "
        "pre { overflow-x: auto; } "
        # A print keeps pictures whole, and shows what a closed part holds.
        "@media print { figure { break-inside: avoid; } "
        "::details-content { content-visibility: visible; } }</style></head><body>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}{_glossary()}</body></html>\n"
    )


_WORDS = {
    "imbalance ratio": "Samples of the largest class over those of the smallest that occurs.",
    "mean imbalance": "Samples of the largest class over those of a class, averaged over the "
    "classes (MeanIR); its variation is the standard deviation over that mean (CVIR).",
    "multiplier": "How often samples of the class are shown in an epoch, never above the cap. An "
    "image with several classes takes the largest of their multipliers.",
    "epoch quota": "Samples of the class that an epoch is expected to show, copies included.",
    "known": "Share of the samples of which it is known whether they carry the class; shares and "
    "odds are of these. A sample is undecided if it has unknown entries and no class.",
    "instance quota": "Instances of the class, such as boxes, that an epoch is expected to show.",
    "to collect": "Further samples of the class with which the cap would suffice for the target "
    "count. A higher cap makes it smaller, because copies take the place of samples.",
    "SCUMBLE": "How far rare and common classes occur in the same samples, from 0 to 1.",
}


def _glossary() -> str:
    words = "".join(f"<dt>{word}</dt><dd>{meaning}</dd>" for word, meaning in _WORDS.items())
    return f"<details><summary>What the words mean</summary><dl>{words}</dl></details>"
