"""A rule's page, from its own docstring and settings; shown by `lrdoctor explain`."""

from __future__ import annotations

import ast
import inspect
import textwrap
import typing
from typing import Any


def page(rule: Any) -> str:
    """Write a rule's page in Markdown: head, docstring, settings."""
    parts = [*head(rule), inspect.getdoc(type(rule)) or ""]
    lines = setting_lines(rule)
    if lines:
        table = f'`[tool.lrdoctor.rules."{rule.code}"]`'
        parts += ["## Settings", f"Change them in {table} of pyproject.toml.", "\n".join(lines)]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def head(rule: Any) -> tuple[str, str]:
    """The title of a rule's page, and how bad its finding is."""
    verdict = "a remark that leaves the verdict alone" if rule.verdict is None else f"verdict `{rule.verdict}`"
    return f"# {rule.code} {rule.name}", f"Severity `{rule.severity}`, {verdict}."


def summary(rule: Any) -> str:
    """The first sentence of a rule's page."""
    lines = (inspect.getdoc(type(rule)) or "").splitlines()
    text = " ".join(" ".join(_first_paragraph(lines)).split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def setting_lines(rule: Any) -> list[str]:
    """A list item for each setting: name, default, meaning."""
    rows = settings(rule)
    return [f"- `{name}` = {default}" + (f": {meaning}" if meaning else "") for name, default, meaning in rows]


def settings(rule: Any) -> list[tuple[str, str, str]]:
    """Name, default and meaning of each setting of a rule."""
    values = getattr(rule, "settings", None)
    meanings = _meanings(type(values))
    names = typing.get_type_hints(type(values))
    return [(name, repr(getattr(values, name)), meanings.get(name, "")) for name in names]


def _first_paragraph(lines: list[str]) -> list[str]:
    """The first lines of prose; headings are passed over."""
    prose: list[str] = []
    for line in lines:
        is_heading = line.startswith("#")
        if prose and (is_heading or not line.strip()):
            break
        if line.strip() and not is_heading:
            prose.append(line)
    return prose


def _meanings(kind: type) -> dict[str, str]:
    """What each field of a settings class means, from the strings below the fields."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):  # no source at hand, as in a frozen application
        return {}
    meanings: dict[str, str] = {}
    name = ""
    for node in getattr(body, "body", []):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            meanings[name] = " ".join(str(node.value.value).split())
            name = ""
        else:
            name = ""
    return meanings
