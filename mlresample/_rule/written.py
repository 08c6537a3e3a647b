"""A rule as JSON and back, exact to the last bit."""

import json
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlresample._rule.counts import ClassCounts, check_some_class_occurs
from mlresample._rule.parameters import PARAMETERS, RuleParameters
from mlresample._utils.names import as_classes, count_of, plain

_FORMAT = "mlresample.ResamplingRule"
_VERSION = 1
_ADDED = {"instance_aware"}  # parameters that rules of 0.1 lack; left out at their defaults

Parts = tuple[ClassCounts, NDArray[np.float64], float | NDArray[np.float64] | None, RuleParameters]


class Rule(Protocol):
    """The parts of a rule."""

    @property
    def counts(self) -> ClassCounts: ...

    @property
    def class_multipliers(self) -> NDArray[np.float64]: ...

    @property
    def resolved_target_count(self) -> Any: ...

    @property
    def parameters(self) -> RuleParameters: ...


def write_rule(rule: Rule, indent: int | None) -> str:
    """Write the parts of a rule as JSON.

    Python writes the shortest decimals that are read back as the same float.
    """
    counts = rule.counts
    written = {
        "format": _FORMAT,
        "version": _VERSION,
        "classes": _names(counts.classes) if counts.named else None,
        "class_counts": counts.class_counts.tolist(),
        "n_samples": counts.n_samples,
        "n_without_class": counts.n_without_class,
        **_written_if_there(counts),
        "class_multipliers": _written(rule.class_multipliers),
        "resolved_target_count": _written(rule.resolved_target_count),
        "parameters": {
            name: _written(getattr(rule.parameters, name))
            for name in PARAMETERS
            if name not in _ADDED or getattr(rule.parameters, name)
        },
    }
    return json.dumps(written, allow_nan=False, indent=indent)


def _written_if_there(counts: ClassCounts) -> dict[str, list[int]]:
    """Return what is written of instances and unknown entries, so that 0.1 reads other rules."""
    added = {"instance_counts": counts.instance_counts, "known_counts": counts.known_counts}
    return {name: values.tolist() for name, values in added.items() if values is not None}


def _names(classes: NDArray[Any]) -> list[str | int]:
    names: list[str | int] = classes.tolist()
    for name in names:
        if type(name) not in (str, int):
            raise ValueError(
                f"Class names must be strings or integers to be written as JSON, got {name!r} of "
                f"type {type(name).__name__}."
            )
    return names


def _written(value: Any) -> Any:
    """Write numbers: NaN, which stands for none, as null, and infinity as "inf"."""
    if isinstance(value, np.ndarray):
        return [_written(number) for number in value.tolist()]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else "inf"
    return value


def read_rule(text: Any) -> Parts:
    """Read the parts of a rule, and check each of them."""
    written = _parsed(text)
    try:
        return _parts(written)
    except KeyError as error:
        raise ValueError(f"The rule cannot be read: it lacks {error.args[0]!r}.") from error
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"The rule cannot be read: {error}") from error


def _parsed(text: Any) -> dict[str, Any]:
    if not isinstance(text, str | bytes | bytearray):
        raise ValueError(f"text must be the JSON of a rule, got {type(text).__name__}.")
    try:
        written = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"text is not complete JSON ({error}): pass the contents of the file that to_json "
            f"filled."
        ) from error
    if not isinstance(written, dict) or written.get("format") != _FORMAT:
        raise ValueError(f"text is JSON, but not a rule: its 'format' must be {_FORMAT!r}.")
    if written.get("version") != _VERSION:
        raise ValueError(
            f"The rule was written in version {written.get('version')!r} of the format; this "
            f"mlresample reads version {_VERSION}."
        )
    return written


def _refuse(constant: str) -> None:
    raise ValueError(
        f'text has {constant}, which is no number of a rule: infinity is written as "inf".'
    )


def _parts(written: dict[str, Any]) -> Parts:
    names = written["classes"]
    if names is not None:
        names = _names(as_classes(_list(names, "classes")))
    counts = ClassCounts.from_numbers(
        _list(written["class_counts"], "class_counts"),
        class_names=names,
        n_samples=written["n_samples"],
        n_without_class=written["n_without_class"],
        instance_counts=written.get("instance_counts"),
        known_counts=written.get("known_counts"),
    )
    check_some_class_occurs(counts.class_counts, "class_counts")
    values = written["parameters"]
    if set(values) | _ADDED != set(PARAMETERS):
        raise ValueError(f"parameters must be {', '.join(PARAMETERS)}, got {', '.join(values)}.")
    values = {name: _number_or_array(value, name) for name, value in values.items()}
    parameters = RuleParameters.validated(values, "from_json")
    multipliers = _array(written["class_multipliers"], "class_multipliers")
    _check_multipliers(multipliers, counts, parameters)
    for name in ("class_multipliers", "target_count"):
        _check_length(getattr(parameters, name), name, counts)
    target_count = _number_or_array(written["resolved_target_count"], "resolved_target_count")
    _check_length(target_count, "resolved_target_count", counts)
    is_of_known = parameters.is_share and counts.known_counts is not None
    kinds = (np.ndarray,) if parameters.is_by_class or is_of_known else (int, float)
    if type(target_count) not in (kinds if parameters.is_balanced else (type(None),)):
        raise ValueError(f"resolved_target_count does not fit parameters, got {target_count!r}.")
    return counts, multipliers, target_count, parameters


def _check_multipliers(
    multipliers: NDArray[np.float64], counts: ClassCounts, parameters: RuleParameters
) -> None:
    _check_length(multipliers, "class_multipliers", counts)
    occurs = counts.class_counts > 0
    within = (multipliers >= parameters.floor) & (multipliers <= parameters.cap)
    wrong = np.flatnonzero(~within & (occurs | ~np.isnan(multipliers)))
    if len(wrong):
        raise ValueError(
            f"the multiplier of class {plain(counts.classes[wrong[0]])!r} must be from "
            f"floor={parameters.floor:g} to cap={parameters.cap:g}, got {multipliers[wrong[0]]}."
        )


def _check_length(values: Any, name: str, counts: ClassCounts) -> None:
    n_classes = len(counts.classes)
    if isinstance(values, np.ndarray) and len(values) != n_classes:
        raise ValueError(
            f"{name} has {count_of(len(values), 'number')} for {count_of(n_classes, 'class')}."
        )


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list, got {value!r}.")
    return value


def _number_or_array(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return _array(value, name)
    return np.inf if value == "inf" else value


def _array(values: Any, name: str) -> NDArray[np.float64]:
    """Read a list of numbers; null is NaN."""
    special = {None: np.nan, "inf": np.inf}
    numbers = [
        special.get(value, value) if not isinstance(value, list | dict) else value
        for value in _list(values, name)
    ]
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in numbers):
        raise ValueError(f"{name} must be a list of numbers.")
    return np.array(numbers, dtype=np.float64)
