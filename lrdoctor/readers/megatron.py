"""Megatron-LM's and Megatron-DeepSpeed's (and GPT-NeoX') printed log, iteration by iteration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.patterns import pattern
from lrdoctor.readers._base import Claim, Strength
from lrdoctor.readers._text.claims import holds
from lrdoctor.records import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.readers._base import LogFile, Source
    from lrdoctor.readers._text.tabling import Piece
    from lrdoctor.records import Run

_SHAPE = pattern(rb"\biteration +\d+/ +\d+ \|[^\n]{0,400}\b(?:learning rate|lm[ _]loss|loss scale)\b")
_NAN = "number of nan iterations"
_LOSSES = ("lm loss", "lm_loss", "loss", "reduced_train_loss")
_ROLES = {
    "lm loss": (Role.TRAIN_LOSS, "Megatron: mean language-model loss since the line before"),
    "lm_loss": (Role.TRAIN_LOSS, "GPT-NeoX: mean language-model loss since the line before"),
    "validation/lm loss value": (Role.VAL_LOSS, "Megatron: loss of an evaluation"),
    "validation/lm_loss value": (Role.VAL_LOSS, "GPT-NeoX: loss of an evaluation"),
    "learning rate": (Role.LR, "Megatron: the learning rate"),
    "grad norm": (Role.GRAD_NORM, "Megatron: norm of the gradient before clipping"),
    "loss scale": (Role.LOSS_SCALE, "Megatron: the loss scale of mixed precision"),
}


class MegatronReader:
    """One printed log."""

    name = "megatron"

    def claim(self, file: LogFile) -> Claim | None:
        """Claim text that holds ``iteration 10/ 500 | ... | learning rate: ...`` in one of three places."""
        return Claim(strength=Strength.SHAPE) if holds(file, _SHAPE) else None

    def read(self, source: Source) -> Iterator[Run]:
        """Read the runs of one log.

        Raises
        ------
        NotALogError, ReadError
            As for any printed log.
        """
        from lrdoctor.readers._text.reading import Dialect, read_text

        dialect = Dialect(roles=_ROLES, mend=_with_nan)
        for file in source.files:
            yield from read_text(file, source=str(source.path), format_name=self.name, dialect=dialect)


def _with_nan(piece: Piece) -> None:
    """A line without the loss on which NaN iterations are counted stands for a NaN; others were skipped."""
    table = piece.table
    if _NAN not in table.columns:
        return
    broken = table.present(_NAN) & (table.columns[_NAN] > 0)
    mended = 0
    for name in _LOSSES:
        if name not in table.logged:
            continue
        lost = broken & ~table.logged[name]
        if lost.any():
            table.columns[name] = np.where(lost, np.nan, table.columns[name])
            table.logged[name] = table.logged[name] | lost
            mended = max(mended, int(np.count_nonzero(lost)))
    if mended:
        piece.notes.append(f"{mended} lines count NaN iterations and leave the loss out: read as NaN")


READER = MegatronReader()
