"""Damage to logs: what the fuzzers and the ordinary tests do to bytes."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("cut", "put", "over", "drop", "twice", "bits", "number", "lines", "splice", "swap")
TOKENS = (
    b"nan", b"1e999", b"-", b"9" * 400, b"[" * 2000, b"{", b'"', b",", b"\n", b"\r", b"\x00", b"\xff\xfe", b"\x1b[2J",
    b"../../../../etc/passwd", b"!!python/object/apply:os.system ['true']", b"&a [*a, *a]", b"\xe2\x80\xa8", b"epoch ",
    b"Infinity", b"null", b"true", b"[]", b"{}", b'""', b"-1", b"0", b"1e-320", b"18446744073709551616", b"0x10",
    b"1_0", b"\t", b";", b"|", b": ", b"=", b"loss", b"step", b"lr", b"\xff\xff\xff\xff", b"\x00\x00\x00\x80",
    b"\xef\xbb\xbf", "\u0661\u0662".encode(), "\U0001f525".encode(), b"1,5", b"1.2.3", b"--- ", b"# ", b"%", b"'",
    b"\\u0000", b"\\",
)  # fmt: skip
"""What readers may take for more than it is."""
_NUMBER = re.compile(rb"\d+(?:\.\d+)?(?:e-?\d+)?")
_NUMBERS = (
    b"0", b"-1", b"nan", b"inf", b"-Infinity", b"1e308", b"1e-308", b"9223372036854775807", b"9223372036854775808",
    b"9" * 400, b"1e19", b"2147483648", b"0.0", b"", b"None", b"1e5", b"00", b"1" * 30, b"null", b"[1]", b'"1"', b"{}",
)  # fmt: skip


def mutated(data: bytes, kind: str, place: float, token: bytes, other: bytes) -> bytes:
    """An input with one damage.

    Parameters
    ----------
    data
        The input; its first byte, which says what the file is called, stays.
    kind
        One of `KINDS`.
    place
        Where, from 0 to 1.
    token
        What is put there.
    other
        An input of another format.
    """
    at = 1 + int(place * (len(data) - 1))
    match kind:
        case "cut":
            return data[:at]
        case "put":
            return data[:at] + token + data[at:]
        case "over":
            return data[:at] + token + data[at + len(token) :]
        case "drop":
            return data[:at] + data[at + 40 :]
        case "twice":
            return data + data[at:]
        case "bits":
            return _flipped(data, at)
        case "number":
            found = _NUMBER.search(data, at) or _NUMBER.search(data, 1)
            return data if found is None else data[: found.start()] + _NUMBERS[at % len(_NUMBERS)] + data[found.end() :]
        case "lines":
            lines = data[1:].split(b"\n")
            one, two = at % len(lines), (at * 7919) % len(lines)
            lines[one : one + at % 3] = [lines[two]] * (at % 4)
            return data[:1] + b"\n".join(lines)
        case "splice":
            return data[:at] + other[1 + int(place * len(other)) :]
    return data[:1] + other[1:]  # the content of another format


def _flipped(data: bytes, at: int) -> bytes:
    """Eight bits flipped anywhere."""
    if len(data) < 2:
        return data
    rng, changed = random.Random(at), bytearray(data)
    for _ in range(8):
        changed[rng.randrange(1, len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def damaged(rng: random.Random, data: bytes, others: Sequence[bytes], most: int) -> bytes:
    """An input with a few damages, of `most` bytes or less."""
    for _ in range(min(6, 1 + int(rng.expovariate(0.7)))):
        draw = rng.random()
        kind = KINDS[int(draw * 9.2)]  # a swap leaves nothing of the format and is rare
        data = mutated(data, kind, rng.random(), rng.choice(TOKENS), others[int(rng.random() * len(others))])
    return data[:most]
