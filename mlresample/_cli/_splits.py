"""Label files side by side: measures, counts, missing classes and shared ids."""

from collections.abc import Callable
from functools import partial
from html import escape
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from mlresample._reporting.base import finite
from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, number, percent, short_name, without_middle
from mlresample._reporting.verdicts import judge_near_subsets
from mlresample._rule.counts import ClassCounts, check_some_class_occurs, imbalance_per_class
from mlresample._utils.names import count_of, listed
from mlresample.metrics import measure_imbalance
from mlresample.metrics._imbalance import measures_of_counts
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


def collect_splits(tables: dict[str, LabelTable | ClassCounts]) -> dict[str, Any]:
    """Gather the figures of label files, or what counts alone tell of them, by their names."""
    # Classes are integers in a file where all are, and may be strings in another.
    dtypes = [_names(labels).dtype for labels in tables.values()]
    kind: type[Any] = str if object in dtypes else int
    measures = {
        name: _measures(labels, list(map(kind, _names(labels)))) for name, labels in tables.items()
    }
    ids = {
        name: {*labels.ids} for name, labels in tables.items() if isinstance(labels, LabelTable)
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
            {"files": [first, second], "n_ids": len(ids[first] & ids[second])}
            for first, second in combinations(ids, 2)
        ],
    }


def _names(labels: LabelTable | ClassCounts) -> NDArray[Any]:
    return labels.class_names if isinstance(labels, LabelTable) else labels.classes


def _measures(labels: LabelTable | ClassCounts, names: list[Any]) -> dict[str, Any]:
    """Measure a target; what would need another pass over a table is None."""
    if isinstance(labels, LabelTable):
        return measure_imbalance(labels.y, class_names=names).to_dict()
    counts, n_samples = labels.class_counts, labels.n_samples or 0
    check_some_class_occurs(counts, "the table")
    measures = measures_of_counts(counts, imbalance_per_class(counts, counts), n_samples)
    return {
        "n_samples": n_samples,
        "n_classes": len(counts),
        **finite(measures),
        "scumble": None,
        "n_label_sets": None,
        "share_without_class": (labels.n_without_class or 0) / n_samples,
        "near_subsets": None,
        "classes": [
            {"class": name, "count": count}
            for name, count in zip(names, counts.tolist(), strict=True)
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
        values = [file[key] for file in files]
        if values != [None] * len(values):
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
            ids = count_of(shared["n_ids"], "id is", "ids are")
            notes.append(f"{ids} in both {first} and {second}: scores on them would be too high.")
    return notes
