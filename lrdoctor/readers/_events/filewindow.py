"""A long record, looked at without reading it."""

from __future__ import annotations

from typing import IO, overload

from lrdoctor.readers._events.crc import crc32c, masked

_PAGE = 4096
_CHUNK = 1 << 18


class FileWindow:
    """A stretch of a file that can be indexed like bytes; one page of it is in memory at a time.

    Parameters
    ----------
    stream
        The open file; its position is moved.
    start, size
        The stretch, in bytes.
    """

    def __init__(self, stream: IO[bytes], start: int, size: int) -> None:
        self._stream = stream
        self._start = start
        self._size = size
        self._page = b""
        self._page_at = 0

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> bytes: ...
    def __getitem__(self, index: int | slice) -> int | bytes:
        if isinstance(index, slice):
            begin, end, _ = index.indices(self._size)
            if begin >= self._page_at and end <= self._page_at + len(self._page):
                return self._page[begin - self._page_at : end - self._page_at]
            return self._read(begin, end - begin)
        at = index - self._page_at
        if not 0 <= at < len(self._page):
            self._page, self._page_at, at = self._read(index, min(_PAGE, self._size - index)), index, 0
        return self._page[at]

    def _read(self, begin: int, size: int) -> bytes:
        self._stream.seek(self._start + begin)
        return self._stream.read(max(size, 0))

    def checksum(self) -> int:
        """Masked CRC-32C of the whole stretch, which is read for it."""
        crc = 0
        for begin in range(0, self._size, _CHUNK):
            crc = crc32c(self._read(begin, min(_CHUNK, self._size - begin)), crc)
        return masked(crc)

    def stored_checksum(self) -> int:
        """The four bytes behind the stretch, where a record keeps its checksum."""
        return int.from_bytes(self._read(self._size, 4), "little")
