"""Import modules that need more packages than the library does."""

from importlib import import_module


def optional(module):
    """Import a module of this folder, or return None if a package that it needs fails to import.

    Print which, and why.
    """
    try:
        return import_module(f"benchmarks.{module}")
    except Exception as error:  # a broken package may raise anything
        print(f"left out: {module.strip('_')} ({type(error).__name__}: {error})", flush=True)
        return None
