"""A stream of samples, repeated by a rule while it is read."""

from __future__ import annotations

import copy
import hashlib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.distributed
from numpy.typing import NDArray
from torch.utils.data import IterableDataset, get_worker_info

from mlresample._plan.hashed import epoch_hash, hash_bytes, hash_integers, hashed_repeats
from mlresample._plan.plan import ResamplingRule
from mlresample._rule.multipliers import multiplier_ranks
from mlresample._rule.rule import checked_unseen
from mlresample._utils.names import count_of, listed
from mlresample.torch._datasets import with_fields
from mlresample.torch._passes import as_whole, warn
from mlresample.torch._plans import check_seed

_MOST_EPOCHS = 2**32 - 1
_MOST_WORKERS = 1024  # whose counts have a place in shared memory
_SPLITS_BY_WORKERS = ("datasets", "webdataset")  # packages whose streams do so by themselves

# -- the stream --------------------------------------------------------------------------------


class RepeatStream(IterableDataset[Any]):
    """Repeat the samples of a stream by a rule, as they are read.

    How often an epoch repeats a sample follows from the rule, the sample's labels and a hash of
    its key, seed and epoch, as in :func:`mlresample.tables.add_repeats`. So only the rule needs
    to be known in advance, and every process that reads a sample draws the same.

    Parameters
    ----------
    source : iterable of samples, or function of the epoch that returns one
        A WebDataset pipeline, a Hugging Face stream, or anything that can be iterated anew for
        each epoch. If an iterable has ``set_epoch``, it is called.
    rule : ResamplingRule
        How often the samples of each class should be seen.
    labels : callable or str
        Function from a sample to its labels, a list of classes of the rule or a single one; or
        the name of the field that holds them.
    key : callable or str
        Function from a sample to what identifies it, an integer or a string; or the name of the
        field. Samples with equal keys are drawn alike.
    seed : int, default=0
        Seed of the draws and orders, 0 to 2**32 - 1.
    buffer_size : int, default=1000
        Number of samples that are read before the first is returned. Samples are shuffled in
        blocks of this size, and the R repeats of a sample are 1 / R of a block apart. Each worker
        holds two blocks in memory at a time.
    split : {"source", "stream"}, default=None
        Who splits the samples between ranks and workers, required if there are several.
        "source": the source gives each its own samples, as WebDataset does with
        ``split_by_node`` and Hugging Face streams after ``split_dataset_by_node``. "stream":
        each reads the whole source, and takes every n-th sample.
    batch_size, n_batches : int, default=None
        Size of the loader's batches, and their number per epoch and rank. Required if there are
        several ranks, which would wait for each other if their numbers differed. Items beyond
        that number are dropped, and a rank that has too few reads its samples again; see
        :meth:`counts`.
    num_replicas, rank : int, default=None
        Number of ranks and number of this one; by default those of the process group.
    unseen : float, default=None
        Multiplier, between 0 and the cap, of classes that the rule does not know or that had no
        sample when it was learned. If None, such a class is an error.
    return_is_copy : bool, default=False
        Whether each item is returned with a bool that says if it is a copy: a mapping becomes a
        dict with the further key "is_copy", a tuple gets one more element, and anything else
        becomes the first of a pair.
    return_weight : bool, default=False
        Whether each item is returned with its importance weight, in the same way: the field
        "weight", a float32 tensor, after "is_copy".
    growth : float, default=1.0
        Size of an epoch divided by the number of samples in the whole data, such as
        ``plan.epoch_size / plan.n_samples``. A sample that is repeated R times has the weight
        ``growth / R``: with the default, weights hold up to a constant.

    Raises
    ------
    ValueError
        If parameters are not as described. When a sample is read: if its key or labels are not,
        or a class has no multiplier.
    TypeError
        If `source` can be read only once, or `rule`, `labels` or `key` are not as described.

    See Also
    --------
    RepeatSampler : For datasets with indices.
    mlresample.tables.add_repeats : The same draws for tables.

    Notes
    -----
    Call :meth:`set_epoch` before each epoch; it reaches all workers, persistent ones, too.
    Without it, the same epoch begins again, with a warning. The size of an epoch varies, since
    each sample is drawn by itself.

    Repeats are the same for any number of ranks and workers, the order is not. Place the stream
    before images are decoded and augmented, so that the buffer is small and copies differ. A
    sample that is repeated is copied by :func:`copy.copy` for each item.

    torchdata's ``StatefulDataLoader`` resumes on the next item if the source repeats its order.
    If the source has ``state_dict`` and ``load_state_dict``, at most two blocks are read again;
    if not, it is read from its beginning. The state of a Hugging Face stream with a shuffle buffer
    loses the buffer: pass ``lambda epoch: stream.shuffle(epoch)``, which is read from its
    beginning.

    Examples
    --------
    >>> from mlresample import ResamplingRule
    >>> from mlresample.torch import RepeatStream
    >>> rule = ResamplingRule.from_counts({"cat": 3, "lynx": 1}, target_count=3)
    >>> samples = [(7, ["cat"]), (8, ["cat", "lynx"]), (9, ["cat"])]
    >>> stream = RepeatStream(
    ...     samples, rule, labels=lambda sample: sample[1], key=lambda sample: sample[0]
    ... )
    >>> sorted(key for key, labels in stream)
    [7, 8, 8, 8, 9]
    """

    _pass: _Pass | None = None  # the latest
    _loaded: tuple[int, _Place] | None = None  # an epoch and a place in it, for the next pass

    def __init__(
        self,
        source: Iterable[Any] | Callable[[int], Iterable[Any]],
        rule: ResamplingRule,
        *,
        labels: Callable[[Any], Any] | str,
        key: Callable[[Any], Any] | str,
        seed: int = 0,
        buffer_size: int = 1000,
        split: str | None = None,
        batch_size: int | None = None,
        n_batches: int | None = None,
        num_replicas: int | None = None,
        rank: int | None = None,
        unseen: float | None = None,
        return_is_copy: bool = False,
        return_weight: bool = False,
        growth: float = 1.0,
    ) -> None:
        if isinstance(source, Iterator):
            raise TypeError(
                f"source must be read anew in each epoch, and a {type(source).__name__} can be "
                f"read only once: pass a function of the epoch that returns it."
            )
        if not isinstance(source, Iterable) and not callable(source):
            raise TypeError(
                f"source must be an iterable of samples or a function that returns one, got "
                f"{type(source).__name__}."
            )
        if split not in (None, "source", "stream"):
            raise ValueError(f"split must be 'source', 'stream' or None, got {split!r}.")
        if (batch_size is None) != (n_batches is None):
            raise ValueError("batch_size and n_batches must be set together.")
        self.source = source
        self.seed = check_seed(seed)
        self.buffer_size = as_whole(buffer_size, "buffer_size", 2**31, least=1)
        self.split = split
        self.batch_size, self.n_batches = batch_size, n_batches
        for name, value in {"batch_size": batch_size, "n_batches": n_batches}.items():
            if value is not None:
                as_whole(value, name, 2**31, least=1)
        if (num_replicas is None) != (rank is None):
            raise ValueError("num_replicas and rank must be set together.")
        self._follows_group = num_replicas is None
        self.num_replicas = _world_size() if num_replicas is None else num_replicas
        as_whole(self.num_replicas, "num_replicas", 2**31, least=1)
        group_rank = torch.distributed.get_rank() if _world_size() > 1 else 0
        self.rank = as_whole(group_rank if rank is None else rank, "rank", self.num_replicas - 1)
        self._check_ranks()
        self._draw = _SampleDraw(rule, labels, key, unseen)
        self.return_is_copy, self.return_weight = bool(return_is_copy), bool(return_weight)
        self.growth = growth
        if return_weight:
            self._check_weights()
        # In shared memory, where workers see them: the epoch, whether set_epoch was called, and
        # whether a pass of this epoch has begun; and the counts of each worker's latest pass.
        self._shared = torch.zeros(3, dtype=torch.int64).share_memory_()
        self._counts = torch.zeros((_MOST_WORKERS, 5), dtype=torch.int64).share_memory_()

    @property
    def epoch(self) -> int:
        """The epoch of the next pass."""
        return int(self._shared[0])

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass, in all workers.

        Parameters
        ----------
        epoch : int
            Number of the epoch, from 0. After a state was loaded, the epoch of that state
            continues at the loaded position, and any other starts at its beginning.

        Raises
        ------
        ValueError
            If `epoch` is not an integer from 0 to 2**32 - 1.
        """
        self._shared[0] = as_whole(epoch, "epoch", _MOST_EPOCHS)
        self._shared[1], self._shared[2] = 1, 0
        if isinstance(self.source, Iterable):
            _set_epoch(self.source, epoch)

    def __len__(self) -> int:
        if self.n_batches is None or self.batch_size is None:
            raise TypeError("a RepeatStream has a length only if n_batches is set.")
        return self.n_batches * self.batch_size

    def __iter__(self) -> Iterator[Any]:
        reader = self._reader()
        epoch, loaded = self.epoch, self._loaded
        self._loaded = None
        place = loaded[1] if loaded is not None and loaded[0] == epoch else None
        # A pass of another epoch than was loaded is one that a StatefulDataLoader throws away.
        if reader.worker == 0 and (loaded is None or place is not None):
            if self._shared[2] and place is None:
                warn(
                    f"Epoch {epoch} of this RepeatStream begins again, with the same draw. Call "
                    f"set_epoch(epoch) before each epoch."
                )
            self._shared[2] = 1
        self._pass = _Pass(self, epoch, reader, place)
        return self._pass.items()

    def counts(self) -> dict[str, int]:
        """Return how many items the latest epoch had in this process.

        Returns
        -------
        counts : dict
            ``epoch``, its number; ``n_items``, items returned; ``n_again``, those of them that
            were returned again because there were too few for `n_batches`; ``n_dropped``, items
            that were drawn but dropped because there were too many; ``n_unfinished``, readers that
            did not reach the end of their source: what they did not read is not in ``n_dropped``.

        Notes
        -----
        Workers are added up, ranks are not. The counts are those of samples that were fetched, and
        of complete blocks until a pass has ended.
        """
        latest = int(self._counts[:, 0].max())  # its number from 1, 0 if there was none
        sums = self._counts[self._counts[:, 0] == latest, 1:].sum(dim=0)
        names = ("n_items", "n_again", "n_dropped", "n_unfinished")
        return {"epoch": max(latest - 1, 0)} | dict(zip(names, sums.tolist(), strict=True))

    def _finish(self, sample: Any, copy_number: int, n_repeats: int) -> Any:
        fields: dict[str, Any] = {}
        if self.return_is_copy:
            fields["is_copy"] = copy_number > 0
        if self.return_weight:
            fields["weight"] = torch.tensor(self.growth / n_repeats, dtype=torch.float32)
        return with_fields(sample, fields) if fields else sample

    # -- state ---------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the state: the epoch, the place in it, and what identifies the stream.

        Returns
        -------
        state : dict
            Of plain types, and of the source's state if it has one. In the main process of a
            loader with workers, it has no position: the workers read, and torchdata's
            StatefulDataLoader asks them.
        """
        if self._loaded is not None:
            epoch, place = self._loaded
        elif self._pass is not None and self._pass.epoch == self.epoch:
            epoch, place = self._pass.epoch, self._pass.place
        else:
            epoch, place = self.epoch, _Place()
        return {**self._identity(), "epoch": epoch, **place._asdict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state, so that the next pass continues where the state was taken.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict` of a stream of the same rule and options.

        Raises
        ------
        ValueError
            If the state is that of another rule, seed, option, rank or worker.
        """
        for name, value in self._identity().items():
            if name not in state or state[name] != value:
                saved = repr(state[name]) if name in state else "none"
                raise ValueError(
                    f"The state is of a stream with {name}={saved}, this one has {value!r}. "
                    f"Training cannot resume exactly from it."
                )
        if missing := [name for name in ("epoch", *_Place._fields) if name not in state]:
            raise ValueError(f"The state has no {missing[0]!r}: training cannot resume from it.")
        epoch = as_whole(state["epoch"], "epoch, in the state,", _MOST_EPOCHS)
        self._loaded = epoch, _Place(**{name: state[name] for name in _Place._fields})
        if not self._shared[1]:
            self._shared[0] = epoch

    def _identity(self) -> dict[str, Any]:
        reader = self._reader()
        return {
            "rule": self._draw.digest,
            "unseen": self._draw.unseen,
            "seed": self.seed,
            "buffer_size": self.buffer_size,
            "split": self.split,
            "batch_size": self.batch_size,
            "n_batches": self.n_batches,
            "reader": [reader.share, reader.n_shares],
        }

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pass": None}

    # -- checks --------------------------------------------------------------------------------

    def _reader(self) -> _Reader:
        worker = get_worker_info()
        number, n_workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        self._check_ranks()
        reader = _Reader(self.rank, self.num_replicas, number, n_workers)
        if reader.n_shares > 1:
            self._check_split(reader)
        return reader

    def _check_ranks(self) -> None:
        if self._follows_group and _world_size() not in (1, self.num_replicas):
            raise ValueError(
                f"This RepeatStream was made for {count_of(self.num_replicas, 'rank')}, and the "
                f"process group has {_world_size()}: make it after init_process_group."
            )
        if self.num_replicas > 1 and self.n_batches is None:
            raise ValueError(
                f"With {count_of(self.num_replicas, 'rank')}, batch_size and n_batches are "
                f"required: ranks with different numbers of batches would wait for each other."
            )

    def _check_split(self, reader: _Reader) -> None:
        if self.split is None:
            raise ValueError(
                f"{count_of(reader.n_ranks, 'rank')} with {count_of(reader.n_workers, 'worker')} "
                f"each read this stream: pass split='source' if the source gives each its own "
                f"samples, or split='stream' if all would read the same."
            )
        package = type(self.source).__module__.partition(".")[0]
        if self.split == "stream" and reader.n_workers > 1 and package in _SPLITS_BY_WORKERS:
            raise ValueError(
                f"A {type(self.source).__name__} of {package} splits itself by workers, and "
                f"split='stream' would lose samples: pass split='source'."
            )

    def _check_weights(self) -> None:
        is_number = isinstance(self.growth, int | float | np.number)
        if isinstance(self.growth, bool) or not is_number or not 0 < self.growth < np.inf:
            raise ValueError(f"growth must be a number above 0, got {self.growth!r}.")
        if self._draw.least < 1:
            raise ValueError(
                f"The rule has a multiplier of {self._draw.least:g}, so that epochs leave out "
                f"samples, whose weight no item can carry: use a rule with floor and background "
                f"of at least 1, or leave out return_weight."
            )


def _world_size() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return 1


class _Reader(NamedTuple):
    """One of those that read the stream: a worker of a rank."""

    rank: int
    n_ranks: int
    worker: int
    n_workers: int

    @property
    def share(self) -> int:
        return self.rank * self.n_workers + self.worker

    @property
    def n_shares(self) -> int:
        return self.n_ranks * self.n_workers


# -- repeats -----------------------------------------------------------------------------------


class _SampleDraw:
    """Repeats of samples, from their labels and keys."""

    def __init__(self, rule: Any, labels: Any, key: Any, unseen: float | None) -> None:
        if not isinstance(rule, ResamplingRule):
            raise TypeError(f"rule must be a ResamplingRule, got {type(rule).__name__}.")
        for name, value in {"labels": labels, "key": key}.items():
            if not isinstance(value, str) and not callable(value):
                raise TypeError(
                    f"{name} must be a function of a sample or the name of a field, got "
                    f"{type(value).__name__}."
                )
        self._labels, self._key = labels, key
        self.unseen = unseen = checked_unseen(unseen, rule.parameters.cap)
        of_unseen = np.nan if unseen is None else unseen
        multipliers = np.append(rule.class_multipliers, of_unseen)
        multipliers = np.where(np.isnan(multipliers), of_unseen, multipliers)
        self._multipliers, ranks, background = multiplier_ranks(
            multipliers, rule.parameters.background
        )
        is_known = ~np.isnan(multipliers)
        *levels, self._unseen = (
            int(rank) - 1 if known else None for rank, known in zip(ranks, is_known, strict=True)
        )
        self._level_of = dict(zip(rule.classes.tolist(), levels, strict=True))
        self._background = int(background) - 1
        self.least = float(np.nanmin(self._multipliers))
        self.digest = hashlib.blake2b(rule.to_json().encode(), digest_size=16).hexdigest()

    def repeats(self, samples: list[Any], start: np.uint64) -> NDArray[np.int64]:
        """Return how often each sample is repeated in the epoch of a hash."""
        keys = [self._key_of(sample) for sample in samples]
        levels = np.fromiter(map(self._level, samples, keys), dtype=np.intp, count=len(samples))
        n_strings = sum(isinstance(key, str) for key in keys)
        if n_strings == 0:
            hashes = hash_integers(np.array(keys, dtype=np.int64), start)
        elif n_strings == len(keys):
            hashes = hash_bytes((key.encode() for key in keys), start)
        else:
            raise ValueError("key must return only integers or only strings, got both.")
        return hashed_repeats(self._multipliers, levels, hashes)

    def _key_of(self, sample: Any) -> Any:
        key = _field(sample, "key", self._key)
        if isinstance(key, str):
            return key
        try:
            number = operator.index(key)
        except (TypeError, ValueError, RuntimeError):
            number = 2**63
        if isinstance(key, bool | np.bool_) or not -(2**63) <= number < 2**63:
            raise ValueError(
                f"key must return an integer of 64 bits or a string for each sample, got {key!r}."
            )
        return number

    def _level(self, sample: Any, key: Any) -> int:
        """Return the level of a sample's multiplier; levels rise with multipliers."""
        labels = _field(sample, "labels", self._labels)
        if hasattr(labels, "tolist"):  # an array or a tensor
            labels = labels.tolist()
        if isinstance(labels, str | int):
            labels = [labels]
        if not isinstance(labels, Iterable) or isinstance(labels, bytes | Mapping):
            raise ValueError(
                f"labels must return a list of classes for each sample, got {labels!r} for the "
                f"sample with key {key!r}; an empty list if it has none."
            )
        labels = list(labels)
        levels = [self._level_of_class(label, key) for label in labels]
        distinct = {*labels}
        if len(labels) == len(self._level_of) > len(distinct) and distinct <= {0, 1}:
            raise ValueError(
                f"labels must return the classes of a sample, got {len(labels)} numbers that are "
                f"0 or 1 for the sample with key {key!r}: pass the numbers of its classes, as by "
                f"np.flatnonzero."
            )
        return max(levels, default=self._background)

    def _level_of_class(self, label: Any, key: Any) -> int:
        if isinstance(label, bool) or not isinstance(label, str | int | np.integer):
            raise ValueError(
                f"labels must be strings or integers, got {label!r} for the sample with key "
                f"{key!r}."
            )
        level = self._level_of.get(label, self._unseen)
        if level is None:
            raise ValueError(
                f"the sample with key {key!r} has the class {label!r}, which the rule does not "
                f"know or which had no sample when it was learned. Pass unseen=, the multiplier "
                f"of such classes, or learn the rule from counts that include them."
            )
        return level


def _field(sample: Any, name: str, field: Any) -> Any:
    if not isinstance(field, str):
        return field(sample)
    if not isinstance(sample, Mapping) or field not in sample:
        found = f"fields {listed([*sample])}" if isinstance(sample, Mapping) else "no fields"
        raise ValueError(
            f"{name}={field!r} must be a field of each sample, got one of type "
            f"{type(sample).__name__} with {found}: pass another name, or a function of samples."
        )
    return sample[field]


# -- one pass over the source ------------------------------------------------------------------


class _Place(NamedTuple):
    """How far a pass has come."""

    n_items: int = 0  # given, in all
    n_again: int = 0  # of them, given again
    round: int = 0  # times that the source was read to its end
    block: int = 0  # the latest of which items were given
    in_block: int = 0  # items of it that were given
    source: Any = None  # state of the source where that block begins


class _Pass:
    """One reader's pass over an epoch, from a place on."""

    def __init__(
        self, stream: RepeatStream, epoch: int, reader: _Reader, place: _Place | None
    ) -> None:
        self.epoch = epoch
        self._stream = stream
        self._reader = reader
        self._is_resumed = place is not None
        place = place or _Place()
        self._n_items, self._n_again, *_ = place
        self._begin = place  # where the block begins whose items are being given
        self._in_block = place.in_block
        self._n_ready = 0  # its items
        self._next_block: list[Any] = []  # samples of the block that is being read
        self._is_finished = place.round > 0  # the source has been read to its end
        self._hash = epoch_hash(stream.seed, epoch)
        self._quota: int | None = None  # of items
        if stream.n_batches is not None and stream.batch_size is not None:
            batches = range(reader.worker, stream.n_batches, reader.n_workers)
            self._quota = len(batches) * stream.batch_size

    @property
    def place(self) -> _Place:
        """Where this pass is."""
        n_items, n_again, in_block = self._n_items, self._n_again, self._in_block
        return self._begin._replace(n_items=n_items, n_again=n_again, in_block=in_block)

    def items(self) -> Iterator[Any]:
        """Yield the items of the epoch; again, if there are fewer than required."""
        while self._n_items != self._quota:
            is_whole, n_before = self._begin.block == self._in_block == 0, self._n_items
            for item in self._round(self._begin):
                yield item
                if self._n_items == self._quota:
                    break
            else:
                self._is_finished = True
                if self._quota is None:
                    break
                if is_whole and self._n_items == n_before:
                    raise ValueError(
                        f"Rank {self._reader.rank}, worker {self._reader.worker} has no samples "
                        f"to fill its batches with: split the source into more parts, or use "
                        f"fewer workers."
                    )
                self._begin, self._in_block = _Place(round=self._begin.round + 1), 0
        self._count(is_over=True)

    def _round(self, begin: _Place) -> Iterator[Any]:
        """Yield the items of the source, those of a block while the next one is read."""
        source = self._source(begin)
        size = self._stream.buffer_size
        block: Iterator[Any] = iter(())
        pace = 0  # items of the block for each sample that is read
        self._next_block = []
        for sample in self._samples(source, begin):
            self._next_block.append(sample)
            yield from islice(block, pace)
            if len(self._next_block) == size:
                yield from block
                block = self._drawn_block(begin)
                pace = -(-self._n_ready // size)
                state = source.state_dict() if _has_state(source) else None
                begin = begin._replace(block=begin.block + 1, in_block=0, source=state)
        yield from block
        if self._next_block:
            yield from self._drawn_block(begin)

    def _source(self, begin: _Place) -> Any:
        source: Any = self._stream.source
        if not isinstance(source, Iterable):
            return source(self.epoch)
        if self._is_resumed and _has_state(source):
            # A copy, since a Hugging Face stream would always begin at a state that it has loaded.
            source = copy.deepcopy(source)
        _set_epoch(source, self.epoch)
        if begin.source is not None:
            source.load_state_dict(begin.source)
        return source

    def _samples(self, source: Any, begin: _Place) -> Iterator[Any]:
        """Return this reader's samples, from the beginning of a block on."""
        resumes = begin.source is not None
        samples = iter(source)
        if self._stream.split == "stream":
            share, n_shares = self._reader.share, self._reader.n_shares
            samples = islice(samples, n_shares - 1 if resumes else share, None, n_shares)
        n_before = 0 if resumes else begin.block * self._stream.buffer_size
        n_skipped = sum(1 for _ in islice(samples, n_before))
        if n_skipped < n_before:
            raise ValueError(
                f"The state is of a source with at least {n_before:,} samples for this reader, "
                f"and this one has {n_skipped:,}: training cannot resume from another source."
            )
        return samples

    def _drawn_block(self, begin: _Place) -> Iterator[Any]:
        """Draw and shuffle the block that has been read, and return an iterator of its items."""
        samples, self._next_block = self._next_block, []
        repeats = self._stream._draw.repeats(samples, self._hash)
        numbers = [self._stream.seed, self.epoch, self._reader.share, begin.round, begin.block]
        phases = np.random.RandomState(numbers).uniform(size=len(samples))
        rows = np.repeat(np.arange(len(samples)), repeats)
        copies = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        # The R copies of a sample stand at phase / R, (1 + phase) / R, ... of the block's length.
        order = np.argsort((copies + phases[rows]) / repeats[rows], kind="stable")
        self._n_ready = len(order)
        self._count()
        order = order[begin.in_block :]
        columns = (rows[order], copies[order], repeats[rows[order]])
        return self._items_of(samples, zip(*(c.tolist() for c in columns), strict=True), begin)

    def _items_of(
        self, samples: list[Any], order: Iterable[tuple[int, int, int]], begin: _Place
    ) -> Iterator[Any]:
        self._begin, self._in_block = begin, begin.in_block
        is_again = begin.round > 0
        finish = self._stream._finish
        for row, number, n_repeats in order:
            self._n_items += 1
            self._n_again += is_again
            self._in_block += 1
            sample = samples[row]
            yield finish(sample if n_repeats == 1 else copy.copy(sample), number, n_repeats)

    def _count(self, is_over: bool = False) -> None:
        """Write the counts where the main process reads them."""
        n_dropped = 0
        if is_over and not self._is_finished:
            n_dropped = self._n_ready - self._in_block
            n_dropped += int(self._stream._draw.repeats(self._next_block, self._hash).sum())
        numbers = [self.epoch + 1, self._n_items, self._n_again, n_dropped, not self._is_finished]
        self._stream._counts[self._reader.worker] = torch.tensor(numbers)


def _set_epoch(source: Any, epoch: int) -> None:
    """Set the epoch of a source, but once: that of a Hugging Face stream is in shared memory."""
    if hasattr(source, "set_epoch") and getattr(source, "epoch", None) != epoch:
        source.set_epoch(epoch)


def _has_state(source: Any) -> bool:
    return hasattr(source, "state_dict") and hasattr(source, "load_state_dict")
