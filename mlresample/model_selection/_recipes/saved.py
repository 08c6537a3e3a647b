"""Finished splits in a folder: written whole or not at all, and found by what made them."""

import hashlib
import json
import os
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import sklearn

import mlresample
from mlresample._utils.files import write_whole


class SavedSplits:
    """A folder with one JSON file per recipe and split."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)

    def hashes(self, made_of: dict[str, Any]) -> dict[str, str]:
        """Return a hash of each thing that a result depends on."""
        hashes = {}
        for name, value in made_of.items():
            try:
                hashes[name] = joblib.hash(value)
            except (pickle.PicklingError, TypeError, AttributeError) as error:
                raise ValueError(
                    f"cache needs to recognize {name}, which cannot be pickled ({error}): leave "
                    f"cache out, or define its functions in a module."
                ) from error
        return hashes

    def path(self, hashes: dict[str, str]) -> Path:
        """Return the file of the result with these hashes."""
        versions = {module.__name__: module.__version__ for module in (mlresample, sklearn, np)}
        text = json.dumps(hashes | versions, sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"

    def read(self, path: Path) -> Any:
        """Return what was written."""
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path} in cache is not JSON ({error}); delete it.") from error

    def write(self, path: Path, result: Any) -> None:
        """Write a result."""
        write_whole(path, json.dumps(result))
