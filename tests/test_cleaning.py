"""Text out of a log, made safe to show."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrdoctor.cleaning import clean, elide, encodable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("train/loss", "train/loss"),
        ("Verlust für Größe 学習", "Verlust für Größe 学習"),
        ("a\x1b[31mred\x1b[0m", r"a\x1b[31mred\x1b[0m"),
        ("two\nlines\r\t", r"two\nlines\r\t"),
        ("left\u202eright\u200b", r"left\u202eright\u200b"),
        ("\u2028\u0085\x9b", r"\u2028\x85\x9b"),
        ("not utf-8 \udcff", r"not utf-8 \udcff"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_clean(text, shown):
    assert clean(text) == shown


@given(st.text(st.characters(), max_size=300))
def test_what_is_shown_is_printable_encodable_and_short(text):
    shown = clean(text, 100)
    shown.encode()
    assert len(shown) <= 100
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)


def test_elide_keeps_both_ends():
    assert elide("abcdefghij", 7) == "ab…ghij"
    assert elide("abc", 3) == "abc"
    assert elide("abc", 1) == "…"
    assert elide("abc", 0) == ""


def test_a_huge_name_is_cut_before_it_is_looked_at():
    assert len(clean("\x1b" * 10_000_000)) == 200


def test_encodable():
    assert encodable("für") == "für"
    assert encodable("\udcff") == r"\udcff"
