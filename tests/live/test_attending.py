"""What callbacks have in common: they report what is new, and act only where codes are named."""

import logging
import math

import pytest

from lrdoctor import Monitor
from lrdoctor.errors import ConfigError
from lrdoctor.live._attending import Attendant, line


def descend(attendant, first, last, breaks=math.inf):
    """Log a descent that breaks down; the findings for which to stop, by step."""
    asked = {}
    for step in range(first, last):
        attendant.monitor.log(step, loss=2.0 / (1 + step) + 0.3 if step < breaks else math.nan, lr=0.1)
        finding = attendant.look()
        if finding is not None:
            asked[step] = finding.code
    return asked


def test_asks_to_stop_after_three_looks_in_a_row():
    asked = descend(Attendant(Monitor(), ["NAN101"], report=lambda said: None), 0, 110, breaks=100)
    assert next(iter(asked.items())) == (102, "NAN101")


def test_a_single_skipped_step_stops_nothing():
    attendant = Attendant(Monitor(), "NAN101", report=lambda said: None)
    descend(attendant, 0, 100)
    attendant.monitor.log(100, loss=math.nan, lr=0.1)
    attendant.look()
    assert descend(attendant, 101, 300) == {}


def test_never_asks_for_what_was_not_named():
    assert descend(Attendant(Monitor(), ["OSC"], report=lambda said: None), 0, 150, breaks=100) == {}
    assert descend(Attendant(Monitor(), report=lambda said: None), 0, 150, breaks=100) == {}


def test_acts_once_on_what_was_named():
    done = []
    acts = {"nonfinite-loss": lambda said: done.append(said.verdict), "OSC": lambda said: done.append("swings")}
    assert descend(Attendant(Monitor(), act_on=acts, report=lambda said: None), 0, 200, breaks=100) == {}
    assert done == ["diverged"]


def test_a_code_that_a_cause_explains_counts_as_well():
    attendant = Attendant(Monitor(), ["DIV101"], report=lambda said: None)
    asked = {}
    for step in range(140):
        loss = 2.0 / (1 + step) + 0.3 if step < 60 else 0.35 * 1.2 ** (step - 60) if step < 110 else math.nan
        attendant.monitor.log(step, loss=loss)
        asked.setdefault(finding.code if (finding := attendant.look()) else None, step)
    assert "DIV101" in asked


def test_reports_what_changes_and_the_end():
    said = []
    attendant = Attendant(Monitor(), report=said.append)
    descend(attendant, 0, 200, breaks=100)
    attendant.close()
    assert [one.verdict for one in said] == ["healthy", "diverged", "diverged"]


def test_nothing_logged_is_not_reported():
    said = []
    Attendant(Monitor(), report=said.append).close()
    assert said == []


def test_by_default_a_line_goes_to_the_logger(caplog):
    caplog.set_level(logging.INFO, "lrdoctor")
    attendant = Attendant(Monitor(name="exp\x1b[31m"))
    descend(attendant, 0, 120, breaks=100)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["INFO", "WARNING"]
    words = caplog.records[-1].getMessage()
    assert words.startswith("exp\\x1b[31m, step 100: diverged, LR 0.1 × ")
    assert "% sure); NAN101 loss is not a number from step 100 on" in words
    assert "\n" not in line(attendant.monitor.check())


def test_a_defect_of_ours_is_told_once_and_costs_nothing(caplog, monkeypatch):
    attendant = Attendant(Monitor(), ["NAN101"])
    monkeypatch.setattr(attendant.monitor, "check", lambda: 1 / 0)
    assert descend(attendant, 0, 200, breaks=100) == {}
    assert attendant.close() is None
    (record,) = caplog.records
    assert "ZeroDivisionError" in record.getMessage()


def test_unknown_codes_are_refused():
    with pytest.raises(ConfigError, match="no rule 'NAN1001'; did you mean"):
        Attendant(Monitor(), ["NAN1001"])
    with pytest.raises(ConfigError, match="no rule 'XYZ'"):
        Attendant(Monitor(), act_on={"XYZ": print})
