"""The reader of YOLO's labels."""

import os
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlresample import plan_resampling
from mlresample.readers import read_yolo

from .label_files import check_table, exactly, write


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that messages begin with the bare file name."""
    monkeypatch.chdir(tmp_path)


YOLO = {
    "train.txt": "images/a.jpg\n./images/b.png\nimages\\c.x.jpg\nd.jpg\n",
    "labels/a.txt": "2 0.5 0.5 0.1 0.1\n0 0 0 1 1\n2 0.2 0.2 0.1 0.1\n",
    "labels/b.txt": "",
    "labels/c.x.txt": "1 0.1 0.1 0.2 0.1 0.2 0.2 1e-3 0.3\n\n",
    "labels/other.txt": "not read",
}
IDS = ["images/a.jpg", "./images/b.png", "images\\c.x.jpg", "d.jpg"]
TARGET = [[1, 0, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0]]


def read_yolo_files(files, **options):
    for name, content in {**YOLO, **files}.items():
        write(name, content)
    return read_yolo("labels", "train.txt", **options)


def test_yolo_of_boxes_and_polygons_with_empty_and_missing_label_files():
    check_table(read_yolo_files({}), IDS, TARGET, [0, 1, 2])


def test_yolo_class_names_are_a_sequence_or_a_file():
    names = ["cat", "dog", "eel", "yak"]
    target = [[*row, 0] for row in TARGET]
    check_table(read_yolo_files({}, class_names=names), IDS, target, names)
    write("names.txt", "cat\r\ndog \r\neel\r\nyak\r\n\r\n")
    check_table(read_yolo_files({}, class_names="names.txt"), IDS, target, names)
    check_table(read_yolo_files({}, class_names=Path("names.txt")), IDS, target, names)


def test_yolo_without_any_object_where_classes_are_named():
    files = {"labels/a.txt": "", "labels/c.x.txt": " \n"}
    table = read_yolo_files(files, class_names=["cat", "dog"])
    check_table(table, IDS, np.zeros((4, 2)), ["cat", "dog"])


def in_label_file(line, problem, options=None):
    content = f"0 0 0 1 1\n{line}\n"
    return {"labels/a.txt": content}, options or {}, f"{Path('labels/a.txt')}, line 2: {problem}"


BAD_YOLO = {
    "empty image list": (
        {"train.txt": "\n"},
        {},
        "train.txt: the file is empty; it must have one image path per line.",
    ),
    "blank line in the image list": (
        {"train.txt": "a.jpg\n\nb.jpg\n"},
        {},
        "train.txt, line 2: the line is blank, but more lines follow; fill or remove it.",
    ),
    "folder in the image list": (
        {"train.txt": "a.jpg\nimages/\n"},
        {},
        "train.txt, line 2: 'images/' has no file name at its end.",
    ),
    "image twice": (
        {"train.txt": "a.jpg\nb.jpg\na.jpg\n"},
        {},
        "train.txt, line 3: 'a.jpg' would share the label file 'a.txt' with the image on line 1; "
        "file names must differ.",
    ),
    "two images of a stem": (
        {"train.txt": "x/a.jpg\nb.jpg\ny/a.png\n"},
        {},
        "train.txt, line 3: 'y/a.png' would share the label file 'a.txt' with the image on "
        "line 1; file names must differ.",
    ),
    "wrong folder": (
        {"train.txt": "k.jpg\nl.jpg\n"},
        {},
        "labels: no image of train.txt has a label file in this folder.",
    ),
    "no objects": (
        {"train.txt": "b.jpg\n"},
        {},
        "labels: no image has an object; pass class_names=.",
    ),
    "blank line in a label file": (
        {"labels/a.txt": "0 0 0 1 1\n\n1 0 0 1 1\n"},
        {},
        f"{Path('labels/a.txt')}, line 2: the line is blank, but more lines follow; fill or "
        f"remove it.",
    ),
    "class outside class_names": in_label_file(
        "3 0 0 1 1",
        "the class 3 is not one of class_names, whose last number is 2.",
        {"class_names": ["cat", "dog", "eel"]},
    ),
    "huge class": in_label_file(
        "10000 0 0 1 1", "the class 10000 is above 9999; pass class_names=."
    ),
    "negative class": in_label_file("-1 0 0 1 1", "the class must be an integer >= 0, got '-1'."),
    "class as float": in_label_file(
        "1.0 0 0 1 1", "the class must be an integer >= 0, got '1.0'."
    ),
    "class as name": in_label_file("cat 0 0 1 1", "the class must be an integer >= 0, got 'cat'."),
    "box and confidence": in_label_file(
        "1 0 0 1 1 0.9",
        "a line must have a class and 4 numbers (a box) or 6, 8, 10, ... (a polygon), got 5 "
        "numbers after the class; drop the confidence of a predicted box.",
    ),
    "class alone": in_label_file(
        "1",
        "a line must have a class and 4 numbers (a box) or 6, 8, 10, ... (a polygon), got 0 "
        "numbers after the class.",
    ),
    "odd polygon": in_label_file(
        "1 0 0 0 1 1 1 0.5",
        "a line must have a class and 4 numbers (a box) or 6, 8, 10, ... (a polygon), got 7 "
        "numbers after the class.",
    ),
    "commas": in_label_file("1,0,0,1,1", "the class must be an integer >= 0, got '1,0,0,1,1'."),
    "pixels": in_label_file(
        "1 0.5 320 1 1", "coordinates must be numbers from 0 to 1, got '320'."
    ),
    "overshoot": in_label_file(
        "1 0 0 1 1.0000001", "coordinates must be numbers from 0 to 1, got '1.0000001'."
    ),
    "negative coordinate": in_label_file(
        "1 0 -0.1 1 1", "coordinates must be numbers from 0 to 1, got '-0.1'."
    ),
    "NaN": in_label_file("1 0 nan 1 1", "coordinates must be numbers from 0 to 1, got 'nan'."),
    "infinity": in_label_file(
        "1 0 inf 1 1", "coordinates must be numbers from 0 to 1, got 'inf'."
    ),
    "word": in_label_file("1 0 x 1 1", "coordinates must be numbers from 0 to 1, got 'x'."),
    "NUL byte": in_label_file(
        "1 0 \0 1 1", "the line has a NUL byte; the file is damaged, or is not UTF-8 text."
    ),
    "class name twice": (
        {"names.txt": "cat\ndog\ncat\n"},
        {"class_names": "names.txt"},
        "names.txt, line 3: the class name 'cat' is also on line 1; names must differ.",
    ),
    "empty file of class names": (
        {"names.txt": ""},
        {"class_names": "names.txt"},
        "names.txt: the file is empty; it must have one class name per line.",
    ),
    "class names twice": (
        {},
        {"class_names": ["cat", "dog", "cat"]},
        "class_names must differ, but 'cat' occurs 2 times.",
    ),
}


@pytest.mark.parametrize(("files", "options", "expected"), BAD_YOLO.values(), ids=BAD_YOLO)
def test_malformed_yolo_is_told_by_file_and_line(files, options, expected):
    with pytest.raises(ValueError, match=exactly(expected)):
        read_yolo_files(files, **options)


def test_label_file_that_was_not_fetched_is_not_an_image_without_objects():
    for name, content in YOLO.items():
        write(name, content)
    try:
        os.symlink("nowhere", "labels/d.txt")
    except OSError:
        pytest.skip("no symbolic links here")
    with pytest.raises(FileNotFoundError, match=re.escape("d.txt")):
        read_yolo("labels", "train.txt")


def test_missing_yolo_files_and_folders_are_told_by_the_system():
    write("train.txt", "a.jpg\n")
    write("labels/a.txt", "")
    with pytest.raises(FileNotFoundError, match=re.escape("missing.txt")):
        read_yolo("labels", "missing.txt")
    with pytest.raises(FileNotFoundError, match="missing"):
        read_yolo("missing", "train.txt")
    with pytest.raises(FileNotFoundError, match=re.escape("names.txt")):
        read_yolo("labels", "train.txt", class_names="names.txt")


def test_yolo_goes_straight_into_a_plan():
    table = read_yolo_files({})
    plan = plan_resampling(table.y, class_names=table.class_names)
    assert plan.n_samples == len(table.ids)
    assert_array_equal(plan.classes, table.class_names)
    assert_array_equal(plan.class_counts, table.y.toarray().sum(axis=0))
