"""The terminal: what it can show, and the only places where something is printed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from typing import TYPE_CHECKING, Literal, TextIO

from lrdoctor.cleaning import clean
from lrdoctor.renderers._base import Options

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lrdoctor.renderers._base import Verbosity

ColorWish = Literal["auto", "always", "never"]

_ASCII = str.maketrans(
    {
        "×": "x",
        "→": "->",
        "·": "-",
        "…": "...",
        "✗": "!",
        "✓": "+",
        **dict(zip("▁▂▃▄▅▆▇█", "__..--==", strict=True)),
    }
)

_LINKING = frozenset(
    {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio", "xterm-kitty", "xterm-ghostty", "alacritty",
     "foot", "contour", "wezterm"}
)  # fmt: skip
"""TERM_PROGRAM or TERM of terminals that follow links."""
_VTE = 5000
"""Version from which on GNOME's terminals, Tilix and others of their library do."""


def say(message: str) -> None:
    """Print a line for the user to stderr, made safe to show."""
    stream = sys.stderr
    with contextlib.suppress(OSError, ValueError):  # nobody is listening
        print(_encodable(f"lrdoctor: {clean(message, 2000)}", stream), file=stream, flush=True)


def show(pieces: Iterable[str]) -> None:
    """Write a result to stdout, piece by piece."""
    for piece in pieces:
        sys.stdout.write(_encodable(piece, sys.stdout))
    sys.stdout.flush()


def wants_color(wish: ColorWish, stream: TextIO) -> bool:
    """Decide on colour: an explicit wish, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal."""
    if wish != "auto":
        return wish == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def options(wish: ColorWish, verbosity: Verbosity = 0) -> Options:
    """How stdout wants its text: laid out for a terminal (or when colour is forced), plain for a pipe."""
    color = wants_color(wish, sys.stdout)
    laid_out = color or sys.stdout.isatty()
    width = max(40, shutil.get_terminal_size(fallback=(100, 24)).columns) if laid_out else None
    links = color and follows_links(sys.stdout)
    return Options(width=width, color=color, verbosity=verbosity, unreadable=False, links=links)


def follows_links(stream: TextIO) -> bool:
    """Whether a stream is a terminal that is known to follow links (OSC 8); FORCE_HYPERLINK=1 or 0 decides otherwise.

    Nothing can be asked of a terminal without waiting for its answer, so it is known by what it puts into the
    environment.
    """
    if not stream.isatty():
        return False
    around = os.environ
    if (wish := around.get("FORCE_HYPERLINK")) is not None:
        return wish != "0"
    if around.get("TERM_PROGRAM") in _LINKING or around.get("TERM") in _LINKING:
        return True
    vte = around.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) >= _VTE:
        return True
    return any(name in around for name in ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM"))


def _encodable(text: str, stream: TextIO) -> str:
    """Text that the stream's encoding can hold: ASCII look-alikes where it is not some Unicode."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    except LookupError:
        return text.encode("ascii", "backslashreplace").decode()
    return text
