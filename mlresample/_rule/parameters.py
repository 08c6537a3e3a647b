"""Parameters of the rule: names, defaults and checks, for whoever takes them."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any, Self

import numpy as np

from mlresample._utils.immutable import Immutable
from mlresample._utils.sklearn import Interval, StrOptions, validate_parameter_constraints

RULE_CONSTRAINTS: dict[str, Any] = {
    "class_multipliers": [StrOptions({"balanced"}), "array-like", dict, callable],
    "cap": [Interval(Real, 1, None, closed="both")],
    "floor": [Interval(Real, 0, 1, closed="both")],
    "target_count": [
        StrOptions({"median", "mean", "max"}),
        Interval(Real, 0, None, closed="neither"),
        "array-like",
        dict,
    ],
    "power": [Interval(Real, 0, None, closed="left")],
    "epoch_size": [Interval(Real, 0, None, closed="neither"), None],
    "background": [Interval(Real, 0, None, closed="left")],
    "instance_aware": ["boolean"],
}


@dataclass(frozen=True, eq=False)
class RuleParameters(Immutable):
    """Parameters of the rule; the attributes of the class are their defaults.

    Whoever takes them has them in its signature with these defaults, and hands them to
    :meth:`validated`; an estimator, which scikit-learn validates, to :meth:`of`.
    """

    class_multipliers: Any = "balanced"
    cap: float = 4.0
    floor: float = 1.0
    target_count: Any = "median"
    power: float = 1.0
    epoch_size: Any = None
    background: float = 1.0
    instance_aware: bool = False

    @classmethod
    def validated(cls, values: Mapping[str, Any], caller: str) -> Self:
        """Pick the parameters from values and validate them; those left out have defaults."""
        validate_parameter_constraints(RULE_CONSTRAINTS, cls._set(values), caller)
        return cls.of(values)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Pick the parameters from values, each of which is valid; those left out have defaults.

        Numbers become Python's, and parameters that contradict each other are an error.
        """
        given = {name: as_number(name, value) for name, value in cls._set(values).items()}
        for name in ("class_multipliers", "target_count"):
            if isinstance(given.get(name), np.ndarray):
                given[name] = given[name].copy()  # it becomes read-only, the user's does not
        for name in ("cap", "floor", "power", "background"):
            if name in given:
                given[name] = float(given[name])
        if "instance_aware" in given:
            given["instance_aware"] = bool(given["instance_aware"])
        parameters = cls(**given)
        parameters._check()
        return parameters

    @classmethod
    def _set(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters that are not at their defaults, which need no check."""
        defaults = ((name, getattr(cls, name)) for name in PARAMETERS)
        return {name: values[name] for name, x in defaults if values.get(name, x) is not x}

    @property
    def is_balanced(self) -> bool:
        """Whether class multipliers follow from class counts, not from the user."""
        return isinstance(self.class_multipliers, str)

    @property
    def is_by_class(self) -> bool:
        """Whether the target count is a number for each class."""
        return not isinstance(self.target_count, str | Real)

    @property
    def is_share(self) -> bool:
        """Whether the target count is a share of the samples, the same for all classes."""
        is_number = isinstance(self.target_count, Real)
        return is_number and not isinstance(self.target_count, Integral) and self.target_count <= 1

    def _check(self) -> None:
        """Check that parameters do not contradict each other."""
        for name in ("target_count", "epoch_size"):
            if isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(f"{name} must be a number, got {getattr(self, name)!r}.")
        if isinstance(self.target_count, Integral) and self.target_count == 1:
            raise ValueError(
                "target_count=1 is a count of one sample, which raises no class. For a share of "
                "all samples, pass 1.0."
            )
        if self.background > self.cap:
            raise ValueError(
                f"background={self.background:g} is above cap={self.cap:g}, the largest "
                f"multiplier: lower one or raise the other."
            )
        is_default_target = (
            isinstance(self.target_count, str) and self.target_count == type(self).target_count
        )
        if not self.is_balanced:
            given = {
                "target_count": not is_default_target,
                "power": self.power != 1,
                "epoch_size": self.epoch_size is not None,
                "instance_aware": self.instance_aware,
            }
            for name, is_given in given.items():
                if is_given:
                    raise ValueError(
                        f"{name} shapes the 'balanced' class multipliers and has no effect on "
                        f"user-supplied class_multipliers: leave one of the two at its default."
                    )
        if self.epoch_size is not None and not is_default_target:
            asked = " of each class" if self.is_by_class else f"={self.target_count!r}"
            raise ValueError(
                f"epoch_size is met by solving for the target count, so target_count{asked} "
                f"cannot be kept: leave one of the two at its default."
            )
        if self.is_by_class and self.power != 1:
            raise ValueError(
                f"A target_count of each class is a number to reach, which power={self.power:g} "
                f"would miss: leave power at 1, or pass one target_count for all classes."
            )
        if self.is_by_class and self.instance_aware:
            raise ValueError(
                "A target_count of each class is a number of samples to reach, which "
                "instance_aware=True would miss: leave it out, or pass one target_count for all "
                "classes."
            )


PARAMETERS = [field.name for field in fields(RuleParameters)]


def as_number(name: str, value: Any) -> Any:
    """Convert a number of any type to Python's; return anything else as it is.

    Otherwise, a float16 of NumPy would reduce the precision of all arithmetic with it.
    """
    if not isinstance(value, Real) or isinstance(value, bool):
        return value
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(
            f"{name} must be at most {sys.float_info.max:.2g}, the largest float, got a larger "
            f"integer."
        ) from error
    return int(value) if isinstance(value, Integral) else number
