"""Small files that lie beside a log and say how the run was set up; none is run, and none is worth an error."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from lrdoctor.readers._links import within_reach

if TYPE_CHECKING:
    from pathlib import Path

_DEEPEST, _INDENTED = 100, r"^[ \t?:-]{400}"
"""Deeper nesting is no setup: libyaml overruns the stack on it, and YAML's scanners take time with its square."""
COMPANION_BYTES = 1 << 19
"""Largest companion file that is read; a configuration beyond half a megabyte is something else."""


def read_companion_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that lies beside a log.

    Python tags (``!!python/object`` and any other unknown one) are never constructed: what they hold
    becomes plain text, lists and dictionaries. A companion that is missing, too large or damaged is an
    empty dictionary: the log is worth reading without it.
    """
    text = read_companion_text(path)
    if not text:
        return {}
    import yaml

    if _nested(text) > _DEEPEST or re.search(_INDENTED, text, re.MULTILINE):
        return {}
    try:
        content = yaml.load(text, _plain_loader())  # a SafeLoader: constructs no Python object
    except (yaml.YAMLError, RecursionError, ValueError, TypeError, OverflowError, AttributeError):
        return {}
    return content if isinstance(content, dict) else {}


def _nested(text: str) -> int:
    """How deep brackets are nested, at most: the largest rise of their count."""
    import numpy as np

    code = np.frombuffer(text.encode(), np.uint8)
    change = np.isin(code, (0x5B, 0x7B)).astype(np.int32) - np.isin(code, (0x5D, 0x7D))
    level = np.cumsum(np.concatenate([[0], change]))
    return int((level - np.minimum.accumulate(level)).max())


def read_companion_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that lies beside a log; an empty dictionary where that does not work."""
    import json

    try:
        content = json.loads(read_companion_text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_companion_python(path: Path) -> dict[str, Any]:
    """Read the plain assignments of a Python configuration (OpenMMLab's) without running it."""
    return plain_assignments(read_companion_text(path))


def plain_assignments(code: str) -> dict[str, Any]:
    """Take constants, ``name = {...}`` and ``name = dict(key=1)`` from Python code; pass over the rest."""
    import ast

    if len(code) > COMPANION_BYTES:
        return {}
    try:
        tree = ast.parse(code)
        return {
            target.id: _literal(statement.value)
            for statement in tree.body if isinstance(statement, ast.Assign)
            for target in statement.targets if isinstance(target, ast.Name)
        }  # fmt: skip
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _literal(node: Any) -> Any:
    """The value of an expression made of constants, dictionaries and ``dict(...)``; None for any other."""
    import ast

    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _literal(node.operand)
        return -value if isinstance(value, (int, float)) else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict":
        return {word.arg: _literal(word.value) for word in node.keywords if word.arg}
    if isinstance(node, ast.Dict):
        return {
            str(_literal(key)): _literal(value) for key, value in zip(node.keys, node.values, strict=True)
        }
    return None


def read_companion_text(path: Path) -> str:
    """The text of a small file; empty where there is none, a large one, or a link that leads outside."""
    try:
        if not path.is_file() or path.stat().st_size > COMPANION_BYTES or not within_reach(path):
            return ""
        return path.read_bytes().decode("utf-8-sig", errors="replace")
    except OSError:
        return ""


@cache
def _plain_loader() -> Any:
    """YAML's safe loader, taught to read the content of unknown tags as plain data."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Plain(base):  # type: ignore[misc]
        pass

    def plain(loader: Any, _suffix: str, node: Any) -> object:
        if isinstance(node, yaml.ScalarNode):
            return node.value or _suffix.rpartition(".")[2]
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_mapping(node, deep=True)

    for prefix in ("tag:yaml.org,2002:python/", "!", "tag:"):
        Plain.add_multi_constructor(prefix, plain)
    return Plain
