"""``python -m lrdoctor.trials fit`` and ``score`` hand over what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrdoctor.trials import evidence, making
from lrdoctor.trials.__main__ import main


@pytest.fixture
def calls(monkeypatch):
    made = []
    monkeypatch.setattr(making, "gather", lambda *given: made.append(("gather", *given)) or "material")
    monkeypatch.setattr(making, "fit_model", lambda material, table: made.append(("fit", material, table)))
    monkeypatch.setattr(
        evidence, "write_page", lambda material, public, where: made.append(("page", material, public, where))
    )
    return made


def test_fit(calls):
    assert main(["fit", "--table", "t", "--public", "p", "--cache", "c", "--jobs", "2"]) == 0
    assert calls == [("gather", Path("t"), Path("p"), Path("c"), 2), ("fit", "material", Path("t"))]


def test_score_reads_public_curves_but_keeps_their_rows(calls):
    assert main(["score", "--table", "t", "--public", "p"]) == 0
    assert calls == [("gather", Path("t"), None, None, 1), ("page", "material", Path("p"), Path("t"))]


def test_public_grids_are_optional(calls):
    assert main(["score", "--table", "t"]) == 0
    assert calls[1] == ("page", "material", None, Path("t"))
