"""The vocabulary file itself: nothing said twice, nothing unreachable, and it is in the wheel."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import lrdoctor.roles
from lrdoctor.roles.reading import read_tag
from lrdoctor.roles.vocabulary import NUMBER, vocabulary

FILE = Path(lrdoctor.roles.__file__).with_name("vocabulary.toml")
DOCUMENT = tomllib.loads(FILE.read_text("utf-8"))


def test_no_curve_is_listed_twice() -> None:
    phrases = Counter(entry.phrase for entry in vocabulary().curves.entries)
    assert [phrase for phrase, count in phrases.items() if count > 1] == []


def test_no_word_beside_curves_has_two_meanings() -> None:
    tables = {**DOCUMENT["split"], **{k: v for k, v in DOCUMENT["beside"].items() if k != "configured"}}
    phrases = Counter(phrase for words in tables.values() for phrase in words)
    assert [phrase for phrase, count in phrases.items() if count > 1] == []


def test_all_is_lower_case() -> None:
    for entry in vocabulary().curves.entries + vocabulary().beside.entries:
        assert all(word == word.lower() for word in entry.phrase), entry


@pytest.mark.parametrize("entry", vocabulary().curves.entries, ids=lambda entry: "_".join(entry.phrase))
def test_every_curve_name_is_reached(entry) -> None:  # type: ignore[no-untyped-def]
    reading = read_tag("_".join(entry.phrase).replace(NUMBER, "5"))
    assert reading.kind == entry.kind
    assert reading.stands_in == entry.stands_in


def test_roles_cost_little_to_import_and_read() -> None:
    code = "import sys, lrdoctor.roles; print(sorted({'pandas', 'scipy', 'difflib'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_thousand_tags_take_well_below_a_tenth_of_a_second() -> None:
    tags = [
        f"{split}/{term}_loss_{number}"
        for split in ("train", "val")
        for term in ("box", "foo")
        for number in range(250)
    ]
    for tag in tags:
        read_tag(tag)
    best = min(_seconds(tags) for _ in range(5))
    assert best < 0.1


def _seconds(tags: list[str]) -> float:
    start = time.process_time()
    for tag in tags:
        read_tag.__wrapped__(tag)
    return time.process_time() - start
