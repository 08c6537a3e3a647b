"""The command line: reports on label files, comparisons of plans, and ids to train on."""

from mlresample._cli._main import main

__all__ = ["main"]
