"""What a terminal can show."""

from __future__ import annotations

import io

import pytest

from lrdoctor.cli import _terminal
from lrdoctor.cli._progress import Progress


class Stream(io.StringIO):
    """A stream that may be a terminal, of some encoding."""

    def __init__(self, *, tty=False, encoding="utf-8"):
        super().__init__()
        self._tty, self._encoding = tty, encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return self._tty


@pytest.mark.parametrize(
    ("wish", "tty", "environment", "color"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", True, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("auto", True, {"TERM": "dumb"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_color(monkeypatch, wish, tty, environment, color):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _terminal.wants_color(wish, Stream(tty=tty)) is color


@pytest.mark.parametrize(
    ("tty", "wish", "width"), [(True, "never", 90), (False, "never", None), (False, "always", 90)]
)
def test_layout_follows_the_terminal(monkeypatch, tty, wish, width):
    monkeypatch.setattr("sys.stdout", Stream(tty=tty))
    monkeypatch.setenv("COLUMNS", "90")
    assert _terminal.options(wish).width == width


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "0.1 × 2 → 0.2 ▁█! ü"),
        ("ascii", "0.1 x 2 -> 0.2 _=! \\xfc"),
        ("cp1252", "0.1 x 2 -> 0.2 _=! ü"),
    ],
)
def test_text_that_the_encoding_cannot_hold(monkeypatch, encoding, shown):
    stream = Stream(encoding=encoding)
    monkeypatch.setattr("sys.stdout", stream)
    _terminal.show(["0.1 × 2 → 0.2 ▁█! ü"])
    assert stream.getvalue() == shown


def test_progress_is_for_people_and_for_long_work(monkeypatch):
    pipe, terminal = Stream(), Stream(tty=True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("lrdoctor.cli._progress._MOMENT", 0.0)
    for stream, wanted in ((pipe, True), (terminal, False)):
        monkeypatch.setattr("sys.stderr", stream)
        with Progress(wanted=wanted) as progress:
            progress(1, "a")
        assert stream.getvalue() == ""
    monkeypatch.setattr("sys.stderr", terminal)
    with Progress() as progress:
        progress(1, "[red]run\x1b[31m")
        progress(2, "b")
    assert "1 runs read" in terminal.getvalue() or "2 runs read" in terminal.getvalue()
    assert "run\x1b[31m" not in terminal.getvalue()
    quick = Stream(tty=True)
    monkeypatch.setattr("lrdoctor.cli._progress._MOMENT", 100.0)
    monkeypatch.setattr("sys.stderr", quick)
    with Progress() as progress:
        progress(1, "a")
    assert quick.getvalue() == ""


@pytest.mark.parametrize(
    ("tty", "environment", "follows"),
    [
        (True, {"TERM_PROGRAM": "vscode"}, True),
        (True, {"TERM": "xterm-kitty"}, True),
        (True, {"VTE_VERSION": "6003"}, True),
        (True, {"VTE_VERSION": "4205"}, False),
        (True, {"VTE_VERSION": "new"}, False),
        (True, {"WT_SESSION": "1"}, True),
        (True, {"TERM": "xterm-256color"}, False),
        (True, {"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        (True, {"FORCE_HYPERLINK": "1"}, True),
        (False, {"FORCE_HYPERLINK": "1", "TERM": "xterm-kitty"}, False),
    ],
)
def test_links_are_for_terminals_that_follow_them(monkeypatch, tty, environment, follows):
    for name in ("TERM_PROGRAM", "VTE_VERSION", "WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM",
                 "FORCE_HYPERLINK", "TERM"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert _terminal.follows_links(Stream(tty=tty)) is follows


def test_no_link_without_colour(monkeypatch):
    monkeypatch.setattr("sys.stdout", Stream(tty=True))
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    assert _terminal.options("always").links
    assert not _terminal.options("never").links
