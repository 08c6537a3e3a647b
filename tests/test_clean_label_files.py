"""No suspicion of label files that are clean."""

import csv
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_array_equal

from mlresample._cli import main
from mlresample.readers import read_labels

FOLDER = Path(os.environ.get("MLRESAMPLE_DATA", "no folder named"))
real_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="needs a folder of real data sets, named by MLRESAMPLE_DATA"
)


def read_without_a_word(source, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_labels(source, **options)


def write_rows(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def draw(seed, n_samples, n_classes):
    """Return a long-tail target in which each sample has a class, and each class a sample."""
    rng = np.random.RandomState(seed)
    shares = 0.6 / np.arange(1, n_classes + 1)
    y = rng.uniform(size=(n_samples, n_classes)) < shares
    y[~y.any(axis=1), 0] = True
    y[rng.permutation(n_samples)[:n_classes], np.arange(n_classes)] = True
    return y


def lists_of(y, names):
    return [[names[c] for c in np.flatnonzero(row)] for row in y]


GENRES = [
    *(
        "Drama",
        "Comedy",
        "Action",
        "Crime",
        "Romance",
        "Thriller",
        "Horror",
        "Adventure",
        "Sci-Fi",
    ),
    *(
        "Mystery",
        "Biography",
        "Family",
        "Fantasy",
        "History",
        "Music",
        "War",
        "Sport",
        "Film-Noir",
    ),
    *(
        "Reality-TV",
        "Talk Show",
        "R&B",
        "News/Politics",
        "Rock'n'Roll",
        "Children's",
        "other (misc)",
    ),
]


@pytest.mark.parametrize("seed", range(5))
def test_class_numbers_raise_no_suspicion(tmp_path, seed):
    y = draw(seed, 400, 28)
    rng = np.random.RandomState(seed)
    ids = ["-".join(rng.choice(list("0123456789abcdef"), 8).tolist()) for _ in y]
    cells = [" ".join(map(str, row)) for row in lists_of(y, range(28))]
    path = write_rows(tmp_path / "train.csv", ["Id", "Target"], zip(ids, cells, strict=True))
    table = read_without_a_word(path)
    assert_array_equal(table.y.toarray(), y)
    assert table.class_names.tolist() == list(range(28))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("separator", ["|", ", ", "; ", " / "])
def test_names_between_separators_raise_no_suspicion(tmp_path, seed, separator):
    names = [name for name in GENRES if separator.strip() not in name]
    y = draw(seed, 300, len(names))
    ids = [f"tt{i:07}" for i in np.random.RandomState(seed).permutation(10**6)[:300]]
    rows = zip(ids, map(separator.join, lists_of(y, names)), strict=True)
    path = write_rows(tmp_path / "posters.csv", ["Id", "Genre"], rows)
    table = read_without_a_word(path, separator=separator.strip())
    order = np.argsort(np.array(names, dtype=object))
    assert_array_equal(table.y.toarray(), y[:, order])
    assert table.class_names.tolist() == sorted(names)


@pytest.mark.parametrize("values", [("1", "0"), ("1.0", "0.0"), ("True", "False"), ("yes", "no")])
@pytest.mark.parametrize("names", [GENRES, [str(i) for i in range(25)]], ids=["words", "numbers"])
def test_columns_of_0_and_1_raise_no_suspicion(tmp_path, names, values):
    y = draw(0, 300, len(names))
    rows = [
        [f"{i:05}.jpg", *(values[0] if flag else values[1] for flag in row)]
        for i, row in enumerate(y)
    ]
    path = write_rows(tmp_path / "train.csv", ["image", *names], rows)
    table = read_without_a_word(path)
    assert_array_equal(table.y.toarray(), y)
    assert list(map(str, table.class_names.tolist())) == names


@pytest.mark.parametrize("seed", range(5))
def test_single_words_between_spaces_raise_no_suspicion(tmp_path, seed):
    names = ["haze", "clear", "primary", "water", "road", "slash_burn", "blow_down", "bare-ground"]
    y = draw(seed, 300, len(names))
    rows = [[f"train_{i}", " ".join(row)] for i, row in enumerate(lists_of(y, names))]
    path = write_rows(tmp_path / "train.csv", ["image_name", "tags"], rows)
    table = read_without_a_word(path)
    assert table.class_names.tolist() == sorted(names)


def test_labels_of_lists_may_always_occur_together(tmp_path):
    rows = [[i, str(["fox", "hen"])] for i in range(9)]
    table = read_without_a_word(write_rows(tmp_path / "t.csv", ["Id", "Target"], rows))
    assert table.y.sum(axis=0).tolist() == [9, 9]


def test_rows_of_one_label_raise_no_suspicion(tmp_path):
    y = draw(0, 300, 9)
    rows = [
        [f"{i}.jpg", label, 64, 48, i % 7, 0]
        for i, row in enumerate(lists_of(y, GENRES[:9]))
        for label in row
    ]
    header = ["filename", "class", "width", "height", "xmin", "IsOccluded"]
    path = write_rows(tmp_path / "boxes.csv", header, rows)
    table = read_without_a_word(path, label_columns="class", merge_rows=True, separator="|")
    assert table.y.sum() == y.sum()


# -- real data ---------------------------------------------------------------------------------


@real_data
@pytest.mark.parametrize("name", ["birds", "corel5k", "enron", "hpa2018_train", "yeast"])
def test_real_data_raise_no_suspicion(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    file = np.load(FOLDER / f"{name}.npz", allow_pickle=False)
    entries = file["y_data"], file["y_indices"], file["y_indptr"]
    y = sp.csr_array(entries, shape=tuple(file["y_shape"])).toarray()
    names = file["label_names"].tolist()
    for classes, options in ((list(range(len(names))), {}), (names, {"separator": "|"})):
        separator = options.get("separator", " ")
        cells = [separator.join(map(str, row)) or "no class" for row in lists_of(y, classes)]
        if "no class" in cells:
            options["none_value"] = "no class"
        rows = [[f"id{i}", cell] for i, cell in enumerate(cells)]
        table = read_without_a_word(write_rows("lists.csv", ["Id", "Target"], rows), **options)
        assert_array_equal(table.y.toarray(), y[:, np.argsort(np.array(classes, dtype=object))])
    rows = [[f"id{i}", *row] for i, row in enumerate(y.tolist())]
    table = read_without_a_word(write_rows("columns.csv", ["Id", *names], rows))
    assert_array_equal(table.y.toarray(), y)
    assert table.class_names.tolist() == names


@real_data
def test_posters_raise_no_suspicion(capsys):
    path = FOLDER / "posters" / "labels.csv"
    table = read_without_a_word(path, separator="|")
    with open(path, encoding="utf-8", newline="") as file:
        cells = [row[1] for row in csv.reader(file)][1:]
    for name, count in zip(table.class_names, table.y.sum(axis=0), strict=True):
        assert count == sum(name in cell.split("|") for cell in cells)
    assert main(["report", str(path), "--separator", "|"]) == 0
    assert capsys.readouterr().err == ""
