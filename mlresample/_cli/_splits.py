"""Label files side by side: measures, counts, missing classes and shared ids."""

from collections.abc import Callable
from functools import partial
from html import escape
from itertools import combinations
from typing import Any

from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, number, percent, short_name, without_middle
from mlresample._reporting.verdicts import judge_near_subsets
from mlresample._utils.names import listed
from mlresample.metrics import measure_imbalance
from mlresample.readers import LabelTable

_whole, _fine = "{:,}".format, partial(number, digits=3)
_MEASURES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "n_samples": ("samples", _whole),
    "share_without_class": ("without a class", percent),
    "cardinality": ("classes per sample", number),
    "n_label_sets": ("distinct label sets", _whole),
    "imbalance_ratio": ("imbalance ratio", number),
    "mean_imbalance": ("mean imbalance", number),
    "imbalance_variation": ("its variation", _fine),
    "scumble": ("SCUMBLE", _fine),
}
_OF_EACH_REPORT = {"schema_version", "classes"}


def collect_splits(tables: dict[str, LabelTable]) -> dict[str, Any]:
    """Gather the figures of label files, by the files' names."""
    # Classes are integers in a file where all are, and may be strings in another.
    kind: type[Any] = (
        str if any(labels.class_names.dtype == object for labels in tables.values()) else int
    )
    measures = {
        name: measure_imbalance(
            labels.y, class_names=list(map(kind, labels.class_names))
        ).to_dict()
        for name, labels in tables.items()
    }
    counts = {
        name: {row["class"]: row["count"] for row in report["classes"]}
        for name, report in measures.items()
    }
    classes = list(dict.fromkeys(known for of_file in counts.values() for known in of_file))
    return {
        "schema_version": 1,
        "files": [
            {"file": name}
            | {key: value for key, value in report.items() if key not in _OF_EACH_REPORT}
            for name, report in measures.items()
        ],
        "classes": [
            {"class": known, "counts": [of_file.get(known, 0) for of_file in counts.values()]}
            for known in classes
        ],
        "missing": [
            {"file": name, "classes": [known for known in classes if not of_file.get(known, 0)]}
            for name, of_file in counts.items()
        ],
        "shared_ids": [
            {"files": [first, second], "n_ids": len({*tables[first].ids} & {*tables[second].ids})}
            for first, second in combinations(tables, 2)
        ],
    }


def splits_text(splits: dict[str, Any]) -> str:
    """Write the figures as text."""
    measures, classes = _tables(splits)
    return "\n".join([*aligned(measures), "", *without_middle(aligned(classes)), *_notes(splits)])


def splits_html(splits: dict[str, Any]) -> str:
    """Write the figures as HTML."""
    parts = [table(header, rows) for header, *rows in _tables(splits)]
    notes = "".join(f"<li>{escape(note)}</li>" for note in _notes(splits))
    return fragment("".join([f"<ul>{notes}</ul>", *parts]))


def _tables(splits: dict[str, Any]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the cells of the tables of measures and of classes, the rarest first."""
    files = splits["files"]
    measures = [["", *(file["file"] for file in files)]]
    for key, (title, form) in _MEASURES.items():
        values = (file[key] for file in files)
        measures.append([title, *("" if value is None else form(value) for value in values)])
    header = ["class"]
    for file in files:
        header += [file["file"], "of samples"]
    classes = [header]
    for row in sorted(splits["classes"], key=lambda row: row["counts"][0]):
        cells = [short_name(row["class"])]
        for count, file in zip(row["counts"], files, strict=True):
            cells += [f"{count:,}", percent(count / file["n_samples"])]
        classes.append(cells)
    return measures, classes


def _notes(splits: dict[str, Any]) -> list[str]:
    notes = []
    for missing in splits["missing"]:
        if missing["classes"]:
            notes.append(f"No sample in {missing['file']}: {listed(missing['classes'])}.")
    for file in splits["files"]:
        notes += [f"{file['file']}: {note}" for note in judge_near_subsets(file["near_subsets"])]
    for shared in splits["shared_ids"]:
        if shared["n_ids"]:
            first, second = shared["files"]
            ids = "1 id is" if shared["n_ids"] == 1 else f"{shared['n_ids']:,} ids are"
            notes.append(f"{ids} in both {first} and {second}: scores on them would be too high.")
    return notes
