"""What a plan's figures mean, in plain words, each with the figure that it comes from."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mlresample._reporting.text import percent

FEW_SAMPLES = 20  # of a class: too few to learn from, and to tell whether it was learned
NOTABLE = 1.25  # times longer or better balanced: less is hardly a difference

Report = dict[str, Any]
Classes = list[dict[str, Any]]
_NAMED = 5  # classes in a sentence


def find_verdicts(report: Report) -> list[dict[str, Any]]:
    """Judge a plan by its report: a code, a text and the classes it is about, for each verdict."""
    return [
        {"code": code, "text": text, "classes": [one["class"] for one in classes]}
        for judge in _JUDGES
        for code, text, classes in judge(report)
    ]


Judgements = Iterator[tuple[str, str, Classes]]


def _cost_without_effect(report: Report) -> Judgements:
    growth = report["growth"]
    rates = report["samples_per_multiplier"]
    if rates[0]["multiplier"] == rates[-1]["multiplier"] == 1:
        yield (
            "unchanged",
            "Every sample has the multiplier 1: the plan leaves the data as they are.",
            [],
        )
        return
    before, after = report["mean_imbalance"]["before"], report["mean_imbalance"]["after"]
    told = f"the mean imbalance from {before:,.1f} to {_number(after)}"
    fall = before / after if after else 0.0
    if growth > NOTABLE > fall:
        raised = sum(one["n_samples"] for one in rates if one["multiplier"] > 1)
        share = percent(raised / report["n_samples"], 0)
        lower = (
            "; a lower target saves steps" if report["parameters"]["resolved_target_count"] else ""
        )
        yield (
            "uniform",
            f"{share} of the samples have a multiplier above 1: an epoch {growth:.2f} times as "
            f"long takes {told}. Better are loss weights{lower}.",
            [],
        )
    elif fall < 1.01:
        yield ("no_gain", f"The plan takes {told}: it does not balance the classes.", [])
    else:
        yield (
            "balance",
            f"An epoch {growth:.2f} times as long brings {told}. That is balance, not accuracy: "
            f"thresholds tuned for each class often gain more. Compare with them, at equal steps.",
            [],
        )


def _overtaken(report: Report) -> Judgements:
    largest = max(report["classes"], key=lambda one: one["count"])
    growth = _growth(largest)
    overtaken = [one for one in report["classes"] if one["multiplier"] > 1]
    overtaken = [one for one in overtaken if _growth(one) < growth * (1 - 1e-9)]
    if overtaken and growth > largest["multiplier"] * (1 + 1e-9):
        yield (
            "co_occurrence",
            f"The largest class, {_name(largest)}, grows {growth:.2f} times, for it stands in one "
            f"sample with rarer ones. {_count(overtaken, 'class is', 'classes are')} raised and "
            f"still grow{'s' * (len(overtaken) == 1)} less: {_names(overtaken)}.",
            overtaken,
        )


def _cap_binds(report: Report) -> Judgements:
    parameters = report["parameters"]
    short = [one for one in report["classes"] if one["count"] and one["samples_to_collect"]]
    if short and parameters["cap"] > 1:
        fewest = min(one["count"] for one in short)
        with np.errstate(over="ignore"):
            needed = (
                np.float64(parameters["resolved_target_count"] / fewest) ** parameters["power"]
            )
        yield (
            "cap_binds",
            f"The cap of {parameters['cap']:g}, not the target, holds "
            f"{_count(short, 'class', 'classes')} down: {_names(short)}. The rarest would need a "
            f"multiplier of {_number(float(needed))}; new samples are better than a higher cap.",
            short,
        )


def _few(report: Report) -> Judgements:
    few = [one for one in report["classes"] if 0 < one["count"] < FEW_SAMPLES]
    hopeless = [one for one in few if one["resampled_count"] < FEW_SAMPLES]
    if hopeless:
        yield (
            "too_few",
            f"{_count(hopeless, 'class has', 'classes have')} fewer than {FEW_SAMPLES} samples "
            f"even when multiplied: {_names(hopeless)}. Merge into a parent class "
            f"(merge_classes), or collect.",
            hopeless,
        )
    scarce = [one for one in few if one["resampled_count"] >= FEW_SAMPLES]
    more = "more " if hopeless else ""
    if scarce:
        yield (
            "few",
            f"{_count(scarce, f'{more}class has', f'{more}classes have')} fewer than "
            f"{FEW_SAMPLES} samples: "
            f"{_names(scarce)}. Copies add no variety, and scores on so few vary by chance: "
            f"collect up to {FEW_SAMPLES} at least.",
            scarce,
        )
    absent = [one for one in report["classes"] if one["count"] == 0]
    if absent:
        yield (
            "absent",
            f"{_count(absent, 'class never occurs', 'classes never occur')}: {_names(absent)}. No "
            f"resampling can help there.",
            absent,
        )


_JUDGES: list[Callable[[Report], Judgements]] = [
    _cost_without_effect,
    _overtaken,
    _cap_binds,
    _few,
]


def judge_comparison(columns: dict[str, list[Any]]) -> str:
    """Say which values of one parameter bring most of what its best value brings."""
    names = [name for name in columns if name.startswith("param_") and len(set(columns[name])) > 1]
    if len(names) != 1:
        return ""
    rows = sorted(
        zip(columns["growth"], columns["mean_imbalance"], columns[names[0]], strict=True),
        key=lambda row: row[:2],  # values may be words beside numbers
    )
    start, best = rows[0][1], min(mean for _, mean, _ in rows)
    if not best < start / 1.01 < np.inf:
        return ""
    half, most = (
        next(value for _, mean, value in rows if start - mean >= share * (start - best))
        for share in (0.5, 0.9)
    )
    name = names[0].removeprefix("param_")
    return (
        f"The mean imbalance falls from {start:,.1f} to {best:,.1f} at the most: {name} {half} "
        f"brings half of that, {name} {most} nine tenths."
    )


def _growth(one: dict[str, Any]) -> float:
    return float(one["resampled_count"] / one["count"]) if one["count"] else 1.0


def _number(value: float | None) -> str:
    return "infinity" if value is None else f"{value:,.1f}" if value < 1e7 else f"{value:.2g}"


def _count(classes: Classes, one: str, several: str) -> str:
    return f"{len(classes):,} {one if len(classes) == 1 else several}"


def _name(one: dict[str, Any]) -> str:
    return f"{one['class']!r} ({one['count']:,})"


def _names(classes: Classes) -> str:
    """Name the rarest, with their counts."""
    rarest = sorted(classes, key=lambda one: one["count"])
    more = len(rarest) - _NAMED
    return ", ".join(map(_name, rarest[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")
