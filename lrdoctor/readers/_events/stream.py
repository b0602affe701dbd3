"""An event file, read in a bounded window, once or again and again while it grows."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.buffer import MARGIN, Buffer
from lrdoctor.readers._events.decoder import Block, Decoder
from lrdoctor.readers._events.fallback import Undecodable, is_media, read_long_event
from lrdoctor.readers._events.filewindow import FileWindow
from lrdoctor.readers._events.framing import PIECE, SPARSE, find_records, merge, read_head
from lrdoctor.readers._events.layout import FOOT, HEAD
from lrdoctor.readers._events.parse import What
from lrdoctor.readers._events.sink import Sink

if TYPE_CHECKING:
    from io import FileIO

    from lrdoctor.readers._events.columns import Columns
    from lrdoctor.readers._events.framing import Found

WINDOW = 4 << 20
"""Bytes in memory at a time."""
_LONG = 1 << 16  # a record longer than this is stepped over, not read, unless it is in the window anyway
_OPENING_OF_LONG = 1 << 10
_AFTER_LONG = 1 << 14  # first read behind such a record: what follows may be another
_KEEP = 1 << 24
_OPENING = 64  # bytes by which a file that was replaced is known


class _PerThread(threading.local):
    """Window and learnt layouts, kept from one file to the next."""

    def __init__(self) -> None:
        self.decoder = Decoder()
        self.buffer: Buffer | None = None
        # glibc hands big temporaries back to the system at once, and the next one is faulted in page by page,
        # which costs more than the work done in it. Freeing one large block raises the size from which it
        # does so.
        np.empty(_KEEP, np.uint8)


_kept = _PerThread()


class EventFile:
    """One event file, and how far it has been read.

    Parameters
    ----------
    path
        The file.
    check
        Compare the checksums of the payloads that are used. Those of record heads are always compared.
    """

    def __init__(self, path: str | Path, *, check: bool = True) -> None:
        self.path = Path(path)
        self.check = check
        self._identity: tuple[int, int] | None = None
        self._opening = b""
        self._forget()

    def _forget(self) -> None:
        self.offset = 0
        """Where the first record begins that has not been read."""
        self.records = 0
        self.version = 0.0
        self.highest = -1
        """TensorBoard's `most_recent_step`, which matters in files without a version."""

    def read(self) -> Columns:
        """Read what has been written since the last call: everything, the first time.

        Returns
        -------
        The new columns. Their `started_over` is set if the file has been replaced or has shrunk; then they
        hold all of it. An incomplete record at the end is left for the next call.

        Raises
        ------
        OSError
            The file cannot be opened or read.
        """
        with self.path.open("rb", buffering=0) as stream:
            status = os.fstat(stream.fileno())
            identity = (status.st_dev, status.st_ino)
            opening = stream.read(_OPENING)
            replaced = self._identity is not None and (
                identity != self._identity or status.st_size < self.offset or not opening.startswith(self._opening)
            )
            if replaced:
                self._forget()
            self._identity, self._opening = identity, opening
            columns = _Pass(self, stream, status.st_size).run()
            columns.started_over = replaced
            return columns


class _Pass:
    """One reading of a file from the kept offset to its present end."""

    def __init__(self, file: EventFile, stream: FileIO, size: int) -> None:
        self._file = file
        self._stream = stream
        self._size = size
        self._buffer = _kept.buffer or Buffer(WINDOW)
        self._sink = Sink(_kept.decoder)
        self._pending: list[Found] = []
        self._begin = self._at = self._fill = MARGIN  # not decoded yet, known record boundary, end of data
        self._position = file.offset  # of the byte in the file that comes to `_fill` next

    def run(self) -> Columns:
        """Read, decode, and keep the offset."""
        _kept.buffer = None
        limit, want = MARGIN + WINDOW, WINDOW
        view = memoryview(self._buffer.bytes.data)
        self._stream.seek(self._position)
        while self._position < self._size:
            most = min(want, limit - self._fill, self._size - self._position)
            count = self._stream.readinto(view[self._fill : self._fill + most])
            if not count:
                break
            self._position += count
            self._fill += count
            want = min(2 * want, WINDOW)
            self._find()
            if self._step_over_long_record():
                want = _AFTER_LONG
            if limit - self._fill < 2 * _LONG:
                self._decode()
                left = self._buffer.bytes[self._at : self._fill].copy()
                self._begin, self._at, self._fill = MARGIN, MARGIN, MARGIN + len(left)
                self._buffer.bytes[self._at : self._fill] = left
        self._decode()
        self._file.offset = self._position - self._fill + self._at
        _kept.buffer = self._buffer
        if self._sink.decoder.crowded:
            _kept.decoder = Decoder()
        return self._sink.columns(tail=self._size - self._file.offset)

    def _find(self) -> None:
        """Find the records in what has been read, and decode them where there are many."""
        sparse = True
        while self._fill - self._at >= HEAD + FOOT:
            piece = self._at + PIECE if self._fill - self._at > PIECE + PIECE // 4 else self._fill
            found = find_records(self._buffer, self._at, piece, sparse=sparse)
            if found.end == self._at and self._fill > piece:
                found = find_records(self._buffer, self._at, self._fill, sparse=True)
            for place, lost in found.gaps:
                self._lose(self._position - self._fill + place, lost)
            if found.end == self._at:
                break
            sparse = found.end - self._at > SPARSE * found.start.size
            self._pending.append(found)
            self._at = found.end
            if self._at - self._begin >= PIECE // 2:
                self._decode()
            left = self._fill - self._at - HEAD - FOOT
            if left >= 0 and read_head(self._buffer, self._at) > left:
                break  # the next one goes on behind what has been read

    def _lose(self, offset: int, lost: int) -> None:
        """Note damage; where the file's version stood, take it for 2, as it has been for a decade."""
        if offset == 0:
            self._file.version = 2.0
        self._sink.lose(offset, lost)

    def _decode(self) -> None:
        """Decode the records found so far."""
        self._begin = self._at
        if not self._pending:
            return
        file, sink = self._file, self._sink
        found = merge(self._pending)
        self._pending.clear()
        # The first record alone: it names the version, on which it depends what else has to be looked at.
        first = file.records == 0 and file.version == 0
        for part in (found[:1], found[1:]) if first else (found,):
            if not part.start.size:
                continue
            block = sink.decoder.decode(self._buffer, part, check=file.check, everything=file.version < 2)
            if file.records == 0 and 0 in block.damaged:
                file.version = 2.0
            file.records += len(part.start)
            sink.records += len(part.start)
            sink.damaged += len(block.damaged)
            sink.lost_bytes += int((part.length[block.damaged] + HEAD + FOOT).sum())
            self._take(block)

    def _take(self, block: Block) -> None:
        """Apply what the events of a block say about versions and restarts, and keep its rows."""
        file, sink = self._file, self._sink
        if file.version < 2:
            file.highest = sink.mark(block, file.highest)
        for number, reading in block.readings:
            if reading.what is What.VERSION:
                file.version = _version(reading.version)
            elif reading.what is What.SESSION_START and file.version >= 2:
                before = int(np.searchsorted(block.rows.record, number))
                sink.restarts.append((sink.count + before, reading.step))
            sink.settings += reading.settings
            sink.texts += reading.texts
        sink.add(block.rows)

    def _look_at(self, offset: int, length: int) -> None:
        """Read what matters of a long record, of which the fields alone are looked at."""
        payload = FileWindow(self._stream, offset + HEAD, length)
        try:
            reading = read_long_event(payload, check=self._file.check)
        except Undecodable:
            self._lose(offset, HEAD + length + FOOT)
            return
        if reading.matters or self._file.version < 2:
            self._decode()
            readings = [(0, reading)]
            self._take(Block(self._sink.decoder.rows_of(readings), readings))
        self._sink.records += 1

    def _step_over_long_record(self) -> bool:
        """If a long record begins at the boundary, look at its fields alone and go on behind it."""
        length = read_head(self._buffer, self._at) if self._fill - self._at >= HEAD else -1
        offset = self._position - self._fill + self._at
        end = offset + HEAD + length + FOOT
        if HEAD + length + FOOT <= _LONG or end > self._size or end <= self._position:
            return False
        opening = self._buffer.bytes[self._at + HEAD : min(self._at + HEAD + _OPENING_OF_LONG, self._fill)].tobytes()
        if self._file.version >= 2 and is_media(opening, length):
            self._sink.records += 1
        else:
            self._look_at(offset, length)
        self._file.records += 1
        self._position, self._fill = end, self._at
        self._stream.seek(end)
        return True


def _version(text: str) -> float:
    """The number in ``brain.Event:2``, as TensorBoard reads it."""
    try:
        return float(text.rpartition("brain.Event:")[2])
    except ValueError:
        return -1.0
