"""Label files of many kinds, read by Python and by the command line; advice that is followed."""

import ast
import gzip
import inspect
import json
import re
import shlex
import warnings
from dataclasses import dataclass, field

import pytest

from mlresample._cli import main
from mlresample.readers import read_labels

from .label_files import write

PARAMETERS = set(inspect.signature(read_labels).parameters) - {"source"}
LISTS = {"none_value", "positive_values", "negative_values"}  # which advice adds to

pytestmark = pytest.mark.usefixtures("in_empty_folder")


@dataclass
class Kind:
    """A file, the options that read it, and what it then holds."""

    file: str
    content: str | bytes
    counts: dict
    n_samples: int
    options: dict = field(default_factory=dict)
    command: str = ""
    warning: str = ""  # of the file, even if it is read rightly
    unaided: str = ""  # what is said without options
    only_class: bool = False  # which the command line refuses


RECORDS = (
    '{"path": "a.png", "tags": ["fox"]}\n'
    '{"path": "b.png", "tags": ["hen"]}\n'
    '{"path": "c.png", "tags": ["hen", "emu"]}\n'
)
INDICATORS = "photo,fox,hen,emu\n1.jpg,1,0,0\n2.jpg,0,1,0\n3.jpg,1,1,0\n4.jpg,0,0,1\n"
OF_INDICATORS = {"fox": 2, "hen": 2, "emu": 1}


def with_values(positive, negative):
    cells = {"0": negative, "1": positive}
    lines = [line.split(",") for line in INDICATORS.splitlines()]
    lines[1:] = [[name, *(cells[cell] for cell in row)] for name, *row in lines[1:]]
    return "".join(",".join(line) + "\n" for line in lines)


KINDS = {
    "JSON lines": Kind("t.jsonl", RECORDS, {"fox": 1, "hen": 2, "emu": 1}, 3),
    "JSON lines that end in .json": Kind("t.json", RECORDS, {"fox": 1, "hen": 2, "emu": 1}, 3),
    "array of objects": Kind(
        "t.json",
        '[{"id": "a", "tags": ["fox", "hen"]}, {"id": "b", "tags": ["hen"]}]',
        {"fox": 1, "hen": 2},
        2,
    ),
    "object from ids to labels": Kind(
        "t.json", '{"a.png": ["fox", "hen"], "b.png": ["hen"]}', {"fox": 1, "hen": 2}, 2
    ),
    "choices of an annotation tool": Kind(
        "t.csv",
        'annotation,kind,number,photo\n4,"{""choices"":[""fox"",""hen""]}",1,a.jpg\n'
        "5,hen,2,b.jpg\n6,fox,3,c.jpg\n7,hen,4,d.jpg\n",
        {"fox": 2, "hen": 3},
        4,
        {"id_column": "photo", "label_columns": "kind"},
        "--id-column photo --label-columns kind",
        unaided="label_columns=, one of",
    ),
    "Python lists": Kind(
        "t.csv",
        "id,g\n1,\"['Noir', 'War']\"\n2,\"['Noir']\"\n3,\"['Noir']\"\n",
        {"Noir": 3, "War": 1},
        3,
    ),
    "lists of objects": Kind(
        "t.csv",
        'id,g\n1,"[{""id"": 3, ""name"": ""Noir""}, {""id"": 5, ""name"": ""War""}]"\n'
        '2,"[{""id"": 3, ""name"": ""Noir""}]"\n',
        {"Noir": 2, "War": 1},
        2,
        {"label_key": "name"},
        "--label-key name",
        unaided="such as label_key='name'",
    ),
    "braces": Kind("t.csv", 'id,g\n1,"{Noir,War}"\n2,{War}\n', {"Noir": 1, "War": 2}, 2),
    "angle brackets": Kind(
        "t.csv", "id,g\n1,<c++><perl>\n2,<perl>\n3,<f#>\n", {"c++": 1, "perl": 2, "f#": 1}, 3
    ),
    "space before a quote": Kind(
        "t.csv",
        'id, g\n1, "fox hen"\n2, "hen"\n3, "hen"\n',
        {"fox": 1, "hen": 3},
        3,
        {"skip_initial_space": True},
        "--skip-initial-space",
        unaided="pass skip_initial_space=True if",
    ),
    "space before a quote in the header": Kind(
        "t.csv",
        'photo, "fox, red", "hen"\n1.jpg, 1, 0\n2.jpg, 0, 1\n3.jpg, 1, 1\n4.jpg, 1, 0\n',
        {"fox, red": 3, "hen": 2},
        4,
        {"skip_initial_space": True},
        "--skip-initial-space",
        unaided="pass skip_initial_space=True if",
    ),
    "space before quotes in a header of words": Kind(
        "t.csv",
        'photo, "fox", "hen"\n1.jpg, 1, 0\n2.jpg, 0, 1\n3.jpg, 1, 1\n4.jpg, 1, 0\n',
        {"fox": 3, "hen": 2},
        4,
        {"skip_initial_space": True},
        "--skip-initial-space",
        unaided="pass skip_initial_space=True if",
    ),
    "names with spaces": Kind(
        "t.csv",
        "photo,g\n1.jpg,red mite\n2.jpg,red mite\n3.jpg,grey mould\n4.jpg,sound\n",
        {"red mite": 2, "grey mould": 1, "sound": 1},
        4,
        {"separator": "|"},
        "--separator '|'",
        unaided="such as 'red mite'; if names contain spaces, pass",
    ),
    "slash": Kind(
        "t.csv",
        "id,g\n1,fox/hen\n2,hen\n3,fox\n4,hen\n",
        {"fox": 2, "hen": 3},
        4,
        {"separator": "/"},
        "--separator /",
        unaided="pass separator='/' if",
    ),
    "full-width comma": Kind(
        "t.csv",
        "id,g\n1,山\uff0c川\n2,川\n3,山\n4,川\n",
        {"山": 2, "川": 3},
        4,
        {"separator": "\uff0c"},
        "--separator \uff0c",
        unaided="pass separator='\uff0c' if",
    ),
    "class called None": Kind(
        "t.csv",
        "id,g\n1,x y\n2,NULL\n3,y\n4,NULL\n",
        {"x": 1, "y": 2},
        4,
        {"none_value": ["NULL"]},
        "--none-value NULL",
        unaided="pass none_value='NULL' if",
    ),
    "one column of 0 and 1": Kind(
        "t.csv",
        "file,plastic\n1.jpg,0\n2.jpg,0\n3.jpg,1\n",
        {"plastic": 1},
        3,
        {"class_columns": "plastic"},
        "--class-columns plastic",
        unaided="pass class_columns='plastic' if",
        only_class=True,
    ),
    "a column whose name needs quotes": Kind(
        "t.csv",
        """file,"it's $HOME, a ""den""!\"\n1.jpg,0\n2.jpg,0\n3.jpg,1\n""",
        {'it\'s $HOME, a "den"!': 1},
        3,
        {"class_columns": 'it\'s $HOME, a "den"!'},
        """--class-columns '"it'\\''s $HOME, a ""den""!"'""",
        unaided="pass class_columns=",
        only_class=True,
    ),
    "class called -": Kind(
        "t.csv",
        "id,g\n1,x y\n2,-\n3,y\n",
        {"x": 1, "y": 2},
        3,
        {"none_value": ["-"]},
        "--none-value=-",
        unaided="pass none_value='-' if",
    ),
    "no header, classes by number": Kind(
        "t.csv",
        "u1,12 3\nu2,3\nu3,3\n",
        {3: 3, 12: 1},
        3,
        {"header": False},
        "--no-header",
        unaided="pass header=False if",
    ),
    "no header, columns of decimals": Kind(
        "t.csv",
        "k,1.0,0.0\nl,0.0,1.0\nm,1.0,1.0\n",
        {2: 2, 3: 2},
        3,
        {"header": False},
        "--no-header",
        unaided="pass header=False if",
    ),
    "no header": Kind(
        "t.csv",
        "1.jpg,newt\n2.jpg,hen\n3.jpg,fox\n4.jpg,fox\n",
        {"newt": 1, "hen": 1, "fox": 2},
        4,
        {"header": False},
        "--no-header",
        unaided="pass header=False if",
    ),
    "label twice in a cell": Kind(
        "t.csv",
        "id,g\n1,fox hen fox\n2,hen\n3,hen hen\n",
        {"fox": 1, "hen": 3},
        3,
        warning="2 cells list a label twice, such as 'fox hen fox'",
    ),
    "columns of metadata, skipped": Kind(
        "t.csv",
        "id,mass,sex,fox,hen\na,12,m,1,0\nb,47,f,0,1\nc,30,f,0,1\n",
        {"fox": 1, "hen": 2},
        3,
        {"skip_columns": ["mass", "sex"]},
        "--skip-columns mass,sex",
        unaided="pass class_columns= or skip_columns=",
    ),
    "columns of metadata, classes chosen": Kind(
        "t.csv",
        "id,mass,sex,fox,hen\na,12,m,1,0\nb,47,f,0,1\nc,30,f,0,1\n",
        {"fox": 1, "hen": 2},
        3,
        {"class_columns": ["fox", "hen"]},
        "--class-columns fox,hen",
        unaided="pass class_columns= or skip_columns=",
    ),
    "1 and -1": Kind(
        "t.csv",
        with_values("1", "-1"),
        OF_INDICATORS,
        4,
        {"negative_values": ["-1"]},
        "--negative-values=-1",
        unaided="pass negative_values='-1' if",
    ),
    "yes and no": Kind("t.csv", with_values("yes", "no"), OF_INDICATORS, 4),
    "Y and N": Kind(
        "t.csv",
        with_values("Y", "N"),
        OF_INDICATORS,
        4,
        {"positive_values": ["Y"], "negative_values": ["N"]},
        "--positive-values Y --negative-values N",
        unaided="is neither 0 nor 1",
    ),
    "True and False": Kind("t.csv", with_values("True", "False"), OF_INDICATORS, 4),
    "two decimals": Kind("t.csv", with_values("1.00", "0.00"), OF_INDICATORS, 4),
    "NumPy's savetxt": Kind("t.csv", with_values(f"{1:.18e}", f"{0:.18e}"), OF_INDICATORS, 4),
    "blank and -1 negative": Kind(
        "t.csv",
        "Path,Clear,Nodule,Tear\n1.jpg,1.0,,\n2.jpg,,1.0,-1.0\n3.jpg,,0.0,1.0\n4.jpg,,-1.0,\n",
        {"Clear": 1, "Nodule": 1, "Tear": 1},
        4,
        {"negative_values": ["", "-1.0"]},
        "--negative-values '' --negative-values=-1.0",
        unaided="pass negative_values='' if",
    ),
    "blank negative, -1 positive": Kind(
        "t.csv",
        "Path,Clear,Nodule,Tear\n1.jpg,1.0,,\n2.jpg,,1.0,-1.0\n3.jpg,,0.0,1.0\n4.jpg,,-1.0,\n",
        {"Clear": 1, "Nodule": 2, "Tear": 2},
        4,
        {"negative_values": [""], "positive_values": ["-1.0"]},
        "--negative-values '' --positive-values=-1.0",
        unaided="or positive_values='' if",
    ),
    "a row per box": Kind(
        "t.csv",
        "photo,width,class,x,y\na.jpg,64,fox,1,1\na.jpg,64,fox,3,3\na.jpg,64,hen,20,20\n"
        "b.jpg,64,hen,5,5\n",
        {"fox": 1, "hen": 2},
        2,
        {"label_columns": "class", "merge_rows": True},
        "--label-columns class --merge-rows",
        unaided="Pass merge_rows=True if",
    ),
    "a row per label, with a score": Kind(
        "t.csv",
        "id,class,score\n1,fox,0.8\n1,hen,0.6\n2,hen,0.9\n",
        {"fox": 1, "hen": 2},
        2,
        {"label_columns": "class", "merge_rows": True},
        "--label-columns class --merge-rows",
        unaided="Pass merge_rows=True if",
    ),
    "several label columns": Kind(
        "t.csv",
        "id,first,second\n1,fox,hen\n2,fox,\n3,hen,\n4,hen,\n",
        {"fox": 2, "hen": 3},
        4,
        {"label_columns": ["first", "second"]},
        "--label-columns first,second",
        unaided="label_columns=, one of",
    ),
    "verified labels": Kind(
        "t.csv",
        "Image,Source,Name,Confidence\na,human,/x/1,1\nb,human,/x/2,0\nc,human,/x/2,1\n"
        "d,human,/x/2,1\n",
        {"/x/1": 1, "/x/2": 2},
        4,
        {"label_columns": "Name", "where": {"Confidence": 1}},
        "--label-columns Name --where Confidence=1",
        unaided="label_columns=, one of",
    ),
    "index column": Kind(
        "t.csv",
        "Unnamed: 0,Id,Target\n0,a,12 3\n1,b,4\n2,c,4\n",
        {3: 1, 4: 2, 12: 1},
        3,
        {"label_columns": "Target", "skip_columns": "Unnamed: 0"},
        "--label-columns Target --skip-columns 'Unnamed: 0'",
        unaided="label_columns=, one of",
    ),
    "index column without a name": Kind(
        "t.csv",
        ",Id,Target\n0,a,12 3\n1,b,4\n2,c,4\n",
        {3: 1, 4: 2, 12: 1},
        3,
        {"skip_columns": ""},
        "--skip-columns ''",
        unaided="pass skip_columns='' or",
    ),
    "no ids": Kind(
        "t.csv",
        "fox,hen,emu\n1,0,1\n0,1,0\n1,1,0\n0,1,0\n",
        {"fox": 2, "hen": 3, "emu": 1},
        4,
        {"row_numbers": True},
        "--row-numbers",
        unaided="row_numbers=True if",
    ),
    "comment lines": Kind(
        "t.csv",
        "# Clips, made on Monday\n# clips=3\n# CLIP, from, to, labels\n"
        '--xy, 0.000, 8.000, "/n/1,/n/2"\n-zz, 2.000, 9.000, "/n/1"\n-zy, 2.000, 9.000, "/n/1"\n',
        {"/n/1": 3, "/n/2": 1},
        3,
        {
            "comment": "#",
            "skip_initial_space": True,
            "header": False,
            "label_columns": "4",
            "separator": ",",
        },
        "--comment '#' --skip-initial-space --no-header --label-columns 4 --separator ,",
        unaided="pass comment='#' if",
    ),
    "a comment with as many cells as a row": Kind(
        "t.csv",
        "# Clips, made on Monday\nid,g\n1,fox hen\n2,hen\n",
        {"fox": 1, "hen": 2},
        2,
        {"comment": "#"},
        "--comment '#'",
        unaided="pass comment='#' if",
    ),
    "a comment among the rows": Kind(
        "t.csv",
        "id,g\n1,fox hen\n// the rest, new\n2,hen\n",
        {"fox": 1, "hen": 2},
        2,
        {"comment": "//"},
        "--comment //",
        unaided="pass comment='//' if",
    ),
    "semicolons between cells": Kind(
        "t.csv",
        "id;g\n1;fox hen\n2;hen\n",
        {"fox": 1, "hen": 2},
        2,
        {"delimiter": ";"},
        "--delimiter ';'",
        unaided="pass delimiter=';'",
    ),
    "tabs between cells": Kind(
        "t.tsv",
        "id\tg\n1\tfox hen\n2\then\n",
        {"fox": 1, "hen": 2},
        2,
        {"delimiter": "\t"},
        "--delimiter tab",
        unaided=r"pass delimiter='\t'",
    ),
    "blank cells": Kind(
        "t.csv",
        "id,g\n1,fox|hen\n2,\n3,hen\n",
        {"fox": 1, "hen": 2},
        3,
        {"separator": "|", "none_value": [""]},
        "--separator '|' --none-value ''",
        unaided="pass separator='|' if",
    ),
    "packed by gzip": Kind(
        "t.csv.gz", gzip.compress(b"id,g\n1,fox hen\n2,hen\n"), {"fox": 1, "hen": 2}, 2
    ),
    "JSON lines, packed by gzip": Kind(
        "t.jsonl.gz", gzip.compress(RECORDS.encode()), {"fox": 1, "hen": 2, "emu": 1}, 3
    ),
    "UTF-16, little end first": Kind(
        "t.csv",
        b"\xff\xfe" + "id,g\n1,né hen\n2,hen\n".encode("utf-16-le"),
        {"né": 1, "hen": 2},
        2,
    ),
    "UTF-16, big end first": Kind(
        "t.csv",
        b"\xfe\xff" + "id,g\n1,né hen\n2,hen\n".encode("utf-16-be"),
        {"né": 1, "hen": 2},
        2,
    ),
    "UTF-16 without a mark": Kind(
        "t.csv",
        "id,g\n1,né hen\n2,hen\n".encode("utf-16-le"),
        {"né": 1, "hen": 2},
        2,
        {"encoding": "utf-16-le"},
        "--encoding utf-16-le",
        unaided="pass encoding='utf-16-le'",
    ),
    "Windows' encoding": Kind(
        "t.csv",
        "id,g\n1,né hen\n2,hen\n".encode("cp1252"),
        {"né": 1, "hen": 2},
        2,
        {"encoding": "cp1252"},
        "--encoding cp1252",
        unaided="encoding='cp1252'",
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


# -- reading -----------------------------------------------------------------------------------


def read_by_python(kind, options):
    """Return the class counts and the number of samples, or None, and what was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            table = read_labels(kind.file, **options)
        except ValueError as error:
            return None, [str(error)]
    counts = dict(zip(table.class_names.tolist(), table.y.sum(axis=0).tolist(), strict=True))
    return (counts, len(table.ids)), [str(warning.message) for warning in caught]


def read_by_command(kind, options, capsys):
    status = main(["report", kind.file, *options, "--json"])
    out, err = capsys.readouterr()
    said = [line.split(": ", 2)[2] for line in err.splitlines()]
    if status:
        assert status == 2
        assert out == ""
        return None, said
    report = json.loads(out)
    counts = {row["class"]: row["counts"][0] for row in report["classes"]}
    return (counts, report["files"][0]["n_samples"]), said


@every_kind
def test_each_kind_of_file_is_read_with_its_options(kind):
    write(kind.file, kind.content)
    found, said = read_by_python(kind, kind.options)
    assert found == (kind.counts, kind.n_samples)
    assert len(said) == bool(kind.warning)
    assert kind.warning in "".join(said)


@every_kind
def test_each_kind_of_file_is_read_by_the_command_line(kind, capsys):
    write(kind.file, kind.content)
    found, said = read_by_command(kind, shlex.split(kind.command), capsys)
    if kind.only_class:
        assert found is None
        assert re.search("has only one class, '.*': there is nothing to balance", said[0])
        return
    assert found == (kind.counts, kind.n_samples)
    assert len(said) == bool(kind.warning)
    assert kind.warning in "".join(said)


@every_kind
def test_no_kind_of_file_is_misread_in_silence(kind, capsys):
    write(kind.file, kind.content)
    found, said = read_by_python(kind, {})
    if not kind.options:
        assert found == (kind.counts, kind.n_samples)
        return
    assert kind.unaided
    assert kind.unaided in " ".join(said)
    _, printed = read_by_command(kind, [], capsys)
    assert len(printed) == len(said)


# -- advice ------------------------------------------------------------------------------------

_NAME = re.compile(rf"(?<!\w)({'|'.join(sorted(PARAMETERS))})=")


def advice_for_python(message):
    """Yield the parameters that a message names, and the values that it writes after them."""
    for found in _NAME.finditer(message):
        rest = message[found.end() :]
        value = None
        # The longest beginning of the rest that Python reads is the value.
        for end in range(len(rest), 0, -1):
            try:
                value = ast.literal_eval(rest[:end])
                break
            except (SyntaxError, ValueError):
                continue
        yield found[1], value


def advice_for_command(message):
    """Yield the options that a message names, and the values that it writes after them."""
    for found in re.finditer(
        r"(?<!\S)(--[a-z-]+)([= ]('[^']*'(?:\\''[^']*')*|\$'(?:[^'\\]|\\.)*'|tab))?", message
    ):
        value = found[3]
        if value is not None:
            value = ast.literal_eval(value[1:]) if value[0] == "$" else shlex.split(value)[0]
        yield found[1], value


def options_by_name(words):
    """Return the values of each option, by its name."""
    options = {}
    for word in words:
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            options.setdefault(name, []).extend([value] if equals else [])
        else:
            options[name].append(word)
    return options


@every_kind
def test_advice_that_is_followed_leads_to_the_right_counts(kind):
    """Which advice holds of the file, and values that no message can know, are the options'."""
    write(kind.file, kind.content)
    options = {}
    for _ in range(7):
        found, said = read_by_python(kind, options)
        fresh = [
            (name, kind.options[name] if value is None else value)
            for message in said
            for name, value in advice_for_python(message)
            if name in kind.options
            and (
                value in kind.options[name]
                if name in LISTS and value is not None
                else name not in options
            )
        ]
        if not fresh:
            break
        name, value = fresh[0]
        options[name] = [*options.get(name, []), value] if name in LISTS else value
    assert found == (kind.counts, kind.n_samples), said


@every_kind
def test_advice_that_is_printed_leads_to_the_right_counts(kind, capsys):
    write(kind.file, kind.content)
    of_kind = options_by_name(shlex.split(kind.command))
    words = []
    for _ in range(7):
        found, said = read_by_command(kind, words, capsys)
        given = options_by_name(words)
        fresh = []
        for message in said:
            for name, value in advice_for_command(message):
                if name not in of_kind:
                    continue
                values = of_kind[name] if value is None else [value]
                repeated = name.lstrip("-").replace("-", "_") in LISTS
                if set(values) <= set(of_kind[name]) if repeated else name not in given:
                    fresh.append([f"{name}={value}" for value in values] or [name])
        if not fresh:
            break
        words += fresh[0]
    if kind.only_class:
        assert "there is nothing to balance" in said[0]
    else:
        assert found == (kind.counts, kind.n_samples), said


# -- files of another kind ---------------------------------------------------------------------

OTHER = {
    "xlsx": (b"PK\x03\x04\x14\0", "an Excel workbook or a zip archive; open it with pandas"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook; open it with pandas"),
    "Parquet": (b"PAR1\x15\x04", "a Parquet file; give its name the ending .parquet"),
    "Arrow": (b"ARROW1\0\0", "an Arrow file; open it with pandas"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", "an HDF5 file; open it with pandas"),
    "SQLite": (b"SQLite format 3\0", "a SQLite database; open it with pandas"),
    "npy": (b"\x93NUMPY\x01\0", "a NumPy array; pass it to plan_resampling as y"),
    "bzip2": (b"BZh91AY", "packed by bzip2; unpack it first"),
    "xz": (b"\xfd7zXZ\0", "packed by xz; unpack it first"),
    "zstd": (b"\x28\xb5\x2f\xfd\x04", "packed by zstd; unpack it first"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "packed by 7-Zip; unpack it first"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "a picture; labels are read from text"),
    "JPEG": (b"\xff\xd8\xff\xe0", "a picture; labels are read from text"),
    "PDF": (b"%PDF-1.7\n", "a PDF file; labels are read from text"),
    "XML": (b'<?xml version="1.0"?>\n<annotations/>', "XML, as Pascal VOC and CVAT write it"),
    "XML of VOC": (b"\n<annotation>\n<folder>x</folder>", "XML, as Pascal VOC and CVAT write it"),
    "XML in UTF-16": (
        "\ufeff<?xml version='1.0'?>".encode("utf-16-le"),
        "XML, as Pascal VOC and CVAT write it",
    ),
    "HTML": (b"<!DOCTYPE html>\n<html>", "a web page; download the file itself"),
    "ARFF": (b"% Genes\n@RELATION 'genes'\n", "an ARFF file; read it by scipy.io.arff"),
    "Git LFS": (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer; fetch"),
}


@pytest.mark.parametrize("packed", [False, True], ids=["", "packed by gzip"])
@pytest.mark.parametrize("ending", ["csv", "json"])
@pytest.mark.parametrize(("content", "expected"), OTHER.values(), ids=OTHER)
def test_files_of_another_kind_are_named(content, expected, ending, packed, capsys):
    write(f"t.{ending}", gzip.compress(content) if packed else content)
    with pytest.raises(ValueError, match=rf"\At\.{ending}: the file is {re.escape(expected)}"):
        read_labels(f"t.{ending}")
    assert main(["report", f"t.{ending}"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"mlresample: error: t.{ending}: the file is {expected}")


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_packed_file_that_is_damaged_is_told(ending):
    row = '{{"id": "{0}", "g": "fox"}}\n' if ending == "jsonl" else "{0},fox\n"
    rows = "".join(row.format(number) for number in range(10_000))
    content = bytearray(gzip.compress(rows.encode()))
    write(f"t.{ending}.gz", bytes(content[:-200]))
    with pytest.raises(ValueError, match="the compressed file is damaged or was cut off"):
        read_labels(f"t.{ending}.gz")
