"""Repeats drawn row by row from a hash of the row's key, the same in every process and engine.

The draw of a row is ``u = (h >> 11) * 2**-53``, where ``h = xxh64(key, seed=e)``, ``e =
xxh64(epoch, seed=s)`` and ``s = xxh64(seed, seed=42)``. Integers are hashed as eight bytes,
little-endian, strings as UTF-8. In Spark, ``xxhash64(seed, epoch, key)`` is the same h if seed,
epoch and integer keys are bigint.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlresample._utils.containers import row_slices

_PRIMES = (  # of XXH64, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
_P1, _P2, _P3, _P4, _P5 = (np.uint64(prime) for prime in _PRIMES)
_SPARKS_SEED = np.uint64(42)
_CHUNK = 1 << 14  # keys, so many that a chunk stays in the processor's cache


def hash_integers(values: NDArray[np.int64], seed: np.uint64) -> NDArray[np.uint64]:
    """Return XXH64 of integers, each as eight bytes."""
    hashes = np.empty(len(values), dtype=np.uint64)
    buffer = np.empty(min(len(values), _CHUNK), dtype=np.uint64)
    with np.errstate(over="ignore"):
        start = seed + _P5 + np.uint64(8)  # for a length of eight
    for rows in row_slices(len(values), _CHUNK):
        h = hashes[rows]
        shifted = buffer[: len(h)]
        np.multiply(values[rows].view(np.uint64), _P2, out=h)
        _rotate(h, 31, shifted)
        h *= _P1
        h ^= start
        _rotate(h, 27, shifted)
        h *= _P1
        h += _P4
        for n_bits, prime in [(33, _P2), (29, _P3), (32, np.uint64(1))]:
            np.right_shift(h, np.uint64(n_bits), out=shifted)
            h ^= shifted
            h *= prime
    return hashes


def _rotate(values: NDArray[np.uint64], n_bits: int, buffer: NDArray[np.uint64]) -> None:
    np.left_shift(values, np.uint64(n_bits), out=buffer)
    np.right_shift(values, np.uint64(64 - n_bits), out=values)
    np.bitwise_or(values, buffer, out=values)


def hash_bytes(values: Iterable[bytes], seed: np.uint64) -> NDArray[np.uint64]:
    """Return XXH64 of strings, as UTF-8."""
    try:
        from xxhash import xxh64_intdigest  # integer keys do without
    except ModuleNotFoundError as error:
        raise ImportError(
            'strings as keys need xxhash, which is not installed: pip install "mlresample[tables]"'
        ) from error

    start = int(seed)
    return np.fromiter((xxh64_intdigest(value, start) for value in values), dtype=np.uint64)


def epoch_hash(seed: int, epoch: int) -> np.uint64:
    """Return the hash that the keys of an epoch start from."""
    numbers = np.array([seed, epoch], dtype=np.int64)
    of_seed = hash_integers(numbers[:1], _SPARKS_SEED)[0]
    return np.uint64(hash_integers(numbers[1:], of_seed)[0])


def hashed_repeats(
    level_multipliers: NDArray[np.float64], levels: NDArray[Any], hashes: NDArray[np.uint64]
) -> NDArray[np.int64]:
    """Return floor(r) + [u < r - floor(r)] for each row."""
    draws = (hashes >> np.uint64(11)) * 2.0**-53
    whole = np.floor(level_multipliers)
    extra = draws < (level_multipliers - whole).take(levels)
    return whole.take(levels).astype(np.int64) + extra
