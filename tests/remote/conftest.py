"""What all tests of logs elsewhere need: the same files as ordinary ones, and that no temporary file is left."""

from __future__ import annotations

import tempfile

import pytest


@pytest.fixture(autouse=True)
def own_scratch(tmp_path, monkeypatch):
    """A directory for temporary files that must be empty in the end."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    yield scratch
    assert list(scratch.glob("lrdoctor-*")) == []


@pytest.fixture
def here(request, tmp_path):
    """The module's files as ordinary ones."""
    for name, content in request.module.FILES.items():
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "here"
