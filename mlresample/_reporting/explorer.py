"""The page on which a rule is changed by hand, from its dict of figures.

The page computes the figures itself, by ``explorer_page/arithmetic.js``.
"""

import json
from html import escape
from importlib.resources import files
from string import Template

from mlresample._reporting.base import Figures
from mlresample._reporting.html import FIRST, SHOWN
from mlresample._reporting.style import AFTER, BEFORE, CAP


def explorer_html(report: Figures) -> str:
    """Write a page that needs no other file."""
    shown = {"first": FIRST, "shown": SHOWN}
    data = json.dumps(report | shown, allow_nan=False, separators=(",", ":"))
    folder = files("mlresample._reporting") / "explorer_page"
    style, arithmetic, behavior, page = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("style.css", "arithmetic.js", "behavior.js", "page.html")
    )
    return Template(page).substitute(
        title=escape(report["title"]),
        colors=f":root {{ --before: {BEFORE}; --after: {AFTER}; --cap: {CAP}; }}",
        style=style,
        data=data.replace("<", "\\u003c"),  # no name of a class ends the script
        arithmetic=arithmetic,
        behavior=behavior,
    )


def in_frame(page: str, title: str) -> str:
    """Put a page into a frame, for notebooks."""
    return (
        f'<iframe title="{escape(title)}" srcdoc="{escape(page)}" allow="clipboard-write" '
        f'style="width: 100%; height: 48rem; border: 0"></iframe>'
    )
