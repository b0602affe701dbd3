"""The table of watched runs."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from lrdoctor import synth
from lrdoctor.engine import diagnose_run
from lrdoctor.live.board import board
from lrdoctor.live.following import Change


def changes(count=1):
    for make in (synth.healthy, synth.blow_up, synth.two_cycle):
        said = diagnose_run(make())
        for number in range(count):
            run = replace(said.run, id=f"sweep/{make.__name__}\x1b[2J[bold]/lr_{number}")
            yield Change(
                said=replace(said, run=run), before=None, points=1, first_step=0, last_step=1, rewritten=False, at=0.0
            )


def shown(some, width, height, unreadable=0):
    console = Console(file=io.StringIO(), width=width, height=height, markup=True)
    console.print(board(list(some), unreadable, width, height, "footer"))
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 130])
def test_fits_the_terminal_worst_first(width):
    lines = shown(changes(20), width, 24, unreadable=2)
    assert max(map(len, lines)) <= width
    assert len(lines) <= 24
    assert "diverged" in lines[1]
    below = " ".join(" ".join(lines[20:]).split())
    assert below.startswith("and 41 more; 60 runs: 20 diverged, 20 lr-too-high, 20 healthy; 2 files cannot be read")
    assert lines[-1] == "footer"
    assert "\x1b" not in "".join(lines)


def test_both_ends_of_a_long_name_are_shown():
    line = shown(changes(), 80, 24)[1]
    assert line.startswith("✗ diverged")
    assert " sweep" in line
    assert "/lr_0 " in line


def test_a_wide_table_has_the_interval():
    assert "LR 0.5 × " in (line := shown(changes(), 130, 24)[2])
    assert " to " in line


def test_nothing_yet():
    assert shown([], 80, 24) == ["0 runs", "footer"]
