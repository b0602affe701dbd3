"""Expressions that are compiled late: as good as others, and not compiled before."""

from __future__ import annotations

import pickle
import re
import sys

from lrdoctor.patterns import pattern
from lrdoctor.registry import discover


def test_it_is_what_compile_gives():
    late, compiled = pattern(r"(?P<word>[a-z]+)", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)", re.IGNORECASE)
    for _ in range(2):
        assert late.findall("A b 3") == compiled.findall("A b 3") == ["A", "b"]
        assert late.sub("x", "a1") == "x1"
        assert late.pattern == compiled.pattern
    assert pickle.loads(pickle.dumps(late)).fullmatch("abc")["word"] == "abc"


def test_bytes():
    assert pattern(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_asking_the_readers_waits_for_no_expression():
    discover("lrdoctor.readers", "READER")
    compiled = [
        f"{name}.{key}"
        for name, module in sys.modules.items()
        if name.startswith("lrdoctor.readers.") and name.count(".") == 2
        for key, value in vars(module).items()
        if isinstance(value, re.Pattern)
    ]
    assert compiled == []
