"""What the figures of a report mean, in plain words, each statement with its figure."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from mlresample._reporting.base import Figures, Rows
from mlresample._reporting.text import has_target_counts, percent
from mlresample._utils.names import count_of

FEW_SAMPLES = 20  # of a class: too few to learn it, and to measure whether it was learned
NOTABLE = 1.25  # times longer: less hardly makes a difference
LITTLE_KNOWN = 0.5  # of the samples: the figures of a class are of fewer than are left out

Classes = list[dict[str, Any]]
_NAMED = 5  # classes in a sentence


def find_verdicts(report: Figures) -> list[dict[str, Any]]:
    """Return the verdicts on a plan: a code, a text and the classes that it is about."""
    return [
        {"code": code, "text": text, "classes": [row["class"] for row in classes]}
        for judge in _JUDGES
        for code, text, classes in judge(report)
    ]


Judgements = Iterator[tuple[str, str, Classes]]


def _cost_without_effect(report: Figures) -> Judgements:
    growth = report["growth"]
    rates = report["samples_per_multiplier"]
    if rates[0]["multiplier"] == rates[-1]["multiplier"] == 1:
        yield (
            "unchanged",
            "Every sample has multiplier 1: the plan leaves the data unchanged.",
            [],
        )
        return
    before, after = report["mean_imbalance"], report["resampled_mean_imbalance"]
    change = f"from {before:,.1f} to {_number(after)}"
    fall = before / after if after else 0.0
    if growth > NOTABLE and fall < growth:
        raised = sum(rate["n_samples"] for rate in rates if rate["multiplier"] > 1)
        share = percent(raised / report["n_samples"], 0)
        has_target = report["resolved_target_count"] is not None or any(
            row["target_count"] is not None for row in report["classes"]
        )
        lower = ", or a lower target count to save steps" if has_target else ""
        yield (
            "uniform",
            f"{share} of the samples have a multiplier above 1: an epoch is {growth:.2f} times as "
            f"long, and the mean imbalance goes {change}. Use loss weights instead{lower}.",
            [],
        )
    elif fall < 1.01:
        yield (
            "no_gain",
            f"The mean imbalance goes {change}: the plan does not balance the classes.",
            [],
        )
    else:
        yield (
            "balance",
            f"An epoch {growth:.2f} times as long brings the mean imbalance {change}. That is "
            f"balance, not accuracy: tuning a threshold for each class often gains more. Compare "
            f"with tuned thresholds, at equal steps.",
            [],
        )


def _overtaken(report: Figures) -> Judgements:
    largest = max(report["classes"], key=lambda row: row["count"])
    growth = _growth(largest)
    raised = [row for row in report["classes"] if row["multiplier"] > 1]
    overtaken = [row for row in raised if _growth(row) < growth * (1 - 1e-9)]
    if overtaken and growth > largest["multiplier"] * (1 + 1e-9):
        yield (
            "co_occurrence",
            f"The largest class, {_name(largest)}, grows to {growth:.2f} times its count because "
            f"it occurs together with rarer classes. "
            f"{_count(overtaken, 'class is raised but grows', 'classes are raised but grow')} "
            f"less: {_names(overtaken)}.",
            overtaken,
        )


def _cap_binds(report: Figures) -> Judgements:
    held_back = [
        row
        for row in report["classes"]
        if row["count"] and row["count_learned_from"] and row["samples_to_collect"]
    ]
    if held_back and not has_target_counts(report) and report["cap"] > 1:
        of_all = report["resolved_target_count"]
        most = max(  # times as many samples as the class has
            (row["target_count"] if of_all is None else of_all) / row["count_learned_from"]
            for row in held_back
        )
        with np.errstate(over="ignore"):
            needed = np.float64(most) ** report["power"]
        yield (
            "cap_binds",
            f"The cap of {report['cap']:g}, not the target count, limits "
            f"{_count(held_back, 'class', 'classes')}: {_names(held_back)}. The rarest would need "
            f"a multiplier of {_number(float(needed))}; new samples are better than a higher cap.",
            held_back,
        )


def _numbers_asked_for(report: Figures) -> Judgements:
    """Judge a plan with a target count for each class."""
    if not has_target_counts(report):
        return
    occurring = [row for row in report["classes"] if row["count"]]
    kept = [row for row in occurring if row["kept_away_by_cap"] > 0.5]
    if kept:
        missing = sum(row["kept_away_by_cap"] for row in kept)
        least = [row for row in kept if row["resampled_count"] < row["target_count"] - 0.5]
        yield (
            "cap_binds",
            f"The cap of {report['cap']:g} keeps away {missing:,.0f} of the samples that "
            f"target_count asks for, of {_count(kept, 'class', 'classes')}: {_names(kept)}. With "
            f"co-occurrence, {_count(least, 'class has', 'classes have')} fewer than asked for.",
            kept,
        )
    added = [row for row in occurring if row["added_by_co_occurrence"] > 0.5]
    if added:
        total = sum(row["added_by_co_occurrence"] for row in added)
        most = max(added, key=lambda row: row["added_by_co_occurrence"])
        yield (
            "co_occurrence_adds",
            f"Co-occurrence adds {total:,.0f} samples beyond what the multipliers bring, of "
            f"{_count(added, 'class', 'classes')}; most of {_name(most)}, "
            f"{most['added_by_co_occurrence']:,.0f}.",
            added,
        )
    without = [row for row in report["classes"] if not row["count"] and row["target_count"]]
    if without:
        yield (
            "out_of_reach",
            f"target_count asks for samples of {_count(without, 'class', 'classes')} without any: "
            f"{_names(without)}. There is nothing to repeat: collect samples, or leave the class "
            f"out.",
            without,
        )


def _few(report: Figures) -> Judgements:
    few = [row for row in report["classes"] if 0 < row["count"] < FEW_SAMPLES]
    hopeless = [row for row in few if row["resampled_count"] < FEW_SAMPLES]
    if hopeless:
        yield (
            "too_few",
            f"{_count(hopeless, 'class has', 'classes have')} fewer than {FEW_SAMPLES} samples "
            f"even with copies: {_names(hopeless)}. Merge into a parent class "
            f"(merge_classes), or collect more samples.",
            hopeless,
        )
    scarce = [row for row in few if row["resampled_count"] >= FEW_SAMPLES]
    more = "more " if hopeless else ""
    if scarce:
        yield (
            "few",
            f"{_count(scarce, f'{more}class has', f'{more}classes have')} fewer than "
            f"{FEW_SAMPLES} samples: "
            f"{_names(scarce)}. Copies add no variety, and scores on so few samples vary by "
            f"chance: collect more samples.",
            scarce,
        )
    absent = [row for row in report["classes"] if row["count"] == 0 and row["known"] != 0]
    if absent:
        yield (
            "absent",
            f"{_count(absent, 'class never occurs', 'classes never occur')}: {_names(absent)}. "
            f"Resampling cannot help there.",
            absent,
        )


def _unknown(report: Figures) -> Judgements:
    """Judge a plan of a target with unknown entries."""
    if report["known_share"] is None:
        return
    never = [row for row in report["classes"] if row["known"] == 0]
    if never:
        yield (
            "never_known",
            f"Nothing is known of {_count(never, 'class', 'classes')}: {_names(never)}. There is "
            f"no rule to learn, and the multiplier is 1: leave the class out, or label samples.",
            never,
        )
    little = [row for row in report["classes"] if 0 < row["known_share"] < LITTLE_KNOWN]
    if little:
        yield (
            "little_known",
            f"Fewer than half of the samples are known for "
            f"{_count(little, 'class', 'classes')}: {_names(little)}. Shares, odds and loss "
            f"weights are of the known samples, which may not be like the others.",
            little,
        )
    positive = [row for row in report["classes"] if 0 < row["known"] == row["count"]]
    if positive:
        yield (
            "no_known_negatives",
            f"All known samples of {_count(positive, 'class are', 'classes are')} positive: "
            f"{_names(positive)}. Without known negatives there are no odds, and a model learns "
            f"to predict the class always: label samples without it.",
            positive,
        )


def _of_other_samples(report: Figures) -> Judgements:
    if not report["is_of_other_samples"]:
        return
    n_learned = report["n_samples_learned_from"]
    source = "an unknown number of" if n_learned is None else f"{n_learned:,}"
    unknown = [row for row in report["classes"] if row["count"] and not row["count_learned_from"]]
    new = ""
    if unknown:
        new = (
            f" {_count(unknown, 'class was', 'classes were')} not among the counts: "
            f"{_names(unknown)}."
        )
    yield (
        "other_samples",
        f"The multipliers were learned from the counts of {source} samples and are applied to "
        f"these {report['n_samples']:,}, which have other counts.{new}",
        unknown,
    )


_JUDGES: list[Callable[[Figures], Judgements]] = [
    _cost_without_effect,
    _overtaken,
    _cap_binds,
    _numbers_asked_for,
    _few,
    _unknown,
    _of_other_samples,
]


def judge_comparison(report: Figures) -> str:
    """Return which values of one parameter bring most of what its best value brings."""
    plans = report["plans"]
    parameters = [name for name in plans[0] if name.startswith("param_")]
    varied = [name for name in parameters if len({str(plan[name]) for plan in plans}) > 1]
    if len(varied) != 1:
        return ""
    rows = sorted(
        ((plan["growth"], _finite(plan), plan[varied[0]]) for plan in plans),
        key=lambda row: row[:2],  # values may be words beside numbers
    )
    start, best = rows[0][1], min(mean for _, mean, _ in rows)
    if not best < start / 1.01 < np.inf:
        return ""
    half, most = (
        next(value for _, mean, value in rows if start - mean >= share * (start - best))
        for share in (0.5, 0.9)
    )
    name = varied[0].removeprefix("param_")
    steps = f"{name} {half} brings half of that fall, {name} {most} nine tenths"
    if half == most:
        steps = f"{name} {most} brings nine tenths of that fall"
    return f"The mean imbalance falls from {start:,.1f} to {best:,.1f} at best: {steps}."


def judge_near_subsets(near_subsets: Rows | None) -> list[str]:
    """Say which classes hardly occur without another."""
    notes = []
    for row in near_subsets or []:
        n_both, count = row["n_both"], row["count"]
        carry = f"{count:,} samples with class {row['class']!r} also carry class {row['other']!r}"
        some = f"{n_both:,} of the {carry} ({100 * n_both // count} %)."  # 100 % means all
        notes.append(f"All {carry}." if n_both == count else some)
    return notes


def _finite(plan: dict[str, Any]) -> float:
    mean = plan["resampled_mean_imbalance"]
    return np.inf if mean is None else float(mean)


def _growth(row: dict[str, Any]) -> float:
    return float(row["resampled_count"] / row["count"]) if row["count"] else 1.0


def _number(value: float | None) -> str:
    return "infinity" if value is None else f"{value:,.1f}" if value < 1e7 else f"{value:.2g}"


def _count(classes: Classes, singular: str, plural: str) -> str:
    return count_of(len(classes), singular, plural)


def _name(row: dict[str, Any]) -> str:
    return f"{row['class']!r} ({row['count']:,})"


def _names(classes: Classes) -> str:
    """Return the names of the rarest, with their counts."""
    rarest = sorted(classes, key=lambda row: row["count"])
    more = len(rarest) - _NAMED
    return ", ".join(map(_name, rarest[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")
