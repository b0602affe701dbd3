"""Aim's repository: its curves lie in a RocksDB that only Aim opens, which is said rather than passed
over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.errors import ReadError
from lrdoctor.readers._base import Claim, LogFile, Source, Strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Run


class AimReader:
    """Recognises a repository and says how to get at its curves."""

    name = "aim"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim the file that every repository has."""
        if file.name == "run_metadata.sqlite" and file.path.parent.name == ".aim":
            return Claim(strength=Strength.FORMAT, group=file.path.parent)
        return None

    def read(self, source: Source) -> Iterator[Run]:
        """Refuse the repository.

        Raises
        ------
        ReadError
            Always, with what to do.
        """
        yield from ()  # a generator, as every reader's
        raise ReadError(
            source.path,
            "an Aim repository keeps its curves in RocksDB, which only Aim reads; export them "
            "(`run.dataframe()` to CSV, or the Metrics explorer's CSV export) and point at that",
        )


READER = AimReader()
