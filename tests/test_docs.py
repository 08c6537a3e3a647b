"""The documentation agrees with the code: docstrings, the list of names, the map of rooms."""

import ast
import importlib
import inspect
import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import mlresample

ROOT = Path(__file__).parents[1]
PACKAGE = Path(mlresample.__file__).parent  # which may be installed, away from the tests

# What they need besides the dependencies.
MODULES = {
    "mlresample": None,
    "mlresample.over_sampling": None,
    "mlresample.under_sampling": None,
    "mlresample.combine": None,
    "mlresample.metrics": None,
    "mlresample.model_selection": None,
    "mlresample.annotation": None,
    "mlresample.readers": None,
    "mlresample.tables": "pyarrow",
    "mlresample.datasets": None,
    "mlresample.plots": "matplotlib",
    "mlresample.torch": "torch",
}
WITHOUT_ALL = {
    "mlresample.over_sampling": [
        "LPROS",
        "MLROS",
        "MLSMOTE",
    ],  # MaxMultiplierOverSampler is at the top
    "mlresample.datasets": ["make_multilabel_digits"],
}

NOT_ASKED = {
    "GL01": "the summary stands on the line of the quotes",
    "GL02": "and so does the end of one line",
    "ES01": "some need no more than a summary",
    "SA01": "nor a See Also",
    "EX01": "methods have their examples in the class",
    "RT02": "what is returned has a name, as in scikit-learn",
}


def public_names(module):
    if module in WITHOUT_ALL:
        return WITHOUT_ALL[module]
    return importlib.import_module(module).__all__


def documented():
    """Yield every public name, and the methods and properties that its class defines here."""
    for module, needs in MODULES.items():
        if needs and find_spec(needs) is None:
            continue
        for name in public_names(module):
            yield f"{module}.{name}"
            value = getattr(importlib.import_module(module), name)
            for member in dir(value) if inspect.isclass(value) else []:
                attribute = inspect.getattr_static(value, member)
                for inner in ("__func__", "fget", "func"):
                    attribute = getattr(attribute, inner, attribute)
                ours = getattr(attribute, "__module__", "") or ""
                if not member.startswith("_") and ours.startswith("mlresample"):
                    yield f"{module}.{name}.{member}"


@pytest.mark.parametrize("name", documented())
def test_signature_names_types_as_they_are_imported(name):
    """Without the definitions of aliases, such as the eight lines of NumPy's ArrayLike."""
    module = max((module for module in MODULES if name.startswith(f"{module}.")), key=len)
    value = importlib.import_module(module)
    for part in name.removeprefix(f"{module}.").split("."):
        value = inspect.getattr_static(value, part)
    value = getattr(value, "__func__", value)
    if callable(value):
        assert "typing." not in str(inspect.signature(value))


@pytest.mark.parametrize("name", documented())
def test_docstring_follows_numpydoc(name):
    validate = pytest.importorskip(
        "numpydoc.validate", reason="numpydoc is in the extra 'docs'"
    ).validate
    report = validate(name)
    not_asked = set(NOT_ASKED)
    sections = re.findall(r"^(\w+)\n---+$", report["docstring"], flags=re.MULTILINE)
    if "Attributes" in sections and "Parameters" not in sections:
        not_asked.add("PR01")  # it is what a function returns
    errors = [error for error in report["errors"] if error[0] not in not_asked]
    assert errors == []


@pytest.mark.parametrize(("module", "needs"), MODULES.items())
def test_api_page_lists_every_public_name(module, needs):
    if needs:
        pytest.importorskip(needs, reason="its optional dependency is not installed")
    page = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    sections = re.split(r"^\.\. currentmodule:: (\S+)$", page, flags=re.MULTILINE)
    listed = set()
    for current, section in zip(sections[1::2], sections[2::2], strict=True):
        if current == module:
            listed |= set(re.findall(r"^   (\w+)$", section, flags=re.MULTILINE))
    assert listed == set(public_names(module))


def test_every_public_name_has_one_place_in_the_reference_and_there_are_at_most_58():
    page = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    names = re.findall(r"^   (?!:)(\w+)$", page, flags=re.MULTILINE)
    assert len(names) == len(set(names))
    assert 50 < len(names) <= 58


def doctest_lines(text):
    """Return the lines of code of a page's doctests."""
    lines = re.findall(r"^ *(?:>>>|\.\.\.) ?(.*)$", text, flags=re.MULTILINE)
    return [line.strip() for line in lines if line.strip()]


@pytest.fixture
def guide_notebook(monkeypatch):
    pytest.importorskip("nbclient", reason="nbclient is in the extra 'docs'")
    monkeypatch.syspath_prepend(ROOT / "docs")
    return importlib.import_module("guide_notebook")


def test_the_notebook_of_the_first_page_has_its_code_and_was_run():
    source = ROOT / "docs" / "guide" / "first.rst"
    built = ROOT / "docs" / "_build" / "html" / "guide" / "first.ipynb"
    if not built.exists() or built.stat().st_mtime < source.stat().st_mtime:
        pytest.skip("the site was not built since the page was written")
    cells = json.loads(built.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    lines = [line.strip() for cell in code for line in "".join(cell["source"]).splitlines()]
    assert lines == doctest_lines(source.read_text(encoding="utf-8"))
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    shown = [output["data"]["text/plain"] for cell in code for output in cell["outputs"]]
    assert shown[0][0].startswith("cap=  target count")
    assert shown[-1] == ["True"]


PAGE = """
A page
======

Text with ``code``, `a link <https://example.org>`_, and `one inside <x.html>`_.

    >>> x = 2
    >>> x + 1
    3
    >>> for i in range(2):
    ...     x += i

Next
----

.. code-block:: console

   $ ls
"""


def test_a_page_becomes_text_and_code_that_ends_where_something_is_shown(guide_notebook):
    page = pytest.importorskip("docutils.core").publish_doctree(
        PAGE, settings_overrides={"doctitle_xform": False}
    )
    cells = guide_notebook.make_notebook(page).cells
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        (
            "markdown",
            "# A page\n\nText with `code`, [a link](https://example.org), and *one inside*.",
        ),
        ("code", "x = 2\nx + 1"),
        ("code", "for i in range(2):\n    x += i"),
        ("markdown", "## Next\n\n```\n$ ls\n```"),
    ]


def test_what_a_notebook_cannot_show_is_an_error(guide_notebook):
    page = pytest.importorskip("docutils.core").publish_doctree("* a list")
    with pytest.raises(NotImplementedError, match=r"first\.rst has a bullet_list"):
        guide_notebook.make_notebook(page)


@pytest.mark.filterwarnings("ignore")  # of the kernel
def test_an_error_in_a_cell_is_raised(guide_notebook):
    exceptions = importlib.import_module("nbclient.exceptions")
    page = pytest.importorskip("docutils.core").publish_doctree("    >>> 1 / 0\n    0")
    with pytest.raises(exceptions.CellExecutionError, match="ZeroDivisionError"):
        guide_notebook.run_notebook(guide_notebook.make_notebook(page))


def rooms():
    """Return the rooms in docs/design.rst, from top to bottom."""
    page = (ROOT / "docs" / "design.rst").read_text(encoding="utf-8")
    block = page.partition("\nThe rooms\n")[2].partition(".. code-block:: text\n\n")[2]
    lines = block.partition("\n\n")[0].splitlines()
    return [line.split()[0].removesuffix(".py").removesuffix("/") for line in lines]


def files_by_room():
    """Each room's files; `__init__.py` hands all names on and is none."""
    files = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room != "__init__":
            files.setdefault(room, []).append(path)
    return files


def imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            package, *inner = node.module.split(".")
            if package == "mlresample":
                yield from inner[:1] or [alias.name for alias in node.names]


def test_design_page_lists_every_room_once():
    assert sorted(rooms()) == sorted(files_by_room())


def test_files_that_the_design_page_names_exist():
    page = (ROOT / "docs" / "design.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"``([\w./]+(?:\.py|/))``", page))
    named -= {"over_sampling/_its_name.py", "readers/_its_format.py", "mlresample/"}
    named -= {"tests/test_read_its_format.py"}
    assert "_target/read.py" in named
    for name in sorted(named):
        places = PACKAGE, PACKAGE.parent, ROOT  # a wheel has no folder beside the tests
        assert any((place / name).exists() for place in places), name


def test_functions_of_the_data_flow_stand_in_the_files_that_the_design_page_names():
    page = (ROOT / "docs" / "design.rst").read_text(encoding="utf-8")
    arrows = re.findall(r" {3,}(\w+) +(\w+)/(\w+\.py)(?:, (\w+\.py))?$", page, flags=re.MULTILINE)
    assert len(arrows) == 11
    for name, room, *files in arrows:
        texts = [(PACKAGE / room / file).read_text(encoding="utf-8") for file in files if file]
        defined = rf"^ *(?:def|class) {name}\b"
        assert any(re.search(defined, text, flags=re.MULTILINE) for text in texts), name


def test_a_room_imports_only_rooms_above_it():
    order = rooms()
    for room, files in files_by_room().items():
        above = order[: order.index(room) + 1]
        for path in files:
            assert set(imported_rooms(path)) <= set(above), path
