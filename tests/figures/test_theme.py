from __future__ import annotations

from itertools import combinations

import pytest

from lrdoctor.figures.theme import PAPER, STYLES, TEXT
from lrdoctor.figures.verdicts import LOOKS
from lrdoctor.records import Verdict

LINES = ("train", "validation", "rate", "advice", "good", "warning", "error", "critical", "info", "other")


def luminance(color):
    """Relative luminance (WCAG 2.1)."""
    parts = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("one", "other"), list(combinations(LINES, 2)))
def test_lines_are_told_apart_without_colour(one, other):
    looks = [(STYLES[ink].width, STYLES[ink].dash, STYLES[ink].dots) for ink in (one, other)]
    assert looks[0] != looks[1]


@pytest.mark.parametrize("ink", STYLES)
def test_colours_stand_out_on_either_background(ink):
    style = STYLES[ink]
    assert contrast(style.light, PAPER[0]) >= 2.7  # WCAG asks for 3 for graphics; amber is a fill beside its name
    assert contrast(style.dark, PAPER[1]) >= 4.5
    assert contrast(style.light, "#1e1e1e") >= 3.0  # inside a dark notebook there is but one colour


def test_text_is_readable():
    for text, paper in zip(TEXT, PAPER, strict=True):
        assert contrast(text, paper) >= 7


def test_every_verdict_has_a_look():
    assert set(LOOKS) == set(Verdict)
