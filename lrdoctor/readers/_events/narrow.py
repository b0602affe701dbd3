"""Columns from short records that hold one scalar each, which is what almost every writer writes.

All such records of a block are decoded together, whatever their lengths: words are counted from the end of
the record, and what a record's layout says about them (template, masks) is looked up per record by the
layout's number. There is no loop over records, and none over layouts or tags either.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrdoctor.readers._events.checking import checksums_agree
from lrdoctor.readers._events.crc import crc32c, rotated_many
from lrdoctor.readers._events.layout import DECODE, FOOT, HEAD
from lrdoctor.readers._events.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lrdoctor.readers._events.buffer import Buffer
    from lrdoctor.readers._events.layout import Layout, Numbers
    from lrdoctor.readers._events.tags import TagTable

    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]

LONGEST = 124
"""Longest payload in bytes: with its checksum it fills `_WORDS` words."""
_WORDS = (LONGEST + FOOT) // 8
_MOST, _MOST_PLANS = 1 << 12, 1 << 10
_MOST_STEP_BYTES = 6
_U = np.uint64
_NONE = np.empty(0, np.int64)
_SALT = np.frombuffer(os.urandom(8 * (2 + _WORDS)), np.uint64) | _U(1)  # numpy.random takes longer to import
_WORD_SALT = _SALT[2:, None]
# A step of k bytes ends at the first byte without continuation bit. Isolating that bit leaves 2**(8k+7); the
# product puts k into the top three bits.
_COUNT = _U(sum(k << (54 - 8 * k) for k in range(1, _MOST_STEP_BYTES + 1)))


@dataclass(slots=True)
class _Batch:
    """Records and what their heads say; one entry each."""

    start: Ints
    length: Ints
    step: Ints
    wall: NDArray[np.float64]
    record: Ints

    def of(self, some: Ints | Bools) -> _Batch:
        """Some of the records."""
        return _Batch(self.start[some], self.length[some], self.step[some], self.wall[some], self.record[some])


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is common to all records of some layouts.

    Parameters
    ----------
    words
        Words that hold the longest of them.
    outside
        Of these, words that hold bytes from before some of the payloads.
    fixed, tag
        Words (of all `_WORDS`) with bytes that are fixed, or of a tag.
    places
        Kind of the numbers, their distance from the end, number of that pair.
    """

    words: int
    outside: int
    fixed: slice
    tag: slice
    places: list[tuple[str, int, int]]


class NarrowDecoder:
    """Knows layouts of short one-scalar records and decodes blocks of them."""

    def __init__(self, tags: TagTable) -> None:
        self._tags = tags
        self._layouts: list[Layout] = []
        self._first = np.full(LONGEST + 1 << 3, -1, np.int16)  # by payload length and step bytes
        self._next: list[int] = []  # another layout with the same key, or -1
        self._places: dict[tuple[str, int], int] = {}  # kinds of numbers, with their distance from the end
        self._plans: dict[bytes, _Plan] = {}
        self._salt: Words  # by layout, as everything that follows
        self._zeros_crc: NDArray[np.uint32]
        self._size: Ints
        self._place: Ints
        self._template: Words
        self._fixed: Words
        self._inside: Words
        self._tag_bits: Words
        self._grow(16)

    def _grow(self, size: int) -> None:
        old = len(self._layouts)
        for name in ("_template", "_fixed", "_inside", "_tag_bits"):
            array = np.zeros((_WORDS, size), np.uint64)
            if old:
                array[:, :old] = getattr(self, name)
            setattr(self, name, array)
        for name, kind in (("_salt", "<u8"), ("_zeros_crc", "<u4"), ("_size", "<i8"), ("_place", "<i8")):
            column = np.zeros(size, kind)
            if old:
                column[:old] = getattr(self, name)
            setattr(self, name, column)
        self._room = size

    @property
    def full(self) -> bool:
        """Say whether no more layouts are taken."""
        return len(self._layouts) >= _MOST

    def add(self, layout: Layout) -> bool:
        """Take a layout if its records are of the kind that is decoded here."""
        plain_head = layout.wall_at == 1 and (layout.step_at == 10 or layout.step_at < 0)
        if not plain_head or len(layout.fields) != 1 or len(layout) > LONGEST or self.full:
            return False
        if layout.step_bytes > _MOST_STEP_BYTES:
            return False
        if len(self._layouts) == self._room:
            self._grow(4 * self._room)
        index = len(self._layouts)
        self._layouts.append(layout)
        key = len(layout) << 3 | (layout.step_bytes or 7)
        self._next.append(int(self._first[key]))
        self._first[key] = index
        tag, bits = layout.fields[0], np.zeros(len(layout), np.uint8)
        bits[tag.tag_at : tag.tag_at + tag.tag_bytes] = 255
        for table, content in (
            (self._template, np.frombuffer(layout.template, np.uint8)),
            (self._fixed, layout.fixed),
            (self._inside, np.full(len(layout), 255, np.uint8)),
            (self._tag_bits, bits),
        ):
            row = np.zeros(8 * _WORDS, np.uint8)
            row[8 * _WORDS - FOOT - len(layout) : 8 * _WORDS - FOOT] = content
            table[:, index] = row.view("<u8")
        place = (len(layout) - tag.tag_at) << 8 | tag.tag_bytes
        self._salt[index] = _U(place * int(_SALT[0]) & 0xFFFFFFFFFFFFFFFF)
        self._zeros_crc[index] = rotated_many(np.array([crc32c(bytes(len(layout)))], np.uint32))[0]
        self._size[index] = len(layout)
        self._place[index] = self._places.setdefault((tag.kind, len(layout) + FOOT - tag.at), len(self._places))
        return True

    def decode(
        self, buffer: Buffer, start: Ints, heads: Words, record: Ints, *, check: bool
    ) -> tuple[list[Rows], Ints, Ints]:
        """Decode records of at most `LONGEST` bytes.

        Parameters
        ----------
        start, record
            int64 [n]: where each record begins in the buffer, its number in the block.
        heads
            uint64 [4, n], the first words of each.
        check
            Compare the payloads' checksums.

        Returns
        -------
        What was decoded; indices of records with a wrong checksum; indices of records of unknown layout.
        """
        length = heads[0].view(np.int64)
        wall = (heads[1] >> _U(40) | heads[2] << _U(24)).view(np.float64)
        step_word = heads[2] >> _U(40) | heads[3] << _U(24)
        stop = ~step_word & _U(0x8080808080808000)
        stop &= -stop
        has_step = (step_word & _U(255)) == _U(0x10)
        count = np.where(has_step, (stop * _COUNT) >> _U(61), _U(7)).view(np.int64)
        step = _decode_steps(step_word, stop, has_step, count)
        layout = self._first.take(length << 3 | count)
        everything = _Batch(start, length, step, wall, record)
        done: list[Rows] = []
        damaged: list[Ints] = []
        unknown: list[Ints] = []
        some: Ints | None = None  # of the records; None: all of them
        while True:
            lost = layout < 0
            if lost.any():
                some = np.arange(len(start)) if some is None else some
                unknown.append(some[lost])
                some, layout = some[~lost], layout[~lost]
            if not layout.size:
                break
            mine = everything if some is None else everything.of(some)
            rows, wrong, misfits = self._decode(buffer, mine, layout.astype(np.int64), check=check)
            done.append(rows)
            if not wrong.size and not misfits.size:
                break
            some = np.arange(len(start)) if some is None else some
            damaged.append(some[wrong])
            some, layout = some[misfits], np.array(self._next, np.int16)[layout[misfits]]
        return done, _joined(damaged), _joined(unknown)

    def _decode(self, buffer: Buffer, batch: _Batch, layout: Ints, *, check: bool) -> tuple[Rows, Ints, Ints]:
        """Decode records whose layouts are presumed; indices of wrong checksums and of misfits come back."""
        plan = self._plan(np.flatnonzero(np.bincount(layout)))
        first = _WORDS - plan.words
        end = batch.start + batch.length
        end += HEAD + FOOT - 8 * plan.words
        columns = buffer.rows(end, plan.words).T.copy()
        if plan.outside:
            columns[: plan.outside] &= self._inside[first : first + plan.outside].take(layout, axis=1)
        misfits, wrong = _NONE, _NONE
        good: Ints | None = None  # None: all of them
        differs = self._template[plan.fixed].take(layout, axis=1)
        differs ^= columns[plan.fixed.start - first :][: len(differs)]
        differs &= self._fixed[plan.fixed].take(layout, axis=1)
        if differs.any():
            misfit = differs.any(axis=0)
            misfits, good = np.flatnonzero(misfit), np.flatnonzero(~misfit)
            batch, layout, columns = batch.of(good), layout[good], columns.take(good, axis=1)
        if check and layout.size:
            right = checksums_agree(columns, self._zeros_crc.take(layout))
            if right is not None:
                wrong = np.flatnonzero(~right) if good is None else good[~right]
                kept = np.flatnonzero(right)
                batch, layout, columns = batch.of(kept), layout[kept], columns.take(kept, axis=1)
        tag = self._look_up(buffer, batch.start, columns, layout, plan)
        return Rows(batch.record, tag, batch.step, batch.wall, self._values(columns, layout, plan)), wrong, misfits

    def _plan(self, present: Ints) -> _Plan:
        """What to do about a set of layouts; the same few sets come again and again."""
        key = present.tobytes()
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            sizes = self._size[present]
            words = int(sizes.max()) + FOOT + 7 >> 3
            chosen = self._place[present]
            plan = self._plans[key] = _Plan(
                words=words,
                outside=words - (int(sizes.min()) + FOOT >> 3),
                fixed=_span(self._fixed[:, present]),
                tag=_span(self._tag_bits[:, present]),
                places=[(*place, number) for place, number in self._places.items() if number in chosen],
            )
        return plan

    def _look_up(self, buffer: Buffer, start: Ints, columns: Words, layout: Ints, plan: _Plan) -> NDArray[np.int32]:
        """Hash the words that hold the tags, and look them up."""
        bits = self._tag_bits[plan.tag].take(layout, axis=1)
        bits &= columns[plan.tag.start - _WORDS + len(columns) :][: len(bits)]
        bits *= _WORD_SALT[plan.tag]
        bits ^= bits >> _U(32)  # what differs in high bits alone must not cancel between words
        bits *= _WORD_SALT[plan.tag]
        hashes = np.add.reduce(bits, axis=0)
        hashes += self._salt.take(layout)
        hashes ^= hashes >> _U(32)
        hashes *= _SALT[1]

        def name_of(index: int) -> bytes:
            field = self._layouts[int(layout[index])].fields[0]
            at = int(start[index]) + HEAD + field.tag_at
            return buffer.bytes[at : at + field.tag_bytes].tobytes()

        return self._tags.look_up(hashes, name_of)

    def _values(self, columns: Words, layout: Ints, plan: _Plan) -> Numbers:
        """Read the numbers; where layouts put them in different places, place by place."""
        if len(plan.places) == 1:
            kind, distance, _ = plan.places[0]
            return DECODE[kind](_bits(columns, distance))
        values = np.empty(len(layout), np.float64)
        place = self._place.take(layout)
        for kind, distance, number in plan.places:
            mine = np.flatnonzero(place == number)
            values[mine] = DECODE[kind](_bits(columns.take(mine, axis=1), distance))
        return values


def _span(bits: Words) -> slice:
    """The rows from the first to the last that is not all zero."""
    used = np.flatnonzero(bits.any(axis=1))
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(_WORDS - 1, _WORDS)


def _decode_steps(word: Words, stop: Words, has_step: NDArray[np.bool_], count: Ints) -> Ints:
    """Put the seven-bit groups of the steps together; 0 where there is none."""
    bits = word & (stop - _U(1))
    bits >>= _U(8)
    steps = bits & _U(0x7F)
    everywhere = has_step.all()
    longest = int(count.max(initial=0)) if everywhere else _MOST_STEP_BYTES
    for group in range(1, longest):
        steps |= (bits >> _U(group)) & _U(0x7F << 7 * group)
    if not everywhere:
        steps *= has_step
    return steps.view(np.int64)


def _bits(columns: Words, distance: int) -> Words:
    """The 64 bits of each record that begin `distance` bytes before its end; what is beyond it is zero."""
    at = 8 * len(columns) - distance
    word, shift = at >> 3, 8 * (at & 7)
    bits: Words = columns[word] >> _U(shift)
    if shift and word + 1 < len(columns):
        bits |= columns[word + 1] << _U(64 - shift)
    return bits


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
