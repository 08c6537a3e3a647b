"""Fixtures of several files of tests."""

import pytest


@pytest.fixture
def in_empty_folder(tmp_path, monkeypatch):
    """Work in an empty folder, so that messages begin with the bare file name."""
    monkeypatch.chdir(tmp_path)
