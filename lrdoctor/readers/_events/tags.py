"""From the bytes of a tag to a small number, for many records at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_FIRST_BITS, _MORE_BITS = 12, 20


class TagTable:
    """Numbers for tags.

    A tag is found through a 64-bit hash of the machine words that it fills in its record (multiplication by
    odd constants drawn at random per process, so that no file can be made to collide): the leading bits
    select a slot, and the slot's full hash has to agree. What a tag costs does not depend on how many there
    are.
    """

    def __init__(self) -> None:
        self.names: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._bits = _FIRST_BITS
        self._slots = np.full(1 << self._bits, 0, np.int32)
        self._hashes = np.zeros(1, np.uint64)  # entry 0 stands for "nobody yet"
        self._owners = np.full(1, -1, np.int32)
        self._entries: dict[int, int] = {}

    def number(self, name: bytes) -> int:
        """The tag's number; a new one for a new tag."""
        found = self._numbers.get(name)
        if found is None:
            found = self._numbers[name] = len(self.names)
            self.names.append(name)
        return found

    def look_up(self, hashes: NDArray[np.uint64], name_of: Callable[[int], bytes]) -> NDArray[np.int32]:
        """Numbers of the tags with these hashes.

        Parameters
        ----------
        hashes
            uint64 [n]
        name_of
            Reads the tag of one of the n records; called once per hash that is new.
        """
        entry = self._find(hashes)
        wrong = np.flatnonzero(self._hashes.take(entry) != hashes)
        if wrong.size:
            unknown, first = np.unique(hashes[wrong], return_index=True)
            fresh = [(value, self.number(name_of(index)))
                     for value, index in zip(unknown.tolist(), wrong[first].tolist(), strict=True)
                     if value not in self._entries]  # fmt: skip
            if fresh:
                self._insert(fresh)
                entry = self._find(hashes)
                wrong = np.flatnonzero(self._hashes.take(entry) != hashes)
            if wrong.size:  # two tags in one slot: the second is found the slow way
                unknown, inverse = np.unique(hashes[wrong], return_inverse=True)
                places = [self._entries[value] for value in unknown.tolist()]
                entry[wrong] = np.array(places, np.int32)[inverse]
        return self._owners.take(entry)

    def _find(self, hashes: NDArray[np.uint64]) -> NDArray[np.int32]:
        return self._slots.take((hashes >> np.uint64(64 - self._bits)).view(np.int64))

    def _insert(self, fresh: list[tuple[int, int]]) -> None:
        start = len(self._owners)
        self._hashes = np.append(self._hashes, np.array([value for value, _ in fresh], np.uint64))
        self._owners = np.append(self._owners, np.array([number for _, number in fresh], np.int32))
        for place, (value, _) in enumerate(fresh, start):
            self._entries[value] = place
        bits = self._bits
        while len(self._owners) << 4 > 1 << bits and bits < _MORE_BITS:
            bits += 4
        if bits != self._bits:
            self._bits, self._slots = bits, np.zeros(1 << bits, np.int32)
            fresh, start = [(value, 0) for value in self._entries], 1
        for place, (value, _) in enumerate(fresh, start):
            slot = value >> 64 - self._bits
            if not self._slots[slot]:
                self._slots[slot] = place
