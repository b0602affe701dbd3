"""What a training printed: "step 100 | loss 2.31 | lr 1e-3" in any of its countless forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.readers._base import Claim, Strength
from lrdoctor.readers._text.claims import is_telling, looks_printed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.records import Run


class TextLogReader:
    """Printed output of any program: named numbers on lines that repeat."""

    name = "text-log"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim text that is named like output and in which measurements stand before numbers."""
        if not looks_printed(file):
            return None
        return Claim(strength=Strength.FALLBACK, quiet=not is_telling(file.name))

    def read(self, source: Source) -> Iterator[Run]:
        """Read the curves of one text file.

        Raises
        ------
        NotALogError
            Nothing in the text is printed again and again with a count of steps or a measurement.
        ReadError
            The file cannot be read.
        """
        from lrdoctor.readers._text.reading import read_text  # compiles many patterns

        for file in source.files:
            yield from read_text(file, source=str(source.path), format_name=self.name)


READER = TextLogReader()
