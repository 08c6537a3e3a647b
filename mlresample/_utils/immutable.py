"""Frozen dataclasses whose arrays are read-only, too."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


class Immutable:
    """Base of frozen dataclasses: their arrays are read-only, even when copied or unpickled."""

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        values = tuple(getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return type(self), values
