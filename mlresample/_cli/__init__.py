"""The command line: what label files hold, what resampling costs, and lists to train on."""

from mlresample._cli._main import main

__all__ = ["main"]
