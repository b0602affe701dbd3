"""The tutorial notebook runs from top to bottom, and what it shows can be shown."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parent.parent / "docs"
CELLS = json.loads((DOCS / "tutorial.ipynb").read_text(encoding="utf-8"))["cells"]


def run(source, namespace):
    """Run a cell as a notebook does; answer the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), namespace)
    return None if last is None else eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


@pytest.fixture(scope="module")
def shown():
    """What each code cell shows."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    namespace = {"__name__": "__main__"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(DOCS)
        values = [run("".join(cell["source"]), namespace) for cell in CELLS if cell["cell_type"] == "code"]
        drawn = [plt.figure(number) for number in plt.get_fignums()]
    yield values, drawn
    plt.close("all")


def test_it_is_stored_without_results():
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in CELLS if cell["cell_type"] == "code")


def test_reports_show_themselves(shown):
    values, _ = shown
    rich = [value._repr_html_() for value in values if hasattr(value, "_repr_html_") and not hasattr(value, "columns")]
    assert len(rich) == 4
    assert all("<svg" in text and "<script" not in text for text in rich)
    assert "OSC101" in rich[0]


def test_figures_are_drawn(shown):
    _, drawn = shown
    assert [len(figure.axes) for figure in drawn] == [2, 4, 1]


def test_what_the_text_says_is_so(shown):
    values, _ = shown
    assert next(value for value in values if isinstance(value, tuple))[0] == "lr-too-high"
    frames = [value for value in values if hasattr(value, "columns")]
    assert frames[0].iloc[0]["verdict"] == "diverged"
    assert "lr-too-low" in set(frames[0]["verdict"])
    assert values[-1][0]["runs"] == 4
