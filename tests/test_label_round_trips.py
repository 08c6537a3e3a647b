"""The same labels, written in every layout, are read as the same table."""

import csv
import json
import re
import warnings
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlresample.readers import read_labels

from .label_files import check_table

SETTINGS = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

pytestmark = pytest.mark.usefixtures("in_empty_folder")


@dataclass
class Labels:
    """Samples, the labels of each, and the classes in the order of the columns."""

    ids: list
    lists: list
    names: list

    def target(self):
        return [[int(name in labels) for name in self.names] for labels in self.lists]


def labels(text):
    """Return a strategy of labels whose ids and names are such texts."""

    @st.composite
    def draw_labels(draw):
        names = draw(st.lists(text, min_size=1, max_size=5, unique=True))
        ids = draw(st.lists(text, min_size=1, max_size=5, unique=True))
        label_list = st.lists(st.sampled_from(names), unique=True)
        lists = draw(st.lists(label_list, min_size=len(ids), max_size=len(ids)))
        assume(any(lists))
        return Labels(ids, lists, names)

    return draw_labels()


MARKS = "\"'`|;,/\\&+\n\r\t []{}()<>#%:=0123456789.-éä猫\uff0c\u2028\u00a0\U0001f98a"
ANY = st.text(
    st.one_of(
        st.sampled_from(MARKS), st.characters(exclude_characters="\0", exclude_categories=["Cs"])
    ),
    min_size=1,
    max_size=8,
).map(str.strip)
# A column is called id, another labels.
ANY = ANY.filter(lambda text: text not in ("", "id", "labels"))


# -- layouts: each writes labels, and returns what reads them ----------------------------------


def as_csv(header, rows, **options):
    with open("t.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, **options)
        writer.writerow(header)
        writer.writerows(rows)
    return "t.csv"


def separator_for(labels):
    """Return a separator that occurs in no name, also not where two of them meet."""
    text = "\n".join(labels.names)
    return next(mark for mark in ["|", ";", "//", " ~ ", "<sep>", "@@@@"] if mark[0] not in text)


def assume_no_cell_is_a_list(cells):
    """Leave out cells that are lists by their brackets, whatever the separator is."""
    assume(not any(cell[:1] + cell[-1:] in ("[]", "{}", "()", "<>") for cell in cells))
    assume("set()" not in cells)


def none_value(labels):
    return {} if all(labels.lists) else {"none_value": ""}


def separated(labels):
    separator = separator_for(labels)
    cells = [separator.join(row) for row in labels.lists]
    assume_no_cell_is_a_list(cells)
    rows = zip(labels.ids, cells, strict=True)
    return as_csv(["id", "labels"], rows), {"separator": separator, **none_value(labels)}


def separated_and_quoted(labels):
    separator = separator_for(labels)
    cells = [f" {separator} ".join(row) for row in labels.lists]
    assume_no_cell_is_a_list(cells)
    rows = zip(cells, labels.ids, strict=True)
    path = as_csv(["labels", "id"], rows, quoting=csv.QUOTE_ALL, delimiter="\t")
    options = {"id_column": "id", "separator": separator, "delimiter": "\t"}
    return path, options | none_value(labels)


def lists_in_cells(write):
    def layout(labels):
        rows = zip(labels.ids, map(write, labels.lists), strict=True)
        return as_csv(["id", "labels"], rows), {}

    return layout


def json_text(value):
    return json.dumps(value, ensure_ascii=False)


def set_text(values):
    return str(set(values))


def tuple_text(values):
    return str(tuple(values))


def label_columns(labels):
    width = max(map(len, labels.lists))
    rows = [row + [""] * (width - len(row)) for row in labels.lists]
    cells = [cell for row in rows for cell in row]
    assume_no_cell_is_a_list(cells)
    columns = [f"label{i}" for i in range(width)]
    rows = [[*row, name] for name, row in zip(labels.ids, rows, strict=True)]
    options = {"id_column": "id", "label_columns": columns, "separator": separator_for(labels)}
    return as_csv([*columns, "id"], rows), options | ({} if width > 1 else none_value(labels))


def indicators(labels):
    rows = ([name, *row] for name, row in zip(labels.ids, labels.target(), strict=True))
    return as_csv(["id", *labels.names], rows), {"class_columns": labels.names}


def rows_of(labels):
    """Return the first label of each sample, then the second, and so on; ids keep their order."""
    samples = list(zip(labels.ids, labels.lists, strict=True))
    rows = [[name, row[0] if row else ""] for name, row in samples]
    for i in range(1, len(labels.names)):
        rows += [[name, row[i]] for name, row in samples if i < len(row)]
    assume_no_cell_is_a_list([label for _, label in rows])
    options = {"merge_rows": True, "separator": separator_for(labels)}
    return rows, options | none_value(labels)


def a_row_per_label(labels):
    rows, options = rows_of(labels)
    return as_csv(["id", "labels"], rows), options


def records(labels):
    return [{"id": n, "labels": row} for n, row in zip(labels.ids, labels.lists, strict=True)]


def list_of_dict(labels):
    return records(labels), {}


def mapping(labels):
    return dict(zip(labels.ids, labels.lists, strict=True)), {}


def json_file(ending, write):
    def layout(labels):
        path = f"t.{ending}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(write(labels))
        return path, {}

    return layout


def several_lines_of(labels):
    assume(len(labels.ids) > 1)  # one record alone could be a mapping
    return lines_of(labels)


def lines_of(labels):
    return "".join(json_text(record) + "\n" for record in records(labels))


def pandas_lists(labels):
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"id": labels.ids, "labels": labels.lists}), {}


def pandas_arrays(labels):
    pandas = pytest.importorskip("pandas")
    arrays = [np.array(row, dtype=object) for row in labels.lists]
    return pandas.DataFrame({"labels": arrays, "id": labels.ids}), {"id_column": "id"}


def pandas_indicators(labels):
    pandas = pytest.importorskip("pandas")
    target = np.array(labels.target())
    frame = pandas.DataFrame(target, columns=labels.names).astype(float)
    frame.insert(0, "id", labels.ids)
    return frame, {"class_columns": labels.names}


def polars_lists(labels):
    polars = pytest.importorskip("polars")
    schema = {"id": polars.String, "labels": polars.List(polars.String)}
    return polars.DataFrame({"id": labels.ids, "labels": labels.lists}, schema=schema), {}


def polars_indicators(labels):
    polars = pytest.importorskip("polars")
    columns = zip(labels.names, np.array(labels.target(), dtype=bool).T, strict=True)
    frame = polars.DataFrame({"id": labels.ids, **dict(columns)})
    return frame, {"class_columns": labels.names}


def polars_rows(labels):
    polars = pytest.importorskip("polars")
    rows, options = rows_of(labels)
    return polars.DataFrame(rows, schema=["id", "labels"], orient="row"), options


LAYOUTS = {
    "separator": separated,
    "separator, all quoted, tabs": separated_and_quoted,
    "JSON lists": lists_in_cells(json_text),
    "JSON lists in ASCII": lists_in_cells(json.dumps),
    "Python lists": lists_in_cells(str),
    "Python sets": lists_in_cells(set_text),
    "Python tuples": lists_in_cells(tuple_text),
    "several label columns": label_columns,
    "columns of 0 and 1": indicators,
    "a row per label": a_row_per_label,
    "list of dict": list_of_dict,
    "dict": mapping,
    "JSON array": json_file("json", lambda labels: json.dumps(records(labels), indent=1)),
    "JSON mapping": json_file("json", lambda labels: json_text(mapping(labels)[0])),
    "JSON lines": json_file("jsonl", lines_of),
    "JSON lines that end in .json": json_file("json", several_lines_of),
    "pandas, lists": pandas_lists,
    "pandas, arrays": pandas_arrays,
    "pandas, columns of 0 and 1": pandas_indicators,
    "Polars, lists": polars_lists,
    "Polars, a row per label": polars_rows,
    "Polars, columns of booleans": polars_indicators,
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)


def read(source, **options):
    """Return the table and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = read_labels(source, **options)
    return table, [str(warning.message) for warning in caught]


# Any text as an id may look like a comment, a list or an indicator; then that is said.
OF_IDS = re.compile(
    "begins as a comment does|the id '.*' is a list|the ids .* are only 0 and 1", re.DOTALL
)


@every_layout
@SETTINGS
@given(labels=labels(ANY))
def test_any_text_goes_through_every_layout(layout, labels):
    source, options = layout(labels)
    table, said = read(source, class_names=labels.names, **options)
    check_table(table, labels.ids, labels.target(), labels.names)
    said = [message for message in said if not OF_IDS.search(message)]
    assert said == []


# Names as people give them: letters of any script, with digits, blanks and hyphens inside.
LETTERS = st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=4)
NAMES = st.lists(LETTERS, min_size=1, max_size=3).flatmap(
    lambda words: st.sampled_from([" ".join(words), "-".join(words), "_".join(words) + " 2"])
)
NAMES = NAMES.filter(
    lambda name: (
        name.strip() == name
        and name.casefold()
        not in ("id", "labels", "na", "nan", "nil", "none", "null", "no", "yes", "true", "false")
    )
)


@every_layout
@SETTINGS
@given(labels=labels(NAMES))
def test_plain_names_need_no_list_of_classes_and_raise_no_suspicion(layout, labels):
    labels.names = sorted(set().union(*labels.lists))
    source, options = layout(labels)
    table, said = read(source, **options)
    check_table(table, labels.ids, labels.target(), labels.names)
    assert said == []
