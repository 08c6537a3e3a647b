"""Files that pytest ignores: scripts, generated pages, and tests of packages that are missing."""

from importlib.util import find_spec

# Modules that some tests need, by the extra that installs them.
EXTRAS = {
    "test": ["iterstrat", "matplotlib", "pandas", "polars"],
    "torch": ["torch"],
    "frameworks": [
        "accelerate",
        "datasets",
        "kornia",
        "lightning",
        "torchdata",
        "transformers",
        "webdataset",
    ],
    "engines": ["duckdb", "pyspark", "ray"],
    "docs": ["nbclient", "numpydoc", "sphinx"],
}

collect_ignore_glob = ["tests/torch/jobs.py"]  # needs torch
collect_ignore_glob += ["docs/*.py"]  # Sphinx's configuration; the next line is its output
collect_ignore_glob += ["docs/_*", "docs/auto_examples*", "docs/generated*", "docs/sg_*"]
if not all(map(find_spec, ("torch", "PIL"))):
    collect_ignore_glob += ["docs/guide/first.rst"]
if find_spec("torch") is None:
    collect_ignore_glob += ["mlresample/torch/*", "docs/guide/torch.rst"]
if find_spec("matplotlib") is None:
    collect_ignore_glob += ["mlresample/plots/*", "mlresample/_cli/_pictures.py"]
    collect_ignore_glob += ["docs/guide/files.rst"]


def pytest_terminal_summary(terminalreporter):
    """Print how to run the tests that were skipped."""
    skipped = terminalreporter.stats.get("skipped")
    if not skipped:
        return
    for extra, modules in EXTRAS.items():
        missing = [module for module in modules if find_spec(module) is None]
        if missing:
            command = f'.venv/bin/pip install -c constraints.txt -e ".[{extra}]"'
            terminalreporter.write_line(
                f"Tests that need {', '.join(missing)} are skipped; to run them: {command}"
            )
    if any("MLRESAMPLE_DATA" in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(
            "Tests on real data sets are skipped; set MLRESAMPLE_DATA to their folder to run them."
        )
