"""Files of class names."""

import json
import re
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlresample.readers import read_yolo
from mlresample.readers._class_names import read_class_names

from .label_files import exactly, write

pytestmark = pytest.mark.usefixtures("in_empty_folder")


NAMES = {
    "plain": ["cat", "dog", "eel"],
    "one": ["cat"],
    "one of two words": ["traffic light"],
    "spaces": ["traffic light", "stop sign", "No Finding"],
    "ImageNet": ["tench, Tinca tinca", "goldfish, Carassius auratus", "ostrich, Struthio camelus"],
    "ImageNet, some commas": ["great white shark, white shark", "hen", "cock, rooster, chicken"],
    "few commas without a space": [*map(str, range(20)), "2,4-D", "2,4,5-T", "a;b", "c,d", "e,f"],
    "numbers": ["0", "1", "2", "10"],
    "decimals": ["0.5", "1.0", "2e3"],
    "numbers in names": ["1 star", "2 stars", "3 stars"],
    "pairs of numbers": ["1 2", "3 4 5 6"],
    "codes": ["/m/09x0r", "n01440764 tench, Tinca tinca", "ICD-10: J18.9"],
    "settings' words": ["train", "test", "val", "path", "names", "classes"],
    "one setting": ["train: freight", "train: passenger"],
    "marks": ["a/b", "a|b", "[PAD]", "{x}", "<unk>", "'quoted'", '"', "#1", "# 2", "N/A"],
    "tags": ["<b>", "</i>x", "<p>"],
    "Unicode": ["猫", "Ünïcode", "🐈 cat", "كلب", "a\u00a0b", "a\uff0cb"],
    "dots": ["e.g. this", "v1.0", ".jpg", "jpg", "Sr. Engineer"],
    "quote": ['5" pipe', "cat, dog, 5", "eel"],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "  \n"])
def test_names_are_the_lines_of_a_file(names, end):
    assert read_class_names(write("names.txt", end.join(names))) == names
    assert read_class_names(write("names", end.join(names) + "\n\n")) == names


@pytest.mark.parametrize("names", [*NAMES.values(), ["a,b", "c,d"], ["x.jpg"]])
def test_yaml_holds_any_names(names):
    pytest.importorskip("yaml", reason="PyYAML is not installed")
    in_a_list = "names:\n" + "".join(
        f"- {json.dumps(name, ensure_ascii=False)}\n" for name in names
    )
    assert read_class_names(write("names.yaml", in_a_list)) == names
    numbered = [f"  {i}: {json.dumps(name, ensure_ascii=False)}\n" for i, name in enumerate(names)]
    shuffled = "nc: 1\nnames:\n" + "".join(reversed(numbered))
    assert read_class_names(write("DATA.YML", shuffled)) == names


words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(st.lists(words.map(str.strip).filter(bool), min_size=1, max_size=9, unique=True))
@example(["a, 5", "b, 6"])
@example(["#"])
def test_names_are_read_as_they_are_or_refused(names):
    path = write("names.txt", "\n".join(names))
    if any(mark in "".join(names) for mark in ",;:={[<\t0123456789"):
        with suppress(ValueError):
            assert read_class_names(path) == names
    else:
        assert read_class_names(path) == names


DATA = "path: ../d\ntrain: images/train\nval: images/val\n\nnames:\n  0: cat\n  1: dog\n"
NO_NAMES = {
    "data.yaml": (DATA.replace("\n\n", "\n"), 2, "'train: images/train' is a setting"),
    "names of data.yaml": ("names:\n  - cat\n  - dog\n", 1, "'names:' is a setting"),
    "darknet's data": ("classes= 2\ntrain = a.txt\n", 2, "'train = a.txt' is a setting"),
    "a Python list": ("names = ['cat', 'dog']\n", 1, "\"names = ['cat', 'dog']\" is a"),
    "label lists": ("Id,Target\na,16 0\nb,5\nc,0 5 16\n", 1, "'Id,Target' is a row of a table"),
    "quoted lists": ('id,g\n1,"cat,dog"\n2,eel\n', 1, "'id,g' is a row of a table"),
    "ragged lists": ("id\tcat\n1\tcat\tdog\n2\teel\n", 1, "'id\\tcat' is a row of a table"),
    "indicators": ("id;cat;dog\na;1;0\nb;0;1\n", 1, "'id;cat;dog' is a row of a table"),
    "spaces behind commas": ("id, cat, dog\na, 1, 0\nb, 0, 1\n", 1, "'id, cat, dog' is a row"),
    "comments above": ("# of 2,3\n#\na, 0.0, x\nb, 1.5, y\n", 1, "'# of 2,3' is a row of"),
    "images and labels": ("image,label\na.jpg,cat\n", 2, "'a.jpg,cat' names an image"),
    "images": ("images/a.JPG\nimages/b.jpg\n", 1, "'images/a.JPG' names an image"),
    "a label file": (
        "0 0.5 0.5 0.2 0.2\n1 .3 .3 1e-1 .1\n",
        1,
        "'0 0.5 0.5 0.2 0.2' is an object",
    ),
    "a polygon": ("cat\n1 0 0 0 1 1 1\n", 2, "'1 0 0 0 1 1 1' is an object of a label file"),
    "a list of JSON": ('["cat", "dog"]', 1, "the file is JSON"),
    "an object of JSON": ('{\n"categories": []\n}', 1, "the file is JSON"),
    "JSON, cut": ('{\n"categories": [\n', 1, "the file is JSON"),
    "JSON lines": ('{"a": 1}\n{"a": 2}\n', 1, "the file is JSON"),
    "numbered": ("0: cat\n1: dog\n", 1, "'0: cat' is a number and a name"),
    "numbered from 1": ("1\tcat\n2\tdog\n", 1, "'1\\tcat' is a number and a name"),
    "all in one line": ("cat, dog, eel", 1, "'cat, dog, eel' is several names in one line"),
}


@pytest.mark.parametrize(("content", "line", "problem"), NO_NAMES.values(), ids=NO_NAMES)
def test_a_file_that_is_no_list_of_names_is_an_error(content, line, problem):
    expected = (
        rf"\Anames.txt, line {line}: {re.escape(problem)}.*one class name per line, or a YAML"
    )
    with pytest.raises(ValueError, match=expected):
        read_class_names(write("names.txt", content))
    with pytest.raises(ValueError, match=expected):
        read_yolo(write("list.txt", "a.jpg\n"), class_names="names.txt")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("n.txt", "", "n.txt: the file is empty; it must have one class name per line."),
        (
            "n.txt",
            "cat\ndog\n cat\n",
            "n.txt, line 3: the class name 'cat' is also on line 1; names must differ.",
        ),
        (
            "n.txt",
            "cat\n\ndog\n",
            "n.txt, line 2: the line is blank, but more lines follow; fill or remove it.",
        ),
        (
            "n.txt",
            b"cat\nd\xe9j\xe0\n",
            "n.txt, line 2: the byte 0xe9 is not UTF-8; save the file as UTF-8.",
        ),
        (
            "n.yaml",
            "nc: 3",
            "n.yaml: there is no key names; give a file with one class name per line, or a YAML "
            "file with names.",
        ),
        (
            "n.yaml",
            "- cat\n- dog\n",
            "n.yaml: the file must be a mapping with the key names, got a list.",
        ),
    ],
)
def test_malformed_names_are_told(name, content, message):
    if name.endswith(".yaml"):
        pytest.importorskip("yaml", reason="PyYAML is not installed")
    with pytest.raises(ValueError, match=exactly(message)):
        read_class_names(write(name, content))
