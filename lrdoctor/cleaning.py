"""Text that came out of a log, made safe to show: it may hold escape sequences, newlines or worse."""

from __future__ import annotations

import unicodedata

LONGEST = 200
"""Characters of a name that are ever shown; some logs hold names of kilobytes."""

# Control, format (text direction, zero width), surrogate (a file name that is not UTF-8), line and paragraph
# separators, private use and unassigned.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn"})


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
    return elide(text, limit)


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
