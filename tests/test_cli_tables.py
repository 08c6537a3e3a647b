"""The command line on Parquet files, run as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlresample._cli import _tables, main
from mlresample.tables import TableTarget, add_repeats, count_classes

from .commands import runner

RNG = np.random.RandomState(0)
LABELS = [
    [f"class {c}" for c in np.flatnonzero(row)]
    for row in RNG.uniform(size=(600, 6)) < [0.6, 0.3, 0.1, 0.05, 0.02, 0.01]
]
TABLE = pa.table({"id": range(600), "image": [b"%d" % i for i in range(600)], "labels": LABELS})
OPTIONS = ["--labels", "labels", "--key", "id"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with three files of a table, in which the test runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train").mkdir()
    for i in range(3):
        pq.write_table(TABLE.slice(200 * i, 200), f"train/{i}.parquet", row_group_size=70)
    return tmp_path


@pytest.fixture
def run(capsys):
    return runner(capsys)


FILES = ["train/0.parquet", "train/1.parquet", "train/2.parquet"]


@pytest.mark.parametrize("files", [["train"], ["train/*.parquet"], FILES], ids=str)
def test_a_table_is_a_folder_a_pattern_or_several_files(run, files):
    report = json.loads(run("plan", *files, *OPTIONS, "--json", "--cap", 3))
    expected = TableTarget(TABLE, "labels").plan(cap=3).to_json()
    assert report == json.loads(expected)


def test_rule_has_the_same_options_as_for_other_files(run):
    plan = TableTarget(TABLE, "labels").plan(epoch_size=1.1, background=0.5, cap=9)
    options = ["--epoch-size", 1.1, "--background", 0.5, "--cap", 9]
    assert run("plan", "train", *OPTIONS, *options) == f"{plan!r}\n"
    assert "drawn row by row: +- " in repr(plan)
    plan = TableTarget(TABLE, "labels").plan(class_multipliers={"class 5": 3})
    assert run("plan", "train", *OPTIONS, "--class-multiplier", "class 5=3") == f"{plan!r}\n"
    plan = TableTarget(TABLE, "labels").plan(target_count={"class 4": 20, "class 0": 90})
    counts = ["--target-count", "class 4=20", "--target-count", "class 0=90"]
    assert run("plan", "train", *OPTIONS, *counts) == f"{plan!r}\n"


def test_compare_prints_the_comparison_and_that_sizes_vary(run):
    comparison = TableTarget(TABLE, "labels").compare({"cap": [1, 2, 4]})
    printed = run("compare", "train", *OPTIONS, "--cap", "1,2,4")
    assert printed.startswith(repr(comparison))
    assert printed.endswith("drawn one by one, so that the size of an epoch varies a little.\n")


def test_report_shows_what_counts_tell_beside_other_files(run):
    lines = [f"{i},{'|'.join(row)}\n" for i, row in enumerate(LABELS[:300])]
    with open("valid.csv", "w") as file:
        file.writelines(["id,labels\n", *lines])
    report = json.loads(run("report", "train", "--labels", "labels", "--json"))
    counts = count_classes(TABLE, "labels")
    (figures,) = report["files"]
    assert figures["n_samples"] == 600
    assert figures["imbalance_ratio"] == counts.class_counts.max() / counts.class_counts.min()
    assert figures["share_without_class"] == counts.n_without_class / 600
    assert figures["scumble"] is None
    assert [row["counts"] for row in report["classes"]] == [[n] for n in counts.class_counts]
    assert "SCUMBLE" not in run("report", "train", "--labels", "labels")
    both = run("report", "train/0.parquet", "train/1.parquet", "--labels", "labels")
    assert both.split()[:2] == ["0.parquet", "1.parquet"]


def test_columns_of_classes_and_cells_are_read(run):
    names = sorted({label for row in LABELS for label in row})
    columns = {name: [int(name in row) for row in LABELS] for name in names}
    pq.write_table(pa.table({"id": TABLE["id"], **columns}), "columns.parquet")
    cells = ["|".join(row) or None for row in LABELS]
    pq.write_table(pa.table({"id": TABLE["id"], "labels": cells}), "cells.parquet")
    expected = run("plan", "train", *OPTIONS)
    assert run("plan", "columns.parquet", "--class-columns", ",".join(names)) == expected
    options = ["--labels", "labels", "--separator", "|", "--null-is-background"]
    assert run("plan", "cells.parquet", *options) == expected


# -- resampling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "output"), [([], "rows"), (["--keys"], "keys"), (["--repeats"], "repeats")]
)
def test_resample_writes_what_add_repeats_returns(run, option, output, monkeypatch):
    monkeypatch.setattr(_tables, "_GROUP_BYTES", 1000)
    rule = TableTarget(TABLE, "labels").plan(cap=6).rule
    expected = add_repeats(TABLE, rule, "labels", key="id", seed=5, epoch=2, output=output)
    draw = ["--cap", 6, "--random-state", 5, "--epoch", 2, *option]
    run("resample", "train", *OPTIONS, *draw, "--output", "epoch.parquet")
    written = pq.read_table("epoch.parquet")
    assert written.equals(expected.read_all())
    assert pq.read_metadata("epoch.parquet").num_row_groups > 1
    assert sorted(os.listdir()) == ["epoch.parquet", "train"]


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left"), 2)]
)
def test_an_interrupted_resampling_leaves_the_old_file(capsys, monkeypatch, error, status):
    with open("epoch.parquet", "w") as file:
        file.write("old")
    monkeypatch.setattr(_tables, "_GROUP_BYTES", 1000)
    write, n = pq.ParquetWriter.write_table, []

    def failing(writer, table):
        write(writer, table)
        n.append(1)
        if len(n) == 2:
            raise error

    monkeypatch.setattr(pq.ParquetWriter, "write_table", failing)
    assert main(["resample", "train", *OPTIONS, "--output", "epoch.parquet"]) == status
    assert capsys.readouterr().err.startswith("mlresample: error: ")
    assert sorted(os.listdir()) == ["epoch.parquet", "train"]
    with open("epoch.parquet") as file:
        assert file.read() == "old"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_stopped_resampling_leaves_no_half_file(number, status):
    pq.write_table(pa.concat_tables([TABLE] * 500), "big.parquet")
    command = [sys.executable, "-m", "mlresample", "resample", "big.parquet", *OPTIONS]
    process = subprocess.Popen(
        [*command, "--output", "epoch.parquet"], stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not any(".partial" in name for name in os.listdir()):
        time.sleep(0.002)
    process.send_signal(number)
    _, message = process.communicate()
    if process.returncode == 0:  # it was faster
        assert pq.read_metadata("epoch.parquet").num_rows >= 300_000
        return
    assert process.returncode == status
    if number == signal.SIGKILL:
        assert not os.path.exists("epoch.parquet")
        return
    assert message == "mlresample: error: interrupted\n"
    assert sorted(os.listdir()) == ["big.parquet", "train"]


def test_sigterm_is_as_before_after_a_command(run):
    before = signal.getsignal(signal.SIGTERM)
    run("plan", "train", *OPTIONS)
    assert signal.getsignal(signal.SIGTERM) == before


def test_files_may_differ_in_columns_that_a_command_does_not_read(run):
    more = TABLE.append_column("more", TABLE["id"]).select(["labels", "more", "id"])
    pq.write_table(more, "more.parquet")
    plan = TableTarget(pa.concat_tables([TABLE, TABLE]), "labels").plan()
    assert run("plan", "train", "more.parquet", *OPTIONS) == f"{plan!r}\n"
    options = [*OPTIONS, "--keys", "--output", "keys.parquet"]
    run("resample", "train", "more.parquet", *options)
    assert set(pq.read_table("keys.parquet")["id"].to_pylist()) == {*range(600)}


def test_a_row_that_is_wrong_leaves_no_file(run):
    keys = [*range(599), None]
    pq.write_table(TABLE.set_column(0, "id", pa.array(keys)), "bad.parquet")
    error = run("resample", "bad.parquet", *OPTIONS, "--output", "epoch.parquet", status=2)
    assert "the key 'id' is null in row 599" in error
    assert sorted(os.listdir()) == ["bad.parquet", "train"]


def test_folds_of_parquet_are_those_of_the_same_csv_file(run):
    table = TABLE.select(["id", "labels"])
    pq.write_table(table, "one.parquet")
    ids, labels = table.to_pydict().values()
    lines = [f"{i},{'|'.join(of_one)}" for i, of_one in zip(ids, labels, strict=True)]
    Path("one.csv").write_text("\n".join(["id,labels", *lines]))
    of_csv = run("split", "one.csv", "--separator", "|", "--none-value", "", "--folds", "2")
    options = ["--labels", "labels", "--key", "id", "--folds", "2"]
    assert run("split", "one.parquet", *options) == of_csv


def test_parquet_is_split_by_groups(run):
    table = pa.table({"id": range(9), "labels": [["a"], ["b"], None] * 3, "of": [*"xxxyyyzzz"]})
    pq.write_table(table, "one.parquet")
    options = ["--labels", "labels", "--null-is-background", "--groups", "of", "--folds", "3"]
    folds = [line.split(",")[1] for line in run("split", "one.parquet", *options).split()[1:]]
    assert [len({*folds[i : i + 3]}) for i in (0, 3, 6)] == [1, 1, 1]
    assert len({*folds}) == 3


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "train"], "--labels, or those of the classes by --class-columns: train/0.parq"),
        (["plan", "train", "--labels", "a", "--class-columns", "b"], "name either"),
        (["plan", "train", "--labels", "genres"], "has no column 'genres'; its columns are 'id',"),
        (["plan", "train", "--labels", "labels", "--key", "name"], "has no column 'name'"),
        (["plan", "train", "--labels", "image"], "column 'image' has the type binary"),
        (["plan", "valid/*.parquet", "--labels", "labels"], "no Parquet file valid/*.parquet"),
        (["plan", "train", "train/0.parquet", *OPTIONS], "train/0.parquet twice"),
        (["plan", "train", *OPTIONS, "--instance-aware"], "--instance-aware needs counts of"),
        (["plan", "train", *OPTIONS, "--instances"], "--instances has no effect"),
        (["plan", "train", *OPTIONS, "--cap", "0"], "--cap must be"),
        (["plan", "train", *OPTIONS, "--epoch-size", "9.0"], "--epoch-size 9.0 (a float"),
        (["plan", "half.parquet", *OPTIONS], "half.parquet cannot be read"),
        (["plan", "train", "half.parquet", *OPTIONS], "half.parquet cannot be read"),
        (
            ["resample", "train", "other.parquet", *OPTIONS, "--output", "a.parquet"],
            "differ in 'more'",
        ),
        (["plan", "empty.parquet", *OPTIONS], "No class occurs in the table"),
        (["report", "empty.parquet", *OPTIONS], "No class occurs in the table"),
        (["plan", "nulls.parquet", *OPTIONS], "Pass --null-is-background"),
        (["plan", "train", "labels.csv", *OPTIONS], "takes one label file, or several"),
        (["split", "train"], "mlresample split reads one Parquet file, got train"),
        (["resample", "train", *OPTIONS], "name the Parquet file to write by --output"),
        (["resample", "train", *OPTIONS, "--output", "a.csv"], "end in .parquet"),
        (["resample", "train", *OPTIONS, "--json", "--output", "a"], "--json has no effect"),
        (["resample", "train", "--labels", "labels", "--output", "a"], "a row by --key"),
        (["resample", "train", *OPTIONS, "--output", "train/0.parquet"], "is also an input"),
        (["resample", "train", *OPTIONS, "--output", "a", "--shuffle"], "--shuffle is not for"),
        (
            ["resample", "train", *OPTIONS, "--output", "a", "--rounding", "nearest"],
            "--rounding is not for Parquet",
        ),
        (
            ["resample", "train", "--labels", "labels", "--key", "image", "--output", "a"],
            "keys must be integers or strings, got a column of type binary",
        ),
    ],
)
def test_errors_are_one_line_and_status_two(run, arguments, message):
    with open("train/0.parquet", "rb") as file:
        whole = file.read()
    for name, content in {"half.parquet": whole[:-100], "labels.csv": b"id,labels\n"}.items():
        with open(name, "wb") as file:
            file.write(content)
    pq.write_table(TABLE.append_column("more", TABLE["id"]), "other.parquet")
    pq.write_table(TABLE.slice(0, 0), "empty.parquet")
    nulls = pa.array([None, ["a"], ["a", "b"]])
    pq.write_table(pa.table({"id": range(3), "labels": nulls}), "nulls.parquet")
    before = sorted(os.listdir())
    error = run(*arguments, status=2)
    assert error.startswith("mlresample: error: ")
    assert message in error
    assert sorted(os.listdir()) == before


def test_missing_pyarrow_is_an_error_that_names_the_extra(run, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("mlresample.tables")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "mlresample._cli._tables")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert 'pip install "mlresample[tables]"' in run("plan", "train", *OPTIONS, status=2)


# -- progress ------------------------------------------------------------------------------------


def test_a_waiting_person_sees_how_many_rows_were_read(capsys, monkeypatch):
    monkeypatch.setattr(_tables, "_MOMENT", 0)
    assert main(["plan", "train", *OPTIONS]) == 0
    assert capsys.readouterr().err == ""  # nobody waits at a file
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["plan", "train", *OPTIONS]) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("reading train: 70 of 600 rows, ")
    assert shown.count("600 of 600 rows") == 2  # in two passes
    assert shown.endswith(" rows/s\n")


@pytest.mark.parametrize(
    ("files", "output"),
    [
        ("train", "train/new.parquet"),
        ("train", "train/below/new.parquet"),
        ("train/*.parquet", "train/new.parquet"),
        ("./train/**/*.parquet", "train/new.parquet"),
        ("./train/**/*.parquet", "train/below/new.parquet"),
    ],
)
def test_an_output_that_would_be_an_input_is_refused(run, folder, files, output):
    (folder / "train/below").mkdir()
    err = run("resample", files, *OPTIONS, "--output", output, status=2)
    assert f"--output {output} would be one of the files of {files} from then on" in err
    assert not (folder / output).exists()


def test_an_output_beside_the_inputs_is_written(run, folder):
    run("resample", "train/*.parquet", *OPTIONS, "--output", "train.parquet")
    assert pq.read_table(folder / "train.parquet").num_rows > 600
