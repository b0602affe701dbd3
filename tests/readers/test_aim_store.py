"""Aim's repositories are refused with what to do."""

from __future__ import annotations

import pytest

from lrdoctor.errors import ReadError
from lrdoctor.readers._base import LogFile, Source
from lrdoctor.readers.aim_store import READER


def test_says_how_to_export(tmp_path):
    path = tmp_path / ".aim" / "run_metadata.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"SQLite format 3\x00")
    claim = READER.claim(LogFile(path))
    assert claim is not None
    with pytest.raises(ReadError, match="CSV"):
        list(READER.read(Source(path=claim.group, files=(LogFile(path),))))


def test_other_databases_are_not_claimed(tmp_path):
    path = tmp_path / "run_metadata.sqlite"
    path.write_bytes(b"SQLite format 3\x00")
    assert READER.claim(LogFile(path)) is None
