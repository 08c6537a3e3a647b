"""The public names, and what importing them costs."""

import ast
import importlib
import re
import subprocess
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest

import mlresample

# All private names that are imported from scikit-learn.
PRIVATE_NAMES = [
    ("sklearn.base", "_fit_context"),
    ("sklearn.model_selection._split", "GroupsConsumerMixin"),
    ("sklearn.model_selection._split", "_BaseKFold"),
    ("sklearn.model_selection._split", "_validate_shuffle_split"),
    ("sklearn.utils._param_validation", "HasMethods"),
    ("sklearn.utils._param_validation", "Interval"),
    ("sklearn.utils._param_validation", "StrOptions"),
    ("sklearn.utils._param_validation", "validate_parameter_constraints"),
    ("sklearn.utils._param_validation", "validate_params"),
    ("sklearn.utils.metadata_routing", "_raise_for_params"),
    ("sklearn.utils.validation", "_check_method_params"),
    ("sklearn.utils.validation", "_check_response_method"),
    ("sklearn.utils.validation", "_estimator_has"),
]


@pytest.mark.parametrize(
    "name",
    [
        "mlresample",
        "mlresample.annotation",
        "mlresample.combine",
        "mlresample.metrics",
        "mlresample.model_selection",
        "mlresample.over_sampling",
        "mlresample.plots",
        "mlresample.readers",
        "mlresample.tables",
        "mlresample.torch",
        "mlresample.under_sampling",
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


def test_version_is_that_of_the_installed_distribution():
    assert mlresample.__version__ == version("mlresample")


def test_changelog_begins_with_this_version():
    changelog = Path(__file__).parents[1] / "CHANGELOG.md"
    headings = re.findall(r"^## (.*)$", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE)
    released, _, date = headings[0].partition(" ")
    assert released == mlresample.__version__
    assert re.fullmatch(r"\(unreleased\)|\(20\d\d-\d\d-\d\d\)", date)


def test_importing_the_package_adds_no_optional_dependency():
    # scikit-learn imports pandas, and pandas imports pyarrow, if they are installed.
    code = (
        "import sys, imblearn.base; before = set(sys.modules);"
        "import mlresample, mlresample.datasets; new = set(sys.modules) - before;"
        "optional = {'torch', 'matplotlib', 'pandas', 'polars', 'pyarrow', 'iterstrat', 'yaml'};"
        "print(optional & {name.split('.')[0] for name in new})"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def private_names(path):
    """Names that a file imports from scikit-learn or imbalanced-learn and that begin with _."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [(alias.name, "") for alias in node.names]
        else:
            continue
        for module, name in names:
            package, *inner = module.split(".")
            private = any(part.startswith("_") for part in [*inner, name])
            if package in ("sklearn", "imblearn") and private:
                yield module, name


def test_random_integers_name_their_type():
    # The default is C's long, which has 32 bits on Windows.
    for path in Path(mlresample.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "randint":
                named = {keyword.arg for keyword in node.keywords}
                assert "dtype" in named, f"{path}, line {node.lineno}"


def test_one_module_imports_private_names_of_scikit_learn():
    folder = Path(mlresample.__file__).parent
    found = {path: sorted(private_names(path)) for path in folder.rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {
        folder / "_utils" / "sklearn.py": PRIVATE_NAMES
    }


@pytest.mark.parametrize(("module", "name"), PRIVATE_NAMES)
def test_private_names_of_scikit_learn_are_there(module, name):
    assert callable(getattr(importlib.import_module(module), name))
