"""Tables are counted and repeated batch by batch as targets in memory are."""

import pickle
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import MultiLabelBinarizer
from xxhash import xxh64_intdigest

from mlresample import ClassCounts, ResamplingRule, plan_resampling
from mlresample._plan.hashed import epoch_hash, hash_bytes, hash_integers
from mlresample.tables import add_repeats, count_classes

NAMES = ["cat", "dog", "eel", "fox", "gnu"]


def rows_of_labels(n_rows, seed=0):
    """Lists of labels, some empty, with rare classes."""
    generator = np.random.RandomState(seed)
    bits = generator.uniform(size=(n_rows, 5)) < [0.6, 0.3, 0.1, 0.05, 0.02]
    return [[NAMES[c] for c in row.nonzero()[0]] for row in bits]


def table_of(labels, keys=None):
    return pa.table({"id": range(len(labels)) if keys is None else keys, "labels": labels})


LABELS = rows_of_labels(500)
TABLE = table_of(LABELS)
Y = MultiLabelBinarizer(classes=NAMES).fit_transform(LABELS)
COUNTS = ClassCounts.from_target(Y, class_names=NAMES)
RULE = plan_resampling(Y, class_names=NAMES, cap=6, target_count="max", background=0.5).rule


def counted(counts):
    by_class = dict(zip(counts.classes.tolist(), counts.class_counts.tolist(), strict=True))
    return by_class, counts.n_samples, counts.n_without_class


# -- the hash ----------------------------------------------------------------------------------


@given(st.lists(st.integers(-(2**63), 2**63 - 1)), st.integers(0, 2**64 - 1))
def test_integers_are_hashed_as_eight_little_endian_bytes(values, seed):
    hashes = hash_integers(np.array(values, dtype=np.int64), np.uint64(seed))
    expected = [xxh64_intdigest(v.to_bytes(8, "little", signed=True), seed) for v in values]
    assert hashes.tolist() == expected


def test_draws_of_the_documentation():
    """Other programs may check themselves against these numbers, which never change."""
    start = epoch_hash(7, 3)
    assert hash_integers(np.array([0, 1, -5]), start).tolist() == [
        9168456267884843419,
        17320809010763537320,
        13140846685052626449,
    ]
    strings = [text.encode() for text in ["", "a", "größer"]]
    assert hash_bytes(strings, start).tolist() == [
        17316483512445793444,
        1236278540460959361,
        6694060723965725607,
    ]


def test_a_long_array_is_hashed_as_its_parts_are():
    values = np.arange(-40_000, 40_000)
    whole = hash_integers(values, np.uint64(1))
    assert np.array_equal(whole[::1000], hash_integers(values[::1000].copy(), np.uint64(1)))


def draws(keys, seed=0, epoch=0):
    hashes = hash_integers(np.asarray(keys, dtype=np.int64), epoch_hash(seed, epoch))
    return (hashes >> np.uint64(11)) * 2.0**-53


def test_draws_are_uniform_and_independent_of_neighbors_epochs_and_seeds():
    n = 200_000
    first = draws(np.arange(n))
    assert stats.kstest(first, "uniform").pvalue > 1e-4
    others = {
        "next key": draws(np.arange(1, n + 1)),
        "key 2**32 further": draws(np.arange(n) + 2**32),
        "next epoch": draws(np.arange(n), epoch=1),
        "next seed": draws(np.arange(n), seed=1),
        "seed and epoch swapped": draws(np.arange(n), seed=1, epoch=0),
    }
    for name, other in others.items():
        assert abs(np.corrcoef(first, other)[0, 1]) < 4.5 / np.sqrt(n), name


def test_mean_repeats_over_epochs_are_the_multipliers():
    repeats = [
        add_repeats(TABLE, RULE, "labels", key="id", epoch=epoch).read_all()["repeats"].to_numpy()
        for epoch in range(400)
    ]
    multipliers = RULE.sample_multipliers(Y, class_names=NAMES)
    assert np.ptp(repeats, axis=0).max() == 1
    standard_error = np.sqrt(0.25 / 400)
    assert np.abs(np.mean(repeats, axis=0) - multipliers).max() < 4.5 * standard_error


# -- layouts and sources -------------------------------------------------------------------------


def with_labels(column):
    return pa.table({"id": TABLE["id"], "labels": column})


def cells(separator):
    return pa.array([separator.join(row) for row in LABELS])


def string_views():
    return pa.ListArray.from_arrays(
        TABLE["labels"].combine_chunks().offsets,
        TABLE["labels"].combine_chunks().values.cast(pa.string_view()),
    )


def dictionaries():
    """Lists whose values are numbers of a dictionary that has a name twice, and one unused."""
    lists = TABLE["labels"].combine_chunks()
    names = ["unused", *NAMES, "cat"]
    numbers = np.array([names.index(name) for name in lists.values.to_pylist()], dtype=np.int8)
    numbers[np.flatnonzero(numbers == 1)[::2]] = 6
    values = pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(names))
    return pa.ListArray.from_arrays(lists.offsets, values)


def sliced():
    """Lists that begin in the middle of their buffers, in chunks."""
    more = pa.array([["dog"], *LABELS[:200], ["eel", "eel"]])
    return pa.chunked_array([more.slice(1, 200), pa.array(LABELS[200:])])


def with_content_under_nulls():
    """Background as null lists, whose values are still in the buffer."""
    filled = pa.array([row or ["gnu"] for row in LABELS])
    mask = pa.array([not row for row in LABELS])
    return pa.ListArray.from_arrays(filled.offsets, filled.values, mask=mask)


LAYOUTS = {
    "lists": (TABLE, {}),
    "lists with labels twice": (with_labels([row + row[:1] for row in LABELS]), {}),
    "large lists": (with_labels(TABLE["labels"].cast(pa.large_list(pa.large_string()))), {}),
    "string views": (with_labels(string_views()), {}),
    "dictionaries": (with_labels(dictionaries()), {}),
    "slices and chunks": (with_labels(sliced()), {}),
    "null lists": (with_labels(with_content_under_nulls()), {"null_is_background": True}),
    "cells": (with_labels(cells("|")), {"separator": "|"}),
    "cells with spaces": (with_labels(cells(" , ")), {"separator": ","}),
    "cells of a dictionary": (with_labels(cells("|").dictionary_encode()), {"separator": "|"}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_counts_and_repeats_of_the_target_in_memory(layout):
    table, options = LAYOUTS[layout]
    assert counted(count_classes(table, "labels", **options)) == counted(COUNTS)
    drawn = add_repeats(table, RULE, "labels", key="id", **options).read_all()
    multipliers = RULE.sample_multipliers(Y, class_names=NAMES)
    assert drawn["multiplier"].to_numpy().tolist() == multipliers.tolist()
    plain = np.floor(multipliers) + (draws(np.arange(500)) < multipliers % 1)
    assert drawn["repeats"].to_pylist() == plain.tolist()
    assert drawn.drop_columns(["multiplier", "repeats"]).equals(table)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.bool_])
def test_columns_of_classes_may_be_of_any_number(dtype):
    columns = {name: Y[:, c].astype(dtype) for c, name in enumerate(NAMES)}
    table = pa.table({"id": range(500), **columns, "never": np.zeros(500, dtype=dtype)})
    counts = count_classes(table, [*NAMES, "never"])
    assert counts.classes.tolist() == [*NAMES, "never"]
    assert counts.class_counts.tolist() == [*COUNTS.class_counts, 0]
    drawn = add_repeats(table, RULE, NAMES, key="id").read_all()
    multipliers = RULE.sample_multipliers(Y, class_names=NAMES)
    assert drawn["multiplier"].to_numpy().tolist() == multipliers.tolist()


@pytest.mark.parametrize("offset", [0, -3, 2**40])
def test_labels_may_be_integers_even_large_or_negative_ones(offset):
    ids = [[NAMES.index(name) + offset for name in row] for row in LABELS]
    table = table_of(ids)
    counts = count_classes(table, "labels")
    assert counts.classes.tolist() == list(range(offset, offset + 5))
    assert counts.class_counts.tolist() == COUNTS.class_counts.tolist()
    rule = ResamplingRule.from_counts(counts, cap=6, target_count="max", background=0.5)
    drawn = add_repeats(table, rule, "labels", key="id").read_all()
    expected = RULE.sample_multipliers(Y, class_names=NAMES)
    assert drawn["multiplier"].to_numpy().tolist() == expected.tolist()


def test_one_label_in_each_row():
    single = [row[0] if row else None for row in LABELS]
    counts = count_classes(table_of(single), "labels", null_is_background=True)
    assert counted(counts)[0] == {name: single.count(name) for name in sorted({*single} - {None})}
    assert counts.n_without_class == single.count(None)


def sources(folder):
    for part in range(3):
        piece = TABLE.slice(part * 200, 200)
        pq.write_table(piece, folder / f"part-{part}.parquet", row_group_size=70)
    paths = [folder / f"part-{part}.parquet" for part in range(3)]
    yield "paths", lambda: paths
    yield "pattern", lambda: f"{folder}/part-*.parquet"
    yield "folder", lambda: folder
    yield "table", lambda: TABLE
    yield "batches", lambda: TABLE.to_batches(max_chunksize=7)
    yield "iterator", lambda: iter(TABLE.to_batches(max_chunksize=64))
    yield "reader", lambda: TABLE.to_reader(max_chunksize=1)
    yield "data set", lambda: pa.dataset.dataset(paths)
    yield "scanner", lambda: pa.dataset.dataset(paths).scanner(batch_size=33)
    for name, frame in {"pandas": TABLE.to_pandas(), "polars": pl.from_arrow(TABLE)}.items():
        if hasattr(frame, "__arrow_c_stream__"):
            yield name, lambda frame=frame: frame


def test_every_source_gives_the_same(tmp_path):
    expected = add_repeats(TABLE, RULE, "labels", key="id", seed=3, epoch=9).read_all()
    for name, source in sources(tmp_path):
        assert counted(count_classes(source(), "labels")) == counted(COUNTS), name
        keys = add_repeats(source(), RULE, "labels", key="id", seed=3, epoch=9, output="keys")
        assert keys.read_all().num_rows == pa.compute.sum(expected["repeats"]).as_py(), name
        reader = add_repeats(source(), RULE, "labels", key="id", seed=3, epoch=9)
        drawn = reader.read_all()
        for column in ["id", "multiplier", "repeats"]:
            assert drawn[column].to_pylist() == expected[column].to_pylist(), (name, column)


@settings(deadline=None, max_examples=30)
@given(st.permutations(range(60)), st.integers(1, 64))
def test_order_and_size_of_batches_change_nothing(order, n_rows):
    table = TABLE.slice(0, 60)
    shuffled = table.take(pa.array(order)).to_batches(max_chunksize=n_rows)
    drawn = add_repeats(shuffled, RULE, "labels", key="id").read_all().sort_by("id")
    expected = add_repeats(table, RULE, "labels", key="id").read_all()
    assert drawn["repeats"].to_pylist() == expected["repeats"].to_pylist()
    assert counted(count_classes(shuffled, "labels")) == counted(count_classes(table, "labels"))


def test_parts_counted_apart_add_up_and_the_rule_goes_to_other_processes():
    parts = [count_classes(TABLE.slice(start, 100), "labels") for start in range(0, 500, 100)]
    assert counted(sum(parts)) == counted(COUNTS)
    rule = pickle.loads(pickle.dumps(RULE))
    assert add_repeats(TABLE, rule, "labels", key="id").read_all().num_rows == 500


def test_string_keys_of_any_kind_are_drawn_alike():
    keys = [f"image {i} ü" for i in range(500)]
    kinds = {
        "string": pa.array(keys),
        "large string": pa.array(keys, pa.large_string()),
        "dictionary": pa.array(keys).dictionary_encode(),
    }
    start = epoch_hash(0, 0)
    hashes = [xxh64_intdigest(key.encode(), int(start)) for key in keys]
    multipliers = RULE.sample_multipliers(Y, class_names=NAMES)
    expected = [
        int(m // 1) + ((h >> 11) / 2**53 < m % 1) for m, h in zip(multipliers, hashes, strict=True)
    ]
    for name, column in kinds.items():
        drawn = add_repeats(table_of(LABELS, column), RULE, "labels", key="id").read_all()
        assert drawn["repeats"].to_pylist() == expected, name


def test_integer_keys_of_any_width_are_drawn_alike():
    expected = add_repeats(TABLE, RULE, "labels", key="id").read_all()["repeats"].to_pylist()
    for dtype in [pa.int16(), pa.uint16(), pa.int32(), pa.uint64()]:
        table = table_of(LABELS, pa.array(range(500), dtype))
        drawn = add_repeats(table, RULE, "labels", key="id").read_all()
        assert drawn["repeats"].to_pylist() == expected, dtype


@pytest.mark.parametrize("output", ["rows", "keys"])
def test_rows_and_keys_are_repeated_as_drawn_with_the_number_of_the_copy(output):
    repeats = add_repeats(TABLE, RULE, "labels", key="id").read_all()["repeats"].to_pylist()
    drawn = add_repeats(TABLE, RULE, "labels", key="id", output=output).read_all()
    expected = [(i, copy) for i, n in enumerate(repeats) for copy in range(n)]
    assert list(zip(drawn["id"].to_pylist(), drawn["copy"].to_pylist(), strict=True)) == expected
    if output == "rows":
        assert drawn["labels"].to_pylist() == [LABELS[i] for i, _ in expected]
    else:
        assert drawn.column_names == ["id", "copy"]


def test_many_copies_come_in_batches_of_bounded_length():
    rule = ResamplingRule.from_counts({"cat": 100_000, "dog": 1}, cap=100_000, target_count="max")
    table = pa.table({"id": [1, 2, 3], "labels": [["dog"], ["cat"], ["dog"]]})
    batches = list(add_repeats(table, rule, "labels", key="id", output="keys"))
    assert max(batch.num_rows for batch in batches) == 2**16
    assert sum(batch.num_rows for batch in batches) == 200_001


def test_a_column_in_memory_is_not_changed_and_metadata_stays():
    table = TABLE.replace_schema_metadata({"made by": "us"})
    drawn = add_repeats(table, RULE, "labels", key="id").read_all()
    assert drawn.schema.metadata == {b"made by": b"us"}


def test_sources_without_rows():
    empty = TABLE.slice(0, 0)
    assert count_classes(empty, "labels").n_samples == 0
    assert add_repeats(empty, RULE, "labels", key="id").read_all().num_rows == 0
    assert list(add_repeats(iter([]), RULE, "labels", key="id")) == []


def test_batches_without_any_label_may_have_lists_or_labels_of_the_null_type():
    batches = [table_of([[], []]).to_batches()[0], table_of([["cat"]]).to_batches()[0]]
    assert counted(count_classes(batches, "labels")) == ({"cat": 1}, 3, 2)
    nothing = table_of(pa.nulls(2))
    assert count_classes(nothing, "labels", null_is_background=True).n_without_class == 2
    with pytest.raises(ValueError, match="column 'labels' is null in row 0"):
        count_classes(nothing, "labels")
    with pytest.raises(ValueError, match="a label that is null in row 0"):
        count_classes(table_of([[None]]), "labels")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("cat,dog", r"'cat,dog' contains ','; pass separator=',' if that separates labels\."),
        ("cat|dog", r"'cat\|dog' contains '\|'; pass separator='\|'"),
        ("['cat', 'dog']", "looks like a list; make a column of lists of it"),
        ("{cat}", "looks like a list"),
        ("3 14", "'3 14' seems to list several; pass separator="),
    ],
)
@pytest.mark.parametrize("kind", [pa.string(), pa.dictionary(pa.int8(), pa.string())])
def test_a_label_that_looks_like_a_list_is_told(cell, message, kind):
    table = pa.table({"labels": pa.array(["cat", cell]).cast(kind)})
    with pytest.warns(UserWarning, match=f"column 'labels' is a class, but .*{message}"):
        assert count_classes(table, "labels").classes.tolist() == sorted(["cat", cell])


def test_names_with_a_comma_are_labels_if_it_cannot_separate_them():
    names = ["Male speech, man speaking", "Music"]
    for values, separator in [([names, names[:1]], None), ([";".join(names)], ";")]:
        counts = count_classes(table_of(values), "labels", separator=separator)
        assert counts.classes.tolist() == names
    assert len(count_classes(table_of(["<unknown>", "cat"]), "labels").classes) == 2


# -- bad input -----------------------------------------------------------------------------------


def drawn(table, labels="labels", key="id", rule=RULE, **options):
    return add_repeats(table, rule, labels, key=key, **options).read_all()


def replaced(name, values):
    column = TABLE.column_names.index(name)
    return TABLE.set_column(column, name, values)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count_classes(TABLE, "label"), "no column 'label'; its columns are 'id', 'labe"),
        (lambda: drawn(TABLE, key="key"), "no column 'key'"),
        (
            lambda: count_classes(TABLE, ["id"]),
            "column 'id' must hold only 0 and 1, got 2 in row 2",
        ),
        (lambda: count_classes(TABLE, []), "labels must name a column"),
        (lambda: count_classes(TABLE, 0), "labels must name a column"),
        (
            lambda: count_classes(
                [pa.record_batch({"labels": [[label]]}) for label in ("1", 1)], "labels"
            ),
            "text in some batches and numbers in others, such as '1' and 1",
        ),
        (lambda: count_classes(TABLE, "labels", separator="|"), "separator is for strings"),
        (lambda: count_classes(TABLE, ["id"], separator="|"), "not for one column per class"),
        (
            lambda: count_classes(replaced("labels", pa.array([1.5] * 500)), "labels"),
            "has the type double: labels are strings or integers",
        ),
        (
            lambda: count_classes(replaced("labels", pa.array([["a"]] * 499 + [None])), "labels"),
            "column 'labels' is null in row 499",
        ),
        (
            lambda: count_classes(
                replaced("labels", pa.array([[]] * 300 + [["a", None]] * 200)).to_batches(40),
                "labels",
            ),
            "a label that is null in row 300",
        ),
        (lambda: drawn(replaced("id", pa.array([*range(499), None]))), "'id' is null in row 499"),
        (lambda: drawn(replaced("id", pa.array([0.5] * 500))), "keys must be integers or strings"),
        (
            lambda: drawn(replaced("id", pa.array([2**63] * 500, pa.uint64()))),
            "integer keys must be below 2**63",
        ),
        (
            lambda: drawn(replaced("labels", pa.array([["cat"]] * 7 + [["cat", "yak"]] * 493))),
            "the row with id 7 has the class 'yak', which the rule does not know",
        ),
        (lambda: drawn(TABLE, seed=2**63), "seed must be an integer of 64 bits"),
        (lambda: drawn(TABLE, epoch=1.0), "epoch must be an integer of 64 bits"),
        (lambda: drawn(TABLE, output="all"), "output must be one of"),
        (lambda: drawn(TABLE, unseen=7.0), "unseen must be from 0 to cap=6"),
        (lambda: drawn(TABLE.rename_columns(["repeats", "labels"]), key="repeats"), "already has"),
        (lambda: drawn(TABLE, rule={"cat": 2}), "rule must be a ResamplingRule"),
        (lambda: count_classes(3, "labels"), "source must be a path of Parquet files"),
        (lambda: count_classes([TABLE], "labels"), "must yield pyarrow.RecordBatch, got Table"),
        (
            lambda: count_classes(
                [TABLE.to_batches()[0], TABLE.select(["id"]).to_batches()[0]], "labels"
            ),
            "the batches have different columns",
        ),
    ],
)
def test_bad_input_is_told(call, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        call()


def test_null_among_the_names_of_a_dictionary_is_a_null_of_its_rows():
    names = pa.array([None, "cat", "dog"])
    numbers = pa.array([1, 2, 0])
    values = pa.DictionaryArray.from_arrays(numbers, names)
    lists = pa.ListArray.from_arrays([0, 1, 2, 3], values)
    with pytest.raises(ValueError, match="a label that is null in row 2"):
        count_classes(table_of(lists), "labels")
    with pytest.raises(ValueError, match="column 'labels' is null in row 2"):
        count_classes(table_of(values), "labels")
    counts = count_classes(table_of(values), "labels", null_is_background=True)
    assert counted(counts) == ({"cat": 1, "dog": 1}, 3, 1)
    with pytest.raises(ValueError, match="the key 'id' is null in row 2"):
        drawn(table_of([["cat"]] * 3, values))


def test_a_column_that_is_named_twice_is_refused():
    table = pa.table({"cat": [1, 0]})
    with pytest.raises(ValueError, match="labels names a column twice"):
        count_classes(table, ["cat", "cat"])


def test_missing_xxhash_is_told_where_keys_are_strings(monkeypatch):
    monkeypatch.setitem(sys.modules, "xxhash", None)
    assert drawn(TABLE).num_rows == 500
    with pytest.raises(ImportError, match=r'pip install "mlresample\[tables\]"'):
        drawn(table_of(LABELS, [str(i) for i in range(500)]))


def test_unseen_is_the_multiplier_of_classes_that_the_rule_does_not_know():
    table = replaced("labels", pa.array([["cat"]] * 7 + [["cat", "yak"]] * 493))
    multipliers = drawn(table, unseen=5.5)["multiplier"].to_pylist()
    assert multipliers == [RULE.class_multipliers[0]] * 7 + [5.5] * 493


def test_files_that_are_missing_broken_or_different_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no Parquet file .*none"):
        count_classes(tmp_path / "none*.parquet", "labels")
    with pytest.raises(FileNotFoundError, match="there is no Parquet file"):
        count_classes(tmp_path, "labels")
    with pytest.raises(ValueError, match="empty list of paths"):
        count_classes([], "labels")
    pq.write_table(TABLE, tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(content[:-100])
    with pytest.raises(ValueError, match=r"b\.parquet cannot be read as a Parquet file"):
        count_classes(tmp_path, "labels")
    pq.write_table(table_of([[1]]), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match=r"b\.parquet does not have the columns .* in 'labels'"):
        count_classes(tmp_path, "labels")


def test_files_may_differ_in_columns_that_are_not_read(tmp_path):
    first, second = TABLE.slice(0, 200), TABLE.slice(200)
    pq.write_table(first, tmp_path / "a.parquet")
    more = pa.table({"labels": second["labels"], "more": second["id"], "id": second["id"]})
    pq.write_table(more, tmp_path / "b.parquet")
    assert counted(count_classes(tmp_path, "labels")) == counted(COUNTS)
    keys = add_repeats(tmp_path, RULE, "labels", key="id", output="keys").read_all()
    assert keys == add_repeats(TABLE, RULE, "labels", key="id", output="keys").read_all()
    with pytest.raises(ValueError, match=r"b\.parquet does not have .* in 'more'"):
        add_repeats(tmp_path, RULE, "labels", key="id")


def test_frames_without_the_arrow_interface_are_refused():
    class Frame:
        """Stands for a data frame of an older version."""

        def __iter__(self):
            return iter(pd.DataFrame({"id": [1]}))

    with pytest.raises(TypeError, match=r"must yield pyarrow\.RecordBatch, got str"):
        count_classes(Frame(), "labels")


def test_cells_in_files_are_read_as_in_memory(tmp_path):
    pq.write_table(with_labels(cells("|")), tmp_path / "cells.parquet")
    counts = count_classes(tmp_path / "cells.parquet", "labels", separator="|")
    assert counted(counts) == counted(COUNTS)


def test_missing_pyarrow_is_an_error_that_names_the_extra():
    code = "import sys; sys.modules['pyarrow'] = None; import mlresample.tables"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert 'pip install "mlresample[tables]"' in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("kind", [pa.list_(pa.uint8()), pa.list_(pa.int64(), 3)])
def test_rows_of_an_indicator_matrix_in_a_list_are_no_labels(kind):
    table = pa.table({"g": pa.array([[0, 1, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]], kind)})
    with pytest.raises(ValueError, match="'g' has 3 numbers in each row, all 0 or 1"):
        count_classes(table, "g")


def test_rows_of_two_numbers_are_an_indicator_matrix_if_a_row_has_the_same_twice():
    table = pa.table({"g": [[0, 1], [1, 0], [0, 0]]})
    with pytest.raises(ValueError, match="'g' has 2 numbers in each row, all 0 or 1"):
        count_classes(table, "g")
    assert counted(count_classes(table.slice(0, 2), "g")) == ({0: 2, 1: 2}, 2, 0)


def test_lists_of_the_classes_0_and_1_are_labels():
    table = pa.table({"g": [[0, 1], [1], [0, 0, 1], []]})
    assert count_classes(table, "g").class_counts.tolist() == [2, 3]


@pytest.mark.parametrize("as_dictionary", [False, True])
def test_an_empty_label_is_an_error(as_dictionary):
    column = pa.array(["a", "b", "", "a"])
    column = column.dictionary_encode() if as_dictionary else column
    with pytest.raises(ValueError, match="'g' has an empty label in row 2"):
        count_classes(pa.table({"g": column}), "g")
    counts = count_classes(pa.table({"g": column}), "g", separator="|")
    assert (counts.class_counts.tolist(), counts.n_without_class) == ([2, 1], 1)
    with pytest.raises(ValueError, match="'g' has an empty label in row 1"):
        count_classes(pa.table({"g": [["a"], ["b", ""]]}), "g")
    unused = pa.DictionaryArray.from_arrays([0, 0], ["a", ""])
    assert count_classes(pa.table({"g": unused}), "g").classes.tolist() == ["a"]
