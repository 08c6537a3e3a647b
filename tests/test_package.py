"""The public names, and what importing them costs."""

import subprocess
import sys
import types

import pytest


@pytest.mark.parametrize(
    "name",
    [
        "mlresample",
        "mlresample.metrics",
        "mlresample.model_selection",
        "mlresample.over_sampling",
        "mlresample.plots",
        "mlresample.readers",
        "mlresample.torch",
    ],
)
def test_all_names_are_what_is_public(name):
    module = pytest.importorskip(name, reason="its optional dependency is not installed")
    public = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert public == set(module.__all__)


def test_importing_the_package_adds_no_optional_dependency():
    # scikit-learn itself imports pandas, and that pyarrow, where they are installed.
    code = (
        "import sys, imblearn.base; before = set(sys.modules);"
        "import mlresample, mlresample.datasets; new = set(sys.modules) - before;"
        "optional = {'torch', 'matplotlib', 'pandas', 'polars', 'pyarrow', 'iterstrat'};"
        "print(optional & {name.split('.')[0] for name in new})"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
