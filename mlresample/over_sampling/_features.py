"""Features of any container as numbers to interpolate, and new rows in the container's kind."""

import sys
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
from narwhals.dependencies import is_pandas_dataframe
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, hstack, issparse, vstack
from sklearn.utils import check_array

from mlresample._target.read import tensor_to_numpy
from mlresample._utils.containers import is_dataframe, is_tensor
from mlresample._utils.names import listed

_FLOATS = [np.float64, np.float32]


@dataclass(frozen=True)
class Features:
    """Numeric columns as they are, nominal ones as numbers of their values.

    Attributes
    ----------
    numeric : ndarray or csr_array of shape (n_samples, n_numeric)
        float64 or float32.
    codes : ndarray of shape (n_samples, n_nominal)
        Equal values of a column are equal integers.
    columns : ndarray of shape (n_numeric,)
        Columns of X that are numeric.
    nominal : ndarray of shape (n_nominal,)
        Columns of X that are nominal.
    """

    numeric: Any
    codes: NDArray[np.int64]
    columns: NDArray[np.int64]
    nominal: NDArray[np.int64]


def read_features(X: Any, categorical_features: ArrayLike | None) -> Features:
    """Read X, of two dimensions, as features; numbers must be finite."""
    if is_dataframe(X):
        frame = _dense_frame(X)
        names = frame.columns
        nominal = _column_numbers(categorical_features, len(names), names)
        columns = np.setdiff1d(np.arange(len(names)), nominal)
        numeric: Any = np.empty((len(frame), 0))
        if len(columns):
            numeric = _numbers(frame.select(nw.nth(columns.tolist())))
        codes = [_codes(frame.get_column(names[j]).to_list()) for j in nominal]
    else:
        matrix = X if issparse(X) else _as_array(X)
        if matrix.ndim > 2:
            raise ValueError(
                f"MLSMOTE interpolates features, and X has {matrix.ndim} dimensions: pass "
                f"features of shape (n_samples, n_features), such as a network's embeddings."
            )
        if matrix.ndim < 2:
            check_array(matrix)  # says what to do
        n_features = matrix.shape[1]
        nominal = _column_numbers(categorical_features, n_features)
        columns = np.setdiff1d(np.arange(n_features), nominal)
        if issparse(X):
            by_column = X.tocsc()
            numeric = csr_array(by_column[:, columns]) if len(nominal) else csr_array(X)
            codes = [_codes(by_column[:, [j]].toarray().ravel().tolist()) for j in nominal]
        else:
            numeric = matrix[:, columns] if len(nominal) else matrix
            _check_holds_numbers(numeric)
            codes = [_codes(matrix[:, j].tolist()) for j in nominal]
    if len(columns):
        numeric = check_array(numeric, accept_sparse="csr", dtype=_FLOATS, input_name="X")
    else:
        numeric = np.empty((numeric.shape[0], 0))
    numbers = np.array(codes, dtype=np.int64).reshape(len(codes), numeric.shape[0]).T
    return Features(numeric, numbers, columns, nominal)


def _as_array(X: Any) -> NDArray[Any]:
    if is_tensor(X):
        return tensor_to_numpy(X, "X")
    if np.ma.is_masked(X):
        raise ValueError("X has masked values; fill them or drop their rows.")
    array = np.asarray(X)
    return np.asarray(X, dtype=object) if array.dtype.kind in "US" else array


def _check_holds_numbers(array: NDArray[Any]) -> None:
    """Check that an array holds no dates and no text, which would be converted to numbers."""
    text = (
        next((v for v in array.flat if isinstance(v, str)), None) if array.dtype == "O" else None
    )
    if array.dtype.kind in "mM" or text is not None:
        found = array.dtype if text is None else f"text such as {text!r}"
        raise ValueError(
            f"MLSMOTE interpolates numbers, and X holds {found}: convert it to numbers, or name "
            f"its columns in categorical_features."
        )


def _dense_frame(X: Any) -> Any:
    """Return a data frame without pandas' sparse columns."""
    if is_pandas_dataframe(X):
        X = X.astype({name: dtype.subtype for name, dtype in _sparse_types(X).items()})
    return nw.from_native(X, eager_only=True)


def _sparse_types(frame: Any) -> dict[Any, Any]:
    return {name: dtype for name, dtype in frame.dtypes.items() if hasattr(dtype, "fill_value")}


def _numbers(frame: Any) -> NDArray[Any]:
    wrong = [
        name
        for name, dtype in frame.schema.items()
        if not (dtype.is_numeric() or dtype == nw.Boolean)
    ]
    if wrong:
        raise ValueError(
            f"MLSMOTE interpolates numbers, and X has columns of another type: {listed(wrong)}. "
            f"Name them in categorical_features, or leave them out."
        )
    is_single = all(dtype == nw.Float32 for dtype in frame.schema.values())
    numbers = frame.select(nw.all().cast(nw.Float32 if is_single else nw.Float64))
    return np.asarray(numbers.to_numpy())


def _codes(values: list[Any]) -> list[int]:
    """Return the number of each value among the distinct ones, of which NaN is one."""
    numbers: dict[Any, int] = {}
    is_nan = (isinstance(value, float) and value != value for value in values)
    keys = (np.nan if nan else value for value, nan in zip(values, is_nan, strict=True))
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _column_numbers(
    categorical_features: ArrayLike | None, n_features: int, names: list[str] | None = None
) -> NDArray[np.int64]:
    """Return the numbers of the columns that `categorical_features` names."""
    chosen = np.asarray([] if categorical_features is None else categorical_features)
    if chosen.size == 0:
        return np.empty(0, dtype=np.int64)
    accepted = "numbers of columns, a mask of all columns" + (
        ", or names of columns" * bool(names)
    )
    error = ValueError(
        f"categorical_features must be {accepted}, for {n_features} columns, got "
        f"{categorical_features!r}."
    )
    if chosen.ndim != 1:
        raise error
    if chosen.dtype.kind == "b":
        if len(chosen) != n_features:
            raise error
        return np.flatnonzero(chosen)
    if chosen.dtype.kind in "iu":
        if not ((chosen >= -n_features) & (chosen < n_features)).all():
            raise error
        return np.unique(chosen.astype(np.int64) % n_features)
    if names is None or not set(chosen.tolist()) <= set(names):
        raise error
    return np.unique([names.index(name) for name in chosen.tolist()])


def append_samples(X: Any, features: Features, numeric: Any, sources: NDArray[np.int64]) -> Any:
    """Return X with new samples below: numbers, and for nominal columns the rows they come from.

    Integers become float64, so that what lies between them is not cut off.
    """
    if is_dataframe(X):
        return _append_to_frame(X, features, numeric, sources)
    if issparse(X):
        by_column = X.tocsc()
        parts = [numeric, *(by_column[rows][:, [j]] for rows, j in _each(features, sources))]
        order = np.argsort(np.concatenate([features.columns, features.nominal]))
        below = csr_array(hstack(parts, format="csr"))[:, order]
        both = vstack([csr_array(X), below], format=X.format, dtype=_result_type(X.dtype))
        return type(X)(both)
    array = _as_array(X)
    below = np.empty((len(sources), array.shape[1]), dtype=_result_type(array.dtype))
    below[:, features.columns] = numeric
    for rows, j in _each(features, sources):
        below[:, j] = array[rows, j]
    both = np.concatenate([array, below], dtype=below.dtype)
    if is_tensor(X):
        tensor = sys.modules["torch"].from_numpy(both)
        return tensor.to(X if X.is_floating_point() else X.device)
    if isinstance(X, list | tuple) and isinstance(X[0], list | tuple):
        return type(X)(map(type(X[0]), both.tolist()))
    return both


def _result_type(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return dtype if dtype.kind in "fO" else np.dtype(np.float64)


def _each(features: Features, sources: NDArray[np.int64]) -> Any:
    return zip(sources.T, features.nominal.tolist(), strict=True)


def _append_to_frame(X: Any, features: Features, numeric: Any, sources: NDArray[np.int64]) -> Any:
    frame = _dense_frame(X)
    names = frame.columns
    whole = [names[j] for j in features.columns if not frame.schema[names[j]].is_float()]
    if whole:
        frame = frame.with_columns(nw.col(*whole).cast(nw.Float64))
    columns = {}
    for values, j in zip(np.asarray(numeric).T, features.columns, strict=True):
        dtype = frame.schema[names[j]]
        columns[names[j]] = nw.new_series(
            names[j], np.ascontiguousarray(values), dtype, backend=frame.implementation
        )
    for rows, j in _each(features, sources):
        columns[names[j]] = frame.get_column(names[j])[np.ascontiguousarray(rows)]
    native = {name: columns[name].to_native() for name in names}
    if is_pandas_dataframe(X):
        below = type(X)({name: column.array for name, column in native.items()})
        both = sys.modules["pandas"].concat([frame.to_native(), below], ignore_index=True)
        return both.astype({k: v for k, v in _sparse_types(X).items() if v.subtype.kind == "f"})
    below = nw.from_dict(native, backend=frame.implementation)
    return nw.concat([frame, below]).to_native()
