"""How Sphinx builds the documentation; CONTRIBUTING.md has the command."""

import os
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # gallery_order, guide_notebook
# The examples' networks are small: on a busy machine, several threads wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

from guide_notebook import write_notebook

import mlresample
from mlresample.datasets import make_multilabel_digits

project = "mlresample"
author = "The mlresample developers"
project_copyright = f"2026, {author}"
version = release = mlresample.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "auto_examples/*.ipynb", "auto_examples/*.py"]
root_doc = "index"

# -- references -----------------------------------------------------------------------------------

# Every reference inside the site must resolve. Those to other projects do where their inventories
# can be fetched: DOCS_INTERSPHINX=1 does that; without it they are plain text.
default_role = "literal"
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(imblearn|matplotlib|numpy|pandas|scipy|sklearn|torch)\..*"),
    (r"py:.*", r"(copy|json)\..*"),
    # in docstrings that estimators inherit from scikit-learn
    (r"std:ref", r"accuracy_score"),
]
intersphinx_mapping = {}
if os.environ.get("DOCS_INTERSPHINX"):
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "scipy": ("https://docs.scipy.org/doc/scipy", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "imblearn": ("https://imbalanced-learn.org/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "matplotlib": ("https://matplotlib.org/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
    }

# -- reference pages ------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False  # the template lists them
toc_object_entries_show_parents = "hide"

# -- gallery --------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "gallery_order.ExampleOrder",
    # all are run but the one that takes arguments
    "filename_pattern": r"(?<!train_multilabel)\.py$",
    "ignore_pattern": r"write_digits\.py$",
    "doc_module": ("mlresample",),
    "backreferences_dir": "generated/backreferences",
    "reference_url": {"mlresample": None},
    "capture_repr": (),  # the scripts print what they show
    "remove_config_comments": True,
    "default_thumb_file": str(Path(__file__).parent / "_static" / "thumbnail.png"),
    "download_all_examples": False,
    "write_computation_times": False,
}
warnings.filterwarnings("ignore", message="FigureCanvasAgg is non-interactive")

# -- pages ----------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "mlresample"
html_static_path = ["_static"]
html_css_files = ["mlresample.css"]
html_show_sourcelink = False
html_use_index = html_domain_indices = False  # no page links to them: the search finds every name
html_sidebars = {"install": []}  # it has no pages below it
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": True,
    "secondary_sidebar_items": {"**": ["page-toc"]},
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}


def write_explorer(app, error):
    """Write the live page that the first page shows in a frame."""
    if error is None and app.builder.name == "html":
        _, y, class_names = make_multilabel_digits(2000, random_state=0)
        page = mlresample.explore_plans(y, class_names=class_names)
        page.save(Path(app.outdir) / "explorer.html")


def setup(app):
    """Register what is done beside Sphinx's own steps."""
    app.connect("build-finished", write_explorer)
    app.connect("build-finished", write_notebook)
