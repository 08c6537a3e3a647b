"""A plan's report as text, from its dict of figures."""

import textwrap
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from mlresample._reporting.base import Figures
from mlresample._utils.names import count_of

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

COLUMNS_OF_KNOWN = [*COLUMNS[:2], "known", "of known", *COLUMNS[3:]]  # if some are unknown

INSTANCE_COLUMNS = ["instances", "instance quota"]

MEASURES = {"imbalance ratio": "imbalance_ratio", "mean imbalance": "mean_imbalance"}

Row = TypeVar("Row")


def number(value: float | None, digits: int = 2) -> str:
    """Write a figure; None is infinity."""
    return "inf" if value is None else f"{value:,.{digits}f}"


def percent(share: float, digits: int = 2) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def short_name(name: Any) -> str:
    """Shorten a class name to what a table has room for."""
    line = " ".join(str(name).split())
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 3] + "..."


def has_target_counts(report: Figures) -> bool:
    """Whether a number was asked for for each class."""
    is_asked_for = any(row["target_count"] is not None for row in report["classes"])
    return is_asked_for and report["target_share"] is None


def rule_text(report: Figures) -> str:
    """Write the parameters of the rule in one line."""
    cap = "no cap" if report["cap"] is None else f"cap {report['cap']:g}"
    floor = f", floor {report['floor']:g}" if report["floor"] < 1 else ""
    if has_target_counts(report):
        return f"{cap}{floor}, a target count for each class"
    if report["target_share"] is not None:
        target = f"{100 * report['target_share']:g} % of the known samples"
    elif report["resolved_target_count"] is None:
        return f"{cap}{floor}, user-supplied multipliers"
    else:
        target = f"{report['resolved_target_count']:,.2f}".rstrip("0").rstrip(".")
    power = f", power {report['power']:g}" if report["power"] != 1 else ""
    aware = ", instance-aware" if report["instance_aware"] else ""
    return f"{cap}{floor}, target count {target}{power}{aware}"


def without_class_after(report: Figures) -> str:
    """Write how many samples without a class an epoch is expected to show."""
    return number(report["resampled_n_without_class"], 1).removesuffix(".0")


def growth_text(report: Figures) -> str:
    """Write how much longer an epoch is, and how far its size varies."""
    growth, deviation = f"{report['growth']:.3f}x", report["epoch_size_deviation"]
    return growth if deviation is None else f"{growth}, drawn row by row: +- {deviation:,.0f}"


def samples_text(report: Figures) -> str:
    """Write how many samples are seen how often."""
    n_samples, cap = report["n_samples"], report["cap"]
    rates = [(row["multiplier"], row["n_samples"]) for row in report["samples_per_multiplier"]]
    groups = {
        "less often": sum(n for rate, n in rates if rate < 1),
        "once": sum(n for rate, n in rates if rate == 1),
        "more often": sum(n for rate, n in rates if rate > 1),
        "at the cap": sum(n for rate, n in rates if rate > 1 and rate == cap),
    }
    return ", ".join(
        f"{how} {n:,} ({percent(n / n_samples, 1)})" for how, n in groups.items() if n
    )


# -- text --------------------------------------------------------------------------------------


def plan_text(report: Figures, title: str) -> str:
    """Write the report as text: summary, table of the classes, verdicts."""
    lines = [f"{title}: {count_of(report['n_classes'], 'class')}, {rule_text(report)}"]
    lines += [*_summary_lines(report), f"{'samples seen':<17} {samples_text(report)}"]
    header, *rows = class_table_text(report["classes"])
    rule = "-" * len(header)
    lines += [rule, header, *rows, rule]
    return "\n".join([*lines, *bullets(verdict["text"] for verdict in report["verdicts"])])


def _summary_lines(report: Figures) -> list[str]:
    return [
        *_before_and_after(report),
        f"{'without a class':<17} {report['n_without_class']:>11,} "
        f"{without_class_after(report):>9}",
        *_instances_line(report),
        *_unknown_lines(report),
    ]


def _before_and_after(report: Figures) -> list[str]:
    measures = [
        f"{name:<17} {number(report[key]):>11} {number(report[f'resampled_{key}']):>9}"
        for name, key in MEASURES.items()
    ]
    return [
        f"{'':<17} {'before':>11} {'after':>9}",
        f"{'epoch size':<17} {report['n_samples']:>11,} {report['epoch_size']:>9,}"
        f"  ({growth_text(report)})",
        *measures,
    ]


def _instances_line(report: Figures) -> list[str]:
    if report["n_instances"] is None:
        return []
    after = number(report["resampled_n_instances"], 1)
    return [f"{'instances':<17} {report['n_instances']:>11,} {after:>9}"]


def _unknown_lines(report: Figures) -> list[str]:
    if report["known_share"] is None:
        return []
    n_undecided = f"{report['n_undecided']:,}"
    return [
        f"{'undecided':<17} {n_undecided:>11} {n_undecided:>9}",
        f"{'known entries':<17} {percent(report['known_share'], 1):>11}",
    ]


def class_table_text(rows: list[dict[str, Any]]) -> list[str]:
    """Write the table of the classes, rarest first; the middle of a long one is left out."""
    rows = sorted(rows, key=lambda row: row["count"])
    header = columns(rows)
    return without_middle(aligned([[*header, ""], *map(_cells, rows)], left=[0, len(header)]))


def columns(rows: list[dict[str, Any]]) -> list[str]:
    """Return the titles of the table of the classes, for what is known of them."""
    titles = COLUMNS if rows[0]["known"] is None else COLUMNS_OF_KNOWN
    return titles if rows[0]["instances"] is None else titles + INSTANCE_COLUMNS


def share_cells(row: dict[str, Any]) -> list[str]:
    """Write the share of the samples that is known, if not all, and of these with the class."""
    share = "" if row["share"] is None else percent(row["share"])
    return [share] if row["known"] is None else [percent(row["known_share"]), share]


def instance_cells(row: dict[str, Any]) -> list[str]:
    """Write the instances of a class before and after resampling, if known."""
    if row["instances"] is None:
        return []
    return [f"{row['instances']:,}", f"{row['resampled_instances']:,.1f}"]


def aligned(lines: list[list[str]], left: Collection[int] = (0,)) -> list[str]:
    """Align the cells of a table, on the left in the columns `left` and on the right elsewhere."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def without_middle(lines: list[str], what: str = "classes") -> list[str]:
    """Leave out the middle of a long table, whose first line is its header."""
    header, *rows = lines
    head, hidden, tail = split_middle(rows, _FIRST, _SHOWN)
    return [header, *head, *([f"... {hidden:,} more {what} ..."] if hidden else []), *tail]


def split_middle(rows: list[Row], first: int, shown: int) -> tuple[list[Row], int, list[Row]]:
    """Split rows into the first, the number left out, and the last; never leave out just one."""
    hidden = len(rows) - shown
    return (rows, 0, []) if hidden < 2 else (rows[:first], hidden, rows[first + hidden :])


def bullets(texts: Iterable[str]) -> list[str]:
    """Write texts as a list, in lines that are not too long."""
    wrap = textwrap.TextWrapper(_WIDTH, subsequent_indent="  ", break_long_words=False).wrap
    return [line for text in texts for line in wrap(f"- {text}")]


def repeats_text(report: Figures) -> str:
    """Write the report on whole repeats as text: summary, table of the classes, verdicts."""
    seen = ", ".join(
        f"{row['multiplier']:.0f} times {row['n_samples']:,}"
        for row in report["samples_per_multiplier"]
    )
    cells = [
        [
            short_name(row["class"]),
            f"{row['count']:,}",
            percent(row["share"]),
            percent(row["share_of_largest"]),
            f"{row['resampled_count']:,.0f}",
        ]
        for row in sorted(report["classes"], key=lambda row: row["count"])
    ]
    header, *rows = without_middle(aligned([[*COLUMNS[:4], "resampled"], *cells]))
    rule = "-" * len(header)
    return "\n".join(
        [
            f"{report['method']}: {count_of(report['n_classes'], 'class')}",
            *_before_and_after(report),
            f"{'samples seen':<17} {seen}",
            *[rule, header, *rows, rule],
            *bullets(verdict["text"] for verdict in report["verdicts"]),
        ]
    )


def _cells(row: dict[str, Any]) -> list[str]:
    return [
        short_name(row["class"]),
        f"{row['count']:,}",
        *share_cells(row),
        percent(row["share_of_largest"]),
        f"{row['multiplier']:.3f}",
        f"{row['resampled_count']:,.1f}",
        f"{row['samples_to_collect']:,}" if row["samples_to_collect"] else "",
        *instance_cells(row),
        "at the cap" if row["at_cap"] else "",
    ]
