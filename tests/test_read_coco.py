"""The reader of COCO's JSON."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlresample import plan_resampling
from mlresample.readers import read_coco

from .label_files import check_table, exactly, write

pytestmark = pytest.mark.usefixtures("in_empty_folder")


COCO = {
    "info": {"year": 2017},
    "images": [
        {"id": 30, "file_name": "c.jpg", "width": 640},
        {"id": 10, "file_name": "a.jpg", "width": 640},
        {"id": 20, "file_name": "b.jpg", "width": 640},
    ],
    "annotations": [
        {"id": 1, "image_id": 10, "category_id": 7, "segmentation": [[1.0, 2.0]], "iscrowd": 0},
        {"id": 2, "image_id": 10, "category_id": 7, "segmentation": {"counts": []}, "iscrowd": 1},
        {"id": 3, "image_id": 30, "category_id": 7},
        {"id": 4, "image_id": 30, "category_id": 2},
    ],
    "categories": [
        {"id": 7, "name": "zebra"},
        {"id": 2, "name": "cat"},
        {"id": 5, "name": "yak"},
    ],
}


def test_coco_keeps_the_order_of_the_file_and_entries_without_annotations():
    write("train.json", json.dumps(COCO))
    target = [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    table = read_coco("train.json")
    check_table(table, ["c.jpg", "a.jpg", "b.jpg"], target, ["zebra", "cat", "yak"])
    table = read_coco("train.json", ids="id")
    check_table(table, ["30", "10", "20"], target, ["zebra", "cat", "yak"])


def test_coco_of_strings_as_ids_and_without_file_names():
    content = {
        "images": [{"id": "x"}, {"id": "y"}],
        "annotations": [{"image_id": "y", "category_id": "k"}],
        "categories": [{"id": "k", "name": "cat"}],
    }
    table = read_coco(write("train.json", json.dumps(content, indent=1)), ids="id")
    check_table(table, ["x", "y"], [[0], [1]], ["cat"])


def test_coco_without_any_annotation():
    table = read_coco(write("train.json", json.dumps({**COCO, "annotations": []})))
    check_table(table, ["c.jpg", "a.jpg", "b.jpg"], np.zeros((3, 3)), ["zebra", "cat", "yak"])


@pytest.mark.parametrize(
    ("names", "used", "class_names", "target"),
    [
        ("cat cat dog cat", [0, 2], ["cat", "dog"], [[1, 0], [0, 1]]),
        ("cat dog dog eel", [0, 2], ["cat", "dog", "eel"], [[1, 0, 0], [0, 1, 0]]),
        ("cat eel dog eel", [0, 2], ["cat", "eel", "dog"], [[1, 0, 0], [0, 0, 1]]),
        ("eel cat eel dog", [2, 3], ["cat", "eel", "dog"], [[0, 1, 0], [0, 0, 1]]),
        ("1 0 7 7", [0, 2], [1, 0, 7], [[1, 0, 0], [0, 0, 1]]),
    ],
)
def test_unused_category_with_the_name_of_another_is_ignored(names, used, class_names, target):
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [
            {"image_id": 1, "category_id": 50 + used[0]},
            {"image_id": 2, "category_id": 50 + used[1]},
        ],
        "categories": [{"id": 50 + i, "name": name} for i, name in enumerate(names.split())],
    }
    table = read_coco(write("train.json", json.dumps(content)))
    check_table(table, ["a.jpg", "b.jpg"], target, class_names)


def test_images_of_the_same_file_name_are_read_by_id():
    path = write("train.json", changed("images.2.file_name", "a.jpg"))
    assert read_coco(path, ids="id").ids.tolist() == [str(image["id"]) for image in COCO["images"]]


def changed(place, value=None):
    """Give COCO's text with the value at a place like "images.0.id" changed, or left out."""
    content = copy.deepcopy(COCO)
    *way, last = [int(key) if key.isdigit() else key for key in place.split(".")]
    part = content
    for key in way:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return json.dumps(content)


BAD_COCO = {
    "empty file": ("", ", line 1: the file is not JSON at character 1: Expecting value."),
    "cut off": (
        '{"images": [\n{"id": 1,\n',
        ", line 3: the file is not JSON at character 1: Expecting property name enclosed in "
        "double quotes.",
    ),
    "not JSON": (
        "{'images': []}",
        ", line 1: the file is not JSON at character 2: Expecting property name enclosed in "
        "double quotes.",
    ),
    "JSON lines": (
        '{"id": "a", "labels": ["cat"]}\n{"id": "b", "labels": []}',
        ", line 2: the file is not JSON at character 1: Extra data; read_labels reads files with "
        "one JSON object per line.",
    ),
    "Latin-1": (
        '{\n"images": "é"}'.encode("latin-1"),
        ", line 2: the byte 0xe9 is not UTF-8; save the file as UTF-8.",
    ),
    "nested too deeply": (100_000 * "[", ": the JSON is nested too deeply."),
    "top level": (
        "[1]",
        ": the top level must be an object, got a list; read_labels reads a list of records.",
    ),
    "mapping": (
        '{"a.jpg": ["cat"], "b.jpg": []}',
        ": the file is not COCO, since it has none of images, annotations, categories; "
        "read_labels reads other JSON, such as a mapping of ids to labels.",
    ),
    "empty object": (
        "{}",
        ": the file is not COCO, since it has none of images, annotations, categories; "
        "read_labels reads other JSON, such as a mapping of ids to labels.",
    ),
    "top level null": ("null", ": the top level must be an object, got null."),
    "no images key": (
        changed("images"),
        ": images is missing; the file must have images, annotations, categories.",
    ),
    "no annotations key": (
        changed("annotations"),
        ": annotations is missing; the file must have images, annotations, categories.",
    ),
    "key twice": (
        '{"images": [], "images": []}',
        ": an object has the key 'images' twice.",
    ),
    "images of another type": (
        changed("images", {"a": 1}),
        ": images must be a list, got an object.",
    ),
    "no images": (changed("images", []), ": images is empty; there must be at least one."),
    "no categories": (
        changed("categories", []),
        ": categories is empty; there must be at least one.",
    ),
    "image that is no object": (
        changed("images.1", 5),
        ": images[1] must be an object, got a number.",
    ),
    "image without id": (changed("images.2.id"), ": images[2].id is missing."),
    "image without file name": (
        changed("images.2.file_name"),
        ": images[2].file_name is missing; pass ids='id' to use the ids instead.",
    ),
    "empty file name": (
        changed("images.0.file_name", ""),
        ": images[0].file_name must be a non-empty string, got ''.",
    ),
    "category without name": (changed("categories.1.name"), ": categories[1].name is missing."),
    "category name of another type": (
        changed("categories.1.name", 3),
        ": categories[1].name must be a non-empty string, got 3.",
    ),
    "image id of another type": (
        changed("images.0.id", 1.0),
        ": images[0].id must be an integer or a non-empty string, got 1.0.",
    ),
    "image id twice": (
        changed("images.2.id", 30),
        ": images[2].id is 30, as is images[0].id; they must differ.",
    ),
    "image id twice as text": (
        changed("images.2.id", "30"),
        ": images[2].id is '30', as is images[0].id; they must differ.",
    ),
    "file name twice": (
        changed("images.2.file_name", "a.jpg"),
        ": images[2].file_name is 'a.jpg', as is images[1].file_name; they must differ; "
        "pass ids='id' to use the ids instead.",
    ),
    "category id twice": (
        changed("categories.2.id", 7),
        ": categories[2].id is 7, as is categories[0].id; they must differ.",
    ),
    "names of two categories with annotations": (
        changed("categories.1.name", "zebra"),
        ": categories[1].name is 'zebra', as is categories[0].name, and both have annotations; "
        "give them different names in the file.",
    ),
    "annotation that is no object": (
        changed("annotations.3", [1]),
        ": annotations[3] must be an object, got a list.",
    ),
    "annotation without category": (
        changed("annotations.3.category_id"),
        ": annotations[3].category_id is missing.",
    ),
    "unknown image": (
        changed("annotations.2.image_id", 11),
        ": annotations[2].image_id is 11, which is the id of no image.",
    ),
    "image id as text": (
        changed("annotations.2.image_id", "10"),
        ": annotations[2].image_id is '10', which is the id of no image.",
    ),
    "unknown category": (
        changed("annotations.2.category_id", 1),
        ": annotations[2].category_id is 1, which is the id of no category.",
    ),
    "category id as float": (
        changed("annotations.2.category_id", 7.0),
        ": annotations[2].category_id must be an integer or a non-empty string, got 7.0.",
    ),
    "category id as a boolean": (
        changed("annotations.2.category_id", True),
        ": annotations[2].category_id must be an integer or a non-empty string, got True.",
    ),
    "category id as a list": (
        changed("annotations.2.category_id", [7]),
        ": annotations[2].category_id must be an integer or a non-empty string, got [7].",
    ),
}


@pytest.mark.parametrize(("content", "expected"), BAD_COCO.values(), ids=BAD_COCO)
def test_malformed_coco_is_told_by_place(content, expected):
    write("train.json", content)
    with pytest.raises(ValueError, match=exactly("train.json" + expected)):
        read_coco("train.json")


def test_wrong_key_of_ids_is_told():
    with pytest.raises(ValueError, match="The 'ids' parameter of read_coco must be a str among"):
        read_coco("train.json", ids="image_id")


def test_a_missing_coco_file_is_told_by_the_system():
    with pytest.raises(FileNotFoundError, match=re.escape("missing.json")):
        read_coco("missing.json")
    with pytest.raises(OSError, match="labels"):
        read_coco(Path(write("labels/a.txt", "")).parent)


def test_coco_goes_straight_into_a_plan():
    table = read_coco(write("coco.json", json.dumps(COCO)))
    plan = plan_resampling(table.y, class_names=table.class_names)
    assert plan.n_samples == len(table.ids)
    assert_array_equal(plan.classes, table.class_names)
    assert_array_equal(plan.class_counts, table.y.toarray().sum(axis=0))
