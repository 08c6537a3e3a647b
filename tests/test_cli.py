"""The command line, run as a user runs it."""

import csv
import io
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from sklearn.preprocessing import MultiLabelBinarizer

from mlresample import MaxMultiplierOverSampler, compare_plans, plan_resampling
from mlresample._cli import _inputs, main
from mlresample._cli._main import make_parser, with_options
from mlresample._rule.parameters import RULE_CONSTRAINTS
from mlresample.datasets import make_multilabel_digits
from mlresample.readers import _labels

from .commands import runner

RNG = np.random.RandomState(0)
IDS = [f"id-{i}" for i in range(600)]
LISTS = [
    sorted({int(c) for c in np.minimum(RNG.geometric(0.4, size=2), 8) - 1}) for _ in range(600)
]
Y = MultiLabelBinarizer(sparse_output=True).fit_transform(LISTS)  # as the readers return it


def write_lists(path, ids, lists):
    rows = (
        f"{sample_id},{' '.join(map(str, labels))}\n"
        for sample_id, labels in zip(ids, lists, strict=True)
    )
    path.write_text("Id,Target\n" + "".join(rows))
    return str(path)


@pytest.fixture
def train(tmp_path):
    return write_lists(tmp_path / "train.csv", IDS, LISTS)


@pytest.fixture
def run(capsys):
    return runner(capsys)


# -- plan and compare --------------------------------------------------------------------------


def test_plan_gives_the_figures_of_the_library(run, train):
    for options, parameters in (
        (["--cap", "4"], {"cap": 4}),
        (
            ["--cap", "inf", "--target-count", "mean", "--power", "0.5"],
            {"cap": np.inf, "target_count": "mean"},
        ),
        (["--target-count", "0.5", "--floor", "0.25"], {"target_count": 0.5, "floor": 0.25}),
        (["--target-count", "100"], {"target_count": 100}),
        (["--epoch-size", "1.2"], {"epoch_size": 1.2}),
        (["--epoch-size", "700"], {"epoch_size": 700}),
        (["--class-multiplier", "7=3"], {"class_multipliers": {7: 3}}),
    ):
        if "--power" in options:
            parameters["power"] = 0.5
        plan = plan_resampling(Y, **parameters)
        assert json.loads(run("plan", train, *options, "--json")) == plan.to_dict()
        assert run("plan", train, *options) == repr(plan) + "\n"


def test_compare_gives_the_figures_of_the_library(run, train):
    grid = {"cap": [1, 2.5, 4], "target_count": ["median", 50]}
    printed = run("compare", train, "--cap", "1,2.5,4", "--target-count", "median, 50")
    assert printed == repr(compare_plans(Y, grid)) + "\n"  # two parameters, and so no verdict
    printed = json.loads(
        run("compare", train, "--cap", "1,2.5,4", "--target-count", "median,50", "--json")
    )
    assert printed == compare_plans(Y, grid).to_dict()
    by_default = run("compare", train).splitlines()
    assert len(by_default) == 1 + 9 + 2  # nine caps and a verdict
    assert re.fullmatch(
        r"The mean .* cap 1.5 brings half of that fall, cap 2 nine tenths.", by_default[-1]
    )
    of_two = run("compare", train, "--cap", "1,4").splitlines()[-1]
    assert of_two.endswith("at best: cap 4 brings nine tenths of that fall.")
    strict = json.loads(run("compare", train, "--cap", "1,inf", "--json"), parse_constant=int)
    assert [row["param_cap"] for row in strict["plans"]] == [1, None]


def test_values_of_one_plan_may_be_words_and_numbers(run, train):
    by_words = run(
        "compare",
        train,
        "--target-count",
        f"median,{plan_resampling(Y).resolved_target_count},max",
    )
    assert by_words.count("\n") >= 4


def test_background_is_an_option_of_plan_resample_and_compare(run, tmp_path):
    lists = [[0], [0, 1], ["none"], [0], ["none"]]
    path = write_lists(tmp_path / "train.csv", "abcde", lists)
    options = [path, "--none-value", "none"]
    plan = json.loads(run("plan", *options, "--background", 0.5, "--json"))
    assert (plan["n_without_class"], plan["resampled_n_without_class"]) == (2, 1.0)
    table = json.loads(run("compare", *options, "--background", "0,1", "--json"))
    assert [row["param_background"] for row in table["plans"]] == [0, 1]
    repeats = run("resample", *options, "--background", 0, "--repeats").splitlines()[1:]
    assert [line for line in repeats if line.endswith(",0")] == ["c,0", "e,0"]
    error = run("plan", *options, "--background", 9, status=2)
    assert "--background 9 is above --cap 4" in error


def test_target_count_may_be_one_for_each_class(run, train):
    plan = plan_resampling(Y, target_count={6: 90, 5: 0.3})
    options = ["--target-count", "6=90", "--target-count", "5=0.3"]
    assert json.loads(run("plan", train, *options, "--json")) == plan.to_dict()
    page = run("plan", train, *options, "--html")
    assert "a target count for each class" in page
    for wrong, message in [
        (["6=90", "6=80"], "--target-count names a class twice"),
        (["6=90", "50"], "--target-count '50' must be a class, '=' and a number"),
        (["6=many"], "--target-count '6=many' must be a class, '=' and a number"),
        (["50", "60"], "--target-count is given twice"),
        (["lynx=60"], "--target-count names the unknown class 'lynx'"),
    ]:
        options = [part for value in wrong for part in ("--target-count", value)]
        assert message in run("plan", train, *options, status=2)


def test_every_parameter_of_the_rule_is_an_option(capsys):
    for command in ("plan", "compare", "resample"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        printed = capsys.readouterr().out
        for name in RULE_CONSTRAINTS:
            option = "--" + name.replace("_", "-").removesuffix("s")
            assert option in printed or (name, command) == ("class_multipliers", "compare")


def test_indicator_files_are_recognised(run, tmp_path):
    path = tmp_path / "one_hot.csv"
    rows = [
        ["image", *"abcdefgh"],
        *([sample_id, *row] for sample_id, row in zip(IDS, Y.toarray(), strict=True)),
    ]
    path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    plan = plan_resampling(Y, class_names=list("abcdefgh"))
    assert json.loads(run("plan", path, "--json")) == plan.to_dict()
    (tmp_path / "names.txt").write_text("b\nh\n\n")
    narrow = json.loads(run("plan", path, "--class-names", tmp_path / "names.txt", "--json"))
    assert [row["class"] for row in narrow["classes"]] == ["b", "h"]


def test_coco_and_yolo_files_are_recognised(run, tmp_path):
    coco = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "categories": [{"id": 5, "name": "crack"}, {"id": 9, "name": "moss"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 9, "bbox": [0, 0, 1, 1]}],
    }
    (tmp_path / "instances.json").write_text(json.dumps(coco))
    report = json.loads(run("plan", tmp_path / "instances.json", "--json"))
    assert [(row["class"], row["count"]) for row in report["classes"]] == [
        ("crack", 0),
        ("moss", 1),
    ]

    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    (tmp_path / "images.txt").write_text("images/a.jpg\nimages/b.jpg\n")
    (tmp_path / "names.txt").write_text("crack\nmoss\n")
    options = ["--labels", tmp_path / "labels", "--class-names", tmp_path / "names.txt"]
    again = json.loads(run("plan", tmp_path / "images.txt", *options, "--json"))
    assert again == report


def test_class_names_of_integer_lists_add_absent_classes(run, train, tmp_path):
    (tmp_path / "names.txt").write_text("\n".join(map(str, range(10))))
    report = json.loads(run("plan", train, "--class-names", tmp_path / "names.txt", "--json"))
    assert [row["class"] for row in report["classes"]] == list(range(10))
    assert [row["count"] for row in report["classes"]][8:] == [0, 0]


def test_class_names_give_names_to_numbers(run, train, tmp_path):
    (tmp_path / "names.txt").write_text("\n".join("abcdefghi"))
    named = json.loads(run("plan", train, "--class-names", tmp_path / "names.txt", "--json"))
    unnamed = json.loads(run("plan", train, "--json"))
    assert [row["class"] for row in named["classes"]] == list("abcdefghi")
    assert [row["count"] for row in named["classes"]] == [
        *(row["count"] for row in unnamed["classes"]),
        0,
    ]


# -- resample and split ------------------------------------------------------------------------


@pytest.mark.parametrize("rounding", ["stratified", "bernoulli", "nearest"])
def test_resample_gives_the_ids_that_fit_resample_gives(run, train, rounding):
    sampler = MaxMultiplierOverSampler(cap=3, rounding=rounding, random_state=7)
    ids, _ = sampler.fit_resample(np.array(IDS), Y)
    options = ["--cap", 3, "--rounding", rounding, "--random-state", 7]
    lines = run("resample", train, *options).splitlines()
    assert lines == ["id", *ids]
    assert json.loads(run("resample", train, *options, "--json")) == {"id": ids.tolist()}
    rows = list(csv.DictReader(io.StringIO(run("resample", train, *options, "--repeats"))))
    assert [row["id"] for row in rows] == IDS
    assert [int(row["repeats"]) for row in rows] == sampler.sample_repeats_.tolist()
    shuffled = run("resample", train, *options, "--shuffle").splitlines()[1:]
    assert shuffled != ids.tolist()
    assert sorted(shuffled) == sorted(ids)


def test_ids_with_commas_and_quotes_come_back_whole(run, tmp_path):
    (tmp_path / "a.csv").write_text('Id,Target\n"x, ""y""",a\nz,b\n')
    rows = list(csv.reader(io.StringIO(run("resample", tmp_path / "a.csv"))))
    assert rows == [["id"], ['x, "y"'], ["z"]]
    (tmp_path / "r.csv").write_bytes(b'Id,Target\n"a\rb",a\nz,b\n')
    run("resample", tmp_path / "r.csv", "--output", tmp_path / "ids.csv")
    with open(tmp_path / "ids.csv", newline="") as written:
        assert list(csv.reader(written)) == [["id"], ["a\rb"], ["z"]]


def test_ids_that_spreadsheets_take_for_formulas_are_kept_with_a_warning(capsys, tmp_path):
    (tmp_path / "a.csv").write_text("Id,Target\n@b,x\n=1+1,y\n-7,x\n+0.5,x\n")
    assert main(["resample", str(tmp_path / "a.csv"), "--cap", "1"]) == 0
    out, err = capsys.readouterr()
    assert out == "id\n@b\n=1+1\n-7\n+0.5\n"
    assert err == (
        "mlresample: warning: Ids such as '=1+1' are written unchanged, and a spreadsheet would "
        "take them for formulas: import the file there as text.\n"
    )
    (tmp_path / "numbers.csv").write_text("Id,Target\n-7,x\n+0.5,y\n")
    for options in (["numbers.csv"], ["a.csv", "--json"]):
        assert main(["resample", str(tmp_path / options[0]), *options[1:]]) == 0
        assert capsys.readouterr().err == ""


def test_split_stratifies_and_gives_each_id_one_fold(run, train):
    rows = list(csv.DictReader(io.StringIO(run("split", train, "--folds", 3))))
    assert [row["id"] for row in rows] == IDS
    folds = np.array([int(row["fold"]) for row in rows])
    counts = np.array([Y.toarray()[folds == fold].sum(axis=0) for fold in range(3)])
    assert np.ptp(counts, axis=0).max() <= 3
    assert np.bincount(folds).tolist() == pytest.approx([200] * 3, abs=10)
    again = json.loads(run("split", train, "--folds", 3, "--json"))
    assert again == {"id": IDS, "fold": folds.tolist()}
    assert run("split", train, "--folds", 3, "--random-state", 1) != run(
        "split", train, "--folds", 3
    )


def test_split_keeps_groups_together_and_names_classes(run, tmp_path):
    path = tmp_path / "train.csv"
    rows = [f"i{i},{'cat dog' if i % 2 else 'cat'},p {i // 3}|x" for i in range(30)]
    path.write_text("Id,Target,patient\n" + "\n".join(rows) + "\n")
    listed = csv.DictReader(io.StringIO(run("split", path, "--folds", 3, "--groups", "patient")))
    folds = np.array([int(row["fold"]) for row in listed])
    assert folds.tolist() == np.repeat(folds[::3], 3).tolist()
    assert sorted(np.bincount(folds).tolist()) == [9, 9, 12]
    error = run("split", path, "--folds", 11, "--groups", "patient", status=2)
    assert "--folds must be from 2 to 10, the number of groups, got 11." in error
    error = run("split", path, "--groups", "doctor", status=2)
    assert "there is no --groups 'doctor' among the columns" in error


def test_groups_are_read_in_one_pass_with_the_labels(run, tmp_path, monkeypatch):
    passes, read = [], _labels.delimited_rows

    def counted(path, **options):
        passes.append(path)
        return read(path, **options)

    monkeypatch.setattr(_labels, "delimited_rows", counted)
    path = tmp_path / "boxes.csv"
    lines = [f"i{i // 2},{'dog' if i % 2 else 'cat'},{i // 6}" for i in range(36)]
    path.write_text("id,label,patient\n" + "\n".join(lines) + "\n")
    options = ["--folds", 2, "--groups", "patient", "--merge-rows", "--json"]
    split = json.loads(run("split", path, *options))
    assert len(passes) == 1
    assert split["id"] == [f"i{i}" for i in range(18)]
    assert np.ptp(np.reshape(split["fold"], (6, 3)), axis=1).tolist() == [0] * 6
    assert sorted(np.bincount(split["fold"])) == [9, 9]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a,cat,1\nb,dog,\n", "line 3, column 'patient': the group is empty"),
        ("a,cat,1\nb,dog,1\na,dog,2\n", "'a' is in 2 groups of column 'patient'"),
    ],
)
def test_a_sample_must_be_in_one_group(run, tmp_path, rows, message):
    path = tmp_path / "boxes.csv"
    path.write_text("id,label,patient\n" + rows)
    assert message in run("split", path, "--groups", "patient", "--merge-rows", status=2)


def test_split_warns_of_classes_with_fewer_samples_than_folds(tmp_path, capsys):
    path = write_lists(tmp_path / "a.csv", list("abcdefgh"), [["cat"]] * 6 + [["dog"]] * 2)
    assert main(["split", str(path), "--folds", "3"]) == 0
    assert "fewer samples than there are folds (3), so that some lack them: 'dog'." in (
        capsys.readouterr().err
    )


# -- report ------------------------------------------------------------------------------------


def test_report_shows_splits_side_by_side_and_names_what_is_missing(run, tmp_path):
    files = [
        write_lists(tmp_path / "train.csv", ["a", "b", "c", "d"], [[0, 1], [0], [0], [2]]),
        write_lists(tmp_path / "valid.csv", ["e", "f"], [[0], [1]]),
        write_lists(tmp_path / "test.csv", ["g", "a"], [[0, 2], [3]]),
    ]
    report = json.loads(run("report", *files, "--json"))
    assert report["classes"] == [
        {"class": 0, "counts": [3, 1, 1]},
        {"class": 1, "counts": [1, 1, 0]},
        {"class": 2, "counts": [1, 0, 1]},
        {"class": 3, "counts": [0, 0, 1]},
    ]
    assert report["missing"] == [
        {"file": "train.csv", "classes": [3]},
        {"file": "valid.csv", "classes": [2, 3]},
        {"file": "test.csv", "classes": [1]},
    ]
    assert [row["n_ids"] for row in report["shared_ids"]] == [0, 1, 0]
    assert [row["n_samples"] for row in report["files"]] == [4, 2, 2]
    text = run("report", *files)
    assert "No sample in valid.csv: 2, 3." in text
    assert "1 id is in both train.csv and test.csv" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["1", "1", "25.00", "%", "1", "50.00", "%", "0", "0.00", "%"] in lines


def test_report_names_classes_that_hardly_occur_without_another(run, tmp_path):
    lists = [["cat", "lynx"]] * 5 + [["cat"]] * 6 + [["dog"]] * 4
    write_lists(tmp_path / "train.csv", [f"i{i}" for i in range(15)], lists)
    write_lists(tmp_path / "valid.csv", ["j0", "j1"], [["cat"], ["dog"]])
    files = [tmp_path / "train.csv", tmp_path / "valid.csv"]
    (train, valid) = json.loads(run("report", *files, "--json"))["files"]
    assert train["near_subsets"] == [
        {"class": "lynx", "other": "cat", "count": 5, "n_both": 5, "share": 1.0}
    ]
    assert valid["near_subsets"] == []
    note = "train.csv: All 5 samples with class 'lynx' also carry class 'cat'."
    assert run("report", *files).splitlines()[-1] == note
    page = run("report", *files, "--html")
    assert "All 5 samples with class &#x27;lynx&#x27; also carry class &#x27;cat&#x27;." in page


def test_classes_are_matched_by_text_where_one_file_has_names(run, tmp_path):
    write_lists(tmp_path / "a.csv", ["a", "b"], [[0, 1], [0]])
    write_lists(tmp_path / "b.csv", ["c", "d"], [[0], ["x"]])
    report = json.loads(run("report", tmp_path / "a.csv", tmp_path / "b.csv", "--json"))
    counts = {row["class"]: row["counts"] for row in report["classes"]}
    assert counts == {"0": [2, 1], "1": [1, 0], "x": [0, 1]}


def test_report_without_a_file_explains_itself_on_an_example(run):
    text = run("report")
    _, y, names = make_multilabel_digits(2000, random_state=0)
    counts = dict(zip(names, y.sum(axis=0).tolist(), strict=True))
    assert f"{counts['nine']}" in text
    assert "built-in example" in text
    for command in ("report", "compare", "plan", "resample"):
        assert f"mlresample {command} train.csv" in text
    listed = json.loads(run("report", "--json"))["classes"]
    assert {row["class"]: row["counts"] for row in listed} == {n: [c] for n, c in counts.items()}


# -- pages and files ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["report", "compare", "plan"])
def test_pages_are_whole_and_need_nothing_else(run, tmp_path, command):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    lists = [["a<b>" if c == 0 else f"class & {c}" for c in labels] for labels in LISTS]
    rows = (f"{name},{'|'.join(labels)}\n" for name, labels in zip(IDS, lists, strict=True))
    (tmp_path / "<train>.csv").write_text("Id,Target\n" + "".join(rows))
    html = run(command, tmp_path / "<train>.csv", "--separator", "|", "--html")
    assert html.startswith("<!doctype html>")
    assert html.rstrip().endswith("</html>")
    assert (
        html.count("<svg")
        == html.count("</svg>")
        == {"report": 2, "compare": 1, "plan": 3}[command]
    )
    assert "<b>class" not in html
    assert "a<b>" not in html
    assert "<train>" not in html
    for outside in ("src=", 'href="http', "@import", "url(http"):
        assert outside not in html
    assert html == run(command, tmp_path / "<train>.csv", "--separator", "|", "--html")


def test_pages_without_matplotlib_name_the_extra(run, train, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("mlresample.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "mlresample._cli._pictures", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert 'pip install "mlresample[plot]"' in run("plan", train, "--html", status=2)


def test_output_goes_to_a_file_and_never_over_the_input(run, train, tmp_path):
    out = tmp_path / "plan.json"
    assert run("plan", train, "--json", "--output", out) == ""
    assert json.loads(out.read_text())["n_samples"] == 600
    before = (tmp_path / "train.csv").read_text()
    assert "is also an input" in run("resample", train, "--output", train, status=2)
    assert (tmp_path / "train.csv").read_text() == before
    lost = tmp_path / "no folder" / "x.csv"
    assert "there is no folder" in run("resample", train, "--output", lost, status=2)


def test_the_ending_of_the_output_says_what_it_is(run, train, tmp_path):
    run("plan", train, "--output", tmp_path / "plan.json")
    assert json.loads((tmp_path / "plan.json").read_text())["n_samples"] == 600
    run("resample", train, "--output", tmp_path / "ids.json")
    assert len(json.loads((tmp_path / "ids.json").read_text())["id"]) > 600
    for name in ("plan", "plan.txt", "PLAN.TXT"):
        run("plan", train, "--output", tmp_path / name)
        assert (tmp_path / name).read_text().startswith("ResamplingPlan")
    run("resample", train, "--output", tmp_path / "ids.txt")
    assert (tmp_path / "ids.txt").read_text().startswith("id\n")
    run("plan", train, "--json", "--output", tmp_path / "plan")
    assert (tmp_path / "plan").read_text().startswith("{")
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    run("compare", train, "--output", tmp_path / "plans.html")
    assert (tmp_path / "plans.html").read_text().startswith("<!doctype html>")


def test_a_page_does_not_go_to_a_terminal(capsys, train, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert main(["plan", train, "--html"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("such as --output plan.html.\n")


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "missing.csv"], "missing.csv: No such file or directory"),
        (["plan", ".", "--format", "table"], "Is a directory"),
        (["plan", "TRAIN", "--cap", "0.5"], "error: --cap must be"),
        (["plan", "TRAIN", "--target-count", "often"], "error: --target-count must be"),
        (
            ["plan", "TRAIN", "--epoch-size", "1e9"],
            "cannot be met: with --floor 1.0, --cap 4.0 and",
        ),
        (["plan", "TRAIN", "--class-multiplier", "7"], "must be a class, '=' and a number"),
        (["plan", "TRAIN", "--class-multiplier", "7=x"], "must be a class, '=' and a number"),
        (
            ["plan", "TRAIN", "--class-multiplier", "77=2"],
            "--class-multiplier names the unknown class '77'",
        ),
        (["plan", "TRAIN", "--labels", "."], "TRAIN"),
        (["plan", "TRAIN", "--format", "yolo"], "Pass --labels, the folder of the label files"),
        (
            ["plan", "TRAIN", "--format", "coco", "--separator", "|"],
            "--separator has no effect on a file of format",
        ),
        (["plan", "TRAIN", "--format", "coco"], "TRAIN"),
        (["plan", "TRAIN", "--label-columns", "Labels"], "there is no --label-columns 'Labels'"),
        (["plan", "TRAIN", "--class-names", "few.txt"], "label '2' is not one of --class-names;"),
        (["plan", "TRAIN", "--label-columns", "Id", "--separator", "-"], "pass --id-column"),
        (["plan", "TRAIN", "few.txt"], "takes one label file, or several files of Parquet"),
        (["resample", "TRAIN", "--epoch", "1"], "--epoch is only for Parquet"),
        (["resample", "TRAIN", "--keys"], "--keys is only for Parquet"),
        (["plan", "TRAIN", "--key", "Id"], "--key has no effect on a file of format 'table'"),
        (["report", "TRAIN", "TRAIN"], "TRAIN and TRAIN are the same file"),
        (["report", "few.txt", "TRAIN", "./TRAIN"], "TRAIN and ./TRAIN are the same file"),
        (["plan", "TRAIN", "--output", "a.png"], "end in .txt or .json or .html or .htm"),
        (["plan", "TRAIN", "--output", "a.csv"], "a.csv: mlresample plan writes files that end"),
        (
            ["plan", "TRAIN", "--json", "--output", "a.html"],
            "--json writes files that end in .json",
        ),
        (["plan", "TRAIN", "--html", "--output", "a.json"], "end in .html or .htm"),
        (["resample", "TRAIN", "--output", "a.html"], "end in .csv or .txt or .json"),
        (["report", "columns.csv"], "name it by --label-columns"),
        (["compare", "TRAIN", "--cap", "1,,2"], "error: --cap must be"),
        (["compare", "TRAIN", "--power", "300", "--floor", "0", "--cap", "inf"], "samples"),
        (["compare", "TRAIN", "--target-count", "1e-9", "--floor", "0"], "is empty"),
        (["plan", "TRAIN", "--delimiter", "ab"], "error: --delimiter must be one character"),
        (["plan", "TRAIN", "--class-names", "latin.txt"], "latin.txt, line 1"),
        (["plan", "TRAIN", "--class-multiplier", "7=2", "--class-multiplier", "7=3"], "twice"),
        (["plan", "/dev/stdin"], "not a regular file"),
        (["split", "TRAIN", "--folds", "1"], "--folds must be"),
        (["resample", "TRAIN", "--repeats", "--shuffle"], "--shuffle has no effect"),
        (["resample", "TRAIN", "--random-state", "-1"], "Seed must be between 0"),
    ],
)
def test_errors_are_one_line_and_status_two(run, train, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "few.txt").write_text("zero\none\n")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    (tmp_path / "columns.csv").write_text("No,image,labels\n1,a,cat dog\n")
    error = run(*(argument.replace("TRAIN", "train.csv") for argument in arguments), status=2)
    assert error.startswith("mlresample: error: ")
    assert message.replace("TRAIN", "train.csv") in error


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("The 'cap' parameter of compare_plans must be", "--cap must be"),
        ("pass label_columns=.", "pass --label-columns."),
        ("pass none_value='-' if", "pass --none-value='-' if"),
        ("cannot be met: with floor=1.0, cap=4.0", "cannot be met: with --floor 1.0, --cap 4.0"),
        ("separator must not be empty", "--separator must not be empty"),
        ("leave it out by class_columns=.", "leave it out by --class-columns."),
        ("runs/cap=2/class_names.txt, line 1: the header", None),
        ("there is no column 'class_names' among ['power', 'id_column']", None),
        ("raise the cap, or the power", None),
    ],
)
def test_messages_name_options_as_they_are_written_but_leave_files_and_columns(message, expected):
    assert with_options(message) == (expected or message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Id,Target\na,0\nb,0 1|\n", "line 3, column 'Target'"),
        ("Id,Target\na,x\nb,x\n", "only one class, 'x'"),
        ("", "train.csv"),
    ],
)
def test_errors_in_files_say_where(run, tmp_path, content, message):
    (tmp_path / "train.csv").write_text(content)
    printed = run("report", tmp_path / "train.csv", status=2)
    assert str(tmp_path / "train.csv") in printed
    assert message in printed


@pytest.mark.parametrize(
    "arguments", [[], ["plan"], ["plant"], ["split", "a", "b"], ["plan", "a", "--cap"]]
)
def test_wrong_arguments_are_one_line_and_status_two(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_near_misses_are_shown_the_way(capsys):
    for arguments, way in (
        (["plan", "a.csv", "--caps", "4"], "did you mean --cap?"),
        (["report", "--seperator", "|"], "did you mean --separator?"),
        (["plan", "a.csv", "--cap", "1,2"], "mlresample compare takes several"),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        assert way in capsys.readouterr().err


def test_tabs_between_columns_can_be_named(run, tmp_path):
    (tmp_path / "a.tsv").write_text("Id\tTarget\nx\ta b\ny\ta\n")
    for tab in ("\t", "\\t", "tab"):
        report = json.loads(run("report", tmp_path / "a.tsv", "--delimiter", tab, "--json"))
        assert report["classes"] == [{"class": "a", "counts": [2]}, {"class": "b", "counts": [1]}]


def test_warnings_are_told_beside_the_result(capsys, train):
    assert main(["plan", train, "--class-multiplier", "7=9"]) == 0
    out, err = capsys.readouterr()
    assert "user-supplied multipliers" in out
    assert err.startswith("mlresample: warning: Values of --class-multiplier were clipped")


def test_a_waiting_person_is_told_what_takes_so_long(capsys, train, monkeypatch):
    monkeypatch.setattr(_inputs, "_MOMENT", 0.01)
    slow = _inputs.read_labels

    def slower(*arguments, **options):
        time.sleep(0.2)
        return slow(*arguments, **options)

    monkeypatch.setitem(_inputs._READERS, "table", slower)
    assert main(["plan", train]) == 0
    assert capsys.readouterr().err == ""  # nobody waits at a file
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(["plan", train]) == 0
    assert capsys.readouterr().err == f"reading {train} ...\n"


def test_closed_standard_output_asks_for_a_file(capsys, train, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["plan", train]) == 2
    assert main(["plan", train, "--output", str(tmp_path / "plan.txt")]) == 0
    message = "mlresample: error: standard output is closed: name a file by --output.\n"
    assert capsys.readouterr().err == message


class Broken(io.StringIO):
    """A stream whose reader is gone."""

    def write(self, text):
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [None, Broken()])
def test_closed_standard_error_leaves_result_and_status(capsys, train, monkeypatch, stream):
    monkeypatch.setattr(sys, "stderr", stream)
    assert main(["plan", "missing.csv"]) == 2
    assert capsys.readouterr().out == ""
    assert main(["plan", train, "--class-multiplier", "7=9"]) == 0  # with a warning
    assert capsys.readouterr().out.startswith("ResamplingPlan")


def test_the_module_runs_and_bears_a_closed_pipe(train):
    command = [
        sys.executable,
        "-m",
        "mlresample",
        "resample",
        train,
        "--cap",
        "40",
        "--target-count",
        "max",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
    version = subprocess.run(
        [*command[:3], "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.split(".")[0].isdigit()


# -- the guide ---------------------------------------------------------------------------------


def shown_commands():
    guide = Path(__file__).parents[1] / "docs" / "guide" / "files.rst"
    blocks = re.findall(r"\.\. code-block:: text\n\n((?: {4}.*\n|\n)+)", guide.read_text())
    for block in blocks:
        for command in dedent(block).strip().split("$ mlresample ")[1:]:
            arguments, _, output = command.partition("\n")
            yield shlex.split(arguments), output


def test_commands_in_the_guide_print_what_is_shown_there(run, tmp_path, monkeypatch):
    _, y, names = make_multilabel_digits(2000, random_state=0)
    lists = [[names[c] for c in row.nonzero()[0]] for row in y]
    write_lists(tmp_path / "digits.csv", [f"image-{i:04}" for i in range(2000)], lists)
    monkeypatch.chdir(tmp_path)
    commands = list(shown_commands())
    assert [arguments[0] for arguments, _ in commands] == [
        "report",
        "compare",
        "resample",
        "split",
    ]
    for arguments, output in commands:
        assert run(*arguments).strip() == output.strip()
    assert len((tmp_path / "epoch.csv").read_text().splitlines()) == 2001
    assert len((tmp_path / "folds.csv").read_text().splitlines()) == 2001


def test_options_in_the_page_on_files_exist():
    _, commands = make_parser()
    known = {option for command in commands.values() for option in command._option_string_actions}
    page = Path(__file__).parent.parent / "docs" / "guide" / "files.rst"
    named = re.findall(r"``[^`]*``", page.read_text(encoding="utf-8"))
    options = {
        option for text in named for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)
    }
    assert {"--label-columns", "--no-header"} <= options
    assert options <= known
