"""The public names, and what importing them costs."""

import subprocess
import sys
import types

import pytest

import mlresample
import mlresample.metrics
import mlresample.over_sampling
import mlresample.readers


def test_all_names_are_what_is_public():
    modules = mlresample, mlresample.metrics, mlresample.over_sampling, mlresample.readers
    for module in modules:
        public = {
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and not isinstance(value, types.ModuleType)
        }
        assert public == set(module.__all__)


def test_all_names_of_the_plots_are_what_is_public():
    plots = pytest.importorskip("mlresample.plots", reason="matplotlib is not installed")
    assert {name for name in vars(plots) if not name.startswith("_")} == set(plots.__all__)


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
