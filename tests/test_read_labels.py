"""Readers of label files."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from mlresample import plan_resampling
from mlresample.readers import read_labels

from .label_files import check_table, exactly, write

pytestmark = pytest.mark.usefixtures("in_empty_folder")


# -- a cell with all labels --------------------------------------------------------------------

HPA = "Id,Target\na,16 0\nb,5\nc,0 5 16\n"
CHEST = (
    "Image Index,Finding Labels,Patient Age\n"
    "1.png,Cardiomegaly|Emphysema,58\n"
    "2.png,No Finding,60\n"
    "3.png,Pleural Thickening,61\n"
)


def test_integers_become_integer_classes_in_ascending_order():
    table = read_labels(write("train.csv", HPA))
    check_table(table, ["a", "b", "c"], [[1, 0, 1], [0, 1, 0], [1, 1, 1]], [0, 5, 16])


def test_negative_integers_are_integers():
    table = read_labels(write("train.csv", "Id,Target\na,10 -2\nb,9\n"))
    check_table(table, ["a", "b"], [[1, 0, 1], [0, 1, 0]], [-2, 9, 10])


@pytest.mark.parametrize("odd", ["07", "1.0", "-0", "+1", "x", "9999999999999999999", "\u0663"])
def test_one_label_that_is_no_plain_integer_makes_all_of_them_strings(odd):
    table = read_labels(write("train.csv", f"Id,Target\na,10 9\nb,{odd}\n"))
    assert table.class_names.tolist() == sorted(["10", "9", odd])
    assert table.class_names.dtype == object


def test_names_with_a_separator_and_a_none_value():
    table = read_labels(
        write("chest.csv", CHEST),
        label_columns="Finding Labels",
        separator="|",
        none_value="No Finding",
    )
    check_table(
        table,
        ["1.png", "2.png", "3.png"],
        [[1, 1, 0], [0, 0, 0], [0, 0, 1]],
        ["Cardiomegaly", "Emphysema", "Pleural Thickening"],
    )


def test_empty_cell_is_no_class_where_that_is_said():
    content = "Id,Target\na,\nb,x y\nc, \n"
    table = read_labels(write("train.csv", content), none_value="")
    check_table(table, ["a", "b", "c"], [[0, 0], [1, 1], [0, 0]], ["x", "y"])


def test_a_table_says_what_it_holds_in_a_line(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,labels\na,0 1\nb,\nc,1\n", encoding="utf-8")
    table = read_labels(path, none_value="")
    assert repr(table) == "LabelTable: 3 samples, 2 classes, 1 without a class"


def test_class_names_give_the_columns_and_their_order():
    write("train.csv", HPA)
    table = read_labels("train.csv", class_names=[16, 7, 5, 0])
    target = [[1, 0, 0, 1], [0, 0, 1, 0], [1, 0, 1, 1]]
    check_table(table, ["a", "b", "c"], target, [16, 7, 5, 0])
    as_text = read_labels("train.csv", class_names=np.array(["16", "7", "5", "0"]))
    check_table(as_text, ["a", "b", "c"], target, ["16", "7", "5", "0"])


def test_class_names_of_one_file_fit_another():
    train = read_labels(write("train.csv", HPA))
    test = read_labels(write("test.csv", "Id,Target\nd,5\n"), class_names=train.class_names)
    check_table(test, ["d"], [[0, 1, 0]], [0, 5, 16])
    none = write("none.csv", "Id,Target\ne,\n")
    table = read_labels(none, class_names=train.class_names, none_value="")
    check_table(table, ["e"], [[0, 0, 0]], [0, 5, 16])


def test_whitespace_around_labels_is_removed_and_kept_within():
    content = "Id,Target\na, big cat | dog \nb,dog\n"
    table = read_labels(write("train.csv", content), separator="|")
    check_table(table, ["a", "b"], [[1, 1], [0, 1]], ["big cat", "dog"])


def test_columns_may_be_named_in_any_place():
    content = "Target,Fold,Id\nx,1,a\ny,2,b\n"
    table = read_labels(write("t.csv", content), id_column="Id", label_columns="Target")
    check_table(table, ["a", "b"], [[1, 0], [0, 1]], ["x", "y"])
    content = "Target,Id\nx,a\ny,b\n"
    table = read_labels(write("t.csv", content), id_column="Id")
    check_table(table, ["a", "b"], [[1, 0], [0, 1]], ["x", "y"])


def test_an_unnamed_column_that_is_not_needed_does_no_harm():
    content = ",Id,Target,\n0,a,x,\n1,b,y,\n"
    table = read_labels(write("t.csv", content), id_column="Id", label_columns="Target")
    check_table(table, ["a", "b"], [[1, 0], [0, 1]], ["x", "y"])


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(HPA.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(HPA.replace("\n", "\r"), id="CR"),
        pytest.param(b"\xef\xbb\xbf" + HPA.encode(), id="BOM"),
        pytest.param(HPA.rstrip("\n"), id="no line end"),
        pytest.param(HPA + "\n  \r\n\n", id="blank lines at the end"),
        pytest.param(HPA.replace("16 0", '"16\n0"'), id="quoted line end"),
        pytest.param(HPA.replace("16 0", "  16\t0 "), id="more whitespace"),
        pytest.param(HPA.replace("Id,Target", ' Id , "Target" ').replace('"', ""), id="header"),
        pytest.param('"Id","Target"\n"a","16 0"\n"b","5"\n"c","0 5 16"\n', id="quotes"),
    ],
)
def test_ways_to_write_the_same_file_give_the_same_table(content):
    table = read_labels(write("train.csv", content))
    check_table(table, ["a", "b", "c"], [[1, 0, 1], [0, 1, 0], [1, 1, 1]], [0, 5, 16])


def test_tab_and_semicolon_delimit_cells_where_that_is_said():
    for delimiter in "\t;":
        content = "Id,Target\n1,x\n2,x y\n".replace(",", delimiter)
        table = read_labels(write("train.tsv", content), delimiter=delimiter)
        check_table(table, ["1", "2"], [[1, 0], [1, 1]], ["x", "y"])


def test_ids_stay_as_they_are():
    content = 'Id,Target\n 007 ,x\n"é, ""b""\n",y\n'
    table = read_labels(write("train.csv", content))
    assert table.ids.tolist() == [" 007 ", 'é, "b"\n']


def test_path_may_be_a_path_and_the_table_can_be_pickled():
    table = pickle.loads(pickle.dumps(read_labels(Path(write("train.csv", HPA)))))
    check_table(table, ["a", "b", "c"], [[1, 0, 1], [0, 1, 0], [1, 1, 1]], [0, 5, 16])


BAD_LISTS = {
    "empty file": ("", {}, ": the file is empty; it must have a header and one row per sample."),
    "only blank lines": (
        "\n\n",
        {},
        ": the file is empty; it must have a header and one row per sample.",
    ),
    "only a BOM": (
        b"\xef\xbb\xbf",
        {},
        ": the file is empty; it must have a header and one row per sample.",
    ),
    "header only": (
        "Id,Target\n",
        {},
        ": there is no row below the header; each sample needs one.",
    ),
    "blank line first": (
        "\nId,Target\na,0\n",
        {},
        ", line 1: the line is blank, but more lines follow; fill or remove it.",
    ),
    "id column missing": (
        HPA,
        {"id_column": "Image"},
        ": there is no id_column 'Image' among the columns ['Id', 'Target'].",
    ),
    "label column missing": (
        HPA,
        {"label_columns": "target"},
        ": there is no label_columns 'target' among the columns ['Id', 'Target'].",
    ),
    "label column not chosen": (
        "Id,Target,Fold\na,0 3,1\n",
        {},
        ", line 2, column 'Target': '0 3' is neither 0 nor 1; write 1 if the sample carries the "
        "class and 0 if not. If the column is not a class, pass class_columns= or skip_columns=. "
        "If one column lists the labels, name it by label_columns=, one of ['Target', 'Fold'].",
    ),
    "one column for both": (
        HPA,
        {"label_columns": "Id"},
        ": the column 'Id' cannot hold both the ids and the labels; pass id_column= or "
        "row_numbers=True.",
    ),
    "column twice": (
        "Id,Target,Target\na,0,1\n",
        {"label_columns": "Target"},
        ", line 1: the header has the column 'Target' 2 times; names must differ. If the line "
        "is a sample, pass header=False.",
    ),
    "column twice but for whitespace": (
        "Id,Target,Id \na,0,1\n",
        {"label_columns": "Target"},
        ", line 1: the header has the column 'Id' 2 times; names must differ. If the line is a "
        "sample, pass header=False.",
    ),
    "unnamed id column": (
        ",Target\na,0\n",
        {},
        ": column 1 needs a name; write it in the header, or pass skip_columns='' or "
        "id_column=''.",
    ),
    "unnamed label column": (
        "Id,\na,0\n",
        {},
        ": column 2 needs a name; write it in the header, or pass skip_columns='' or "
        "label_columns=.",
    ),
    "too few cells": (
        "Id,Target\na,0\nb\n",
        {},
        ", line 3: the row must have 2 cells, one per column of the first line, but it has 1; "
        "quote cells that contain the delimiter, and leave none out.",
    ),
    "too many cells": (
        "Id,Target\na,0,1\n",
        {},
        ", line 2: the row must have 2 cells, one per column of the first line, but it has 3; "
        "quote cells that contain the delimiter, or write a name for the ids, too, if the header "
        "names only the classes.",
    ),
    "blank line": (
        "Id,Target\na,0\n\n\nb,1\n",
        {},
        ", line 3: the line is blank, but more lines follow; fill or remove it.",
    ),
    "line of spaces": (
        "Id,Target\na,0\n  \nb,1\n",
        {},
        ", line 3: the line is blank, but more lines follow; fill or remove it.",
    ),
    "empty id": (
        "Id,Target\na,0\n ,1\n",
        {},
        ", line 3, column 'Id': the id is empty; each sample needs one.",
    ),
    "empty row at the end": (
        "Id,Target\na,0\n,\n",
        {},
        ", line 3, column 'Id': the id is empty; each sample needs one.",
    ),
    "id twice": (
        "Id,Target\na,0\nb,1\na,0\n",
        {},
        ", line 4, column 'Id': the id 'a' is also on line 2; ids must differ. Pass "
        "merge_rows=True if rows of one id are one sample, or row_numbers=True if the column "
        "holds no ids.",
    ),
    "id twice after a quoted line end": (
        'Id,Target\na,"0\n1\n2"\nb,"1\n0"\na,0\n',
        {},
        ", line 7, column 'Id': the id 'a' is also on line 2; ids must differ. Pass "
        "merge_rows=True if rows of one id are one sample, or row_numbers=True if the column "
        "holds no ids.",
    ),
    "bad label in a cell of several lines": (
        'Id,Target\na,"0\n1"\nb,"1\n\n1|"\n',
        {},
        r", line 4, column 'Target': '1\n\n1|' contains '|'; pass separator='|' if that separates "
        "labels, or separator=' ' if it belongs to one.",
    ),
    "empty label cell": (
        "Id,Target\na,0\nb,\n",
        {},
        ", line 3, column 'Target': the cell is empty; pass none_value='' if that means no class.",
    ),
    "empty label cell beside a none value": (
        "Id,Target\na,0\nb,none\nc, \n",
        {"none_value": "none"},
        ", line 4, column 'Target': the cell is empty; write 'none' if that means no class.",
    ),
    "unknown label": (
        HPA,
        {"class_names": [0, 16]},
        ", line 3, column 'Target': the label '5' is not one of class_names; add it or correct "
        "the cell.",
    ),
    "integer written otherwise than in class_names": (
        "Id,Target\na,05\n",
        {"class_names": [5]},
        ", line 2, column 'Target': the label '05' is not one of class_names; add it or correct "
        "the cell.",
    ),
    "none value beside a label": (
        "Id,Target\na,x|none\n",
        {"separator": "|", "none_value": "none"},
        ", line 2, column 'Target': 'x|none' has none_value='none' beside other labels; keep one "
        "or the other.",
    ),
    "none value of two words beside a label": (
        "Id,Target\na,No Finding x\n",
        {"none_value": "No Finding"},
        ", line 2, column 'Target': 'No Finding x' has none_value='No Finding' beside other "
        "labels; keep one or the other.",
    ),
    "pipes without separator": (
        "Id,Target\na,x|y\n",
        {},
        ", line 2, column 'Target': 'x|y' contains '|'; pass separator='|' if that "
        "separates labels, or separator=' ' if it belongs to one.",
    ),
    "semicolons without separator": (
        "Id,Target\na,x; y\n",
        {},
        ", line 2, column 'Target': 'x; y' contains ';'; pass separator=';' if that "
        "separates labels, or separator=' ' if it belongs to one.",
    ),
    "commas without separator": (
        'Id,Target\na,"x,y"\n',
        {},
        ", line 2, column 'Target': 'x,y' contains ','; pass separator=',' if that "
        "separates labels, or separator=' ' if it belongs to one.",
    ),
    "a list that is cut off": (
        "Id,Target\na,\"['x', 'y'\"\n",
        {"separator": ","},
        ", line 2, column 'Target': the label \"['x'\" looks like a part of a list; pass "
        "skip_initial_space=True if spaces stand between delimiters and quotes, or class_names= "
        "with this label in it if it is one.",
    ),
    "a list without a comma": (
        "Id,Target\na,\"['x' 'y', 'z']\"\n",
        {},
        ", line 2, column 'Target': \"['x' 'y', 'z']\" looks like a list, but misses a comma.",
    ),
    "a list within a list": (
        'Id,Target\na,"[1, [2]]"\n',
        {},
        ", line 2, column 'Target': '[1, [2]]' lists [2]; labels must be text or numbers.",
    ),
    "separator at the end": (
        "Id,Target\na,x|y|\n",
        {"separator": "|"},
        ", line 2, column 'Target': 'x|y|' has an empty label; a separator must "
        "stand between two labels.",
    ),
    "separator alone": (
        "Id,Target\na,|\n",
        {"separator": "|", "none_value": ""},
        ", line 2, column 'Target': '|' has an empty label; a separator must "
        "stand between two labels.",
    ),
    "no labels at all": (
        "Id,Target\na,none\n",
        {"none_value": "none"},
        ": no row has a label; pass class_names=.",
    ),
    "semicolons between cells": (
        "Id;Target\na;0\n",
        {},
        ": there is a single column, 'Id;Target'; pass delimiter=';'.",
    ),
    "tabs between cells": (
        "Id\tTarget\na\t0\n",
        {},
        ": there is a single column, 'Id\\tTarget'; pass delimiter='\\t'.",
    ),
    "commas between cells": (
        HPA,
        {"delimiter": ";"},
        ": there is a single column, 'Id,Target'; pass delimiter=','.",
    ),
    "a single column": (
        "Target\n0\n",
        {},
        ": there is a single column, 'Target'; ids and labels need one column each; pass "
        "row_numbers=True if there are no ids.",
    ),
    "Latin-1": (
        "Id,Target\na,0\né,1\n".encode("latin-1"),
        {},
        ", line 3: the byte 0xe9 is not UTF-8; pass encoding=, such as encoding='cp1252', or "
        "save the file as UTF-8.",
    ),
    "UTF-16 without BOM": (
        HPA.encode("utf-16-le"),
        {},
        ", line 1: the line has a NUL byte; the file is damaged, or is not UTF-8 text; if it "
        "is UTF-16, pass encoding='utf-16-le'.",
    ),
    "NUL bytes": (
        "Id,Target\na,0\nb,1\0\n",
        {},
        ", line 3: the line has a NUL byte; the file is damaged, or is not UTF-8 text; if it "
        "is UTF-16, pass encoding='utf-16-le'.",
    ),
    "quote left open": (
        'Id,Target\na,0\n"b,1\nc,2\n',
        {},
        ", line 3: unexpected end of data; look for a quote that is not closed, or not doubled "
        "within quotes.",
    ),
    "quote within quotes": (
        'Id,Target\na,0\nb,"x"y"\n',
        {},
        ", line 3: ',' expected after '\"'; look for a quote that is not closed, or not doubled "
        "within quotes.",
    ),
    "quote left open in a large file": (
        'Id,Target\na,0\n"b,1\n' + 20_000 * "c,23456\n",
        {},
        ", line 3: unexpected end of data; look for a quote that is not closed, or not doubled "
        "within quotes.",
    ),
    "a cell too long to show": (
        "Id,Target\na," + "x" * 200 + "|y\n",
        {},
        f", line 2, column 'Target': '{'x' * 27}...{'x' * 26}|y' contains '|'; pass "
        f"separator='|' if that separates labels, or separator=' ' if it belongs to one.",
    ),
}


@pytest.mark.parametrize(("content", "options", "expected"), BAD_LISTS.values(), ids=BAD_LISTS)
def test_malformed_label_list_is_told_by_line_and_column(content, options, expected):
    write("train.csv", content)
    with pytest.raises(ValueError, match=exactly("train.csv" + expected)):
        read_labels("train.csv", **options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"separator": ""}, "separator must not be empty; leave it out for any whitespace."),
        (
            {"delimiter": "::"},
            "delimiter must be one character other than a quote or line end, got '::'.",
        ),
        (
            {"delimiter": '"'},
            "delimiter must be one character other than a quote or line end, got '\"'.",
        ),
        ({"class_names": [0, 16, 0]}, "class_names must differ, but 0 occurs 2 times."),
        ({"class_names": []}, "class_names is empty; name at least one class."),
        (
            {"class_names": {1, 2}},
            "class_names must be a sequence of names in the order of the classes, got a set.",
        ),
        (
            {"class_names": [1, "1"]},
            "class_names must be all strings or all integers, got int, str.",
        ),
        ({"class_names": [True]}, "class_names must be all strings or all integers, got bool."),
        (
            {"class_names": [[1], [2]]},
            "class_names must be all strings or all integers, got list.",
        ),
        (
            {"class_names": ["a", "none"], "none_value": "none"},
            "none_value='none' must not be one of class_names.",
        ),
    ],
)
def test_wrong_options_are_told_before_the_file_is_read(options, expected):
    with pytest.raises(ValueError, match=exactly(expected)):
        read_labels("missing.csv", **options)


def test_parameter_of_a_wrong_type_is_told():
    with pytest.raises(ValueError, match="source must be a path, a data frame, a list of dict"):
        read_labels(3)
    with pytest.raises(ValueError, match="The 'separator' parameter of read_labels must be"):
        read_labels("train.csv", separator=1)


def test_mark_in_a_label_is_kept_where_spaces_are_said_to_separate():
    table = read_labels(write("t.csv", "Id,Target\na,x|y z;\n"), separator=" ")
    check_table(table, ["a"], [[1, 1]], ["x|y", "z;"])


# -- a column of 0 and 1 for each class --------------------------------------------------------

ONE_HOT = "image,cat,dog,eel\na.png,1,0,0\nb.png,0,0,0\nc.png,1,1,0\n"


def test_indicators_take_class_names_from_the_header():
    table = read_labels(write("train.csv", ONE_HOT))
    check_table(
        table,
        ["a.png", "b.png", "c.png"],
        [[1, 0, 0], [0, 0, 0], [1, 1, 0]],
        ["cat", "dog", "eel"],
    )


def test_indicators_may_be_written_as_floats_and_with_spaces():
    content = "image, cat, dog\na.png, 1.0, 0.0\nb.png,1 ,0\n"
    table = read_labels(write("train.csv", content))
    check_table(table, ["a.png", "b.png"], [[1, 0], [1, 0]], ["cat", "dog"])


def test_class_columns_give_the_columns_and_their_order():
    content = "Age,cat,image,dog,\n63,1,a.png,0,x\n40,1,b.png,1,\n"
    table = read_labels(
        write("train.csv", content), id_column="image", class_columns=np.array(["dog", "cat"])
    )
    check_table(table, ["a.png", "b.png"], [[0, 1], [1, 1]], ["dog", "cat"])


def test_one_class_column_is_enough():
    write("train.csv", "image,cat\na,1\nb,0\n")
    table = read_labels("train.csv", class_columns="cat")
    check_table(table, ["a", "b"], [[1], [0]], ["cat"])


def test_indicators_and_label_lists_of_the_same_data_give_the_same_table():
    lists = read_labels(write("lists.csv", HPA))
    one_hot = read_labels(write("hot.csv", "Id,0,5,16\na,1,0,1\nb,0,1,0\nc,1,1,1\n"))
    check_table(one_hot, lists.ids.tolist(), lists.y.toarray(), lists.class_names.tolist())


def not_0_or_1(cell, way_out):
    return (
        f", line 3, column 'dog': {cell!r} is neither 0 nor 1; {way_out}. If the column is not a "
        f"class, pass class_columns= or skip_columns=. If one column lists the labels, name it by "
        f"label_columns=, one of ['cat', 'dog', 'eel']."
    )


def values_for(cell, meaning):
    return (
        f"pass negative_values={cell!r} if {meaning} means that the sample does not carry the "
        f"class, or positive_values={cell!r} if it does"
    )


BAD_INDICATORS = {
    "count as float": (
        ONE_HOT.replace("b.png,0,0", "b.png,0,2.0"),
        {},
        not_0_or_1("2.0", "if it is a count, write 1 for every count above 0"),
    ),
    "count": (
        ONE_HOT.replace("b.png,0,0", "b.png,0,2"),
        {},
        not_0_or_1("2", "if it is a count, write 1 for every count above 0"),
    ),
    "uncertain": (
        ONE_HOT.replace("b.png,0,0", "b.png,0,-1.0"),
        {},
        not_0_or_1("-1.0", values_for("-1.0", "-1")),
    ),
    "empty": (
        ONE_HOT.replace("b.png,0,0", "b.png,0, "),
        {},
        not_0_or_1("", values_for("", "a missing value")),
    ),
    "NaN": (
        ONE_HOT.replace("b.png,0,0", "b.png,0,NaN"),
        {},
        not_0_or_1("NaN", values_for("NaN", "a missing value")),
    ),
    "a word": (
        ONE_HOT.replace("b.png,0,0", "b.png,0,maybe"),
        {},
        not_0_or_1("maybe", "write 1 if the sample carries the class and 0 if not"),
    ),
    "metadata": (
        "image,Age,cat\na.png,63,1\n",
        {},
        ", line 2, column 'Age': '63' is neither 0 nor 1; if it is a count, write 1 for every "
        "count above 0. If the column is not a class, pass class_columns= or skip_columns=. If "
        "one column lists the labels, name it by label_columns=, one of ['Age', 'cat'].",
    ),
    "class column missing": (
        ONE_HOT,
        {"class_columns": ["cat", "cow"]},
        ": there is no class_columns 'cow' among the columns ['image', 'cat', 'dog', 'eel'].",
    ),
    "class column that is no string": (
        ONE_HOT,
        {"class_columns": [0, 1]},
        ": there is no class_columns '0' among the columns ['image', 'cat', 'dog', 'eel'].",
    ),
    "id among the class columns": (
        ONE_HOT,
        {"class_columns": ["image", "cat"]},
        ": the column 'image' cannot hold both the ids and a class; pass id_column= or "
        "row_numbers=True.",
    ),
    "unnamed class column": (
        ONE_HOT.replace("eel", ""),
        {},
        ": column 4 needs a name; write it in the header, or pass skip_columns='' or "
        "class_columns=.",
    ),
    "class column twice": (
        ONE_HOT.replace("eel", "dog"),
        {},
        ", line 1: the header has the column 'dog' 2 times; names must differ. If the line is "
        "a sample, pass header=False.",
    ),
    "id twice": (
        ONE_HOT.replace("c.png", "a.png"),
        {},
        ", line 4, column 'image': the id 'a.png' is also on line 2; ids must differ. Pass "
        "merge_rows=True if rows of one id are one sample, or row_numbers=True if the column "
        "holds no ids.",
    ),
    "row too short": (
        ONE_HOT.replace("b.png,0,0,0", "b.png,0,0"),
        {},
        ", line 3: the row must have 4 cells, one per column of the first line, but it has 3; "
        "quote cells that contain the delimiter, and leave none out.",
    ),
    "header only": (
        "image,cat,dog\n",
        {},
        ": there is no row below the header; each sample needs one.",
    ),
}


@pytest.mark.parametrize(
    ("content", "options", "expected"), BAD_INDICATORS.values(), ids=BAD_INDICATORS
)
def test_malformed_indicators_are_told_by_line_and_column(content, options, expected):
    write("train.csv", content)
    with pytest.raises(ValueError, match=exactly("train.csv" + expected)):
        read_labels("train.csv", **options)


@pytest.mark.parametrize(
    ("class_columns", "expected"),
    [
        (["cat", "cat"], "class_columns must differ, but 'cat' occurs 2 times."),
        (
            {"cat": 1},
            "class_columns must be a sequence of names in the order of the classes, got a dict.",
        ),
        ([], "class_columns is empty; name at least one class."),
    ],
)
def test_wrong_class_columns_are_told(class_columns, expected):
    with pytest.raises(ValueError, match=exactly(expected)):
        read_labels("missing.csv", class_columns=class_columns)


# -- all of them -------------------------------------------------------------------------------


def test_missing_files_are_told_by_the_system():
    for name in ("missing.csv", "missing.json"):
        with pytest.raises(FileNotFoundError, match=re.escape(name)):
            read_labels(name)
    with pytest.raises(OSError, match="labels"):
        read_labels(Path(write("labels/a.txt", "")).parent)


def test_tables_go_straight_into_a_plan():
    for table in (read_labels(write("lists.csv", HPA)), read_labels(write("hot.csv", ONE_HOT))):
        plan = plan_resampling(table.y, class_names=table.class_names)
        assert plan.n_samples == len(table.ids)
        assert plan.classes.dtype == table.class_names.dtype
        assert_array_equal(plan.classes, table.class_names)
        assert_array_equal(plan.class_counts, table.y.toarray().sum(axis=0))


@pytest.mark.parametrize(
    "content", ["a,16 0\nb,7 0\nc,0\n", "a,cat\nb,cat dog\n", "a,0,1\nb,1,0\n"]
)
def test_a_first_sample_is_not_taken_for_a_header(content):
    write("no_header.csv", content)
    with pytest.raises(ValueError, match="pass header=False if the first line is"):
        read_labels("no_header.csv")
    assert len(read_labels("no_header.csv", header=False).ids) == content.count("\n")


def test_options_that_match_nothing_are_warned_of():
    path = write("names.csv", "Id,Target\na,cat|dog\nb,No Finding\n")
    with pytest.warns(UserWarning, match="no cell is none_value='Nothing'"):
        read_labels(path, separator="|", none_value="Nothing")
    with pytest.warns(UserWarning, match=r"no cell has the separator ';', but some have '\|'"):
        read_labels(path, separator=";")


# -- files that strangers published ------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "key"),
    [
        (
            {"objects": {"bbox": [[1, 2, 3, 4], [5, 6, 7, 8]], "categories": ["cat", "dog"]}},
            "categories",
        ),
        (
            {
                "label": [
                    {"x": 1, "rectanglelabels": ["cat"]},
                    {"x": 2, "rectanglelabels": ["dog"]},
                ]
            },
            "rectanglelabels",
        ),
        (
            {
                "regions": [
                    {"region_attributes": {"class": "cat"}},
                    {"region_attributes": {"class": "dog"}},
                ]
            },
            "class",
        ),
        (
            {"annotations": [{"id": 5, "result": [{"value": {"choices": ["cat", "dog"]}}]}]},
            "choices",
        ),
        ({"tags": [{"name": "cat", "parent": {"name": "animal"}}, {"name": "dog"}]}, "name"),
    ],
)
def test_label_key_is_found_within_nested_objects_and_may_hold_a_list(record, key):
    table = read_labels([{"file": "a.png", **record}], label_key=key)
    check_table(table, ["a.png"], [[1, 1]], ["cat", "dog"])
    with pytest.raises(ValueError, match=f"keys .*'{key}'.*name the one of the label"):
        read_labels([{"file": "a.png", **record}])


def test_object_without_the_key_is_an_error_that_names_all_keys():
    content = '[{"file": "a", "tags": [{"name": "x"}, {"sub": [{"id": 3}]}]}]'
    with pytest.raises(ValueError, match="without label_key='name'; its keys are 'sub', 'id'"):
        read_labels(write("tags.json", content), label_key="name")


def test_options_that_are_followed_read_a_file_whose_columns_spaces_separate():
    content = "Bald Bangs Young \na.jpg -1  1  1\nb.jpg  1 -1 -1 \n"
    with pytest.raises(ValueError, match="remove that line if it is a count above the header"):
        read_labels(write("attr.txt", "2\n" + content))
    write("attr.txt", content)
    with pytest.raises(ValueError, match="pass delimiter=' ' if spaces separate columns"):
        read_labels("attr.txt")
    with pytest.raises(ValueError, match="write a name for the ids, too, if the header names on"):
        read_labels("attr.txt", delimiter=" ")
    write("attr.txt", "file " + content)
    table = read_labels("attr.txt", delimiter=" ", negative_values="-1")
    check_table(table, ["a.jpg", "b.jpg"], [[0, 1, 1], [1, 0, 0]], ["Bald", "Bangs", "Young"])


def test_names_that_are_shifted_against_the_columns_are_an_error():
    path = write("t.csv", "cat,dog,\na.jpg,1,0\nb.jpg,0,1\n")
    with pytest.raises(ValueError, match="the last column has values, but no name"):
        read_labels(path, skip_columns="")


def test_ids_without_a_name_are_read_where_that_is_said():
    path = write("t.csv", ",cat,dog\na,1,0\nb,1,1\n")
    check_table(read_labels(path, id_column=""), ["a", "b"], [[1, 0], [1, 1]], ["cat", "dog"])


@pytest.mark.parametrize(
    "cells",
    [
        ["[0, 1, 0]", "[1, 1, 0]", "[0, 0, 0]"],
        ["[0. 1. 0.]", "[1. 1. 0.]", "[0. 0. 0.]"],
        ["0 1 0", "1 1 0", "0 0 0"],
        [[0, 1, 0], [1, 1, 0], [0, 0, 0]],
        [[0.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]],
    ],
)
def test_lists_of_0_and_1_hold_one_number_per_class(cells):
    records = [{"id": name, "labels": cell} for name, cell in zip("abc", cells, strict=True)]
    target = [[0, 1, 0], [1, 1, 0], [0, 0, 0]]
    with pytest.warns(UserWarning, match="each cell is read as 3 numbers, one per class; name"):
        table = read_labels(records)
    check_table(table, ["a", "b", "c"], target, [0, 1, 2])
    names = ["cat", "dog", "eel"]
    check_table(read_labels(records, class_names=names), ["a", "b", "c"], target, names)
    with pytest.raises(ValueError, match="list 3 numbers, one per class, but class_names has 2"):
        read_labels(records, class_names=["cat", "dog"])


def test_lists_of_the_labels_0_and_1_stay_lists_of_labels():
    table = read_labels(write("t.csv", "id,labels\na,0 1\nb,1\nc,0\n"))
    check_table(table, ["a", "b", "c"], [[1, 1], [0, 1], [1, 0]], [0, 1])


def combination(number):
    names = ["Golgi apparatus", "Nucleoli", "Cytosol", "Vesicles", "Centrosome"]
    return " ".join(name for i, name in enumerate(names) if number >> i & 1)


ODD = {
    "files as classes": (
        "label,file\ncat,a.jpg\ndog,b.jpg\n",
        {},
        "the class 'a.jpg' is the name of a file; pass id_column=",
    ),
    "files as class columns": (
        "class,a.jpg,b.jpg\ncat,1,0\ndog,1,1\n",
        {},
        "the class 'a.jpg' is the name of a file; pass id_column=",
    ),
    "ids before labels": (
        "labels\n000005 -1\n000007 1\n000009 -1\n",
        {"row_numbers": True},
        "each cell begins with a label that no other has, such as '000005'; pass delimiter=' '",
    ),
    "some names of several words": (
        "id,l\n"
        + "".join(f"{i},{['ILD', 'Mass', 'Fever', 'No finding'][i % 4]}\n" for i in range(20)),
        {},
        "some words occur only side by side, such as 'No finding'",
    ),
    "a name of several words among many": (
        "id,labels\n"
        + "".join(f"{i},{[*'abcdefghijkl', 'No finding'][i % 13]}\n" for i in range(78)),
        {},
        "some words occur only side by side, such as 'No finding'",
    ),
    "names of several words in many combinations": (
        "id,l\n" + "".join(f"{i},{combination(i % 31 + 1)}\n" for i in range(62)),
        {},
        "some words occur only side by side, such as 'Golgi apparatus'",
    ),
    "split": (
        "id,cat,dog,is_valid\na,1,0,0\nb,1,1,1\n",
        {},
        "the column 'is_valid' is read as a class; pass skip_columns='is_valid'",
    ),
    "case": ("id,l\na,Cat\nb,cat\n", {}, "the labels 'Cat' and 'cat' hardly differ"),
    "zero width": ("id,l\na,x\u200b\nb,x\n", {}, r"the labels 'x' and 'x\u200b' hardly differ"),
    "case of none_value": (
        "id,l\na,x\nb,No finding\nc,No Finding\n",
        {"separator": "|", "none_value": "No Finding"},
        "the labels 'No Finding' and 'No finding' hardly differ",
    ),
    "case of class columns": ("id,cat,Cat\na,1,0\nb,0,1\n", {}, "'Cat' and 'cat' hardly differ"),
    "two forms": ("id,l\na,caf\u00e9\nb,cafe\u0301\n", {}, "hardly differ; write them alike"),
    "no ids, merged": (
        "cat,dog,eel\n1,0,1\n0,1,1\n1,1,0\n",
        {"merge_rows": True},
        "the ids in the column 'cat' are only 0 and 1; pass row_numbers=True",
    ),
    "part of the separator": (
        'id,l\na,"x, y"\nb,"x,y"\n',
        {"separator": ", "},
        "the label 'x,y' consists of other labels; pass separator=','",
    ),
}


@pytest.mark.parametrize(("content", "options", "expected"), ODD.values(), ids=ODD)
def test_what_is_probably_misread_is_said(content, options, expected):
    with pytest.warns(UserWarning, match=re.escape(expected)):
        read_labels(write("t.csv", content), **options)


@pytest.mark.parametrize(
    "content",
    [
        "id,l\na,A\nb,a\n",
        "id,l\n" + "cell,animal cat\ncell,animal dog\n".replace("cell", "{}").format("a", "b"),
        "id,fold_1,test\na,1,0\nb,1,1\n",
    ],
)
def test_nothing_is_said_of_letters_of_either_case_and_of_usual_names(content, recwarn):
    read_labels(write("t.csv", content))
    assert not recwarn


@pytest.mark.parametrize(
    "content",
    [
        {"id": ["a", "b"], "labels": ["x y", "x"]},
        {"cat": {"0": 1, "1": 0}, "dog": {"0": 1, "1": 1}},
        {"columns": ["id", "labels"], "index": [0], "data": [["a", "x"]]},
    ],
)
def test_json_that_holds_columns_is_an_error(content):
    with pytest.raises(ValueError, match="the object holds columns, not rows"):
        read_labels(content)


def test_json_is_known_whatever_the_ending():
    with pytest.raises(ValueError, match=r"the file is JSON; name it \.json"):
        read_labels(write("t.csv", '[{"id": "a", "l": "x"}]'))
    table = read_labels(write("t.jsonl", '[{"id": "a", "l": "x"},\n{"id": "b", "l": "x"}]'))
    check_table(table, ["a", "b"], [[1], [1]], ["x"])


def test_where_takes_missing_values():
    records = [{"id": "a", "l": "x", "odd": None}, {"id": "b", "l": "y", "odd": "yes"}]
    for missing in (None, "", float("nan"), [None]):
        table = read_labels(records, label_columns="l", where={"odd": missing})
        check_table(table, ["a", "b"], [[1], [0]], ["x"])


def test_parquet_is_read_as_the_same_csv_file():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    lists = [["x", "y"], [], None, ["y"]]
    columns = {
        "id": pa.array([*"abcd"]),
        "lists": pa.array(lists),
        "text": pa.array(["x|y", "", None, "y"]).dictionary_encode(),
        "lists.x": pa.array([1, 0, None, 0]),  # begins as another column does
        "lists.y": pa.array([1, 0, 0, 1]),
        "image": pa.array([b"\xff"] * 4),
    }
    path = Path("t.parquet")
    pq.write_table(pa.table(columns), path, row_group_size=3)
    rows = [[1, 1], [0, 0], [0, 0], [0, 1]]
    for column in ("lists", "text"):
        table = read_labels(path, label_columns=column, separator="|", none_value="")
        check_table(table, ["a", "b", "c", "d"], rows, ["x", "y"])
    table = read_labels(path, class_columns=["lists.y", "lists.x"], negative_values="")
    check_table(table, ["a", "b", "c", "d"], [row[::-1] for row in rows], ["lists.y", "lists.x"])
    with pytest.raises(ValueError, match=r"t\.parquet, row 2, column 'lists'"):
        read_labels(path, label_columns="lists")
    pq.write_table(pa.table(columns).slice(0, 0), path)
    with pytest.raises(ValueError, match=r"t\.parquet has no row"):
        read_labels(path, label_columns="lists")


def test_index_of_pandas_in_parquet_is_ids_unless_it_numbers_rows():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"id": [*"abc"], "x": [0, 1, 1], "y": [1, 0, 1]})
    frames = {
        "filtered": pd.concat([frame[1:], frame])[2:],  # its index is 0, 1, 2 in a column
        "named": frame.set_index("id"),
        "unnamed": frame.set_index("id").rename_axis(None),
    }
    for name, stored in frames.items():
        stored.to_parquet(f"{name}.parquet")
        check_table(read_labels(f"{name}.parquet"), [*"abc"], [[0, 1], [1, 0], [1, 1]], ["x", "y"])


def test_parquet_with_a_column_twice_is_an_error():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = [pa.array(values) for values in (["a", "b"], [1, 0], [0, 1])]
    pq.write_table(pa.Table.from_arrays(columns, names=["id", "x", "x"]), "t.parquet")
    with pytest.raises(ValueError, match=r"\At\.parquet: the file has 2 columns 'x'\."):
        read_labels("t.parquet")


def test_damaged_parquet_is_an_error_that_names_the_file():
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = Path("t.parquet")
    pq.write_table(pa.table({"id": ["a", "b"], "labels": [["x"], ["y"]]}), path)
    whole = path.read_bytes()
    read_labels(path)
    for content in (whole[:-30], b"", b"id,labels\n", whole[:4] + b"\0" * 40 + whole[44:]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"t\.parquet: the file cannot be read as Parquet"):
            read_labels(path)
    Path("t.csv").write_bytes(whole)
    with pytest.raises(ValueError, match=r"the file is a Parquet file; give its name the ending"):
        read_labels("t.csv")
    with pytest.raises(FileNotFoundError):
        read_labels("none.parquet")


def test_lazy_frames_are_to_be_collected():
    polars = pytest.importorskip("polars")
    with pytest.raises(ValueError, match=r"pass source\.collect\(\)"):
        read_labels(polars.LazyFrame({"id": ["a"], "l": ["x"]}))


def test_label_in_brackets_may_mean_no_class():
    path = write("t.csv", "id,l\na,x|y\nb,(none listed)\n")
    with pytest.raises(ValueError, match=r"pass none_value='\(none listed\)' if it means no cl"):
        read_labels(path, separator="|")
    table = read_labels(path, separator="|", none_value="(none listed)")
    check_table(table, ["a", "b"], [[1, 1], [0, 0]], ["x", "y"])


def test_header_of_numbers_may_be_a_sample():
    path = write("boxes.csv", "a.jpg,837,346,cow\na.jpg,215,312,cat\nb.jpg,22,5,cow\n")
    with pytest.raises(ValueError, match="If the first line is a sample, pass header=False"):
        read_labels(path)
    table = read_labels(path, header=False, label_columns="4", merge_rows=True)
    check_table(table, ["a.jpg", "b.jpg"], [[1, 1], [0, 1]], ["cat", "cow"])


def test_label_key_that_stands_in_several_places_needs_the_keys_that_lead_to_it():
    """As VGG Image Annotator writes the regions of an image, as a list or by number."""
    cat, dog = (
        {"shape_attributes": {"name": "polygon"}, "region_attributes": {"name": name}}
        for name in ("cat", "dog")
    )
    records = [
        {"file": "a", "regions": [cat, dog]},
        {"file": "b", "regions": {"0": cat, "1": cat}},
    ]
    with pytest.raises(
        ValueError,
        match=r"has the key 'name' in several places; name one, such as "
        r"label_key='region_attributes\.name' or label_key='shape_attributes\.name'",
    ):
        read_labels(records, label_key="name")
    with pytest.warns(UserWarning, match="1 cell lists a label twice"):
        table = read_labels(records, label_key="region_attributes.name")
    check_table(table, ["a", "b"], [[1, 1], [1, 0]], ["cat", "dog"])
