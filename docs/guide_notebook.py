"""The first page of the guide as a notebook, made of the page and run when the site is built."""

from doctest import DocTestParser
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from docutils import nodes
from nbclient import NotebookClient

PAGE = "guide/first"


def write_notebook(app, error):
    """Write the page's notebook beside the page; an error in a cell ends the build."""
    runs_examples = app.config.sphinx_gallery_conf["plot_gallery"]
    if error is None and app.builder.name == "html" and runs_examples:
        notebook = make_notebook(app.env.get_and_resolve_doctree(PAGE, app.builder))
        run_notebook(notebook)
        nbformat.write(notebook, Path(app.outdir) / f"{PAGE}.ipynb")


def make_notebook(page):
    """Return a page as a notebook: text as Markdown, doctests as code."""
    cells = []
    for kind, blocks in groupby(blocks_of(page), key=lambda block: block[0]):
        texts = [text for _, text in blocks]
        if kind == "text":
            cells.append(nbformat.v4.new_markdown_cell("\n\n".join(texts)))
        else:
            cells += map(nbformat.v4.new_code_cell, texts)
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    return notebook


def run_notebook(notebook):
    """Run all cells, which keep their outputs."""
    with TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, timeout=600, resources=resources).execute()


def blocks_of(node, depth=0):
    """Yield what a page holds, in its order: "text" as Markdown, or "code"."""
    for child in node.children:
        match child:
            case nodes.section():
                yield from blocks_of(child, depth + 1)
            case nodes.block_quote():
                yield from blocks_of(child, depth)
            case nodes.title():
                yield "text", f"{'#' * depth} {markdown(child)}"
            case nodes.paragraph():
                yield "text", markdown(child)
            case nodes.doctest_block():
                yield from (("code", code) for code in cells_of(child.astext()))
            case nodes.literal_block():
                yield "text", f"```{child.get('language', '')}\n{child.astext()}\n```"
            case nodes.table():
                yield "text", table(child)
            case _:
                raise NotImplementedError(f"{PAGE}.rst has a {child.tagname}: write it here, too")


def cells_of(doctest):
    """Yield the code of a doctest; where it shows something, a cell ends, which shows it, too."""
    lines = []
    for example in DocTestParser().get_examples(doctest):
        lines.append(example.source)
        if example.want:
            yield "".join(lines).rstrip()
            lines = []
    if lines:
        yield "".join(lines).rstrip()


def markdown(node):
    """Return the text of a node; links inside the site, which is elsewhere, become emphasis."""
    if isinstance(node, nodes.Text):
        return node.astext().replace("\n", " ")
    if isinstance(node, nodes.literal):
        return f"`{node.astext()}`".replace("\n", " ")
    text = "".join(map(markdown, node.children))
    if not isinstance(node, nodes.reference) or text.startswith("`"):
        return text
    address = node.get("refuri", "")
    return f"[{text}]({address})" if "://" in address else f"*{text}*"


def table(node):
    """Return a table as Markdown."""
    rows = [list(map(markdown, row.children)) for row in node.findall(nodes.row)]
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
