"""How tests ask the readers: by offering a file to all of them, as a walk over a directory does."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdoctor.readers._base import LogFile, Source
from lrdoctor.registry import discover

FIXTURES = Path(__file__).parents[2] / "fixtures" / "tables"


def claimed_by(file):
    claims = [
        (claim.strength, name, reader, claim)
        for name, reader in discover("lrdoctor.readers", "READER").items()
        if (claim := reader.claim(file)) is not None
    ]
    return min(claims, key=lambda entry: -entry[0], default=None)


@pytest.fixture
def fixtures():
    return FIXTURES


@pytest.fixture
def claim_of():
    """The strongest claim on a path, with its reader; None where nobody claims it."""

    def claim(path, *, named=False):
        found = claimed_by(LogFile(Path(path), named=named))
        return None if found is None else (found[2], found[3])

    return claim


@pytest.fixture
def read(claim_of):
    """Runs of a path, or of all files of one group, by the reader with the strongest claim."""

    def runs(*paths, named=False):
        files = tuple(LogFile(Path(path), named=named) for path in sorted(paths))
        found = claim_of(files[0].path, named=named)
        assert found is not None, f"nobody claims {files[0].path.name}"
        reader, claim = found
        return list(reader.read(Source(path=claim.group or files[0].path, files=files)))

    return runs


@pytest.fixture
def write(tmp_path):
    """A file with this content."""

    def written(content, name="log.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written
