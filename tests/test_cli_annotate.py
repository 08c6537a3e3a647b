"""The command that plans annotation."""

import json

import pytest

from mlresample import ClassCounts
from mlresample.annotation import plan_annotation

from .commands import runner

NOW = {"crack": 10, "road": 70}
OPTIONS = ["--until", 40, "--batch", 50]


@pytest.fixture
def run(capsys):
    return runner(capsys)


def write(path, n_road, n_crack):
    rows = [f"{i},{'road' if i < n_road else 'crack'}\n" for i in range(n_road + n_crack)]
    path.write_text("Id,Target\n" + "".join(rows))
    return path


@pytest.fixture
def train(tmp_path):
    return write(tmp_path / "train.csv", 70, 10)


def plan(**options):
    counts = ClassCounts.from_numbers(NOW, n_samples=80)
    return plan_annotation(counts, **options)


def test_the_plan_is_printed(run, train):
    expected = repr(plan(target_count=100, batch_size=50))
    assert run("annotate", train, "--until", 100, "--batch", 50) == expected + "\n"


def test_options_are_the_parameters_of_the_plan(run, train):
    expected = plan(
        target_count={"crack": 60}, batch_size=20, n_batches=2, hit_rate=0.5, cap=2
    ).to_json(indent=2)
    options = ["--batches", 2, "--hit-rate", 0.5, "--copies", 2, "--json"]
    found = run("annotate", train, "--until", "crack=60", "--batch", 20, *options)
    assert json.loads(found) == json.loads(expected)


def test_progress_is_reported_since_an_earlier_file(run, train, tmp_path):
    later = write(tmp_path / "later.csv", 75, 25)
    text = run("annotate", later, "--since", train, "--until", 40, "--batch", 50)
    counts = ClassCounts.from_numbers({"crack": 25, "road": 75}, n_samples=100)
    assert text == repr(plan(target_count=40, batch_size=50).progress(counts)) + "\n"
    assert "by chance" in text


def test_a_class_that_the_earlier_file_lacks_had_no_labels(run, train, tmp_path):
    later = write(tmp_path / "later.csv", 75, 25)
    with later.open("a") as file:
        file.write("100,lynx\n101,lynx road\n")
    report = json.loads(run("annotate", later, "--since", train, *OPTIONS, "--json"))
    found = {row["class"]: (row["count_at_start"], row["found"]) for row in report["classes"]}
    assert found == {"crack": (10, 15), "lynx": (0, 2), "road": (70, 6)}


def test_a_class_that_the_later_file_lacks_has_lost_its_labels(run, train, tmp_path):
    later = tmp_path / "later.csv"
    later.write_text(write(train, 70, 10).read_text().replace("crack", "lynx"))
    message = run("annotate", later, "--since", train, *OPTIONS, status=2)
    assert "got 0 of class 'crack', which had 10" in message


def test_a_page_has_the_plan(run, train):
    html = run("annotate", train, "--until", 100, "--batch", 50, "--html")
    assert html.startswith("<!doctype html>")
    assert "AnnotationPlan" in html


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--until", 100, "--batch", 0], "--batch must be an int"),
        (["--until", "many", "--batch", 5], "--until must be"),
        (["--until", "lynx=3", "--batch", 5], "--until names the unknown class 'lynx'"),
        (["--until", 3, "--until", 4, "--batch", 5], "--until is given twice"),
        (["--until", 3, "--batch", 5, "--hit-rate", 7], "--hit-rate must be"),
        (["--until", 3, "--batch", 5, "--since", "train.csv"], "is the label file itself"),
        (["--until", 3, "--batch", 5, "--instances"], "--instances has no effect"),
    ],
)
def test_errors_name_the_option(run, train, monkeypatch, options, message):
    monkeypatch.chdir(train.parent)
    assert message in run("annotate", "train.csv", *options, status=2)


def test_a_later_file_must_have_the_earlier_labels(run, train, tmp_path):
    earlier = write(tmp_path / "earlier.csv", 90, 10)
    message = run("annotate", train, "--since", earlier, "--until", 99, "--batch", 5, status=2)
    assert "must include the labels of the start" in message
