"""Damage to label files is never read as other counts in silence."""

import csv
import io
import json
import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import pytest

from mlresample.readers import read_labels

from .label_files import write

N_EDITS = 2_000
CLASSES = ["ant", "bee", "cat fish", "dog", "eel, grey", "fly|not", 'the "gnu" herd']
PLAIN = ["ant", "bee", "cow", "dog", "eel", "fly", "gnu"]
NUMBERS = [str(i) for i in range(7)]


def samples(rng, names):
    """Return 12 samples; each class is carried by at least two of them."""
    lists = [[names[i]] for i in range(len(names))]
    for _ in range(5):
        lists.append(sorted(rng.choice(names, rng.randint(1, 4), replace=False).tolist()))
    lists[7] = sorted(names[:4])
    lists[8] = sorted(names[3:])
    ids = [f"img_{i:03}.png" for i in rng.permutation(1000)[:12]]
    return ids, lists


def csv_text(header, rows, **options):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", **options)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def joined_by(separator, **options):
    def write_file(ids, lists, names):
        rows = zip(ids, map(separator.join, lists), strict=True)
        return csv_text(["Id", "Target"], rows, **options)

    return write_file


def labels_first(ids, lists, names):
    rows = zip(map("|".join, lists), ids, strict=True)
    return csv_text(["Target", "Id"], rows, delimiter=";")


def lists_as(write_list):
    def write_file(ids, lists, names):
        return csv_text(["Id", "Target"], zip(ids, map(write_list, lists), strict=True))

    return write_file


def indicators(ones, zeros):
    def write_file(ids, lists, names):
        rows = [
            [name, *(ones if label in labels else zeros for label in names)]
            for name, labels in zip(ids, lists, strict=True)
        ]
        return csv_text(["Id", *names], rows)

    return write_file


def a_row_per_label(ids, lists, names):
    rows = [[i, label, 7] for i, row in zip(ids, lists, strict=True) for label in row]
    return csv_text(["Id", "Label", "Size"], rows)


def json_array(ids, lists, names):
    records = [json.dumps({"id": i, "labels": row}) for i, row in zip(ids, lists, strict=True)]
    return "[\n" + ",\n".join(records) + "\n]\n"


def json_lines(ids, lists, names):
    records = [json.dumps({"id": i, "labels": row}) for i, row in zip(ids, lists, strict=True)]
    return "\n".join(records) + "\n"


def json_mapping(ids, lists, names):
    pairs = [f"{json.dumps(i)}: {json.dumps(row)}" for i, row in zip(ids, lists, strict=True)]
    return "{\n" + ",\n".join(pairs) + "\n}\n"


@dataclass
class Layout:
    """A way to write labels, and the options that read them."""

    file: str
    write: object
    names: list
    options: dict = field(default_factory=dict)
    between_labels: str = ""  # a pattern
    before_last_cell: str = ""  # if that cell has no end of its own, no quote and no bracket


IN_JSON = r'(?<="), (?=")'
LAYOUTS = {
    "numbers": Layout("t.csv", joined_by(" "), NUMBERS, {}, " ", ","),
    "words and bars": Layout("t.csv", joined_by("|"), PLAIN, {"separator": "|"}, r"\|", ","),
    "all quoted": Layout(
        "t.csv", joined_by("; ", quoting=csv.QUOTE_ALL), PLAIN, {"separator": ";"}, ";"
    ),
    "labels before ids": Layout(
        "t.csv",
        labels_first,
        PLAIN,
        {"separator": "|", "id_column": "Id", "delimiter": ";"},
        r"\|",
    ),
    "JSON lists": Layout("t.csv", lists_as(json.dumps), CLASSES, {}, IN_JSON),
    "Python lists": Layout("t.csv", lists_as(str), CLASSES, {}, "(?<=['\"]), (?=['\"])"),
    "0 and 1": Layout("t.csv", indicators("1", "0"), PLAIN, {}, ","),
    "True and False": Layout("t.csv", indicators("True", "False"), CLASSES, {}, ",(?! )"),
    "a row per label": Layout(
        "t.csv", a_row_per_label, PLAIN, {"label_columns": "Label", "merge_rows": True}, ","
    ),
    "JSON array": Layout("t.json", json_array, CLASSES, {}, IN_JSON),
    "JSON lines": Layout("t.jsonl", json_lines, CLASSES, {}, IN_JSON),
    "JSON mapping": Layout("t.json", json_mapping, CLASSES, {}, IN_JSON),
}


# -- edits: each takes the lines, and returns them with a damage, or None ----------------------


def cut_a_line(rng, lines, layout):
    at = rng.randint(len(lines))
    end = rng.randint(1, max(2, len(lines[at])))
    kept = lines[at][:end]
    if kept == lines[at]:
        return None
    return [*lines[:at], kept, *lines[at + 1 :]]


def lose_a_quote(rng, lines, layout):
    places = [(i, j) for i, line in enumerate(lines) for j, c in enumerate(line) if c in "\"'"]
    if not places:
        return None
    i, j = places[rng.randint(len(places))]
    return [*lines[:i], lines[i][:j] + lines[i][j + 1 :], *lines[i + 1 :]]


def double_a_separator(rng, lines, layout):
    places = [
        (i, found)
        for i, line in enumerate(lines)
        for found in re.finditer(layout.between_labels, line)
    ]
    i, found = places[rng.randint(len(places))]
    line = lines[i][: found.end()] + found[0] + lines[i][found.end() :]
    return [*lines[:i], line, *lines[i + 1 :]]


def repeat_a_row(rng, lines, layout):
    i = rng.randint(1, len(lines))
    at = rng.randint(1, len(lines))
    return [*lines[:at], lines[i], *lines[at:]]


def drop_the_header(rng, lines, layout):
    return lines[1:] if layout.file == "t.csv" else None


EDITS = [cut_a_line, lose_a_quote, double_a_separator, repeat_a_row, drop_the_header]


def counts_of(layout, names):
    """Return the class counts, or None if anything was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = read_labels(layout.file, **layout.options, class_names=names)
        except ValueError:
            return None
    if caught:
        return None
    counts = table.y.sum(axis=0).tolist()
    return dict(zip(map(str, table.class_names.tolist()), counts, strict=True)), len(table.ids)


def leaves_whole_labels(before, after, layout, class_names):
    """Return whether a cut leaves a line that could have been written as it is: nobody can tell.

    It does if the cut is within the last cell, which has no end of its own, and if what is left
    of the cell are classes; any text is one if the classes are not named.
    """
    cut = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
    if not layout.before_last_cell or len(before) != len(after) or len(cut) != 1:
        return False
    [(old, new)] = cut
    _, mark, cell = new.partition(layout.before_last_cell)
    labels = re.split(layout.between_labels, cell.strip())
    whole = all(labels) if class_names is None else set(labels) <= set(class_names)
    return old.startswith(new) and mark != "" and whole


@pytest.mark.parametrize("named", [True, False], ids=["classes named", "classes found"])
def test_damage_is_told_or_does_no_harm(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    rng = np.random.RandomState(0)
    silent, n_told, n_excluded = [], 0, 0
    for k in range(N_EDITS // 2):
        name = list(LAYOUTS)[k % len(LAYOUTS)]
        layout = LAYOUTS[name]
        class_names = layout.names if named else None
        ids, lists = samples(rng, layout.names)
        expected = {c: sum(c in row for row in lists) for c in layout.names}, len(ids)
        lines = layout.write(ids, lists, layout.names).splitlines()
        if k < len(LAYOUTS):
            write(layout.file, "\n".join(lines) + "\n")
            assert counts_of(layout, class_names) == expected
        damaged = None
        while damaged in (None, lines):
            edit = EDITS[rng.randint(len(EDITS))]
            damaged = edit(rng, lines, layout)
        write(layout.file, "\n".join(damaged) + "\n")
        found = counts_of(layout, class_names)
        n_told += found is None
        if found not in (None, expected):
            if edit is cut_a_line and leaves_whole_labels(lines, damaged, layout, class_names):
                n_excluded += 1
            else:
                changed = [new for old, new in zip(lines, damaged, strict=False) if old != new]
                silent.append((name, edit.__name__, changed[:1], found))
    assert silent == []
    assert n_told > 0.7 * N_EDITS / 2
    assert n_excluded < 0.01 * N_EDITS / 2
