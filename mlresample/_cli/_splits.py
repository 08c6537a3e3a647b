"""Label files side by side: measures, counts, and what one has and another lacks."""

from collections.abc import Callable
from functools import partial
from html import escape
from itertools import combinations
from typing import Any

from mlresample._reporting.html import fragment, table
from mlresample._reporting.text import aligned, number, percent, short_name, without_middle
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
    # A class may be a number in one file, where all are, and not in another.
    kind: type[Any] = (
        str if any(one.class_names.dtype == object for one in tables.values()) else int
    )
    measures = {
        name: measure_imbalance(one.y, class_names=list(map(kind, one.class_names))).to_dict()
        for name, one in tables.items()
    }
    counts = {
        name: {row["class"]: row["count"] for row in one["classes"]}
        for name, one in measures.items()
    }
    classes = list(dict.fromkeys(known for one in counts.values() for known in one))
    return {
        "schema_version": 1,
        "files": [
            {"file": name}
            | {key: value for key, value in one.items() if key not in _OF_EACH_REPORT}
            for name, one in measures.items()
        ],
        "classes": [
            {"class": known, "counts": [one.get(known, 0) for one in counts.values()]}
            for known in classes
        ],
        "missing": [
            {"file": name, "classes": [known for known in classes if not one.get(known, 0)]}
            for name, one in counts.items()
        ],
        "shared_ids": [
            {"files": [one, other], "n_ids": len({*tables[one].ids} & {*tables[other].ids})}
            for one, other in combinations(tables, 2)
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
    """Give the cells of the tables of measures and of classes, the rarest first."""
    files = splits["files"]
    measures = [["", *(one["file"] for one in files)]]
    for key, (told, tell) in _MEASURES.items():
        values = (one[key] for one in files)
        measures.append([told, *("" if value is None else tell(value) for value in values)])
    header = ["class"]
    for one in files:
        header += [one["file"], "of samples"]
    classes = [header]
    for row in sorted(splits["classes"], key=lambda row: row["counts"][0]):
        cells = [short_name(row["class"])]
        for count, one in zip(row["counts"], files, strict=True):
            cells += [f"{count:,}", percent(count / one["n_samples"])]
        classes.append(cells)
    return measures, classes


def _notes(splits: dict[str, Any]) -> list[str]:
    notes = []
    for one in splits["missing"]:
        if one["classes"]:
            notes.append(f"No sample in {one['file']}: {listed(one['classes'])}.")
    for one in splits["shared_ids"]:
        if one["n_ids"]:
            first, second = one["files"]
            ids = "1 id is" if one["n_ids"] == 1 else f"{one['n_ids']:,} ids are"
            notes.append(f"{ids} in both {first} and {second}: scores there would be too good.")
    return notes
