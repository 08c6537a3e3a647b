"""Lists of images of YOLO data, as the command line writes them for trainers."""

import json
import os
import sys
import threading
from collections import Counter
from errno import ENOSPC
from pathlib import Path

import pytest

from mlresample import plan_resampling
from mlresample._cli import main
from mlresample.readers import read_yolo

from .label_files import write

# Four images show a cat, and one of them a dog: the target count is 2.5, the median of 4 and 1, so
# that the multiplier of dog is 2.5, or 2 by the cap.
CAP_2 = ["--cap", "2"]
EPOCH = ["a", "b", "c", "d", "d"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Make four images of cats, the last of which shows a dog, too, and work in their folder."""
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    monkeypatch.chdir(tmp_path)
    for name in "abcd":
        write(f"set/images/train/{name}.jpg", "")
        write(f"set/labels/train/{name}.txt", "0 .5 .5 .1 .1\n")
    write("set/labels/train/d.txt", "0 .5 .5 .1 .1\n1 .2 .2 .1 .1\n")
    write("set/list.txt", "".join(f"images/train/{name}.jpg\n" for name in "abcd"))
    write("names.txt", "cat\ndog\n")
    write("set/data.yaml", "train: images/train\nnames: [cat, dog]\n")
    write("set/listed.yaml", "train: list.txt\nnames: [cat, dog]\n")
    return tmp_path


@pytest.fixture
def run(capsys):
    def run(*arguments, status=0):
        assert main(list(map(str, arguments))) == status
        return capsys.readouterr()

    return run


def lines(path):
    return Path(path).read_text(encoding="utf-8").splitlines()


NAMED = ["--class-names", "names.txt"]
SOURCES = {
    "data.yaml": ["set/data.yaml"],
    "data.yaml that names a list": ["set/listed.yaml"],
    "folder": ["set/images", *NAMED],
    "list": ["set/list.txt", "--format", "yolo", *NAMED],
    "list and its folder of labels": ["set/list.txt", "--labels", "set/labels", *NAMED],
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_images_are_listed_by_absolute_path_as_often_as_they_are_drawn(folder, run, source):
    expected = [str(folder / "set" / "images" / "train" / f"{name}.jpg") for name in EPOCH]
    run("resample", *source, *CAP_2, "--output", "epoch.txt")
    assert lines("epoch.txt") == expected
    assert run("resample", *source, *CAP_2).out.splitlines() == expected
    os.chdir("set")  # from another place, the same list
    inside = [part.removeprefix("set/").replace("names.txt", "../names.txt") for part in source]
    assert run("resample", *inside, *CAP_2).out.splitlines() == expected


def test_the_list_is_the_draw_of_the_plan_with_every_option():
    for i in range(20):
        write(f"set/images/train/{i:02}.jpg", "")
        write(f"set/labels/train/{i:02}.txt", f"{i % 7 // 6} .5 .5 .1 .1\n")
    table = read_yolo("set/data.yaml")
    plan = plan_resampling(table.y, cap=1.7)
    options = ["--cap", "1.7", "--random-state", "3"]
    for rounding in ("stratified", "bernoulli"):
        given = [*options, "--rounding", rounding, "--output", "epoch.txt"]
        assert main(["resample", "set/data.yaml", *given]) == 0
        drawn = table.ids[plan.draw_indices(3, rounding=rounding)]
        expected = [os.path.abspath(image) for image in drawn]
        assert lines("epoch.txt") == expected
        assert main(["resample", "set/data.yaml", *given, "--shuffle"]) == 0
        assert lines("epoch.txt") != expected
        assert Counter(lines("epoch.txt")) == Counter(expected)


def test_the_line_for_data_yaml_is_told(folder, run):
    yaml = pytest.importorskip("yaml")
    output = folder / "epoch: 1  # é.txt"
    out, err = run("resample", "set/data.yaml", "--output", output)
    assert out == ""
    assert err.count("\n") == 1
    assert yaml.safe_load(err[err.index("train: ") :]) == {"train": str(output)}
    assert run("resample", "set/data.yaml", "--output", "epoch.csv").err == ""


def test_ids_and_repeats_stay_tables(run):
    ids = [os.path.join("set", "images", "train", f"{name}.jpg") for name in EPOCH]
    run("resample", "set/data.yaml", *CAP_2, "--output", "epoch.csv")
    assert lines("epoch.csv") == ["id", *ids]
    for options in (["--json"], ["--output", "epoch.json"]):
        text = run("resample", "set/data.yaml", *CAP_2, *options).out
        assert json.loads(text or Path("epoch.json").read_text())["id"] == ids
    table = run("resample", "set/data.yaml", *CAP_2, "--repeats").out.splitlines()
    repeats = [1, 1, 1, 2]
    assert table == ["id,repeats", *(f"{ids[i]},{repeats[i]}" for i in range(4))]
    assert run("split", "set/data.yaml", "--folds", 2).out.startswith("id,fold\n")
    error = run("resample", "set/data.yaml", "--output", "epoch.html", status=2).err
    assert "end in .txt or .csv or .json" in error


@pytest.mark.parametrize("command", ["plan", "resample", "split --folds 2"])
def test_a_list_that_data_yaml_names_is_not_overwritten(run, command):
    before = lines("set/list.txt")
    error = run(*command.split(), "set/listed.yaml", "--output", "set/list.txt", status=2).err
    assert error.endswith("--output set/list.txt is also an input: name another file.\n")
    assert lines("set/list.txt") == before


def make_missing(folder):
    os.unlink("set/images/train/b.jpg")
    place = folder / "set/images/train/b.jpg"
    return f"there is no image '{place}'; relative paths begin at the folder of the list."


def make_odd(folder):
    os.rename("set/images/train/b.jpg", "set/images/train/b.data")
    write("set/list.txt", Path("set/list.txt").read_text().replace("b.jpg", "b.data"))
    return "does not end as an image's does, so that trainers would leave it out: rename it."


def make_unfit(folder):
    os.rename("set/images/train/b.jpg", "set/images/train/\u2028.jpg")
    os.rename("set/labels/train/b.txt", "set/labels/train/\u2028.txt")
    write("set/list.txt", Path("set/list.txt").read_text().replace("b.jpg", "\u2028.jpg"))
    return "does not fit in a line of a list: rename it without line ends, spaces at its end and"


@pytest.mark.parametrize("make", [make_missing, make_odd, make_unfit])
def test_an_image_that_a_trainer_would_leave_out_is_an_error(folder, run, make):
    problem = make(folder)
    write("epoch.txt", "as before")
    error = run("resample", "set/listed.yaml", "--output", "epoch.txt", status=2).err
    assert error.startswith("mlresample: error: ")
    assert "set/list.txt, line 2: " in error
    assert problem in error
    assert lines("epoch.txt") == ["as before"]


@pytest.mark.skipif(sys.platform != "linux", reason="file names are text elsewhere")
def test_an_image_whose_name_is_not_text_is_an_error(run):
    os.rename(b"set/images/train/b.jpg", b"set/images/train/\xff.jpg")
    os.rename(b"set/labels/train/b.txt", b"set/labels/train/\xff.txt")
    error = run("resample", "set/data.yaml", "--output", "epoch.txt", status=2).err
    assert "spaces at its end and characters that are not UTF-8." in error
    assert not os.path.exists("epoch.txt")


def test_labels_that_trainers_would_not_find_are_an_error(folder, run):
    os.rename("set/labels", "set/other")
    options = ["set/list.txt", "--labels", "set/other", *NAMED]
    place = f"'{folder / 'set/labels/train/a.txt'}'"
    error = run("resample", *options, status=2).err
    assert f"line 1: trainers look for the label file of 'images/train/a.jpg' at {place}" in error
    assert "and there is none: put the label files there." in error
    for name in "abcd":
        write(f"set/labels/train/{name}.txt", "0 .1 .1 .1 .1\n")
    error = run("resample", *options, status=2).err
    assert "line 4: trainers look" in error
    assert "and it holds other classes" in error
    assert run("resample", *options, "--repeats").out.startswith("id,repeats\n")


def test_a_file_is_written_complete_or_not_at_all(folder, run, monkeypatch):
    write("epoch.txt", "as before")
    files = sorted(os.listdir())
    write_text = Path.write_text

    def fill_the_disk(path, text, **options):
        write_text(path, text[: len(text) // 2], **options)
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", fill_the_disk)
        error = run("resample", "set/data.yaml", "--output", "epoch.txt", status=2).err
    assert error == "mlresample: error: No space left on device\n"
    assert lines("epoch.txt") == ["as before"]
    assert sorted(os.listdir()) == files


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
def test_links_and_pipes_are_written_through(run):
    os.symlink("set/linked.txt", "link.txt")
    run("resample", "set/data.yaml", *CAP_2, "--output", "link.txt")
    assert os.path.islink("link.txt")
    assert len(lines("set/linked.txt")) == 5

    os.mkfifo("pipe.txt")
    read = []
    reader = threading.Thread(target=lambda: read.extend(lines("pipe.txt")), daemon=True)
    reader.start()
    run("resample", "set/data.yaml", *CAP_2, "--output", "pipe.txt")
    reader.join(10)
    assert len(read) == 5
