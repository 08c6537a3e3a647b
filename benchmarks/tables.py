"""Counting, planning and repeating tables of Parquet files, beside reading them and peers.

``python -m benchmarks.tables`` writes 1,000,000 rows of some 5 labels of 1,000 classes to a
temporary folder, in files of a million; ``--rows`` takes other numbers. All functions take turns;
times are of the process, all threads, as ratios to reading the column of labels with pyarrow.
Polars and, if installed, DuckDB do what people write there. Polars: explode, count; explode, join,
group by the key and draw. DuckDB: unnest, count; list_transform by a list or a map of multipliers,
and draw. They count a label that a row has twice twice; "once a row" counts it once, as
``count_classes`` does. Both are left out above 5,000,000 rows and by ``--ours``: there the peak of
the process's memory is ours.
"""

import argparse
import resource
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks._measure import interleaved
from mlresample import ResamplingRule
from mlresample.tables import TableTarget, add_repeats, count_classes

N_CLASSES = 1000
ROWS_OF_A_FILE = 1_000_000
MOST_ROWS_OF_PEERS = 5_000_000
NAMES = pa.array([f"class {c:04}" for c in range(N_CLASSES)])


def write_files(folder, n_rows):
    share = 1 / np.arange(1, N_CLASSES + 1)
    for first in range(0, n_rows, ROWS_OF_A_FILE):
        generator = np.random.RandomState(first // ROWS_OF_A_FILE)
        n = min(ROWS_OF_A_FILE, n_rows - first)
        offsets = np.append(0, np.cumsum(generator.randint(1, 10, size=n))).astype(np.int32)
        codes = generator.choice(N_CLASSES, size=offsets[-1], p=share / share.sum())
        keys = np.arange(first, first + n)
        columns = {
            "id": keys,
            "name": pa.array(keys).cast(pa.string()),
            "numbers": pa.ListArray.from_arrays(offsets, codes.astype(np.int32)),
            "names": pa.ListArray.from_arrays(offsets, NAMES.take(codes)),
        }
        pq.write_table(pa.table(columns), folder / f"{first:012}.parquet")


def read(folder, columns):
    for path in sorted(folder.glob("*.parquet")):
        for _ in pq.ParquetFile(path).iter_batches(1 << 16, columns=columns):
            pass


def repeat(folder, rule, labels, key):
    for _ in add_repeats(folder, rule, labels, key=key, output="keys"):
        pass


def duckdb_queries(folder, labels, rule):
    """Return SQL that counts classes, the same once a row, and SQL that draws repeats."""
    table = f"read_parquet('{folder}/*.parquet')"
    count = "select unnest({}) as label, count(*) from {} group by label"
    counts = [count.format(column, table) for column in (labels, f"list_distinct({labels})")]
    numbers = ", ".join(map(repr, rule.class_multipliers.tolist()))
    if labels == "numbers":  # all classes occur, so that their places are their numbers
        multipliers, of_label = f"[{numbers}]", "m[l + 1]"
    else:
        names = ", ".join(map(repr, rule.classes.tolist()))
        multipliers, of_label = f"map([{names}], [{numbers}])", "m[l]"
    r = f"list_max(list_transform({labels}, lambda l: {of_label}))"
    repeats = (
        f"select id, floor(r) + (hash(id) / 18446744073709551616.0 < r % 1)::int as repeats "
        f"from (select id, {r} as r from {table}, (select {multipliers} as m))"
    )
    return *counts, repeats


def functions(folder, labels, with_peers):
    rule = ResamplingRule.from_counts(count_classes(folder, labels), cap=4)
    yield "read", lambda: read(folder, [labels])
    yield "count", lambda: count_classes(folder, labels)
    yield "plan, in two passes", lambda: TableTarget(folder, labels).plan(epoch_size=1.2)
    for key in ["id", "name"]:
        name = f"repeats, keys of {'integers' if key == 'id' else 'strings'}"
        yield name, partial(repeat, folder, rule, labels, key)
    if with_peers and find_spec("duckdb"):
        duckdb = import_module("duckdb")
        count, count_once, repeats_of_duckdb = duckdb_queries(folder, labels, rule)
        yield "count, DuckDB", lambda: duckdb.sql(count).fetchnumpy()
        yield "count once a row, DuckDB", lambda: duckdb.sql(count_once).fetchnumpy()
        yield "repeats, DuckDB", lambda: duckdb.sql(repeats_of_duckdb).fetchnumpy()
    if with_peers:
        table = pl.scan_parquet(folder / "*.parquet")
        counted = table.select(pl.col(labels).explode().value_counts())
        yield "count, Polars", lambda: counted.collect()
        once = table.select(pl.col(labels).list.unique().explode().value_counts())
        yield "count once a row, Polars", lambda: once.collect()
        multipliers = pl.LazyFrame({labels: rule.classes.tolist(), "m": rule.class_multipliers})
        if labels == "numbers":
            multipliers = multipliers.with_columns(pl.col(labels).cast(pl.Int32))
        exploded = table.select("id", labels).explode(labels).join(multipliers, on=labels)
        r = exploded.group_by("id").agg(pl.col("m").max())
        draw = pl.col("id").hash(0).cast(pl.Float64) / 2.0**64
        repeats = r.select("id", pl.col("m").floor() + (draw < pl.col("m") % 1))
        yield "repeats, Polars", lambda: repeats.collect()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[ROWS_OF_A_FILE])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help="leave peers out")
    arguments = parser.parse_args()
    for n_rows in arguments.rows:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            # Another process writes, so that the peak of memory is that of reading.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                pool.submit(write_files, folder, n_rows).result()
            for labels in ["numbers", "names"]:
                with_peers = n_rows <= MOST_ROWS_OF_PEERS and not arguments.ours
                compared = dict(functions(folder, labels, with_peers))
                times = interleaved(compared, arguments.runs)
                print(f"\n{n_rows:,} rows, labels are {labels}")
                for what, time in times.items():
                    ratio = time.cpu / times["read"].cpu
                    print(f"{what:<28}{time.cpu:8.2f} s {ratio:7.1f}", flush=True)
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
                print(f"peak memory of the process so far: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
