"""fairseq's printed log: ``train_inner | {...}`` or ``epoch 001: 100 / 500 loss=...``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, Strength
from lrdoctor.readers._text.claims import holds
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.readers._text.tabling import Piece
    from lrdoctor.records import Run

_SHAPE = pattern(
    rb"train_inner\]?[^\n]{0,40}(?:\{|\bepoch \d+)|\bepoch \d{3}: +\d+ / \d+ loss="
    rb"|\| (?:valid|train) \| epoch \d{3} \|"
    rb"|\| epoch \d{3} \| (?:valid on|train loss)"
)
_TRAIN = "fairseq: mean training loss since the line before, in bits"
_VALID = "fairseq: loss on the validation set, in bits"
_ROLES = {
    "train_inner/loss": (Role.TRAIN_LOSS, _TRAIN),
    "loss": (Role.TRAIN_LOSS, _TRAIN),
    "valid_loss": (Role.VAL_LOSS, _VALID),
    "valid/loss": (Role.VAL_LOSS, _VALID),
    "gnorm": (Role.GRAD_NORM, "fairseq: norm of the gradient before clipping"),
}


class FairseqReader:
    """One printed log."""

    name = "fairseq"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim text that holds fairseq's lines in one of three places."""
        return Claim(strength=Strength.SHAPE) if holds(file, _SHAPE) else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one log.

        Raises
        ------
        NotALogError, ReadError
            As for any printed log.
        """
        from lrdoctor.readers._text.reading import Dialect, read_text

        dialect = Dialect(roles=_ROLES, mend=_say_bits)
        for file in source.files:
            yield from read_text(file, source=str(source.path), format_name=self.name, dialect=dialect)


def _say_bits(piece: Piece) -> None:
    """Losses are divided by log 2 before they are printed; that matters to anyone who compares them."""
    piece.notes.append("fairseq prints losses in bits (base 2), not in nats")


READER = FairseqReader()
