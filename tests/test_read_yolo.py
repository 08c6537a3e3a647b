"""The reader of YOLO's labels."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlresample import plan_resampling
from mlresample.readers import read_yolo

from .label_files import check_table, exactly, write

pytestmark = pytest.mark.usefixtures("in_empty_folder")


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
    return read_yolo("train.txt", **options)


def test_yolo_of_boxes_and_polygons_with_empty_and_missing_label_files():
    check_table(read_yolo_files({}), IDS, TARGET, [0, 1, 2])
    check_table(read_yolo_files({}, labels="labels"), IDS, TARGET, [0, 1, 2])


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
    return {"labels/a.txt": content}, options or {}, f"labels/a.txt, line 2: {problem}"


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
        "train.txt, line 3: 'a.jpg' is also on line 1 of train.txt; list it once.",
    ),
    "two images of a stem": (
        {"train.txt": "x/a.jpg\nb.jpg\ny/a.png\n"},
        {},
        "train.txt, line 3: 'y/a.png' would share the label file 'labels/a.txt' with 'x/a.jpg' on "
        "line 1 of train.txt; their names must differ.",
    ),
    "two images of a stem that has no label file": (
        {"train.txt": "x/d.jpg\na.jpg\ny/d.png\n"},
        {},
        "train.txt, line 3: 'y/d.png' would share the label file 'labels/d.txt' with 'x/d.jpg' on "
        "line 1 of train.txt; their names must differ.",
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
        "labels/a.txt, line 2: the line is blank, but more lines follow; fill or remove it.",
    ),
    "class outside class_names": in_label_file(
        "3 0 0 1 1",
        "the class 3 has no name: the last of the class names is that of 2.",
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
        read_yolo_files(files, labels="labels", **options)


def test_label_file_that_was_not_fetched_is_not_an_image_without_objects():
    for name, content in YOLO.items():
        write(name, content)
    try:
        os.symlink("nowhere", "labels/d.txt")
    except OSError:
        pytest.skip("no symbolic links here")
    with pytest.raises(FileNotFoundError, match=re.escape("d.txt")):
        read_yolo("train.txt", labels="labels")


# -- where the label files are -----------------------------------------------------------------

BOX = "{} 0.5 0.5 0.1 0.1\n"
TWO = ["cat", "dog"]


def write_all(files):
    for name, content in files.items():
        write(name, BOX.format(content) if isinstance(content, int) else content)


@pytest.mark.parametrize(
    ("image", "label_file"),
    [
        ("d/images/a.jpg", "d/labels/a.txt"),
        ("d/images/train/a.b.JPG", "d/labels/train/a.b.txt"),
        ("d/train/images/a.png", "d/train/labels/a.txt"),
        ("images/images/a.jpg", "images/labels/a.txt"),  # the last of them
        ("d/my_images/images2/a.jpg", "d/my_images/images2/a.txt"),  # no folder of that name
        ("a.jpg", "a.txt"),
    ],
)
def test_label_file_of_an_image_is_found_by_the_rule_of_the_format(image, label_file):
    write_all({image: "", label_file: 1, "list.txt": image})
    for images in ("list.txt", Path(image).parent, Path("list.txt").resolve()):
        assert read_yolo(images, class_names=TWO).y.toarray().tolist() == [[0, 1]]


def test_relative_paths_of_a_list_begin_at_its_folder():
    lines = ["images/a.jpg", "./images/b.jpg", "../e/images/c.jpg", str(Path("f/d.jpg").resolve())]
    files = {"d/labels/a.txt": 0, "d/labels/b.txt": 1, "e/labels/c.txt": 0, "f/d.txt": 1}
    write_all({**files, "d/list.txt": "\n".join(lines)})
    table = read_yolo(Path("d/list.txt"), class_names=TWO)
    check_table(table, lines, [[1, 0], [0, 1], [1, 0], [0, 1]], TWO)


def test_folders_of_labels_may_mirror_those_of_the_images():
    files = {"l/x/y/a.txt": 0, "l/y/a.txt": 1, "l/y/b.txt": 1, "l/b.txt": 0, "l/c.txt": 0}
    write_all({**files, "list.txt": "z/x/y/a.jpg\nw/y/a.jpg\nx/y/b.jpg\nx/y/c.jpg\nx/d.jpg\n"})
    table = read_yolo("list.txt", labels="l", class_names=TWO)
    # The longest end wins: x/y/a, y/a; then y/b, since there is no x/y/b; then c; d has none.
    assert table.y.toarray().tolist() == [[1, 0], [0, 1], [0, 1], [1, 0], [0, 0]]


def test_mirrored_folders_part_images_of_the_same_name():
    write_all({"labels/train/a.txt": 0, "labels/val/a.txt": 1, "labels/val/b.txt": 1})
    write("list.txt", "images/train/a.jpg\nimages/val/a.jpg\nimages/train/b.jpg\nimages/val/b.jpg")
    target = [[1, 0], [0, 1], [0, 0], [0, 1]]
    for labels in (None, "labels", Path("labels").resolve()):
        table = read_yolo("list.txt", labels=labels, class_names=TWO)
        assert table.y.toarray().tolist() == target


def test_labels_are_never_looked_for_outside_their_folder():
    write_all({"l/b.txt": 0, "x/a.txt": 1, "sub/list.txt": "../x/a.jpg\nb.jpg\n"})
    table = read_yolo("sub/list.txt", labels="l", class_names=TWO)
    assert table.y.toarray().tolist() == [[0, 0], [1, 0]]


def test_no_label_file_by_the_rule_is_an_error_that_names_a_place():
    write("d/list.txt", "images/a.jpg\nimages/b.jpg\n")
    place = Path("d/labels/a.txt").absolute().as_posix()
    message = (
        f"d/list.txt: no image has a label file; for 'images/a.jpg' there is no {place!r}. Pass "
        f"labels=, the folder of the label files."
    )
    with pytest.raises(ValueError, match=exactly(message)):
        read_yolo("d/list.txt")


# -- a folder of images ------------------------------------------------------------------------


def test_a_folder_of_images_is_searched_with_the_folders_below_it():
    images = ["b.jpg", "a.PNG", "sub/deep/c.jpeg", "sub-1/d.tif", "e.jpg", "a/z.webp"]
    others = [".hidden.jpg", ".cache/f.jpg", "notes.txt", "g.csv", "sub/h"]
    write_all({f"d/images/{name}": "" for name in images + others})
    write_all({"d/labels/b.txt": 1, "d/labels/sub/deep/c.txt": 0, "d/labels/f.txt": 0})
    table = read_yolo("d/images", class_names=TWO)
    names = ["a.PNG", "a/z.webp", "b.jpg", "e.jpg", "sub-1/d.tif", "sub/deep/c.jpeg"]
    ids = [os.path.join("d/images", name) for name in names]
    check_table(table, ids, [[0, 0], [0, 0], [0, 1], [0, 0], [0, 0], [1, 0]], TWO)
    assert all(map(os.path.isfile, table.ids))


def test_folder_of_a_data_set_finds_its_images_and_their_labels(monkeypatch):
    write_all({"images/train/a.jpg": "", "images/val/b.jpg": ""})
    write_all({"labels/train/a.txt": 0, "labels/val/b.txt": 1})
    for folder in (".", Path.cwd(), "images"):
        assert read_yolo(folder, class_names=TWO).y.toarray().tolist() == [[1, 0], [0, 1]]
    monkeypatch.chdir("images")
    table = read_yolo(".", class_names=TWO)
    check_table(table, ["./train/a.jpg", "./val/b.jpg"], [[1, 0], [0, 1]], TWO)


def test_folder_of_a_data_set_takes_the_names_of_its_data_yaml():
    write("d/images/a.jpg", "")
    write("d/images/b.jpg", "")
    write("d/labels/a.txt", "1 0.5 0.5 0.1 0.1\n")
    write("d/data.yaml", "train: images\nnames: [eel, yak, cow]\n")
    ids = [os.path.join("d", "images/a.jpg"), os.path.join("d", "images/b.jpg")]
    check_table(read_yolo("d"), ids, [[0, 1, 0], [0, 0, 0]], ["eel", "yak", "cow"])
    named = read_yolo("d", class_names=["p", "q"])
    check_table(named, ids, [[0, 1], [0, 0]], ["p", "q"])


def test_linked_folders_are_searched_but_not_in_circles():
    write_all({"store/a.jpg": "", "store/a.txt": 1, "d/b.jpg": "", "d/b.txt": 0})
    try:
        os.symlink(Path("store").resolve(), "d/linked", target_is_directory=True)
        os.symlink(Path("d").resolve(), "d/again", target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    table = read_yolo("d", class_names=TWO)
    check_table(table, ["d/b.jpg", "d/linked/a.jpg"], [[1, 0], [0, 1]], TWO)


@pytest.mark.parametrize(
    ("files", "images", "options", "message"),
    [
        ({"d/a.txt": 0}, "d", {}, "d: no image is in this folder (.avif, .bmp, "),
        (
            {"d/a.jpg": "", "d/a.png": "", "d/a.txt": 0},
            "d",
            {"labels": "d"},
            "d: 'd/a.png' would share the label file 'd/a.txt' with 'd/a.jpg' in d; their names "
            "must differ.",
        ),
        (
            {"d/a.jpg": "", "d/a.txt": 0},
            "d",
            {"split": "val"},
            "split='val' needs a data.yaml as images, got 'd'.",
        ),
    ],
)
def test_folders_that_cannot_be_read_are_told(files, images, options, message):
    write_all(files)
    with pytest.raises(ValueError, match=rf"\A{re.escape(message)}"):
        read_yolo(images, **options)


# -- data.yaml ---------------------------------------------------------------------------------

DATA = {
    "d/images/train/a.jpg": "",
    "d/images/train/b.jpg": "",
    "d/images/val/c.jpg": "",
    "d/labels/train/a.txt": 0,
    "d/labels/val/c.txt": 1,
    "d/val.txt": "./images/val/c.jpg\n",
}
TRAIN_IDS = ["d/images/train/a.jpg", "d/images/train/b.jpg"]


def read_data(content, **options):
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    write_all({**DATA, "d/data.yaml": content})
    return read_yolo("d/data.yaml", **options)


@pytest.mark.parametrize(
    "names",
    ["names: [cat, dog]", "names:\n  - cat\n  - dog", "names:\n  0: cat\n  1: dog\nnc: 2"],
)
@pytest.mark.parametrize(
    "path", ["", "path: .\n", "path: ../d\n", "path:   # none\n", "path: ~\n"]
)
def test_data_yaml_has_the_images_of_a_split_and_the_names(names, path):
    content = f"# déjà\n{path}train: images/train\nval: val.txt\ntest:\n{names}\n"
    check_table(read_data(content), TRAIN_IDS, [[1, 0], [0, 0]], TWO)
    check_table(read_data(content, split="val"), ["./images/val/c.jpg"], [[0, 1]], TWO)
    assert all(os.path.isfile(os.path.normpath(image)) for image in read_data(content).ids)


def test_split_of_data_yaml_may_be_a_list_of_folders_and_files():
    table = read_data("train: [images/train, val.txt]\nnames: [cat, dog]\n")
    check_table(table, [*TRAIN_IDS, "./images/val/c.jpg"], [[1, 0], [0, 0], [0, 1]], TWO)


def test_data_yaml_with_labels_in_another_folder():
    write("other/a.txt", BOX.format(1))
    table = read_data("train: images/train\nnames: [cat, dog]\n", labels="other")
    check_table(table, TRAIN_IDS, [[0, 1], [0, 0]], TWO)


def test_path_of_data_yaml_that_does_not_exist_is_warned_of():
    with pytest.warns(UserWarning, match="path is '/nowhere/d', but there is no folder") as caught:
        table = read_data("path: /nowhere/d\ntrain: images/train\nnames: [cat, dog]\n")
    assert [warning.filename for warning in caught] == [__file__]
    check_table(table, TRAIN_IDS, [[1, 0], [0, 0]], TWO)


def test_folder_above_that_does_not_exist_is_the_folder_itself():
    table = read_data("train: ../images/train\nnames: [cat, dog]\n")  # of Roboflow's exports
    assert table.y.toarray().tolist() == [[1, 0], [0, 0]]


def test_names_of_data_yaml_are_read_as_they_are_written():
    names = ["no", "1e3", "null", "2020-01-01", "07", "tench, Tinca tinca", "Ünïcode 猫"]
    content = "train: images/train\nnames: [no, 1e3, null, 2020-01-01, 07, 'tench, Tinca tinca', "
    table = read_data(content + '"\\xdcnïcode 猫"]\n')
    assert table.class_names.tolist() == names
    digits = read_data('train: images/train\nnames: ["0", 1, "2"]\n')
    assert digits.class_names.tolist() == [0, 1, 2]


def test_class_names_come_before_those_of_data_yaml():
    content = "train: images/train\nnames: [cat, dog]\n"
    table = read_data(content, class_names=["x", "y", "z"])
    check_table(table, TRAIN_IDS, [[1, 0, 0], [0, 0, 0]], ["x", "y", "z"])
    table = read_yolo("d/images/val", class_names="d/data.yaml")
    check_table(table, ["d/images/val/c.jpg"], [[0, 1]], TWO)


def test_data_yaml_without_names_has_numbers():
    check_table(
        read_data("train: images/train\nnc: 3"), TRAIN_IDS, [[1, 0, 0], [0, 0, 0]], [0, 1, 2]
    )
    check_table(read_data("train: images/train"), TRAIN_IDS, [[1], [0]], [0])


BAD_DATA = {
    "not YAML": ("train: [a\nnames: b", ", line 2: the file is not YAML: expected ',' or ']'"),
    "tab": ("train: x\n\tnames: b", ", line 2: the file is not YAML: found character"),
    "control character": ("train: x\nnames: \x01", ", line 2: the file is not YAML: special char"),
    "Latin-1": ("names: [é]".encode("latin-1"), ", line 1: the byte 0xe9 is not UTF-8"),
    "key twice": (
        "train: x\nnames: [a]\ntrain: y",
        ", line 3: the file is not YAML: the key 'train'",
    ),
    "number twice": (
        "names:\n  0: a\n  0: b",
        ", line 3: the file is not YAML: the key '0' occurs",
    ),
    "circle": (
        "names: &a [*a]",
        ", line 1: the file is not YAML: found unconstructable recursive",
    ),
    "nested too deeply": (50_000 * "[", ": the YAML is nested too deeply."),
    "empty": ("", ": the file must be a mapping with the key names, got None."),
    "list": ("- a", ": the file must be a mapping with the key names, got a list."),
    "no split": ("names: [a]\nval: x", ": there is no split 'train'; the file has ['val']."),
    "empty split": ("names: [a]\ntrain: ~", ": there is no split 'train'; the file has []."),
    "no folder": ("names: [a]\ntrain: xyz", ": train is 'xyz', but there is no "),
    "split of another type": (
        "names: [a]\ntrain: {a: b}",
        ": train must be a path or a list of p",
    ),
    "path of another type": (
        "names: [a]\npath: [a]\ntrain: x",
        ": path must be a path, got ['a'].",
    ),
    "names of another type": (
        "names: cat",
        ": names must be a list, or a mapping of numbers to names",
    ),
    "no names": ("names: []", ": names is empty; it must have one name per class."),
    "name twice": ("names: [a, b, a]", ": names[2] is 'a', as is names[0]; they must differ."),
    "empty name": ("names: [a, '']", ": names[1] must be text that is not empty, got ''."),
    "nested name": ("names: [a, [b]]", ": names[1] must be text that is not empty, got ['b']."),
    "half a character": (r'names: ["\ud800"]', ": names[0] must be text that is not empty, got "),
    "names to numbers": (
        "names: {cat: 0, dog: 1}",
        ": names must have the numbers 0 to 1 as keys; 0 is missing among ['cat', 'dog'].",
    ),
    "numbers from 1": (
        "names: {1: cat, 2: dog}",
        ": names must have the numbers 0 to 1 as keys; 0 is missing among ['1', '2'].",
    ),
    "other nc": ("names: [a, b]\nnc: 3", ": nc is 3, but there are 2 names."),
    "nc of another type": (
        "names: [a, b]\nnc: two",
        ": nc must be an integer from 1 to 99999, got",
    ),
    "class without a name": ("train: val.txt\nnames: [a]", "the class 1 has no name"),
    "image in two folders": (
        "train: [images/train, ./images/train/]\nnames: [a]",
        "'d/images/train/a.jpg' is also in d/images/train; list it once.",
    ),
    "same line of two lists": (
        "train: [val.txt, ../e/list.txt]\nnames: [a, b]",
        ", line 1: './images/val/c.jpg' is also on line 1 of d/val.txt; list it once.",
    ),
}


@pytest.mark.parametrize(("content", "expected"), BAD_DATA.values(), ids=BAD_DATA)
def test_malformed_data_yaml_is_told(content, expected):
    write("e/list.txt", "./images/val/c.jpg\n")
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        read_data(content)
    assert "\n" not in str(caught.value)
    if expected.startswith((":", ", line")) and "also on" not in expected:
        assert str(caught.value).startswith("d/data.yaml" + expected)


def test_missing_pyyaml_is_an_error_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    monkeypatch.delitem(sys.modules, "mlresample.readers._yaml", raising=False)
    with pytest.raises(ImportError, match=re.escape('pip install "mlresample[yaml]"')):
        read_yolo(write("data.yaml", "names: [a]"))


# ----------------------------------------------------------------------------------------------


def test_missing_yolo_files_and_folders_are_told_by_the_system():
    write("train.txt", "a.jpg\n")
    write("labels/a.txt", "")
    with pytest.raises(FileNotFoundError, match=re.escape("missing.txt")):
        read_yolo("missing.txt")
    with pytest.raises(FileNotFoundError, match="missing"):
        read_yolo("train.txt", labels="missing")
    with pytest.raises(FileNotFoundError, match=re.escape("names.txt")):
        read_yolo("train.txt", class_names="names.txt")


def test_yolo_goes_straight_into_a_plan():
    table = read_yolo_files({})
    plan = plan_resampling(table.y, class_names=table.class_names)
    assert plan.n_samples == len(table.ids)
    assert_array_equal(plan.classes, table.class_names)
    assert_array_equal(plan.class_counts, table.y.toarray().sum(axis=0))
