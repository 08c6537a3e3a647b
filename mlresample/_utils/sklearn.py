"""The private names of scikit-learn that this package uses; no other module imports any.

They may change in any release, so pyproject.toml allows only releases that have been tested. The
decorators get types here, because untyped ones would hide the types of what they decorate.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sklearn.base import _fit_context
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.model_selection._split import _BaseKFold as BaseKFold
from sklearn.model_selection._split import _validate_shuffle_split as validate_shuffle_split
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils._param_validation import validate_params as _validate_params
from sklearn.utils.metadata_routing import _raise_for_params as raise_for_params
from sklearn.utils.validation import _check_method_params as check_method_params
from sklearn.utils.validation import _check_response_method as check_response_method
from sklearn.utils.validation import _estimator_has as estimator_has

__all__ = [
    "BaseKFold",
    "GroupsConsumerMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "check_method_params",
    "check_response_method",
    "estimator_has",
    "fit_context",
    "raise_for_params",
    "validate_parameter_constraints",
    "validate_params",
    "validate_shuffle_split",
]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def validate_params(
    constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
) -> Callable[[_Function], _Function]:
    """Return the decorator that validates the parameters of a function."""
    return _validate_params(
        constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[_Function], _Function]:
    """Return the decorator that validates the parameters of an estimator before it is fitted."""
    return _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)
