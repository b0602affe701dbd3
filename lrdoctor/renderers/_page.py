"""A rule's page, from its own docstring and settings; shown by `lrdoctor explain`."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
from typing import Any


def page(rule: Any) -> str:
    """Write a rule's page in Markdown: head, docstring, settings."""
    verdict = (
        "a remark that leaves the verdict alone" if rule.verdict is None else f"verdict `{rule.verdict}`"
    )
    parts = [
        f"# {rule.code} {rule.name}",
        f"Severity `{rule.severity}`, {verdict}.",
        inspect.getdoc(type(rule)) or "",
    ]
    settings = setting_lines(rule)
    if settings:
        table = f'`[tool.lrdoctor.rules."{rule.code}"]`'
        parts += ["## Settings", f"Change them in {table} of pyproject.toml.", "\n".join(settings)]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def summary(rule: Any) -> str:
    """The first sentence of a rule's page."""
    lines = (inspect.getdoc(type(rule)) or "").splitlines()
    text = " ".join(" ".join(_first_paragraph(lines)).split())
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def setting_lines(rule: Any) -> list[str]:
    """A list item for each setting: name, default, meaning."""
    settings = getattr(rule, "settings", None)
    if settings is None or not dataclasses.is_dataclass(settings):
        return []
    meanings = _meanings(type(settings))
    return [
        f"- `{field.name}` = {getattr(settings, field.name)!r}"
        + (f": {text}" if (text := meanings.get(field.name)) else "")
        for field in dataclasses.fields(settings)
    ]


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
