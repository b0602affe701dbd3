"""Text that came out of a log, made safe to show: it may hold escape sequences, newlines or worse."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from lrdoctor.patterns import pattern

if TYPE_CHECKING:
    import re

LONGEST = 200
"""Characters of a name that are ever shown; some logs hold names of kilobytes."""

# Control, format (text direction, zero width), surrogate (a file name that is not UTF-8), line and paragraph
# separators, private use and unassigned.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})

_COMMAND = pattern(r"(?:^|(?<=\s)):(?=:[A-Za-z])|(?<=#)#(?=\[|vso\[)")
"""Where a line may begin to be obeyed: GitHub's ``::error::`` at its beginning (lines are wrapped), ``##[...]``
anywhere."""
_ACTING = pattern(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
"""Characters that JSON lets stand and that act on a terminal or on the direction of text."""


def clean(text: str, limit: int = LONGEST) -> str:
    """Show what cannot be shown as an escape (``\\x1b``, ``\\n``, ``\\u202e``), and cut what is too long.

    Parameters
    ----------
    text
        Anything.
    limit
        Most characters of the answer.
    """
    if not text.isprintable() or not text.isascii():
        text = "".join(_escape(c) if unicodedata.category(c) in _UNSHOWN else c for c in text[: 4 * limit])
    if "::" in text or "##" in text:
        text = _COMMAND.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return elide(text, limit)


def json_text(encoded: bytes) -> str:
    """JSON as text that can be shown as well: what would act on a terminal is escaped, and means the same."""
    return _ACTING.sub(_json_escape, encoded.decode())


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def elide(text: str, limit: int) -> str:
    """Cut the middle out of a text that is longer than `limit` characters; both ends of a path tell more."""
    if len(text) <= limit:
        return text
    if limit <= 1:
        return "…"[:limit]
    tail = (limit - 1) * 2 // 3
    return f"{text[: limit - 1 - tail]}…{text[len(text) - tail :]}"


def encodable(text: str) -> str:
    """The same text without lone surrogates, so that it can be encoded as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")
