"""Modules that need more than the library itself does."""

from importlib import import_module


def optional(module):
    """Import one of these modules, or return None if a package they need is missing or broken.

    Say which, and why.
    """
    try:
        return import_module(f"benchmarks.{module}")
    except Exception as error:  # a broken package may raise anything
        print(f"left out: {module.strip('_')} ({type(error).__name__}: {error})", flush=True)
        return None
