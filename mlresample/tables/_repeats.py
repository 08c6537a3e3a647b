"""Apply a rule to a table, batch by batch: multipliers, repeats by hash, and repeated rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mlresample._plan.hashed import epoch_hash, hash_bytes, hash_integers, hashed_repeats
from mlresample._plan.plan import ResamplingRule
from mlresample._rule.multipliers import multiplier_ranks
from mlresample._rule.rule import checked_unseen
from mlresample._target.kernels import maximum_reduceat
from mlresample._utils.containers import row_slices
from mlresample.tables._labels import (
    BatchLabels,
    LabelLayout,
    decoded,
    first_true,
    is_string,
)
from mlresample.tables._sources import TableSource, record_batches

_NEW_COLUMNS = {
    "repeats": [pa.field("multiplier", pa.float64()), pa.field("repeats", pa.int64())],
    "rows": [pa.field("copy", pa.int64())],
    "keys": [pa.field("copy", pa.int64())],
}
_MOST_ROWS = 1 << 16  # of a batch of repeated rows


def add_repeats(
    source: TableSource,
    rule: ResamplingRule,
    labels: str | Sequence[str],
    *,
    key: str,
    seed: int = 0,
    epoch: int = 0,
    output: str = "repeats",
    separator: str | None = None,
    null_is_background: bool = False,
    unseen: float | None = None,
) -> pa.RecordBatchReader:
    """Draw how often an epoch repeats each row of a table, by a rule and a hash of the row's key.

    The table is read batch by batch and may be larger than memory. The draw of a row depends on
    rule, key, seed and epoch alone: on no other row, nor on the order, size or number of batches.
    So every part of a table may be drawn by another process, again and with the same result.

    Parameters
    ----------
    source : path, list of paths, table or iterable of pyarrow.RecordBatch
        As for :func:`count_classes`.
    rule : ResamplingRule
        How often the samples of each class should be seen.
    labels : str or list of str
        Column of labels, or columns of classes, as for :func:`count_classes`.
    key : str
        Column that identifies a row, integers or strings, without nulls. Rows of equal key are
        drawn alike.
    seed, epoch : int, default=0
        Other draws; from -2**63 to 2**63 - 1.
    output : {"repeats", "rows", "keys"}, default="repeats"
        "repeats" adds the columns ``multiplier`` (float64) and ``repeats`` (int64) to the table.
        "rows" repeats the rows, with their number among the repeats of the same row in the column
        ``copy`` (int64, from 0), so that (key, copy) is unique if the key is; "keys" does so with
        the key alone.
    separator : str, default=None
        What separates the labels in a cell.
    null_is_background : bool, default=False
        Whether a null in place of labels means that a row has no class; by default an error.
    unseen : float, default=None
        Multiplier, between 0 and the cap, of classes that the rule does not know or that had no
        sample when it was learned. If None, such a class is an error.

    Returns
    -------
    batches : pyarrow.RecordBatchReader
        An iterator of record batches, made as they are asked for. pandas, Polars and DuckDB take
        it as a table, and ``read_all`` makes it one.

    Raises
    ------
    ValueError
        If a column is missing, has another type or has nulls, a class occurs that has no
        multiplier, the table has columns of the new names, or files cannot be read. What is
        wrong with a batch is raised when that batch is read.
    FileNotFoundError
        If no file is at the path.

    Notes
    -----
    A row of multiplier r has ``floor(r) + (u < r - floor(r))`` repeats, with ``u = (h >> 11) /
    2**53`` and ``h = xxh64(key, seed=xxh64(epoch, seed=xxh64(seed, seed=42)))`` [1]_. Integers are
    hashed as eight bytes, little-endian, strings as UTF-8. In Spark, h is ``xxhash64(seed, epoch,
    key)`` with seed, epoch and integer keys cast to bigint. The size of an epoch varies, as if
    each row were drawn by itself.

    References
    ----------
    .. [1] Y. Collet, "xxHash fast digest algorithm",
       https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

    Examples
    --------
    >>> import pyarrow as pa
    >>> from mlresample import ResamplingRule
    >>> from mlresample.tables import add_repeats, count_classes
    >>> table = pa.table({"id": [7, 8, 9], "labels": [["cat"], ["cat", "lynx"], ["cat"]]})
    >>> rule = ResamplingRule.from_counts(count_classes(table, "labels"))
    >>> add_repeats(table, rule, "labels", key="id").read_all()["repeats"].to_pylist()
    [1, 2, 1]
    >>> add_repeats(table, rule, "labels", key="id", output="keys").read_all().to_pydict()
    {'id': [7, 8, 8, 9], 'copy': [0, 0, 1, 0]}
    """
    if not isinstance(rule, ResamplingRule):
        raise TypeError(f"rule must be a ResamplingRule, got {type(rule).__name__}.")
    if output not in _NEW_COLUMNS:
        raise ValueError(f"output must be one of {[*_NEW_COLUMNS]}, got {output!r}.")
    layout = LabelLayout(labels, separator, null_is_background)
    draw = _RowDraw(rule, unseen, key, seed, epoch)
    is_whole = output != "keys"
    schema, batches = record_batches(source, layout.columns, key, all_columns=is_whole)
    if len(schema):
        check_keys(schema.field(key).type)
    kept = [schema.field(key)] if output == "keys" and len(schema) else list(schema)
    new = _NEW_COLUMNS[output]
    if taken := {field.name for field in kept} & {field.name for field in new}:
        raise ValueError(f"the table already has a column {min(taken)!r}: rename it.")
    new_schema = pa.schema([*kept, *new], metadata=schema.metadata)
    found = _drawn(batches, layout, draw, output, new_schema)
    return pa.RecordBatchReader.from_batches(new_schema, found)


class _RowDraw:
    """Multipliers and repeats of rows, from their labels and keys."""

    def __init__(
        self, rule: ResamplingRule, unseen: float | None, key: str, seed: int, epoch: int
    ) -> None:
        for name, value in {"seed": seed, "epoch": epoch}.items():
            if not isinstance(value, Integral) or not -(2**63) <= value < 2**63:
                raise ValueError(f"{name} must be an integer of 64 bits, got {value!r}.")
        unseen = checked_unseen(unseen, rule.parameters.cap)
        of_unseen = np.nan if unseen is None else unseen
        multipliers = np.append(rule.class_multipliers, np.nan)  # the last of unknown classes
        multipliers = np.where(np.isnan(multipliers), of_unseen, multipliers)
        self._is_unknown = np.isnan(multipliers)
        self.levels, self._ranks, self._background = multiplier_ranks(
            multipliers, rule.parameters.background
        )
        self._position_of = {name: i for i, name in enumerate(rule.classes.tolist())}
        self.key, self._hash = key, epoch_hash(int(seed), int(epoch))

    def levels_of(self, labels: BatchLabels, keys: pa.Array) -> NDArray[Any]:
        """Return the level of each row's multiplier."""
        indptr, codes = labels.entries
        positions = labels.positions(self._position_of)
        is_unknown = self._is_unknown.take(positions, mode="wrap")  # -1 is the last
        if is_unknown.any() and (found := is_unknown.take(codes)).any():
            first = int(np.argmax(found))
            row = int(np.searchsorted(indptr, first, side="right")) - 1
            raise ValueError(
                f"the row with {self.key} {keys[row].as_py()!r} has the class "
                f"{labels.name(codes[first])!r}, which the rule does not know or which had no "
                f"sample when it was learned. Pass unseen=, the multiplier of such classes, or "
                f"learn the rule from counts that include them."
            )
        ranks = maximum_reduceat((indptr, codes), self._ranks.take(positions, mode="wrap"))
        ranks[ranks == 0] = self._background
        return ranks - 1

    def repeats_of(self, levels: NDArray[Any], keys: pa.Array) -> NDArray[np.int64]:
        """Return how often each row is repeated."""
        hashes = hash_bytes if is_string(keys.type) else hash_integers
        return hashed_repeats(self.levels, levels, hashes(_plain_keys(keys), self._hash))


def _drawn(
    batches: Iterator[pa.RecordBatch],
    layout: LabelLayout,
    draw: _RowDraw,
    output: str,
    schema: pa.Schema,
) -> Iterator[pa.RecordBatch]:
    first_row = 0
    for batch in batches:
        keys = decoded(batch.column(draw.key))
        if keys.null_count:
            row = first_row + first_true(keys.is_null())
            raise ValueError(f"the key {draw.key!r} is null in row {row}.")
        levels = draw.levels_of(layout.read(batch, first_row), keys)
        repeats = draw.repeats_of(levels, keys)
        if output == "repeats":
            new = [pa.array(draw.levels.take(levels)), pa.array(repeats)]
            yield pa.RecordBatch.from_arrays([*batch.columns, *new], schema=schema)
        else:
            kept = batch.select([draw.key]) if output == "keys" else batch
            yield from _repeated(kept, repeats, schema)
        first_row += batch.num_rows


def _repeated(
    batch: pa.RecordBatch, repeats: NDArray[np.int64], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Repeat the rows of a batch, in batches that are not much longer."""
    ends = np.cumsum(repeats)
    n_rows = int(ends[-1]) if len(ends) else 0
    for piece in row_slices(n_rows, _MOST_ROWS):
        numbers = np.arange(piece.start, piece.stop)
        rows = np.searchsorted(ends, numbers, side="right")
        copies = numbers - (ends - repeats)[rows]
        columns = batch.take(pa.array(rows)).columns
        yield pa.RecordBatch.from_arrays([*columns, pa.array(copies)], schema=schema)


def check_keys(dtype: pa.DataType) -> None:
    """Check the type of the column of keys."""
    if pa.types.is_dictionary(dtype):
        dtype = dtype.value_type
    if not (is_string(dtype) or pa.types.is_integer(dtype)):
        raise ValueError(f"keys must be integers or strings, got a column of type {dtype}.")


def _plain_keys(keys: pa.Array) -> Any:
    """Return keys as an array of int64, or as a list of UTF-8."""
    if is_string(keys.type):
        return keys.cast(pa.large_string()).cast(pa.large_binary()).to_pylist()
    try:
        return keys.cast(pa.int64()).to_numpy()
    except pa.ArrowInvalid as error:
        raise ValueError(f"integer keys must be below 2**63: {error}") from error
