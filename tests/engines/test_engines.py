"""Engines of tables draw the same repeats, by the lines of the guide's page on tables."""

import itertools
import os
import pickle
import shutil
import signal
import sys
import textwrap
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlresample import ResamplingRule
from mlresample.tables import add_repeats, count_classes

pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("default"),  # engines warn of what is theirs
]
N_ROWS = 3000
N_CLASSES = 40


def table_of_rows():
    """Rows in no order, with integers as keys, of classes from common to rare."""
    generator = np.random.RandomState(0)
    shares = 1 / np.arange(2, N_CLASSES + 2) ** 1.5
    bits = generator.uniform(size=(N_ROWS, N_CLASSES)) < shares
    bits[np.arange(N_CLASSES), np.arange(N_CLASSES)] = True
    keys = generator.permutation(N_ROWS) * 1_000_003 - 10**9
    genres = [[f"genre {c}" for c in row.nonzero()[0]] for row in bits]
    return pa.table({"id": keys, "genres": pa.array(genres, pa.list_(pa.string()))})


TABLE = table_of_rows()
COUNTS = count_classes(TABLE, "genres")
RULE = ResamplingRule.from_counts(COUNTS, cap=4)


def drawn(**options):
    """Return the multiplier and the repeats of each key, drawn in memory."""
    table = add_repeats(TABLE, RULE, "genres", key="id", epoch=3, **options).read_all()
    return by_key(table)


def by_key(table):
    columns = (table[name].to_pylist() for name in ("id", "multiplier", "repeats"))
    return {key: numbers for key, *numbers in zip(*columns, strict=True)}


EXPECTED = drawn()


def run_lines_of_the_guide(name, **names):
    """Run a block of code of the guide, and return the names that it has defined."""
    page = Path(__file__).parents[2] / "docs" / "guide" / "tables.rst"
    block = page.read_text(encoding="utf-8").partition(f":name: {name}\n\n")[2]
    lines = itertools.takewhile(lambda line: line[:1] in ("", " "), block.splitlines())
    names |= {"count_classes": count_classes, "add_repeats": add_repeats, "pickle": pickle}
    names |= {"ResamplingRule": ResamplingRule, "pyarrow": pa, "__name__": "__main__"}
    exec(textwrap.dedent("\n".join(lines)), names)
    return names


def is_same_rule(rule):
    return rule.to_json() == RULE.to_json()


def killed_once(draw, marker):
    """Return a function that kills its process the first time that it is called."""

    def draw_after_a_kill(batches):
        try:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return draw(batches)
        return os.kill(os.getpid(), signal.SIGKILL)

    return draw_after_a_kill


def test_some_repeats_are_drawn():
    multipliers, repeats = zip(*EXPECTED.values(), strict=True)
    assert len(EXPECTED) == N_ROWS
    assert {*repeats} == {1, 2, 3, 4}
    assert any(m % 1 for m in multipliers)


# -- DuckDB, Polars and Dask ----------------------------------------------------------------------


def test_duckdb(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    pq.write_table(TABLE, tmp_path / "a.parquet", row_group_size=700)
    query = f"from '{tmp_path / 'a.parquet'}'"
    names = run_lines_of_the_guide("duckdb", duckdb=duckdb, query=query)
    assert is_same_rule(names["rule"])
    assert by_key(names["epoch"]) == EXPECTED


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_polars(engine, tmp_path):
    polars = pytest.importorskip("polars", minversion="1.30")
    pq.write_table(TABLE, tmp_path / "a.parquet", row_group_size=700)
    lazy = polars.scan_parquet(tmp_path / "a.parquet")
    assert is_same_rule(ResamplingRule.from_counts(count_classes(lazy.collect(), "genres"), cap=4))
    names = run_lines_of_the_guide("polars", polars=polars, lazy=lazy, rule=RULE)
    assert by_key(names["epoch"].collect(engine=engine).to_arrow()) == EXPECTED


@pytest.mark.parametrize("n_partitions", [1, 7, 64])
def test_dask(n_partitions, tmp_path):
    dask = pytest.importorskip("dask", reason="Dask is not installed")
    frames = pytest.importorskip("dask.dataframe", reason="Dask has no data frames")
    for i, rows in enumerate(np.array_split(np.arange(N_ROWS), n_partitions)):
        pq.write_table(TABLE.slice(rows[0], len(rows)), tmp_path / f"{i}.parquet")
    frame = frames.read_parquet(tmp_path, split_row_groups=True)
    assert frame.npartitions == n_partitions
    names = run_lines_of_the_guide("dask", dask=dask, frame=frame)
    assert is_same_rule(names["rule"])
    assert by_key(pa.Table.from_pandas(names["epoch"].compute())) == EXPECTED


# -- Spark ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    sql = pytest.importorskip("pyspark.sql", reason="PySpark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java 17, and there is no java")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYSPARK_DRIVER_PYTHON", sys.executable)
        builder = sql.SparkSession.builder.master("local[2, 3]")  # a task may be tried thrice
        options = {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        }
        for name, value in options.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        session.stop()


@pytest.fixture(scope="module")
def frame(spark, tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "a.parquet"
    pq.write_table(TABLE, path)
    return spark.read.parquet(str(path))


@pytest.fixture(scope="module")
def lines_for_spark(frame):
    return run_lines_of_the_guide("spark", frame=frame)


def collected(frame):
    rows = frame.select("id", "multiplier", "repeats").collect()
    return {row.id: [row.multiplier, row.repeats] for row in rows}


@pytest.mark.parametrize("n_partitions", [1, 7, 64])
def test_spark(frame, n_partitions):
    names = run_lines_of_the_guide("spark", frame=frame.repartition(n_partitions))
    assert is_same_rule(names["rule"])
    assert collected(names["epoch"]) == EXPECTED


def expression(frame):
    functions = pytest.importorskip("pyspark.sql.functions")
    names = run_lines_of_the_guide("spark-expression", frame=frame, F=functions, rule=RULE)
    return collected(names["epoch"])


@pytest.mark.parametrize("n_partitions", [1, 7])
def test_expression_of_spark(frame, n_partitions):
    assert expression(frame.repartition(n_partitions)) == EXPECTED


def test_expression_of_spark_refuses_what_it_cannot_draw(spark):
    for row, message in [
        ((None, ["genre 1"]), "id is null"),
        ((1, None), "genres is null"),
        ((1, ["genre 1", None]), "unknown genre"),
        ((1, ["genre 1", "yak"]), "unknown genre"),
    ]:
        frame = spark.createDataFrame([row], "id bigint, genres array<string>")
        with pytest.raises(Exception, match=message):
            expression(frame)


def test_errors_in_spark_name_the_row(spark, lines_for_spark):
    other = spark.createDataFrame([(5, ["yak"])], "id bigint, genres array<string>")
    epoch = other.mapInArrow(lines_for_spark["draw"], lines_for_spark["columns"])
    with pytest.raises(Exception, match="the row with id 5 has the class 'yak'"):
        epoch.collect()


def test_worker_of_spark_that_is_killed_draws_the_same_again(frame, lines_for_spark, tmp_path):
    marker = str(tmp_path / "killed")
    draw = killed_once(lines_for_spark["draw"], marker)
    epoch = frame.repartition(7).mapInArrow(draw, lines_for_spark["columns"])
    assert collected(epoch) == EXPECTED
    assert os.path.exists(marker)


# -- Ray -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ray():
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    pytest.importorskip("ray.data", reason="Ray Data is not installed")
    ray.init(
        num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield ray
    ray.shutdown()


def copies_by_key(repeats):
    return sorted((key, copy) for key, (_, n) in repeats.items() for copy in range(n))


@pytest.mark.parametrize("n_blocks", [1, 7])
def test_ray(ray, n_blocks):
    def count(table):
        return {"counts": [pickle.dumps(count_classes(table, "genres"))]}

    dataset = ray.data.from_arrow(TABLE).repartition(n_blocks)
    parts = dataset.map_batches(count, batch_format="pyarrow").take_all()
    counts = sum(pickle.loads(part["counts"]) for part in parts)
    assert is_same_rule(ResamplingRule.from_counts(counts, cap=4))
    epoch = run_lines_of_the_guide("ray", dataset=dataset, rule=RULE)["epoch"]
    rows = epoch.select_columns(["id", "copy"])
    assert sorted((row["id"], row["copy"]) for row in rows.take_all()) == copies_by_key(EXPECTED)
    if find_spec("torch") is not None:
        batches = rows.iter_torch_batches(batch_size=64)
        keys = [key for batch in batches for key in batch["id"].tolist()]
        assert sorted(keys) == [key for key, _ in copies_by_key(EXPECTED)]


def test_worker_of_ray_that_is_killed_draws_the_same_again(ray, tmp_path):
    dataset = ray.data.from_arrow(TABLE).repartition(7)
    marker = str(tmp_path / "killed")
    draw = killed_once(run_lines_of_the_guide("ray", dataset=dataset, rule=RULE)["draw"], marker)
    rows = dataset.map_batches(draw, batch_format="pyarrow").take_all()
    assert sorted((row["id"], row["copy"]) for row in rows) == copies_by_key(EXPECTED)
    assert os.path.exists(marker)
