"""Passes over a plan's epochs: what comes next, the state of a pass, and the way back into it."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from mlresample._plan.plan import as_plan
from mlresample._plan.repeats import RepeatPlan
from mlresample.torch._plans import (
    as_repeat_plan,
    check_length,
    check_seed,
    constant_size,
    epoch_indices,
    fingerprint,
    is_same_plan,
)

_CHUNK = 1 << 16  # indices that are Python integers at one time


class _Pass:
    """One pass over an epoch's indices, and how many of them it has yielded."""

    def __init__(self, epoch: int, start: int, indices: NDArray[np.int64]) -> None:
        self.epoch = epoch
        self.start = start
        self.is_over = False  # its end has been reached
        self.set_to: int | None = None  # another epoch, set during this pass
        self.is_weighted = False  # its importance weights were requested before its end
        self._indices = indices
        self._end = start  # of the chunk that is being yielded
        self._chunk: Iterator[int] = iter([])

    @property
    def yielded(self) -> int:
        """Number of indices yielded so far, including those before its start."""
        return self._end - operator.length_hint(self._chunk)

    @property
    def is_complete(self) -> bool:
        return self.yielded == len(self._indices)

    def chunks(self) -> Iterator[Iterator[int]]:
        """Yield the indices in chunks, each an iterator of Python integers."""
        while not self.is_complete:
            if self.set_to is not None:
                warn(
                    f"A pass over epoch {self.epoch} continues after set_epoch({self.set_to}), "
                    f"with the indices of epoch {self.epoch}. Call set_epoch before iterating "
                    f"over the loader; under Lightning, which iterates first, in train_dataloader."
                )
                self.set_to = None
            chunk = self._indices[self._end : self._end + _CHUNK].tolist()
            self._chunk = iter(chunk)
            self._end += len(chunk)
            yield self._chunk
        self.is_over = True

    def note(self, epoch: int) -> None:
        """Note an epoch that is set during this pass; `chunks` warns if the pass continues."""
        self.set_to = None if epoch == self.epoch else epoch
        self._end = self.yielded
        for _ in self._chunk:  # the rest; `chunks` then yields the next index
            pass


class _PassIterator(chain[int]):
    """The indices of a pass that begins when the first index is requested.

    torchdata's StatefulDataLoader saves and loads the state of an iterator that has one; other
    loaders know only that of the sampler.
    """

    _sampler: ResumableSampler
    _pass: _Pass | None = None

    @classmethod
    def of(cls, sampler: ResumableSampler) -> Self:
        def chunks() -> Iterator[Iterator[int]]:
            iterator._pass = sampler._begin_pass(iterator)
            yield from iterator._pass.chunks()

        iterator: Self = cls.from_iterable(chunks())  # type: ignore[assignment]
        iterator._sampler = sampler
        return iterator

    def state_dict(self) -> dict[str, Any]:
        if self._pass is None:
            self._sampler._drop_loaded_by_others(self)
            return self._sampler._state_at(*self._sampler._next_place())
        return self._sampler._state_at(self._pass.epoch, self._pass.yielded)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._sampler._load(state, self)


class _Loaded(NamedTuple):
    """A loaded position, for the next pass."""

    epoch: int
    yielded: int
    is_complete: bool
    sets_epoch: bool  # whether the run that saved it called set_epoch
    set_since: bool  # whether set_epoch was called after loading
    by_loader: bool  # whether a StatefulDataLoader loaded it


class ResumableSampler:
    """Passes over epochs, their state, and resuming from it.

    What comes next follows from four things: the latest pass, a loaded position, whether set_epoch
    was called since either, and whether it was ever called. `_next_place` has the rules.
    """

    epoch = 0
    _goes_on = False  # moves to the next epoch by itself
    _set_to: int | None = None  # the epoch set since the latest pass began
    _loaded: _Loaded | None = None
    _loading: _PassIterator | None = None  # that a StatefulDataLoader loaded it into
    _pass: _Pass | None = None  # the latest
    _was_loaded: _Loaded | None = None  # the position at which that began

    def _setup(
        self, plan: Any, *, seed: int, shuffle: bool, rounding: str, data_source: Any
    ) -> None:
        if isinstance(as_plan(data_source), RepeatPlan):
            raise TypeError(
                "data_source must be a dataset, got a plan: pass the plan first, then the dataset."
            )
        self._plan = as_repeat_plan(plan)
        self.data_source = data_source
        self._check_data_source()
        self._epoch_size = constant_size(self._plan, rounding)
        self.seed = check_seed(seed)
        self.shuffle = bool(shuffle)
        self.rounding = rounding
        self._fingerprint = fingerprint(self._plan)
        # Shared by all states: a loader with workers may have taken those of the whole first epoch
        # before Lightning calls set_epoch for it.
        self._run = {"sets_epoch": False}

    def _check_data_source(self) -> None:
        if self.data_source is not None:
            check_length(self._plan, self.data_source)

    def _drawn_indices(self, epoch: int) -> NDArray[np.int64]:
        """Draw the indices of an epoch, for all processes."""
        return epoch_indices(
            self._plan, self.seed, epoch, rounding=self.rounding, shuffle=self.shuffle
        )

    def _epoch_indices(self, epoch: int) -> NDArray[np.int64]:
        """Return the indices of an epoch that this process yields."""
        return self._drawn_indices(epoch)

    def _check_processes(self) -> None:
        """Warn if this sampler may not suit a distributed job."""

    def __iter__(self) -> Iterator[int]:
        return _PassIterator.of(self)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch of the next pass.

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
        self.epoch = self._set_to = as_whole(epoch, "epoch", 2**32 - 1)
        self._run["sets_epoch"] = True
        if self._loaded is not None:
            self._loaded = self._loaded._replace(set_since=True)
        if self._pass is not None:
            self._pass.note(self.epoch)

    def _begin_pass(self, iterator: _PassIterator) -> _Pass:
        self._check_data_source()
        self._check_processes()
        self._drop_loaded_by_others(iterator)
        if self._loaded is None and self._pass is not None and self._set_to is None:
            self._warn_of_no_set_epoch(self._pass, self._next_place()[0])
        return self._begin()

    def _begin(self) -> _Pass:
        epoch, start = self._next_place()
        self._pass = _Pass(epoch, start, self._epoch_indices(epoch))
        self._was_loaded, self._loaded, self._loading = self._loaded, None, None
        self.epoch, self._set_to = epoch, None
        return self._pass

    def _drop_loaded_by_others(self, iterator: _PassIterator) -> None:
        """Begin the pass that a StatefulDataLoader has loaded and discarded, so that it counts."""
        if self._loading is not None and self._loading is not iterator:
            self._begin()

    def _next_place(self) -> tuple[int, int]:
        """Return the epoch of the next pass, and the position in it where the pass begins."""
        if self._loaded is not None:
            return self._loaded_place(self._loaded)
        if self._set_to is not None:
            return self._set_to, 0
        if self._pass is None:
            return self.epoch, 0
        if self._may_be_thrown_away:
            return self._pass.epoch, self._pass.start
        goes_on = self._goes_on and not self._run["sets_epoch"]
        return self.epoch + goes_on, 0

    def _epoch_at_hand(self) -> int:
        """Return the epoch of the pass that is under way, or of the next one."""
        latest = self._pass
        if self._loaded or self._set_to is not None or latest is None or latest.is_complete:
            return self._next_place()[0]
        latest.is_weighted = True  # if it has been left, the next pass may be of another epoch
        return latest.epoch

    def _loaded_place(self, loaded: _Loaded) -> tuple[int, int]:
        """Return the epoch and position of a pass that resumes from a loaded position.

        At the end of an epoch, loops differ. A loop that was stopped after its last batch resumes
        the rest of the epoch, which is empty; one that had closed the epoch continues with the
        next. set_epoch tells which it is. Lightning has closed the epoch, and calls set_epoch
        only after the workers of a StatefulDataLoader have requested indices: its state says
        that epochs are set, and none has been set yet.
        """
        set_to = loaded.epoch if self._set_to is None else self._set_to
        if loaded.set_since:
            return set_to, loaded.yielded if set_to == loaded.epoch else 0
        if set_to > loaded.epoch and (loaded.is_complete or loaded.yielded == 0):
            return set_to, 0
        is_closed = loaded.by_loader and loaded.sets_epoch and self._set_to != loaded.epoch
        if loaded.is_complete and is_closed:
            return loaded.epoch + 1, 0
        return loaded.epoch, loaded.yielded

    @property
    def _may_be_thrown_away(self) -> bool:
        """Whether the latest pass may be one that no caller receives.

        A StatefulDataLoader restores the iterator of a finished epoch, its workers may fetch all
        of it, and then it discards that iterator and requests another. If epochs are set, the
        other one has to be of the same epoch.
        """
        loaded = self._was_loaded
        return (
            loaded is not None
            and loaded.by_loader
            and loaded.is_complete
            and (loaded.sets_epoch or self._run["sets_epoch"])
        )

    def _warn_of_no_set_epoch(self, latest: _Pass, epoch: int) -> None:
        """Warn if set_epoch was not called and another pass begins, perhaps by mistake."""
        if self._may_be_thrown_away:
            if self._run["sets_epoch"]:
                return
            what = (
                f"Epoch {epoch} begins after resuming; the run that saved the state called "
                f"set_epoch, and this one does not."
            )
        elif epoch == latest.epoch:
            left = "" if latest.is_complete else f", left after {latest.yielded:,} indices,"
            what = f"Epoch {epoch}{left} begins again, with the same draw and order."
        elif self._was_loaded is not None and not latest.is_complete:
            what = (
                f"Epoch {latest.epoch}, resumed at index {latest.start:,}, was left after "
                f"{latest.yielded:,} of {len(self):,} indices, and epoch {epoch} begins."  # type: ignore[arg-type]
            )
        elif latest.is_weighted and not latest.is_complete:
            what = (
                f"The importance weights are those of epoch {latest.epoch}, which was left after "
                f"{latest.yielded:,} indices, and epoch {epoch} begins."
            )
        else:
            return
        where = "" if self._goes_on else " on every rank"
        warn(f"{what} Call set_epoch(epoch){where} before each epoch.")

    # -- state ---------------------------------------------------------------------------------

    def _identity(self) -> dict[str, Any]:
        length: int = len(self)  # type: ignore[arg-type]
        options = {"seed": self.seed, "shuffle": self.shuffle, "rounding": self.rounding}
        return {**options, "length": length}

    def state_dict(self) -> dict[str, Any]:
        """Return the state: the epoch, the position in it, and what identifies the sampler.

        Returns
        -------
        state : dict
            Of plain types. ``epoch`` is the number of the epoch, ``yielded`` how many of its
            indices this process has received; the rest identifies the sampler. The workers of a
            DataLoader fetch ahead, so more indices are yielded than were trained on. torchdata's
            StatefulDataLoader corrects for that; a loop that counts its own batches writes
            ``state | {"epoch": epoch, "yielded": n_batches * batch_size}``.
        """
        latest = self._pass
        if latest is None or self._loaded is not None:
            return self._state_at(*self._next_place())
        if self._set_to is not None and (self._set_to != latest.epoch or latest.is_complete):
            return self._state_at(self._set_to, 0)
        if latest.is_over and self._goes_on and not self._run["sets_epoch"]:
            return self._state_at(*self._next_place())
        return self._state_at(latest.epoch, latest.yielded)

    def _state_at(self, epoch: int, yielded: int) -> dict[str, Any]:
        position = {"epoch": epoch, "yielded": yielded, "run": self._run}
        return {"plan": self._fingerprint, **self._identity(), **position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Resume from a state, so that the next pass continues where the state was taken.

        The position holds for the next pass only, unless :meth:`set_epoch` names another epoch. If
        all indices of the epoch had been yielded, nothing is left of it, and that pass is empty.

        Parameters
        ----------
        state : dict
            From :meth:`state_dict` of a sampler of the same plan, seed and options.

        Raises
        ------
        ValueError
            If the state is that of another plan, seed, option or number of replicas, or its
            ``epoch`` and ``yielded`` are not a position in an epoch.
        """
        self._load(state)

    def _load(self, state: dict[str, Any], loading: _PassIterator | None = None) -> None:
        self._check_identity(state)
        for name in ("epoch", "yielded"):
            if name not in state:
                raise ValueError(f"The state has no {name!r}: training cannot resume from it.")
        length: int = len(self)  # type: ignore[arg-type]
        yielded = as_whole(state["yielded"], "yielded, in the state,", length)
        self._loaded = _Loaded(
            epoch=as_whole(state["epoch"], "epoch, in the state,", 2**32 - 1),
            yielded=yielded,
            is_complete=yielded == length,
            sets_epoch=bool(state.get("run", {}).get("sets_epoch")),
            set_since=False,
            by_loader=loading is not None,
        )
        self._loading = loading
        self.epoch = self._next_place()[0]

    def _check_identity(self, state: dict[str, Any]) -> None:
        """Check that a state is of a sampler with the same plan and options."""
        if not is_same_plan(state.get("plan"), self._fingerprint):
            differs = "another plan: labels or parameters differ"
        else:
            for name, value in self._identity().items():
                if name not in state or state[name] != value:
                    saved = repr(state[name]) if name in state else "none"
                    differs = f"{name}={saved}, this one has {value!r}"
                    break
            else:
                return
        raise ValueError(
            f"The state is of a sampler with {differs}. Training cannot resume exactly from it."
        )


def warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


def as_whole(value: Any, name: str, most: int, *, least: int = 0) -> int:
    """Convert to a Python integer from `least` to `most`; anything else is an error."""
    try:
        whole = operator.index(value)
    except (TypeError, ValueError, RuntimeError):
        whole = least - 1
    if isinstance(value, bool | np.bool_) or not least <= whole <= most:
        raise ValueError(f"{name} must be an integer from {least} to {most}, got {value!r}.")
    return whole
