"""The report as one web page that needs no network: to look at, to mail, to print, with the JSON report inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lrdoctor.records import Diagnosis
    from lrdoctor.renderers._base import Options


class HtmlRenderer:
    """Renders the whole page at once."""

    name = "html"
    suffix = ".html"

    def render(self, diagnosis: Diagnosis, options: Options) -> Iterator[str]:
        """Yield the document."""
        from lrdoctor.renderers._html.page import document

        yield document(diagnosis)


RENDERER = HtmlRenderer()
