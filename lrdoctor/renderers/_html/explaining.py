"""What a finding means: the pages of rules as HTML."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from markupsafe import Markup


def explanations(codes: Iterable[str]) -> dict[str, Markup]:
    """The documentation of each rule, by code; rules that are not installed here are left out."""
    from lrdoctor.registry import discover

    known = {rule.code: rule for rule in discover("lrdoctor.rules", "RULE").values()}
    return {code: _html(inspect.getdoc(type(known[code])) or "") for code in sorted(set(codes)) if code in known}


def _html(markdown: str) -> Markup:
    """Markdown as HTML; markup within it stays text, and headings go below those of the page."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    rendered: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return Markup(re.sub(r"(</?)h[1-6]>", r"\1h4>", rendered))
