"""A buffer of protobuf messages, taken apart for many messages at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_MAX_KEY = 512
_MAX_NUMBER = 40
_FEW = 8
_NON_FINITE = {b'"NaN"': np.nan, b'"Infinity"': np.inf, b'"-Infinity"': -np.inf}
_MASKS = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)
_NUMERIC = np.zeros(256, bool)
_NUMERIC[list(b"-0123456789NI")] = True
ODD, _TEXT, _DOUBLE, _INTEGER, _NOTHING = range(5)


@dataclass(slots=True)
class _Split:
    """Where key and value of each item lie."""

    kind: NDArray[np.int8]
    key_end: Ints
    start: Ints
    stop: Ints


class Batch:
    """A buffer with views that read a byte, eight bytes or a text of fixed length at any offset."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.bytes = np.frombuffer(data, np.uint8)
        self.words: NDArray[np.uint64] = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
        self.doubles: Floats = np.ndarray((len(data) - 7,), "<f8", data, strides=(1,))

    def texts(self, length: int) -> NDArray[np.bytes_]:
        """Text of `length` bytes at every offset."""
        return np.ndarray((len(self.data) - length + 1,), f"S{length}", self.data, strides=(1,))

    def varints(self, at: Ints) -> tuple[Ints, Ints]:
        """Varints of up to eight bytes, and the offset after each; that offset is beyond the buffer if
        longer."""
        first = self.bytes[at].astype(np.int64)
        value, after = first & 0x7F, at + 1
        active = np.flatnonzero(first >= 0x80)
        shift = 7
        while active.size:
            if shift > 49:
                after[active] = len(self.data)
                break
            byte = self.bytes[after[active]].astype(np.int64)
            value[active] |= (byte & 0x7F) << shift
            after[active] += 1
            active = active[byte >= 0x80]
            shift += 7
        return value, after

    def items(self, begin: Ints, end: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Find the items of all records: record number, first byte and end of each.

        Returns
        -------
        Record, start, stop (each [items]); the step of each record, -1 if none; and the records that are to
        be read with the scalar scanner, none of whose items are among the first three.
        """
        step = np.full(begin.size, -1, np.int64)
        odd = np.zeros(begin.size, bool)
        cursor = begin.copy()
        found: list[tuple[Ints, Ints, Ints]] = []
        active = np.flatnonzero(cursor < end)
        while active.size >= _FEW or (active.size and len(found) < 64):
            at = cursor[active]
            tag = self.bytes[at]
            length, start = self.varints(at + 1)
            stop = start + length
            is_item, is_step = tag == 0x0A, tag == 0x12
            sound = (is_item | is_step) & (stop <= end[active])
            if not sound.all():
                odd[active[~sound]] = True
                active, start, stop, length = active[sound], start[sound], stop[sound], length[sound]
                is_item, is_step = is_item[sound], is_step[sound]
            found.append((active[is_item], start[is_item], stop[is_item]))
            if is_step.any():
                empty = is_step & (length == 0)
                step[active[empty]] = 0
                some = is_step & ~empty
                value, after = self.varints(start[some] + 1)
                good = (self.bytes[start[some]] == 0x08) & (after == stop[some])
                step[active[some]] = value
                odd[active[some][~good]] = True
            cursor[active] = stop
            active = active[stop < end[active]]
        odd[active] = True
        none = np.empty(0, np.int64)
        row, start, stop = (
            (np.concatenate(parts) for parts in zip(*found, strict=True)) if found else (none,) * 3
        )
        if odd.any():
            keep = ~odd[row]
            row, start, stop = row[keep], start[keep], stop[keep]
        return row, start, stop, step, np.flatnonzero(odd)

    def split(self, start: Ints, stop: Ints) -> _Split:
        """Tell key from value in each item."""
        tag = self.bytes[start]
        length, after = self.varints(start + 1)
        key_end = after + length
        plain = ((tag == 0x0A) | (tag == 0x12)) & (key_end < stop)
        key_end[~plain] = start[~plain]
        more = np.flatnonzero(plain & (self.bytes[key_end] == 0x12))
        while more.size:  # the deeper keys of a nested dictionary
            length, after = self.varints(key_end[more] + 1)
            deeper = after + length
            inside = deeper < stop[more]
            plain[more[~inside]] = False
            more, deeper = more[inside], deeper[inside]
            key_end[more] = deeper
            more = more[self.bytes[deeper] == 0x12]
        plain &= key_end - start <= _MAX_KEY
        first, second = self.bytes[key_end], self.bytes[key_end + 1]
        kind = np.full(start.size, ODD, np.int8)
        value_start, value_stop = key_end.copy(), stop
        for text, head in ((plain & (first == 0x82) & (second == 0x01), 2), (plain & (first == 0x42), 1)):
            chosen = np.flatnonzero(text)
            if chosen.size:
                length, after = self.varints(key_end[chosen] + head)
                good = after + length == stop[chosen]
                kind[chosen[good]] = _TEXT
                value_start[chosen] = after
        for code, tag_byte, size in ((_DOUBLE, 0x31, 9), (_NOTHING, 0x18, 2), (_NOTHING, 0x20, 2)):
            chosen = np.flatnonzero(plain & (first == tag_byte) & (key_end + size == stop))
            kind[chosen] = code
            value_start[chosen] += 1
        chosen = np.flatnonzero(plain & (first == 0x28))
        if chosen.size:
            _, after = self.varints(key_end[chosen] + 1)
            kind[chosen[after == stop[chosen]]] = _INTEGER
            value_start[chosen] += 1
        kind[plain & (first == 0x3A)] = _NOTHING
        return _Split(kind, key_end, value_start, value_stop)

    def group(self, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """Find equal stretches of bytes: the group of each, and one member of each group.

        By a hash of 16 bits into a table; what turns out not to equal its slot's holder is looked at one by
        one.
        """
        length = end - start
        if not start.size:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        words = []
        mixed = length.astype(np.uint64)
        for at in range(0, int(length.max()), 8):
            word = self.words[np.minimum(start + at, self.words.size - 1)]
            word &= _MASKS[np.clip(length - at, 0, 8)]
            mixed = (mixed ^ word) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
            words.append(word)
        slot = (mixed * np.uint64(0xD6E8FEB86659FD93) >> np.uint64(48)).astype(np.int64)
        holder = np.full(65_536, -1, np.int64)
        holder[slot[::-1]] = np.arange(slot.size)[::-1]  # the first of each
        taken = np.flatnonzero(holder >= 0)
        taken = taken[np.argsort(holder[taken])]  # in the order of the log
        number = np.zeros(65_536, np.int64)
        number[taken] = np.arange(taken.size)
        group, first = number[slot], holder[slot]
        same = length == length[first]
        for word in words:
            same &= word == word[first]
        representatives = holder[taken]
        if not same.all():
            extra: dict[bytes, int] = {}
            members: list[int] = []
            for index in np.flatnonzero(~same).tolist():
                key = self.data[start[index] : end[index]]
                if key not in extra:
                    extra[key] = taken.size + len(members)
                    members.append(index)
                group[index] = extra[key]
            representatives = np.concatenate([representatives, np.array(members, np.int64)])
        return group, representatives

    def values(self, split: _Split, wanted: Bools) -> tuple[Floats, Bools, Ints]:
        """Numbers of the items that hold one; and which items hold a JSON document instead."""
        value = np.zeros(split.kind.size)
        known = np.zeros(split.kind.size, bool)
        is_text = wanted & (split.kind == _TEXT) & (split.stop > split.start)
        first = self.bytes[split.start]
        length = split.stop - split.start
        numeric = np.flatnonzero(is_text & _NUMERIC[first] & (length <= _MAX_NUMBER))
        sizes = length[numeric]
        for size in np.unique(sizes).tolist():
            chosen = numeric[sizes == size]
            texts = self.texts(size)[split.start[chosen]]
            try:
                value[chosen] = texts.astype(np.float64)
                known[chosen] = True
            except ValueError:
                for index, text in zip(chosen.tolist(), texts.tolist(), strict=True):
                    parsed = number(text)
                    if parsed is not None:
                        value[index], known[index] = parsed, True
        for index in np.flatnonzero(is_text & (first == 0x22) & (length <= 11) & (length >= 5)).tolist():
            parsed = _NON_FINITE.get(self.data[split.start[index] : split.stop[index]])
            if parsed is not None:
                value[index], known[index] = parsed, True
        doubles = np.flatnonzero(wanted & (split.kind == _DOUBLE))
        value[doubles] = self.doubles[split.start[doubles]]
        integers = np.flatnonzero(wanted & (split.kind == _INTEGER))
        if integers.size:
            raw, _ = self.varints(split.start[integers])
            value[integers] = (raw >> 1) ^ -(raw & 1)
        known[doubles] = known[integers] = True
        return value, known, np.flatnonzero(is_text & (first == 0x7B))


def number(text: bytes) -> float | None:
    """A JSON number or one of the three tokens beside it, quoted or not."""
    if text in _NON_FINITE:
        return _NON_FINITE[text]
    if len(text) > _MAX_NUMBER or not text or not _NUMERIC[text[0]]:
        return None
    try:
        return float(text)
    except ValueError:
        return None
