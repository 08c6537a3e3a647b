"""Signs that a file was misread, each with the option that mends it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from mlresample.readers._lines import short_repr

_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_APOSTROPHES = "'\u2019"
_QUOTES = _APOSTROPHES + '"`\u201c\u201d\u2018\u00ab\u00bb'
_FULL_WIDTH = "\uff0c\uff1b\uff5c\uff0f\u3001\u30fb"  # comma, semicolon, bar, slash and two dots
_OTHER_MARKS = [*"|;,/\\&+\n", *_FULL_WIDTH]
_NO_CLASS = {"none", "n/a", "na", "null", "nil", "-", "--", "nan", "<na>"}
_COLUMN_OF_LABELS = re.compile(
    r"(label|target|class|tag|categor|genre|attribute|y\b)", re.IGNORECASE
)
_VERDICT = re.compile(
    r"(is[ _]?)?(confidence|verified|verification|present|presence|correct|accepted)",
    re.IGNORECASE,
)
_INDEX = re.compile(r"(unnamed: \d+|index|level_0)", re.IGNORECASE)
_SPLIT = re.compile(
    r"(is[ _]?(train|training|valid|val|validation|test)|split|k?fold|subset)", re.IGNORECASE
)
_FILE_NAME = re.compile(
    r".+\.(jpe?g|png|tiff?|bmp|gif|webp|dcm|wav|mp3|flac|mp4|npy|txt|xml)", re.IGNORECASE
)
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")


def has_marks_at_its_ends(label: str) -> bool:
    """Return whether a label begins or ends as a part of a list or of quoted text does."""
    if label[0] in _QUOTES or (label[-1] in _QUOTES and label[-1] not in _APOSTROPHES):
        return True
    for opening, closing in _BRACKETS.items():
        if label[0] == opening and label[-1] == closing and len(label) > 1:
            return True
        if (label[0] == opening or label[-1] == closing) and (
            label.count(opening) != label.count(closing)
        ):
            return True
    return False


def words_side_by_side(cells: Iterable[tuple[Sequence[str], int]]) -> str | None:
    """Find names of several words that were split: words that only ever occur side by side.

    Hardly any classes do so. It is said if most words do, if a fifth do so often, or if some do
    and the cells, which occur again and again, are fewer than the words: combinations of classes
    would be more.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    words: Counter[str] = Counter()
    n_cells = n_distinct = 0
    for labels, times in cells:
        n_cells, n_distinct = n_cells + times, n_distinct + 1
        for label in labels:
            words[label] += times
        for pair in pairwise(labels):
            pairs[pair] += times
    inseparable = {
        pair: times
        for pair, times in pairs.items()
        if times == words[pair[0]] == words[pair[1]] and not any(map(_is_number, pair))
    }
    if max(inseparable.values(), default=0) < 2:
        return None
    in_pairs = {word for pair in inseparable for word in pair}
    often = {word for pair, times in inseparable.items() if times >= 5 for word in pair}
    are_most = 2 * len(in_pairs) > len(words)
    are_few_cells = n_distinct < len(words) and 5 * n_distinct <= n_cells
    if not (are_most or 5 * len(often) >= len(words) or are_few_cells):
        return None
    most, _ = Counter(inseparable).most_common(1)[0]
    first = " ".join(most)
    return (
        f"{'most' if are_most else 'some'} words occur only side by side, such as "
        f"{short_repr(first)}; if names contain spaces, pass the text between them as "
        f"separator=, such as separator='|'."
    )


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()


def marks_within(labels: set[str], separator: str | None) -> str | None:
    """Find a mark within labels whose parts are classes themselves."""
    for mark in _OTHER_MARKS:
        if mark == separator:
            continue
        for label in sorted(label for label in labels if mark in label):
            parts = [part.strip() for part in label.split(mark)]
            if len(parts) > 1 and labels.issuperset(parts):
                return (
                    f"the label {short_repr(label)} consists of other labels; pass "
                    f"separator={mark!r} if that separates them."
                )
    return None


def names_of_no_class(labels: set[str], none_value: Iterable[str] | None) -> str | None:
    """Find a class that probably says that there is none."""
    found = sorted(label for label in labels if label.casefold() in _NO_CLASS)
    if not found:
        return None
    return f"{found[0]!r} is read as a class; pass none_value={found[0]!r} if it means no class."


def file_names(names: Iterable[str]) -> str | None:
    """Find a class that is the name of a file."""
    found = min(filter(_FILE_NAME.fullmatch, names), default=None)
    if found is None:
        return None
    return (
        f"the class {short_repr(found)} is the name of a file; pass id_column= for the column of "
        f"the files, or delimiter=' ' if spaces stand between files and labels."
    )


def words_that_are_ids(cells: Sequence[Sequence[str]], times: Sequence[int]) -> str | None:
    """Find an id before the labels of each cell, which occurs nowhere else."""
    first = [labels[0] for labels in cells if labels]
    rest = {label for labels in cells for label in labels[1:]}
    if len(first) < 3 or max(times) > 1 or not rest or len(set(first)) < len(first):
        return None
    if rest.intersection(first):
        return None
    return (
        f"each cell begins with a label that no other has, such as {short_repr(first[0])}; pass "
        f"delimiter=' ' if that is the id of the sample."
    )


def written_alike(labels: Iterable[str]) -> str | None:
    """Find two labels that differ only in case, or in what cannot be seen."""
    seen: dict[str, str] = {}
    for label in sorted(labels):
        key = label
        if not label.isascii():
            letters = unicodedata.normalize("NFKC", label)
            key = "".join(letter for letter in letters if unicodedata.category(letter) != "Cf")
        if len(key) > 1:  # single letters of either case may be the classes
            key = key.casefold()
        if seen.setdefault(key, label) != label:
            return (
                f"the labels {seen[key]!a} and {label!a} hardly differ; write them alike if they "
                f"mean the same."
            )
    return None


def odd_class_columns(columns: Iterable[str]) -> list[str]:
    """Find columns of 0 and 1 that are probably no classes, or whose rows are the classes."""
    columns = list(columns)
    splits = [column for column in columns if _SPLIT.fullmatch(column)]
    found = [
        f"the column {short_repr(column)} is read as a class; pass skip_columns={column!r} if it "
        f"says which samples are for training."
        for column in splits
    ]
    return [*found, *filter(None, [file_names(columns), written_alike(columns)])]


def is_zero_or_one(labels: set[str], column: str) -> bool:
    """Return whether the labels of single-label cells are the values of the class of a column."""
    if is_column_of_labels(column):
        return False
    return {label.casefold() for label in labels} in (
        {"0", "1"},
        {"0.0", "1.0"},
        {"false", "true"},
        {"no", "yes"},
    )


def header_like_ids(header: str, ids: Sequence[str]) -> bool:
    """Return whether the name of the id column looks like an id: its ending or its digits."""
    ending = _ENDING.search(header)
    if ending is not None:
        return all(name.endswith(ending[0]) for name in ids)
    shape = _shape(header)
    return "0" in shape and all(_shape(name) == shape for name in ids)


def _shape(name: str) -> str:
    """Return a name with 0 for each run of digits, and for the rest how long its words are."""
    return re.sub(r"[0-9a-fA-F]*[0-9][0-9a-fA-F]*", "0", name)


def comment_mark(cell: str) -> str | None:
    """Return what a first cell begins with if comments of files begin so."""
    return next((mark for mark in ("#", "//", "%", "sep=") if cell.startswith(mark)), None)


def comments_among(header: str, ids: Sequence[str]) -> list[str]:
    """Return what is probably a comment: a header with a space after the mark, or some ids."""
    mark = comment_mark(header)
    if mark is not None and header[len(mark) :].startswith(" "):
        return [header]
    found = [name for name in ids if comment_mark(name)]
    return found if len(found) < len(ids) else []


def is_column_of_labels(column: str) -> bool:
    """Return whether a column is named as one that holds labels."""
    return _COLUMN_OF_LABELS.match(column) is not None


def is_verdict(column: str) -> bool:
    """Return whether a column is named as one that says whether the label of a row holds."""
    return _VERDICT.fullmatch(column) is not None


def is_index(column: str) -> bool:
    """Return whether a column is named as pandas names an index in a file."""
    return _INDEX.fullmatch(column) is not None
