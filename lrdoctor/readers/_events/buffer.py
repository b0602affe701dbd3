"""The bytes being decoded, with views that read a number at any byte."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MARGIN = 160
"""Readable bytes that a buffer must have before the first and behind the last record."""


class Buffer:
    """A uint8 array and its overlapping views: ``view[p]`` is the little-endian number that starts at byte
    `p`."""

    def __init__(self, size: int) -> None:
        self.bytes: NDArray[np.uint8] = np.empty(size + 2 * MARGIN, np.uint8)
        self.bytes[:MARGIN] = 0
        self.bytes[-MARGIN:] = 0
        self._wide: dict[int, NDArray[np.void]] = {}

    def _overlapping(self, code: str, width: int) -> NDArray[Any]:
        return np.ndarray((len(self.bytes) - width + 1,), code, self.bytes, 0, (1,))

    @cached_property
    def u4(self) -> NDArray[np.uint32]:
        """Four-byte words."""
        return self._overlapping("<u4", 4)

    def rows(self, start: NDArray[np.int64], words: int) -> NDArray[np.uint64]:
        """Gather `words` eight-byte words from each start: uint64 [n, words], one memory copy per row."""
        width = 8 * words
        view = self._wide.get(width)
        if view is None:
            view = self._wide[width] = self._overlapping(f"V{width}", width)
        return view[start].view("<u8").reshape(-1, words)
