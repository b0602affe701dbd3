"""What keeps the house in order and no linter sees: files that fit a head, code that is there once."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    path
    for place in ("lrdoctor", "tests", "docs", ".ci")
    for path in (ROOT / place).rglob("*.py")
    if "__pycache__" not in path.parts
)
_LONGEST = 400
_REASON = "# Over 400 lines: "
_SAME = 8
"""Statements, at any depth, from which on two functions with equal bodies are one function written twice."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_long_file_says_why_it_is_one(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > _LONGEST:
        reasons = [line for line in lines[:20] if line.startswith(_REASON)]
        assert reasons, f"{len(lines)} lines: split it, or say at its top why not ({_REASON}...)"


def test_nothing_is_written_twice():
    bodies = defaultdict(set)
    for path in FILES:
        if path.is_relative_to(ROOT / "lrdoctor"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef):
                    body = node.body[bool(ast.get_docstring(node)) :]
                    if sum(isinstance(part, ast.stmt) for statement in body for part in ast.walk(statement)) >= _SAME:
                        text = "\n".join(ast.dump(statement) for statement in body)
                        bodies[text].add(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(bodies) > 500
    assert [sorted(places) for places in bodies.values() if len(places) > 1] == []
