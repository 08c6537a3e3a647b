"""A plan's report as text, from its dict of figures."""

import textwrap
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

_FIRST, _SHOWN = 20, 30  # rows of the text's table before its middle is left out, and in all
_WIDTH = 88
_LONGEST_NAME = 40

COLUMNS = [
    "class",
    "count",
    "of samples",
    "of largest",
    "multiplier",
    "epoch quota",
    "to collect",
]

Report = dict[str, Any]
Row = TypeVar("Row")


def number(value: float | None, digits: int = 2) -> str:
    """Write a figure; None is infinity."""
    return "inf" if value is None else f"{value:,.{digits}f}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def short(name: Any) -> str:
    """Shorten a class name to what a table has room for."""
    told = " ".join(str(name).split())
    return told if len(told) <= _LONGEST_NAME else told[: _LONGEST_NAME - 3] + "..."


def rule_text(report: Report) -> str:
    """Tell the rule's parameters in a line."""
    parameters = report["parameters"]
    cap = "no cap" if parameters["cap"] is None else f"cap {parameters['cap']:g}"
    floor = f", floor {parameters['floor']:g}" if parameters["floor"] < 1 else ""
    if parameters["resolved_target_count"] is None:
        return f"{cap}{floor}, user-supplied multipliers"
    target = f"{parameters['resolved_target_count']:,.2f}".rstrip("0").rstrip(".")
    power = f", power {parameters['power']:g}" if parameters["power"] != 1 else ""
    return f"{cap}{floor}, target count {target}{power}"


def samples_text(report: Report) -> str:
    """Tell how many samples are seen how often."""
    n_samples, cap = report["n_samples"], report["parameters"]["cap"]
    rates = [(one["multiplier"], one["n_samples"]) for one in report["samples_per_multiplier"]]
    told = {
        "less often": sum(n for rate, n in rates if rate < 1),
        "once": sum(n for rate, n in rates if rate == 1),
        "more often": sum(n for rate, n in rates if rate > 1),
        "at the cap": sum(n for rate, n in rates if rate > 1 and rate == cap),
    }
    return ", ".join(f"{how} {n:,} ({percent(n / n_samples, 1)})" for how, n in told.items() if n)


# -- text --------------------------------------------------------------------------------------


def plan_text(report: Report) -> str:
    """Write the report as text: summary, table of the classes, verdicts."""
    lines = [f"ResamplingPlan: {report['n_classes']} classes, {rule_text(report)}"]
    lines += [*_summary_lines(report), f"{'samples seen':<17} {samples_text(report)}"]
    header, *rows = class_table(report["classes"])
    rule = "-" * len(header)
    lines += [rule, header, *rows, rule]
    return "\n".join([*lines, *bullets(verdict["text"] for verdict in report["verdicts"])])


def _summary_lines(report: Report) -> list[str]:
    ratio, mean = report["imbalance_ratio"], report["mean_imbalance"]
    return [
        f"{'':<17} {'before':>11} {'after':>9}",
        f"{'epoch size':<17} {report['n_samples']:>11,} {report['epoch_size']:>9,}"
        f"  ({report['growth']:.3f}x)",
        f"{'imbalance ratio':<17} {number(ratio['before']):>11} {number(ratio['after']):>9}",
        f"{'mean imbalance':<17} {number(mean['before']):>11} {number(mean['after']):>9}",
        f"{'without a class':<17} {report['n_without_class']:>11,}",
    ]


def class_table(rows: list[dict[str, Any]]) -> list[str]:
    """Write the table of the classes, rarest first; the middle of a long one is left out."""
    rows = sorted(rows, key=lambda row: row["count"])
    return without_middle(aligned([[*COLUMNS, ""], *map(_cells, rows)], left=[0, len(COLUMNS)]))


def aligned(lines: list[list[str]], left: Collection[int] = (0,)) -> list[str]:
    """Align the cells of a table, on the left in the columns named and on the right elsewhere."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def without_middle(lines: list[str]) -> list[str]:
    """Leave out the middle of a long table, whose first line is its header."""
    header, *rows = lines
    head, hidden, tail = split_middle(rows, _FIRST, _SHOWN)
    return [header, *head, *([f"... {hidden:,} more classes ..."] if hidden else []), *tail]


def split_middle(rows: list[Row], first: int, shown: int) -> tuple[list[Row], int, list[Row]]:
    """Give the first rows, how many are left out, and the last; never a single one is left out."""
    hidden = len(rows) - shown
    return (rows, 0, []) if hidden < 2 else (rows[:first], hidden, rows[first + hidden :])


def bullets(texts: Iterable[str]) -> list[str]:
    """Write texts as a list, in lines that are not too long."""
    wrap = textwrap.TextWrapper(_WIDTH, subsequent_indent="  ", break_long_words=False).wrap
    return [line for text in texts for line in wrap(f"- {text}")]


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        short(row["class"]),
        f"{row['count']:,}",
        percent(row["share"]),
        f"{row['percent_of_largest']:.2f} %",
        f"{row['multiplier']:.3f}",
        f"{row['resampled_count']:,.1f}",
        f"{row['samples_to_collect']:,}" if row["samples_to_collect"] else "",
        "at the cap" if row["at_cap"] else "",
    ]
