"""The answer in words: what is better beyond noise, what ties, what it costs."""

from collections.abc import Iterator
from typing import Any

from mlresample._reporting.base import Figures
from mlresample._reporting.verdicts import NOTABLE
from mlresample._utils.names import count_of
from mlresample.model_selection._recipes.scores import CALIBRATION

_NAMED = 5  # classes in a sentence
_TITLES = {
    "average_precision": "average precision",
    "average_precision_rare": "average precision of the rare third",
    CALIBRATION: "calibration error",
}

Sentences = Iterator[tuple[str, str]]


def title_of_score(score: str) -> str:
    """Write the name of a score in words."""
    if score in _TITLES:
        return _TITLES[score]
    average, tuned = score.removesuffix("_tuned").removesuffix("_f1"), score.endswith("_tuned")
    cut = "tuned thresholds" if tuned else "0.5"
    if average in ("macro", "micro"):
        return f"{average}-F1 at {cut}"
    return f"F1 of {'the rare third' if average == 'rare' else f'{average} classes'} at {cut}"


def find_answer(report: Figures) -> list[dict[str, str]]:
    """Return the sentences of the answer, each with a code."""
    return [
        {"code": code, "text": text}
        for say in (_better_or_not, _ties, _control, _costs, _thresholds, _advice, _left_out)
        for code, text in say(report)
    ]


def of_primary(report: Figures) -> list[dict[str, Any]]:
    """Return the rows of the primary score."""
    return [row for row in report["scores"] if row["score"] == report["primary"]]


def interval_text(row: dict[str, Any]) -> str:
    """Write a difference with its interval."""
    if row["low"] is None:
        return f"{row['difference']:+z.3f}"
    return f"{row['difference']:+z.3f}, {row['low']:+z.3f} to {row['high']:+z.3f}"


def _better_or_not(report: Figures) -> Sentences:
    rows, title = of_primary(report), title_of_score(report["primary"])
    for verdict in ("better", "worse"):
        found = [row for row in rows if row["verdict"] == verdict]
        if found:
            names = "; ".join(f"{row['recipe']!r} ({interval_text(row)})" for row in found)
            yield (
                verdict,
                f"{verdict.capitalize()} than {report['baseline']!r} beyond noise in {title}: "
                f"{names}.",
            )
        elif verdict == "better":
            yield (
                "none_better",
                f"No recipe is better than {report['baseline']!r} beyond noise in {title}.",
            )


def _ties(report: Figures) -> Sentences:
    ties = [row for row in of_primary(report) if row["verdict"] == "tie"]
    if not ties:
        return
    bounds = [abs(row[end]) for row in ties for end in ("low", "high") if row[end] is not None]
    most = f" Differences of up to {max(bounds):.3f} are not excluded." if bounds else ""
    names = _quoted([row["recipe"] for row in ties])
    yield "ties", f"Ties with {report['baseline']!r}: {names}.{most}"


def _control(report: Figures) -> Sentences:
    # The control is the recipe of that place in the order.
    controls = {row["recipe"] for row in report["recipes"] if row["simplicity"] == 2}
    for row in of_primary(report):
        if row["recipe"] in controls and row["verdict"] == "better":
            yield (
                "control",
                f"{row['recipe']!r} is the control of a plan, and is better too: more rows help, "
                f"whichever samples are copied.",
            )


def _costs(report: Figures) -> Sentences:
    rows = [row for row in report["recipes"] if row["growth"] is not None]
    seconds = {row["recipe"]: row["seconds"] for row in rows}
    by_growth: dict[str, list[str]] = {}
    for row in rows:
        by_growth.setdefault(f"{row['growth']:.2f}", []).append(row["recipe"])
    by_growth.pop("1.00", None)
    parts = [
        f"an epoch {growth} times as long with {_quoted(n)}" for growth, n in by_growth.items()
    ]
    for name, of_recipe in seconds.items():
        ratio = of_recipe / seconds[report["baseline"]]
        if ratio >= NOTABLE:
            parts.append(f"{ratio:.1f} times the time with {name!r}")
    if parts:
        yield "costs", f"Costs: {'; '.join(parts)}."


def _quoted(names: list[str]) -> str:
    return ", ".join(map(repr, names))


def _thresholds(report: Figures) -> Sentences:
    row = report["thresholds"]
    if row["tuned"] is None:
        return
    yield (
        "thresholds",
        f"Tuned thresholds change macro-F1 of {report['recommended']!r} from {row['at_half']:.3f} "
        f"to {row['tuned']:.3f} ({interval_text(row)}): "
        f"{'beyond noise' if _thresholds_matter(report) else 'within noise'}.",
    )


def _thresholds_matter(report: Figures) -> bool:
    p_value = report["thresholds"]["p_value"]
    return p_value is not None and p_value <= report["alpha"]


def _advice(report: Figures) -> Sentences:
    is_gain = _thresholds_matter(report) and report["thresholds"]["difference"] > 0
    tuned = " with tuned thresholds" if is_gain else ""
    n_better = sum(row["verdict"] == "better" for row in of_primary(report))
    why = ("nothing else", "only this", "the simplest that ties with the best")[min(n_better, 2)]
    better = " is better" if n_better < 2 else ""
    yield "advice", f"Take {report['recommended']!r}{tuned}: {why}{better}."


def _left_out(report: Figures) -> Sentences:
    by_reason: dict[str, list[str]] = {}
    for row in report["recipes"]:
        if row["not_applicable"]:
            by_reason.setdefault(row["not_applicable"], []).append(row["recipe"])
    for reason, recipes in by_reason.items():
        are = "is" if len(recipes) == 1 else "are"
        yield "not_applicable", f"{_quoted(recipes)} {are} not applicable: {reason}."
    names = report["not_scored"]
    if names:
        named = ", ".join(map(repr, names[:_NAMED]))
        more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
        yield (
            "not_scored",
            f"No score includes {len(names):,} of {count_of(report['n_classes'], 'class')}, "
            f"because no split has them in both parts: {named}{more}.",
        )
