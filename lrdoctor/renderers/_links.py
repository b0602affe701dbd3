"""Where the pages of rules lie, for a terminal that can follow a link."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def rule_page(code: str) -> str | None:
    """Address of a rule's page on this machine: beside the package where it was installed, or in a checkout.

    Parameters
    ----------
    code
        As in a finding; rules of other packages have no page here.
    """
    if not (code.isascii() and code.isalnum()):
        return None
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "pages" / "rules", package.parent / "docs" / "rules"):
        page = folder / f"{code}.md"
        if page.is_file():
            return page.as_uri()
    return None
