"""The commands, each a function from arguments to the text, or the batches, that it writes."""

import csv
import io
import json
import re
import warnings
from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from html import escape
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._cli._inputs import (
    as_table,
    format_of,
    is_parquet,
    options_given,
    read_file,
    read_images,
    read_with_groups,
    same_file,
)
from mlresample._cli._outputs import image_list
from mlresample._cli._splits import collect_splits, splits_html, splits_text
from mlresample._plan.compare import PlanComparison, compare_plans
from mlresample._plan.explore import PlanExplorer, explore_plans
from mlresample._plan.make import plan_resampling
from mlresample._plan.plan import ResamplingPlan
from mlresample._plan.table_plan import TablePlan
from mlresample._reporting.base import json_text
from mlresample._reporting.html import fragment, page, plan_html
from mlresample._reporting.verdicts import judge_comparison
from mlresample._rule.counts import ClassCounts
from mlresample._rule.parameters import RULE_CONSTRAINTS
from mlresample._target.read import as_target
from mlresample.annotation import plan_annotation
from mlresample.datasets import make_multilabel_digits
from mlresample.model_selection._splits import assign_folds
from mlresample.readers import LabelTable
from mlresample.readers._lines import short_repr
from mlresample.readers._yolo import check_labels_by_path

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_CAPS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16]
_EXAMPLE = """
No file was named, so this is a built-in example of 2,000 images of digits. Next steps:
  mlresample report train.csv                       how imbalanced a label file is
  mlresample compare train.csv                      what each cap costs and achieves
  mlresample explore train.csv --output plans.html  a page on which to move the parameters
  mlresample plan train.csv --cap 4                 what that plan does to each class
  mlresample resample train.csv --cap 4             the ids of an epoch, for a training loop
""".strip()


def _report(arguments: Namespace) -> str:
    _check_no_instances(arguments)
    tables: dict[str, LabelTable | ClassCounts]
    if not arguments.files:
        _, y, names = make_multilabel_digits(2000, random_state=0)
        ids = np.arange(len(y)).astype(str).astype(object)
        tables = {"digits": LabelTable(ids, y, np.array(names, dtype=object))}
    else:
        names = _short_names(arguments.files)
        tables = {
            name: _read_or_count(file, arguments)
            for name, file in zip(names, arguments.files, strict=True)
        }
    splits = collect_splits(tables)
    if arguments.json:
        return json_text(splits, indent=2)
    if arguments.html:
        from mlresample._cli._pictures import co_occurrence_picture, counts_picture

        name, first = next(iter(tables.items()))
        parts = [splits_html(splits), counts_picture(first, name)]
        if isinstance(first, LabelTable):
            parts.append(co_occurrence_picture(first, name))
        return page(f"Classes of {', '.join(tables)}", parts)
    return splits_text(splits) + ("" if arguments.files else f"\n\n{_EXAMPLE}")


def _read_or_count(file: str, arguments: Namespace) -> LabelTable | ClassCounts:
    """Read a label file, or count the classes of a table that may be larger than memory."""
    if format_of(file, arguments) != "parquet":
        return read_file(file, arguments)
    from mlresample._cli._tables import ParquetTable

    return ParquetTable([file], arguments).target.counts


def _short_names(files: list[str]) -> list[str]:
    """Shorten paths to file names if these differ."""
    for first, second in combinations(files, 2):
        if first == second or same_file(first, second):
            raise ValueError(f"{first} and {second} are the same file: name each file only once.")
    names = [Path(file).name for file in files]
    return names if len(set(names)) == len(names) else files


def _compare(arguments: Namespace) -> str:
    target = _target_of(arguments)
    grid = _options_set(arguments, RULE_CONSTRAINTS)
    if not grid.keys() - {"instance_aware"}:
        grid["cap"] = _CAPS
    comparison = target.compare(grid)
    if arguments.json:
        return comparison.to_json(indent=2)
    if arguments.html:
        from mlresample._cli._pictures import comparison_picture

        verdict = fragment(f"<p>{escape(judge_comparison(comparison.to_dict()))}</p>")
        parts = [comparison._repr_html_(), verdict, comparison_picture(comparison)]
        return page(f"Plans of {_title(arguments)}", parts)
    parts = [repr(comparison), judge_comparison(comparison.to_dict())]
    if not isinstance(target, _FileTarget):
        parts.append("Rows are drawn one by one, so that the size of an epoch varies a little.")
    return "\n\n".join(filter(None, parts))


def _plan(arguments: Namespace) -> str:
    target = _target_of(arguments)
    plan = target.plan(**_rule_of(target, arguments))
    if arguments.json:
        return plan.to_json(indent=2)
    if arguments.html:
        return _plan_page(plan, target, arguments)
    return repr(plan)


def _plan_page(plan: ResamplingPlan | TablePlan, target: Any, arguments: Namespace) -> str:
    from mlresample._cli._pictures import (
        co_occurrence_picture,
        comparison_picture,
        counts_picture,
    )

    title = _title(arguments)
    html = plan_html(plan.to_dict(), type(plan).__name__, all_classes=True)
    parts = [html, counts_picture(plan, title)]
    if plan.resolved_target_count is not None and arguments.epoch_size is None:
        grid = {name: [value] for name, value in _rule_of(target, arguments).items()}
        parts.append(comparison_picture(target.compare(grid | {"cap": _CAPS})))
    if isinstance(target, _FileTarget):
        parts.append(co_occurrence_picture(_presence(target.table), title))
    return page(f"Plan of {title}", parts)


def _explore(arguments: Namespace) -> str:
    if arguments.class_multiplier:
        raise ValueError(
            "--class-multiplier leaves no parameter to move: leave it out, or use mlresample plan."
        )
    explorer = _target_of(arguments).explore(**_options_set(arguments, RULE_CONSTRAINTS))
    return explorer._of_files(arguments.files, options_given(arguments)).html


def _resample(arguments: Namespace) -> Any:
    if is_parquet(arguments):
        return _resample_parquet(arguments)
    _check_unset(arguments, "only for Parquet", epoch=None, keys=False)
    seed, rounding = arguments.random_state, arguments.rounding or "stratified"
    if arguments.images:
        table, images = read_images(arguments.files[0], arguments)
        if arguments.labels is not None:
            check_labels_by_path(table, images)
    else:
        table = _only_table(arguments)
    target = _FileTarget(table, bool(arguments.instances))
    plan = target.plan(**_rule_of(target, arguments))
    if arguments.repeats:
        if arguments.shuffle:
            raise ValueError(
                "--shuffle has no effect with --repeats, which has no order: leave one out."
            )
        return _listed(
            {"id": table.ids, "repeats": plan.draw_repeats(seed, rounding=rounding)}, arguments
        )
    indices = plan.draw_indices(seed, rounding=rounding, shuffle=arguments.shuffle)
    if arguments.images:
        return image_list([images[i] for i in indices])
    return _listed({"id": table.ids[indices]}, arguments)


def _resample_parquet(arguments: Namespace) -> Any:
    """Return the record batches of an epoch, each row of which is drawn by itself."""
    from mlresample._cli._tables import ParquetTable

    _check_unset(
        arguments,
        "not for Parquet, whose rows are drawn one by one, in order",
        rounding=None,
        shuffle=False,
    )
    table = ParquetTable(arguments.files, arguments)
    plan = table.target.plan(**_rule_of(table.target, arguments))
    return table.resampled(plan.rule, arguments)


def _split(arguments: Namespace) -> str:
    _check_no_instances(arguments)
    file, n_folds = arguments.files[0], arguments.folds
    if format_of(file, arguments) == "parquet":
        as_table(file, arguments)
    table, names, group = read_with_groups(file, arguments)
    n_units, units = (len(table.ids), "samples") if names is None else (len(names), "groups")
    if not 2 <= n_folds <= n_units:
        raise ValueError(
            f"--folds must be from 2 to {n_units:,}, the number of {units}, got {n_folds}."
        )
    target = as_target(table.y, class_names=table.class_names)
    random_state = np.random.RandomState(arguments.random_state)
    fold_of = assign_folds(target, n_folds, random_state, names, group)
    return _listed({"id": table.ids, "fold": fold_of}, arguments)


_OPTIONS_OF_ANNOTATE = {
    "target_count": "--until",
    "batch_size": "--batch",
    "n_batches": "--batches",
    "hit_rate": "--hit-rate",
    "cap": "--copies",
}


def _annotate(arguments: Namespace) -> str:
    _check_no_instances(arguments)
    file, since = arguments.files[0], arguments.since
    if since is not None and same_file(file, since):
        raise ValueError(f"--since {since} is the label file itself: name an earlier one.")
    counts = _counts_in(file, arguments)
    start = counts if since is None else _counts_in(since, arguments)
    if start.named and counts.named:  # a class that a file lacks has no labels in it
        start, counts = start + _no_labels(counts.classes), counts + _no_labels(start.classes)
    try:
        plan = plan_annotation(start, **_annotation_of(arguments, start))
        if since is not None:
            plan = plan.progress(counts)
    except ValueError as error:
        names = "|".join(_OPTIONS_OF_ANNOTATE)
        message = re.sub(
            rf"(?:The ')?\b({names})\b(?:' parameter of \w+)?",
            lambda found: _OPTIONS_OF_ANNOTATE[found[1]],
            str(error),
        )
        raise ValueError(message) from error
    if arguments.json:
        return plan.to_json(indent=2)
    if arguments.html:
        return page(f"Annotation of {_title(arguments)}", [plan._repr_html_()])
    return repr(plan)


def _counts_in(file: str, arguments: Namespace) -> ClassCounts:
    table = _read_or_count(file, arguments)
    if isinstance(table, ClassCounts):
        return table
    return ClassCounts.from_target(table.y, class_names=table.class_names)


def _no_labels(classes: NDArray[Any]) -> ClassCounts:
    zeros = np.zeros(len(classes), dtype=np.int64)
    return ClassCounts.from_numbers(zeros, class_names=classes, n_samples=0)


def _annotation_of(arguments: Namespace, counts: ClassCounts) -> dict[str, Any]:
    """Return the parameters that were set; the target count is one, or one for each class."""
    values = {
        "target_count": arguments.until[0],
        "batch_size": arguments.batch,
        "n_batches": arguments.batches,
        "hit_rate": arguments.hit_rate,
        "cap": arguments.copies,
    }
    if any(isinstance(value, str) and "=" in value for value in arguments.until):
        texts = list(map(str, arguments.until))
        values["target_count"] = _by_name("--until", texts, counts.classes)
    elif len(arguments.until) > 1:
        raise ValueError("--until is given twice: pass one for all classes, or CLASS=X for each.")
    return {name: value for name, value in values.items() if value is not None}


COMMANDS: dict[str, Callable[[Namespace], Any]] = {
    "report": _report,
    "compare": _compare,
    "plan": _plan,
    "explore": _explore,
    "resample": _resample,
    "annotate": _annotate,
    "split": _split,
}


# -- shared ------------------------------------------------------------------------------------


def _title(arguments: Namespace) -> str:
    return Path(arguments.files[0]).name


@dataclass
class _FileTarget:
    """The target of a label file; that of Parquet has the same methods."""

    table: LabelTable
    instances: bool

    def plan(self, **rule: Any) -> ResamplingPlan:
        y, class_names, instances = self.table.y, self.table.class_names, self.instances
        return plan_resampling(y, class_names=class_names, instances=instances, **rule)

    def compare(self, grid: dict[str, Any]) -> PlanComparison:
        y, class_names, instances = self.table.y, self.table.class_names, self.instances
        return compare_plans(y, grid, class_names=class_names, instances=instances)

    def explore(self, **rule: Any) -> PlanExplorer:
        y, class_names, instances = self.table.y, self.table.class_names, self.instances
        return explore_plans(y, class_names=class_names, instances=instances, **rule)


def _target_of(arguments: Namespace) -> Any:
    """Return the target of a label file, or of Parquet files that are one table."""
    if not is_parquet(arguments):
        return _FileTarget(_only_table(arguments), bool(arguments.instances))
    from mlresample._cli._tables import ParquetTable

    if arguments.instance_aware:
        raise ValueError("--instance-aware needs counts of instances, which Parquet lacks.")
    return ParquetTable(arguments.files, arguments).target


def _check_unset(arguments: Namespace, where: str, **defaults: Any) -> None:
    for name, default in defaults.items():
        if getattr(arguments, name) != default:
            raise ValueError(f"--{name} is {where}: leave it out.")


def _only_table(arguments: Namespace) -> LabelTable:
    return read_file(arguments.files[0], arguments)


def _presence(table: LabelTable) -> LabelTable:
    """Return the table with 0 and 1 in place of counts of instances."""
    return table._replace(y=(table.y > 0).astype(np.uint8))


def _check_no_instances(arguments: Namespace) -> None:
    if arguments.instances:
        raise ValueError(
            f"--instances has no effect on mlresample {arguments.command}: leave it out."
        )


def _options_set(arguments: Namespace, names: Iterable[str]) -> dict[str, Any]:
    values = {name: getattr(arguments, name, None) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _rule_of(target: Any, arguments: Namespace) -> dict[str, Any]:
    """Return the parameters that were set; a target count is one, or one for each class."""
    rule = _options_set(arguments, RULE_CONSTRAINTS)
    if arguments.class_multiplier:
        rule["class_multipliers"] = _by_class(
            "--class-multiplier", arguments.class_multiplier, target
        )
    if "target_count" in rule:
        values = rule["target_count"]
        if any(isinstance(value, str) and "=" in value for value in values):
            rule["target_count"] = _by_class("--target-count", list(map(str, values)), target)
        elif len(values) > 1:
            raise ValueError(
                "--target-count is given twice: pass one for all classes, or CLASS=X for each."
            )
        else:
            rule["target_count"] = values[0]
    return rule


def _by_class(option: str, texts: list[str], target: Any) -> dict[Any, Any]:
    is_file = isinstance(target, _FileTarget)
    names = target.table.class_names if is_file else target.counts.classes
    return _by_name(option, texts, names)


def _by_name(option: str, texts: list[str], names: NDArray[Any]) -> dict[Any, Any]:
    pairs = [_class_and_number(option, text) for text in texts]
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError(f"{option} names a class twice: give each class one number.")
    known = {str(name): name for name in names.tolist()}
    return {known.get(name, name): value for name, value in pairs}


def _class_and_number(option: str, text: str) -> tuple[str, int | float]:
    name, equals, value = text.rpartition("=")
    for kind in (int, float) if equals else ():
        with suppress(ValueError):
            return name, kind(value)
    raise ValueError(f"{option} {text!r} must be a class, '=' and a number, such as 'lynx=4'.")


def _listed(columns: dict[str, NDArray[Any]], arguments: Namespace) -> str:
    """Format columns as CSV, or as JSON with one list per column."""
    lists = {name: column.tolist() for name, column in columns.items()}
    if arguments.json:
        return json.dumps(lists)
    _warn_of_formulas(lists["id"])
    text = io.StringIO()
    # By itself, the writer does not quote a carriage return.
    returns = any("\r" in name for name in lists["id"])
    quoting: Any = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator="\n", quoting=quoting)
    writer.writerow(lists)
    writer.writerows(zip(*lists.values(), strict=True))
    return text.getvalue()


def _warn_of_formulas(ids: list[str]) -> None:
    """Warn of ids that a spreadsheet takes for formulas; training loops need them as they are."""
    formulas = {name for name in ids if name.startswith(("=", "+", "-", "@", "\t", "\r"))}
    formulas = {name for name in formulas if not _NUMBER.fullmatch(name)}
    if formulas:
        warnings.warn(
            f"Ids such as {short_repr(min(formulas))} are written unchanged, and a spreadsheet "
            "would take them for formulas: import the file there as text.",
            UserWarning,
            stacklevel=1,
        )
