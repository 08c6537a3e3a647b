"""Signs that a file was misread, each with the option that mends it."""

import re
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
    """Find names of several words that were split: most words only ever occur side by side."""
    pairs: Counter[tuple[str, str]] = Counter()
    words: Counter[str] = Counter()
    for labels, times in cells:
        for label in labels:
            words[label] += times
        for pair in pairwise(labels):
            pairs[pair] += times
    inseparable = {
        pair: times
        for pair, times in pairs.items()
        if times == words[pair[0]] == words[pair[1]] and not any(map(_is_number, pair))
    }
    in_pairs = {word for pair in inseparable for word in pair}
    if 2 * len(in_pairs) <= len(words) or max(inseparable.values(), default=0) < 2:
        return None
    most, _ = Counter(inseparable).most_common(1)[0]
    first = " ".join(most)
    return (
        f"most words occur only side by side, such as {short_repr(first)}; if names contain "
        f"spaces, pass the text between them as separator=, such as separator='|'."
    )


def _is_number(word: str) -> bool:
    return word.replace(".", "", 1).isdecimal()


def marks_within(labels: set[str], separator: str | None) -> str | None:
    """Find a mark within labels whose parts are classes themselves."""
    for mark in _OTHER_MARKS:
        if separator is not None and mark in separator:
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


def is_zero_or_one(labels: set[str], column: str) -> bool:
    """Return whether the labels of single-label cells are the values of the class of a column."""
    if _COLUMN_OF_LABELS.match(column):
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
    return next((mark for mark in ("#", "//", "%") if cell.startswith(mark)), None)


def comments_among(header: str, ids: Sequence[str]) -> list[str]:
    """Return what is probably a comment: a header with a space after the mark, or some ids."""
    mark = comment_mark(header)
    if mark is not None and header[len(mark) :].startswith(" "):
        return [header]
    found = [name for name in ids if comment_mark(name)]
    return found if len(found) < len(ids) else []


def is_verdict(column: str) -> bool:
    """Return whether a column is named as one that says whether the label of a row holds."""
    return _VERDICT.fullmatch(column) is not None


def is_index(column: str) -> bool:
    """Return whether a column is named as pandas names an index in a file."""
    return _INDEX.fullmatch(column) is not None
