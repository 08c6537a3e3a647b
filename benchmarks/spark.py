"""Counting classes and drawing repeats in Spark: the guide's lines beside what users write.

``python -m benchmarks.spark`` needs pyspark and Java. It writes 1,000,000 rows of some 5 labels
of 1,000 classes to a temporary folder (``--rows`` takes other numbers). Functions take turns, on
two cores; times are wall times, since Spark works in another process. What is drawn goes to
Spark's output "noop", which writes nothing.
"""

import argparse
import itertools
import os
import pickle
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import numpy as np
import pyarrow
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from benchmarks.tables import write_files
from mlresample import ResamplingRule
from mlresample.tables import add_repeats, count_classes

GUIDE = Path(__file__).parents[1] / "docs" / "guide" / "tables.rst"
NEEDED = {
    "F": F,
    "ResamplingRule": ResamplingRule,
    "add_repeats": add_repeats,
    "count_classes": count_classes,
    "pickle": pickle,
    "pyarrow": pyarrow,
    "__name__": "__main__",  # Spark sends functions of this module by value
}


def session():
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    options = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "3g",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    spark = SparkSession.builder.master("local[2]").config(map=options).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def lines_of_the_guide(name, **names):
    """Run the block of code of this name, and return its variables."""
    page = GUIDE.read_text(encoding="utf-8").partition(f":name: {name}\n\n")[2]
    block = itertools.takewhile(lambda line: line[:1] in ("", " "), page.splitlines())
    names |= NEEDED
    exec(textwrap.dedent("\n".join(block)), names)
    return names


def draw(frame):
    """Compute all of a frame, but write nothing."""
    frame.select("id", "repeats").write.format("noop").mode("overwrite").save()


def functions(spark, folder):
    frame = spark.read.parquet(str(folder)).select("id", F.col("names").alias("genres"))
    by_arrow = lines_of_the_guide("spark", frame=frame)
    rule = by_arrow["rule"]
    of_row = F.array_distinct("genres")  # a label that a row has twice counts once, as with us

    def count_by_arrow():
        parts = frame.select("genres").mapInArrow(by_arrow["count"], "counts binary").collect()
        return sum(pickle.loads(part.counts) for part in parts)

    def count(labels):
        rows = frame.select(F.explode(labels).alias("genre")).groupBy("genre").count().collect()
        return {row["genre"]: row["count"] for row in rows}

    counts = dict(zip(rule.classes.tolist(), rule.counts.class_counts.tolist(), strict=True))
    assert count(of_row) == counts, "the counts differ"
    known = list(zip(rule.classes.tolist(), rule.class_multipliers.tolist(), strict=True))
    multipliers = F.broadcast(spark.createDataFrame(known, "genre string, m double"))
    joined = frame.select("id", F.explode("genres").alias("genre")).join(multipliers, "genre")
    r = F.col("m")
    repeats = F.floor(r) + (F.rand(0) < r - F.floor(r)).cast("int")
    of_users = joined.groupBy("id").agg(F.max("m").alias("m")).withColumn("repeats", repeats)
    by_expression = lines_of_the_guide("spark-expression", frame=frame, rule=rule)
    return {
        "read the labels": lambda: draw(frame.withColumn("repeats", F.size("genres"))),
        "count: mapInArrow": count_by_arrow,
        "count: explode, group": lambda: count("genres"),
        "count: explode, group, once a row": lambda: count(of_row),
        "repeats: mapInArrow": lambda: draw(
            frame.mapInArrow(by_arrow["draw"], by_arrow["columns"])
        ),
        "repeats: expression": lambda: draw(by_expression["epoch"]),
        "repeats: explode, join, group": lambda: draw(of_users),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000])
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    spark = session()
    for n_rows in arguments.rows:
        with tempfile.TemporaryDirectory() as name:
            write_files(Path(name), n_rows)
            compared = functions(spark, Path(name))
            times = {what: [] for what in compared}
            for _ in range(arguments.runs + 1):
                for what, function in compared.items():
                    start = time.perf_counter()
                    function()
                    times[what].append(time.perf_counter() - start)
            print(f"\n{n_rows:,} rows: median of {arguments.runs} runs, and their range")
            for what, (_, *runs) in times.items():  # the first starts Python workers
                spread = f"({min(runs):.1f} to {max(runs):.1f})"
                print(f"{what:<36}{np.median(runs):6.1f} s  {spread}", flush=True)


if __name__ == "__main__":
    main()
