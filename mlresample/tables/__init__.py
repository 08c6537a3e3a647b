"""Tables larger than memory: Arrow record batches in, Arrow record batches out.

They need pyarrow: ``pip install "mlresample[tables]"``.
"""

try:
    import pyarrow  # noqa: F401
except ModuleNotFoundError as error:
    raise ImportError(
        'mlresample.tables needs pyarrow, which is not installed: pip install "mlresample[tables]"'
    ) from error

from mlresample.tables._count import count_classes
from mlresample.tables._repeats import add_repeats
from mlresample.tables._target import TableTarget

__all__ = ["TableTarget", "add_repeats", "count_classes"]
