"""What a command writes: its kind, its place, and lists of images."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlresample._cli._inputs import check_not_input, format_of, is_parquet
from mlresample._utils.files import whole_file, write_whole
from mlresample.readers._class_names import IMAGE_ENDINGS
from mlresample.readers._lines import SURROGATE, short_repr
from mlresample.readers._yolo_images import Image

# The endings of each kind of output; a file without an ending takes any.
_ENDINGS = {
    "text": [".txt"],
    "images": [".txt"],
    "csv": [".csv", ".txt"],
    "json": [".json"],
    "html": [".html", ".htm"],
    "parquet": [".parquet"],
}


def check_output(arguments: argparse.Namespace) -> None:
    """Check before the work that its result can be written, and choose the kind of output."""
    if arguments.output is None:
        if sys.stdout is None:
            raise ValueError("standard output is closed: name a file by --output.")
        is_page = arguments.command == "explore" or getattr(arguments, "html", False)
        if is_page and sys.stdout.isatty():
            what = "--html" if hasattr(arguments, "html") else "mlresample explore"
            raise ValueError(
                f"{what} writes a page, which is not for a terminal: name a file by --output, "
                f"such as --output plan.html."
            )
    else:
        output = Path(arguments.output)
        for file in [*arguments.files, arguments.class_names]:
            if file is not None:
                check_not_input(arguments.output, file)
        if not output.parent.is_dir():
            raise ValueError(f"--output {output}: there is no folder {output.parent}.")
    kind = _kind_of_output(arguments)
    if kind == "parquet" and arguments.output is None:
        raise ValueError("name the Parquet file to write by --output.")
    arguments.json = kind == "json"
    arguments.html = kind == "html"
    arguments.images = kind == "images"


def _kind_of_output(arguments: argparse.Namespace) -> str:
    """Choose a kind of output that the command writes, or the one that an option asks for."""
    kinds = _kinds_of_command(arguments)
    asked = [kind for kind in kinds if getattr(arguments, kind, False)]
    kinds = asked or kinds
    ending = Path(arguments.output or "").suffix.lower()
    for kind in kinds:
        if ending in ["", *_ENDINGS[kind]]:
            return kind
    endings = list(dict.fromkeys(ending for kind in kinds for ending in _ENDINGS[kind]))
    option = f"--{asked[0]}" if asked else f"mlresample {arguments.command}"
    raise ValueError(
        f"--output {arguments.output}: {option} writes files that end in {' or '.join(endings)}."
    )


def _kinds_of_command(arguments: argparse.Namespace) -> list[str]:
    """Return the kinds of output that a command writes, the usual one first."""
    if arguments.command == "explore":
        return ["html"]
    if hasattr(arguments, "html"):
        return ["text", "json", "html"]
    lists_ids = arguments.command == "resample" and not arguments.repeats
    if arguments.command == "resample" and is_parquet(arguments):
        if arguments.json:
            raise ValueError("--json has no effect on Parquet, which is written as Parquet.")
        return ["parquet"]
    if lists_ids and format_of(arguments.files[0], arguments) == "yolo":
        return ["images", "csv", "json"]
    return ["csv", "json"]


def image_list(images: Sequence[Image]) -> str:
    """Return the absolute paths of images, one per line, as trainers of YOLO models read them."""
    for image in set(images):
        path = image.path
        if not os.path.isfile(path):
            raise image.misread(
                f"there is no image {path!r}; relative paths begin at the folder of the list."
            )
        if os.path.splitext(path)[1].lower() not in IMAGE_ENDINGS:
            raise image.misread(
                f"the name of {short_repr(path)} does not end as an image's does, so that "
                f"trainers would leave it out: rename it."
            )
        if path.splitlines() != [path.strip()] or SURROGATE.search(path):
            raise image.misread(
                f"the path {path!r} does not fit in a line of a list: rename it without line "
                f"ends, spaces at its end and characters that are not UTF-8."
            )
    return "".join(f"{image.path}\n" for image in images)


def write_output(output: Any, arguments: argparse.Namespace) -> None:
    """Write text to standard output or to a file, or record batches to a file of Parquet.

    Of a list of images, say how it is trained on.
    """
    if not isinstance(output, str):
        from mlresample._cli._tables import write_parquet

        with whole_file(_regular(Path(arguments.output))) as partial:
            write_parquet(output, partial)
        return
    output = output if output.endswith("\n") else output + "\n"
    if arguments.output is None:
        sys.stdout.write(output)
        sys.stdout.flush()
        return
    _write(Path(arguments.output), output)
    if arguments.images and sys.stderr is not None:
        line = f"train: {json.dumps(os.path.abspath(arguments.output), ensure_ascii=False)}"
        print(
            f"mlresample: to train on it, put this in a copy of data.yaml: {line}", file=sys.stderr
        )


def _regular(path: Path) -> Path:
    if path.exists() and not path.is_file():
        raise ValueError(f"--output {path} is not a regular file, as Parquet needs.")
    return path.resolve()  # a link stays one


def _write(path: Path, text: str) -> None:
    """Write a file complete or not at all; a pipe or a device takes what comes."""
    if path.exists() and not path.is_file():
        path.write_text(text, encoding="utf-8")
        return
    write_whole(path.resolve(), text)  # a link stays one
