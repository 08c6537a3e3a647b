"""Files that are written whole or not at all."""

import os
from pathlib import Path
from uuid import uuid4


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, then rename it: a reader never sees half of it."""
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
